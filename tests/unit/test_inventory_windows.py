"""Windows' inventory: what counts as an id, whose machine it is, and nothing that is lost or made up helps."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorecard.errors import FactUnavailable
from scorecard.model import Host, Observation, Observations, Outcome, Platform, Seen, Status, Unseen
from scorecard.registry import Registry
from scorecard.topic import Parameters
from tests import cases
from tests.losses import never_help
from tests.rig.wsman.answers import answer
from tests.rig.wsman.machine import Machine

TOPIC = Registry.load().by_id["inventory"]
RECORDED = {case.name: case for case in cases.cases("inventory") if case.platform is Platform.WINDOWS}
PARTS = [probe.part for probe in TOPIC.probes_for(Platform.WINDOWS)]


def identified(observations: Observations, host: Host) -> Status:
    check = next(check for check in TOPIC.checks if check.id == "inventory.identified")
    try:
        return check.rule(TOPIC.parse(observations, host), host, Parameters({})).status
    except FactUnavailable:
        return Status.UNKNOWN


def facts(name: str) -> Any:
    case = RECORDED[name]
    return TOPIC.parse(case.observations, case.host)


def test_what_a_laptop_is_made_of() -> None:
    found = facts("laptop")
    assert found.serial == Seen("PF4ABCDE")
    assert found.maker == Seen("LENOVO")
    assert found.model == Seen("ThinkPad T14 Gen 4 (21HD0055GE)")
    assert found.machine_id == Seen("3f1c7a0e-5b6d-4c2f-9a8b-7c6d5e4f3a2b")
    assert found.firmware == Seen("N3QET41W (1.41 )")
    assert found.firmware_date == Seen(date(2025, 6, 18))
    assert found.cpu == Seen("13th Gen Intel(R) Core(TM) i5-1340P")
    assert found.cpus == Seen(12)
    assert found.user == Seen("CORP\\anna")


def test_the_device_list_shows_what_was_seen() -> None:
    assert TOPIC.portray is not None
    assert TOPIC.portray(facts("laptop")) == {
        "serial": "PF4ABCDE",
        "model": "ThinkPad T14 Gen 4 (21HD0055GE)",
        "user": "CORP\\anna",
        "memory": "16 GB",
        "disks": None,
    }
    assert TOPIC.portray(facts("japanese"))["user"] == "KEIRI\\山田 太郎"


@pytest.mark.parametrize(
    ("now", "last", "user"),
    [
        ("CORP\\anna", "CORP\\bert", "CORP\\anna"),
        (None, "CORP\\bert", "CORP\\bert"),
        (None, ".\\carla", "carla"),
        (None, "CORP\\audit", None),  # the audit's own account
        ("CORP\\audit", None, "CORP\\audit"),  # it sits at the machine itself
        (None, "corp\\AUDIT", None),
        (None, "NT AUTHORITY\\SYSTEM", None),
        (None, "PC-042\\defaultuser0", None),
        (None, "<b>x</b>", None),
        (None, None, None),
    ],
)
def test_whose_machine_it_is(now: str | None, last: str | None, user: str | None) -> None:
    answers = {
        "inventory.computer": {"instances": [{"props": {"UserName": now}, "calls": {}, "paths": {}}], "capped": False},
        "inventory.last-user": {"exists": True, "values": {"LastLoggedOnSAMUser": last}, "keys": {}, "capped": False},
    }
    observations = {part: Observation(part, Outcome.OK, json.dumps(answer)) for part, answer in answers.items()}
    assert TOPIC.parse(observations, cases.host(Platform.WINDOWS, user="CORP\\audit")).user == Seen(user)


def test_nobody_is_only_sure_where_both_were_read() -> None:
    computer = {"instances": [{"props": {"UserName": None}, "calls": {}, "paths": {}}], "capped": False}
    observations = {"inventory.computer": Observation("inventory.computer", Outcome.OK, json.dumps(computer))}
    assert isinstance(TOPIC.parse(observations, cases.host(Platform.WINDOWS)).user, Unseen)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["instances", "props", "capped", "values", "exists", "UUID", "Model", "UserName", "ReleaseDate"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
NOISE = st.one_of(JSON.map(json.dumps), st.text(max_size=60), st.just("[" * 50_000))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts=st.fixed_dictionaries(dict.fromkeys(PARTS, NOISE)), name=st.sampled_from(["PC-042", Unseen("not told")]))
def test_noise_never_raises_and_never_passes(texts: dict[str, str], name: object) -> None:
    observations = {part: Observation(part, Outcome.OK, texts[part], 0) for part in PARTS}
    host = cases.host(Platform.WINDOWS, hostname=name)
    assert identified(observations, host) is not Status.PASS
    assert TOPIC.portray is not None
    for value in TOPIC.portray(TOPIC.parse(observations, host)).values():
        assert value is None or (value.isprintable() and len(value) < 600)


def passing(observations: Observations, host: Host) -> set[str]:
    return {"identified"} if identified(observations, host) is Status.PASS else set()


@settings(max_examples=150, deadline=None)
@given(case=st.sampled_from(list(RECORDED.values())), data=st.data())
def test_losing_any_part_never_helps(case: cases.Case, data: st.DataObject) -> None:
    never_help(case, PARTS, data, passing)


@pytest.mark.parametrize(
    ("machine", "line"),
    [
        ("windows-11-pro-well", "C: 214.204 of 475.906 GB free"),
        ("windows-11-data-volume-locked", "C: 214.204 of 475.906 GB free; D: not read"),
        ("german", "C: 214.204 of 475.906 GB free"),
        ("no-admin-rights", "C: 214.204 of 475.906 GB free"),
    ],
)
def test_a_simulated_machine_tells_its_disks(machine: str, line: str) -> None:
    """The question as it is sent, to the machine as the rig has it."""
    probe = next(probe for probe in TOPIC.probes_for(Platform.WINDOWS) if probe.part == "inventory.disks")
    question = {**json.loads(probe.text), "part": probe.part, "limit": probe.limit_s, "size": probe.size_bytes}
    code, answered = answer(Machine.load(machine), question, lambda _seconds: None)
    assert code == 0
    observation = Observation(probe.part, Outcome.OK, json.dumps(answered), 0)
    assert TOPIC.portray is not None
    facts = TOPIC.parse({probe.part: observation}, cases.host(Platform.WINDOWS))
    assert TOPIC.portray(facts)["disks"] == line
