"""Antivirus on Windows: no value pays by being lost, odd values never raise, and the numbers of Windows Security Center."""

from __future__ import annotations

import importlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorecard.model import Observation, Outcome, Platform, Seen, Status, Unseen, Verdict
from scorecard.registry import Registry
from tests.cases import Case, apply, cases
from tests.payloads import changed, paths

TOPIC = Registry.load().by_id["antivirus"]
PACKAGE = TOPIC.parse.__module__.rpartition(".")[0]
center = importlib.import_module(f"{PACKAGE}.security_center")
dates = importlib.import_module(f"{PACKAGE}.windows_dates")
exclusions = importlib.import_module(f"{PACKAGE}.windows_exclusions")
CASES = [case for case in cases("antivirus") if case.platform is Platform.WINDOWS]
BY_NAME = {case.name: case for case in CASES}
WORTH = {Status.FAIL: 0.0, Status.UNKNOWN: 0.0, Status.WARN: 0.5, Status.PASS: 1.0, Status.NOT_APPLICABLE: 1.0}


def observed(case: Case, part: str, text: str) -> Case:
    found = {**case.observations, part: Observation(part, Outcome.OK, text, 0, 1, None)}
    return Case(case.topic, case.platform, case.name, case.source, case.host, found, {})


def verdicts(case: Case) -> dict[str, Verdict]:
    return {check.id: apply(TOPIC, check.id, case) for check in TOPIC.checks}


# That a service or an update's sub-key is not listed says that it is not there: nothing tells that from a loss.
_LISTS = ("services", "keys")


@pytest.mark.parametrize(
    "name",
    [
        "crowdstrike-beside-0x800106ba",
        "defender-center-says-out-of-date",
        "defender-excludes-the-system-drive",
        "defender-on-access-off",
        "defender-status-bit-out-of-date",
        "leftovers-expired-and-snoozed",
        "malwarebytes-free-beside-defender",
        "pretended-antivirus",
        "server-defender-good",
        "server-feature-removed",
        "server-third-party-stopped",
        "server-unlisted-antivirus-beside-defender",
        "third-party-expired-beside-defender",
        "third-party-off-beside-defender",
        "date-symantec",
        "defender-40-days",
        "defender-good",
        "defender-own-word-out-of-date",
        "leftover-on-beside-defender",
        "server-defender-passive-alone",
        "server-third-party-driver-stopped",
        "symantec-off",
        "third-party-expired",
        "third-party-old-date",
        "third-party-passive-defender",
        "two-engines",
    ],
)
def test_no_value_pays_by_being_lost(name: str) -> None:
    """Each named value in turn is left out, or says that it could not be read."""
    case = BY_NAME[name]
    before = verdicts(case)
    for part, observation in case.observations.items():
        try:
            told = json.loads(observation.text) if observation.outcome is Outcome.OK else None
        except ValueError:
            continue
        for path in paths(told):
            for put in (None, {"error": "0x80041001"}):
                if put is None and path[-2:-1] and path[-2] in _LISTS:
                    continue
                after = verdicts(observed(case, part, changed(observation.text, path, put)))
                better = [check for check in before if WORTH[after[check].status] > WORTH[before[check].status]]
                assert not better, f"{part} {path} {put}"


ODD = st.one_of(
    st.booleans(),
    st.integers(),
    st.text(max_size=10),
    st.floats(),
    st.sampled_from([[], [{}], {"a": [1]}, [None], "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", 2**31, -(2**31), 2**64]),
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(CASES), st.data())
def test_any_value_in_any_place_never_raises(case: Case, data: Any) -> None:
    places = []
    for part, observation in case.observations.items():
        if observation.outcome is Outcome.OK and observation.text.startswith("{"):
            try:
                places += [(part, path) for path in paths(json.loads(observation.text))]
            except ValueError:
                continue
    if places:
        part, path = data.draw(st.sampled_from(places))
        verdicts(observed(case, part, changed(case.observations[part].text, path, data.draw(ODD))))


# windows.md 2.2: number, on or not, definitions up to date or not.
NUMBERS = [
    (262144, "OFF", True),
    (266240, "ON", True),
    (266256, "ON", False),
    (270336, "SNOOZED", True),
    (331776, "ON", True),
    (344064, None, True),
    (393216, "OFF", True),
    (393472, "OFF", True),
    (393488, "OFF", False),
    (397312, "ON", True),
    (397328, "ON", False),
    (397568, "ON", True),
    (397584, "ON", False),
    (0x063010, "EXPIRED", False),
    (0x063000, "EXPIRED", True),
    (0x061020, "ON", None),
]


@pytest.mark.parametrize(("number", "power", "current"), NUMBERS)
def test_numbers_of_the_security_center(number: int, power: str | None, current: bool | None) -> None:
    instance = {"props": {"displayName": "X", "productState": number}, "calls": {}, "paths": {}}
    case = observed(BY_NAME["defender-good"], "antivirus.center", json.dumps({"instances": [instance], "capped": False}))
    [row] = center.read_center(case.observations, case.host).seen()
    assert row.current is current
    assert row.is_microsoft == (f"{number:06X}"[3] == "1")
    if power is None:
        assert isinstance(row.power, Unseen)
    else:
        assert row.power == Seen(center.Power[power])


