"""BitLocker's answers: whatever a machine leaves out, repeats or makes up, no finding gets better by it."""

from __future__ import annotations

import importlib
import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorecard.model import Observation, Outcome, Platform, Seen, Status, Unseen, Verdict
from scorecard.registry import Registry
from scorecard.windows_answers import Instance, Values
from tests.cases import Case, apply, cases
from tests.payloads import changed, paths

TOPIC = Registry.load().by_id["disk-encryption"]
PACKAGE = TOPIC.parse.__module__.rpartition(".")[0]
bitlocker = importlib.import_module(f"{PACKAGE}.bitlocker")
otherproducts = importlib.import_module(f"{PACKAGE}.otherproducts")
shape = importlib.import_module(f"{PACKAGE}.shape")
CASES = [case for case in cases("disk-encryption") if case.platform is Platform.WINDOWS]
BY_NAME = {case.name: case for case in CASES}
WORTH = {Status.FAIL: 0.0, Status.UNKNOWN: 0.0, Status.WARN: 0.5, Status.PASS: 1.0, Status.NOT_APPLICABLE: 1.0}


def verdicts(case: Case, **texts: str) -> dict[str, Verdict]:
    found = dict(case.observations)
    for noun, text in texts.items():
        part = f"disk-encryption.{noun.replace('_', '-')}"
        found[part] = Observation(part, Outcome.OK, text, 0, 1, None)
    changed = Case(case.topic, case.platform, case.name, case.source, case.host, found, {})
    return {check.id: apply(TOPIC, check.id, changed) for check in TOPIC.checks}


@pytest.mark.parametrize(
    "name",
    [
        "good",
        "auto-unlock",
        "auto-unlock-on-suspended-system-drive",
        "auto-unlock-system-drive-unread",
        "backup-of-another-drive",
        "data-drive-locked",
        "data-drive-plain",
        "letterless-data-partition",
        "mounted-image",
        "partition-of-another-system",
        "partition-type-unreadable",
        "removable-by-its-controller",
        "removable-clear",
        "self-encrypting-drive",
        "server-without-bitlocker",
        "no-sign-of-escrow",
        "only-a-usb-key",
        "suspended",
        "veracrypt",
    ],
)
def test_no_value_pays_by_being_lost(name: str) -> None:
    """Each named value in turn is left out, or says that it could not be read."""
    case = BY_NAME[name]
    before = verdicts(case)
    for part, observation in case.observations.items():
        if observation.outcome is not Outcome.OK:
            continue
        for path in paths(json.loads(observation.text)):
            for put in (None, {"error": "0x80041001"}):
                if path[0] in ("services", "keys") and len(path) == 2 and put is None:
                    continue  # a service or program that is not listed is not there: nothing tells that from a loss
                after = verdicts(case, **{part.partition(".")[2]: changed(observation.text, path, put)})
                better = [check for check in before if WORTH[after[check].status] > WORTH[before[check].status]]
                assert not better, f"{part} {path} {put}"


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(CASES), st.data())
def test_any_value_in_any_place_never_raises(case: Case, data: Any) -> None:
    told = sorted(part for part, one in case.observations.items() if one.outcome is Outcome.OK and one.text.startswith("{"))
    if not told:
        return
    part = data.draw(st.sampled_from(told))
    try:
        places = list(paths(json.loads(case.observations[part].text)))
    except ValueError:
        return
    if not places:
        return
    odd = st.one_of(
        st.booleans(),
        st.integers(),
        st.text(max_size=10),
        st.floats(),
        st.just([]),
        st.just([{}]),
        st.just({"a": [1]}),
        st.just([None]),
    )
    text = changed(case.observations[part].text, data.draw(st.sampled_from(places)), data.draw(odd))
    verdicts(case, **{part.partition(".")[2]: text})


def call(code: int, **out: Any) -> dict[str, Any]:
    return {"return": code, "out": out}


LOCKED = 0x80310000


@pytest.mark.parametrize("lock", [0, 1, None])
@pytest.mark.parametrize("count", [0, 1, None])
def test_the_whole_table_of_one_volume(count: int | None, lock: int | None) -> None:
    """windows.md 1.4, every combination: nothing but (1, 1, some) and a locked volume with status 2 is protected."""
    for conversion, protection in product([0, 1, 2, 3, 4, 5, 6, -1, LOCKED], [0, 1, 2, 3]):
        calls: dict[str, Any] = {
            "GetProtectionStatus": call(0, ProtectionStatus=protection),
            "GetConversionStatus": call(LOCKED) if conversion == LOCKED else call(0, ConversionStatus=conversion),
            "GetEncryptionMethod": call(0, EncryptionMethod=6),
        }
        if count is not None:
            calls["GetKeyProtectors"] = call(0, VolumeKeyProtectorID={"count": count})
        if lock is not None:
            calls["GetLockStatus"] = call(0, LockStatus=lock)
        state = bitlocker.read_bitlocker(Instance(Values({}), calls, {})).state
        encrypted = (conversion, protection, count) == (1, 1, 1) and lock != 1
        locked = protection == 2 and conversion == LOCKED and lock == 1
        where = (conversion, protection, count, lock)
        assert (state == Seen(shape.State.ENCRYPTED)) == encrypted, where
        assert (state == Seen(shape.State.LOCKED)) == locked, where
        if protection == 3 or conversion in (6, -1):
            assert isinstance(state, Unseen), where


def test_other_products_are_all_asked_for() -> None:
    [probe] = [probe for probe in TOPIC.probes if probe.part == "disk-encryption.products"]
    asked = {name.lower() for name in json.loads(probe.text)["names"]}
    assert {sign for signs in otherproducts.PRODUCTS.values() for sign in signs} | {"mbamagent"} == asked


def test_no_question_asks_for_a_snapshot_or_a_key() -> None:
    """windows.md 1.1: never the property of a method's name; 1.6: never a recovery password."""
    for probe in TOPIC.probes_for(Platform.WINDOWS):
        asked = json.loads(probe.text)
        kept = {name.lower() for name in asked.get("keep", [])}
        assert not kept & {"protectionstatus", "conversionstatus", "encryptionmethod"}
        assert {one["name"] for one in asked.get("call", [])} <= {
            "GetProtectionStatus",
            "GetConversionStatus",
            "GetEncryptionMethod",
            "GetLockStatus",
            "GetSuspendCount",
            "GetKeyProtectors",
        }


def test_many_volumes_are_unknown() -> None:
    case = BY_NAME["good"]
    [c, _] = json.loads(case.observations["disk-encryption.volumes"].text)["instances"]
    many = [{**c, "props": {**c["props"], "DeviceID": f"v{number}", "VolumeType": 1}} for number in range(600)]
    found = verdicts(case, volumes=json.dumps({"instances": [c, *many], "capped": False}))
    assert {verdict.status for verdict in found.values()} == {Status.UNKNOWN}