@given(st.integers(0, 2**24 - 1))
def test_only_the_whole_nibble_is_on(number: int) -> None:
    """Expired (3) has the bit of on (1), and so have 5, 7, 9, 11, 13 and 15."""
    instance = {"props": {"displayName": "X", "productState": number}, "calls": {}, "paths": {}}
    case = observed(BY_NAME["defender-good"], "antivirus.center", json.dumps({"instances": [instance], "capped": False}))
    [row] = center.read_center(case.observations, case.host).seen()
    assert (row.power == Seen(center.Power.ON)) == (f"{number:06x}"[2] == "1")


@pytest.mark.parametrize(
    ("product", "text", "expected"),
    [
        ("avast", "x=26111908", datetime(2026, 11, 19, 8, tzinfo=UTC)),
        ("avast", "x=26111908\ny=26111808", None),
        ("avast", "x=26113399", None),
        ("avast", "", None),
        ("bitdefender", '<Antivirus><Update succtime="1795161600"/></Antivirus>', datetime(2026, 11, 20, 8, tzinfo=UTC)),
        ("bitdefender", "<Antivirus><succtime>1795161600</succtime></Antivirus>", datetime(2026, 11, 20, 8, tzinfo=UTC)),
        ("bitdefender", '<Product><Update succtime="1795161600"/></Product>', None),
        ("bitdefender", "<Antivirus" * 3000, None),
        ("malwarebytes", '#\n{"db_pub_date":"1795161600"}', datetime(2026, 11, 20, 8, tzinfo=UTC)),
        ("malwarebytes", '#\n{"db_pub_date":"soon"}', None),
        ("vipre", "108766, 2026-11-19", datetime(2026, 11, 19, tzinfo=UTC)),
        ("vipre", "108766, 11/10/2026", None),
        ("eset", "31245 (20261119)", datetime(2026, 11, 19, tzinfo=UTC)),
        ("eset", "31245P (20261341)", None),
        ("sophos", "2026111907", datetime(2026, 11, 19, 7, tzinfo=UTC)),
        ("sophos", "20261119", None),
        ("symantec", "2026-11-18", datetime(2026, 11, 18, tzinfo=UTC)),
        ("symantec", "18. November 2026", None),
    ],
)
def test_dates_of_definitions(product: str, text: str, expected: datetime | None) -> None:
    found = dates._one(dates._READERS[product](text))
    assert found == Seen(expected) if expected else isinstance(found, Unseen)


@pytest.mark.parametrize(
    ("item", "is_kind", "wide"),
    [
        ("C:\\", False, True),
        ("c:", False, True),
        ("D:\\*", False, True),
        ("*.exe", False, True),
        ("%TEMP%", False, True),
        ("C:\\Users", False, True),
        ("C:\\Users\\*", False, True),
        ("C:\\Program Files\\App\\app.exe", False, False),
        ("D:\\Data\\sql.mdf", False, False),
        ("", False, False),
        ("exe", True, True),
        (".exe", True, True),
        ("*", True, True),
        ("mdf", True, False),
        ("N/A: Must be an administrator to view exclusions", True, False),
    ],
)
def test_wide_exclusions(item: str, is_kind: bool, wide: bool) -> None:
    assert exclusions.is_wide(item, is_kind=is_kind) is wide


@pytest.mark.parametrize(
    ("item", "is_kind", "total"),
    [
        ("C:\\", False, True),
        ("c:/", False, True),
        ("C:\\*", False, True),
        ("C:\\*.*", False, True),
        ("*", False, True),
        ("*:\\*", False, True),
        ("%SystemDrive%\\", False, True),
        ("*.exe", False, True),
        ("D:\\", False, False),
        ("C:\\Users", False, False),
        ("C:\\Data\\*", False, False),
        ("%TEMP%", False, False),
        ("", False, False),
        (".EXE", True, True),
        ("*.*", True, True),
        ("ps1", True, False),
        ("", True, False),
        ("N/A: Must be an administrator to view exclusions", False, False),
    ],
)
def test_exclusions_that_leave_nothing_to_protect(item: str, is_kind: bool, total: bool) -> None:
    assert exclusions.is_total(item, is_kind=is_kind) is total


@pytest.mark.parametrize(
    ("path", "is_known"),
    [
        ("C:\\Windows\\System32\\Taskmgr.exe", False),
        ("%SystemRoot%\\explorer.exe", False),
        ('"c:/windows/notepad.exe" /x', False),
        ("C:\\Windows Protector\\av.exe", True),
        ("C:\\Program Files\\Vendor\\av.exe", True),
    ],
)
def test_a_program_of_windows_is_nobodys_antivirus(path: str, is_known: bool) -> None:
    props = {"displayName": "X", "productState": 397312, "pathToSignedReportingExe": path}
    instance = {"props": props, "calls": {}, "paths": {"pathToSignedReportingExe": {"exists": True}}}
    case = observed(BY_NAME["defender-good"], "antivirus.center", json.dumps({"instances": [instance], "capped": False}))
    [row] = center.read_center(case.observations, case.host).seen()
    assert (row.exists == Seen(True)) is is_known


def test_no_file_that_holds_passwords_is_read() -> None:
    for probe in TOPIC.probes_for(Platform.WINDOWS):
        assert "ofcscan" not in probe.text.lower()
