"""What exceptions do to findings: who is left out of the sum, for how long, and what ends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import pytest

from scorecard.exceptions import Applied, Entry, Exceptions, Kept, apply
from scorecard.exceptions.entries import derived_id
from scorecard.model import ExceptionKind, Finding, Json, Mark, Role, Status, Verdict
from scorecard.result import Device
from tests.fleet import NOW, REGISTRY, STANDARD, device, except_for, findings, unseen

SYSTEM, DATA = "disk-encryption.system-volume", "disk-encryption.data-volumes"
UPDATES, KEY = "patching.security-updates", "disk-encryption.recovery-key"
STABLE = {check.id: check.stable for check in REGISTRY.checks.values()}
TODAY = NOW.date()


def waived(
    check: str = DATA, *endpoints: str, since: int = -5, days: int = 30, cover: bool = False, id: str | None = None
) -> Entry:
    first = TODAY + timedelta(days=since)
    names = endpoints or ("m01",)
    made = derived_id(ExceptionKind.WAIVED, (check,), names, first)
    last = first + timedelta(days=days - 1)
    details: dict[str, Json] = {"reason": "x", "approver": "y", "cover": "own network" if cover else None}
    return Entry(id or made, ExceptionKind.WAIVED, (check,), names, first, last, cover, details)


def declined(*checks: str, endpoints: tuple[str, ...] = ("m01",), until: date | None = None) -> Entry:
    details: dict[str, Json] = {"what": "new disks", "price": 900, "currency": "EUR", "by": "owner"}
    return Entry("no", ExceptionKind.DECLINED, checks, endpoints, TODAY, until, False, details)


def stated(check: str = KEY, *endpoints: str, days: int = 30) -> Entry:
    last = TODAY + timedelta(days=days - 1)
    return Entry("told", ExceptionKind.STATED, (check,), endpoints or ("m01",), TODAY, last, False, {"says": "cloud"})


def fleet(count: int = 40, faults: Mapping[tuple[str, str], Status] | None = None) -> tuple[list[Device], list[Finding]]:
    """Laptops m01, m02, ... that pass but for `faults`, by endpoint and check."""
    devices = [device(f"m{number:02}") for number in range(1, count + 1)]
    return devices, findings(devices, except_for(faults or {("m01", DATA): Status.FAIL}))


def done(
    entries: Sequence[Entry],
    made: tuple[list[Device], list[Finding]] | None = None,
    kept: Sequence[Kept] = (),
    *,
    day: int = 0,
    at: datetime | None = None,
    zone: str = "UTC",
    whole: bool = True,
) -> Applied:
    devices, found = made or fleet()
    moment = at or NOW + timedelta(days=day)
    exceptions = Exceptions(tuple(entries))
    return apply(exceptions, found, devices, STANDARD, kept, as_of=moment, time_zone=zone, stable=STABLE, whole=whole)


def uses(applied: Applied) -> dict[tuple[str, str], dict[str, Any]]:
    listed: dict[tuple[str, str], dict[str, Any]] = {}
    for record in applied.records:
        for use in record["uses"] if isinstance(record["uses"], list) else []:
            assert isinstance(use, dict)
            listed[str(use["endpoint"]), str(use["check"])] = use
    return listed


def states(applied: Applied) -> dict[tuple[str, str], str]:
    return {key: use["state"] for key, use in uses(applied).items()}


def marks(applied: Applied) -> dict[tuple[str, str], Mark]:
    return {(f.endpoint, f.check): f.exception for f in applied.findings if f.exception is not None}


def evident(
    made: tuple[list[Device], list[Finding]], endpoint: str, check: str, status: Status, **evidence: Json
) -> tuple[list[Device], list[Finding]]:
    devices, found = made
    verdict = Verdict(status, "measured", "expected", MappingProxyType(evidence))
    return devices, [replace(f, verdict=verdict) if (f.endpoint, f.check) == (endpoint, check) else f for f in found]


def test_nothing_is_marked_without_exceptions() -> None:
    applied = done([])
    assert (marks(applied), applied.records, applied.kept) == ({}, (), ())
    assert list(applied.findings) == fleet()[1]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (Status.FAIL, "counts"),
        (Status.WARN, "counts"),
        (Status.PASS, "nothing-to-excuse"),
        (Status.NOT_APPLICABLE, "nothing-to-excuse"),
        (Status.UNKNOWN, "unknown-not-covered"),
    ],
)
def test_waived_covers_what_is_wrong_and_never_what_is_unknown(status: Status, state: str) -> None:
    entry = waived()
    applied = done([entry], fleet(40, {("m01", DATA): status}))
    assert states(applied) == {("m01", DATA): state}
    expected = {("m01", DATA): Mark(entry.id, ExceptionKind.WAIVED)} if state == "counts" else {}
    assert marks(applied) == expected


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (Status.FAIL, "counts"),
        (Status.WARN, "counts"),
        (Status.UNKNOWN, "counts"),
        (Status.PASS, "nothing-to-excuse"),
        (Status.NOT_APPLICABLE, "nothing-to-excuse"),
    ],
)
def test_declined_marks_what_is_still_to_be_done(status: Status, state: str) -> None:
    applied = done([declined(DATA)], fleet(40, {("m01", DATA): status}))
    assert states(applied) == {("m01", DATA): state}
    assert marks(applied) == ({("m01", DATA): Mark("no", ExceptionKind.DECLINED)} if state == "counts" else {})
    assert applied.kept == ()


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (Status.UNKNOWN, "counts"),
        (Status.FAIL, "measured-since"),
        (Status.WARN, "measured-since"),
        (Status.PASS, "measured-since"),
        (Status.NOT_APPLICABLE, "nothing-to-excuse"),
    ],
)
def test_stated_answers_the_unknown_alone(status: Status, state: str) -> None:
    applied = done([stated()], fleet(40, {("m01", KEY): status}))
    assert states(applied) == {("m01", KEY): state}
    assert marks(applied) == ({("m01", KEY): Mark("told", ExceptionKind.STATED)} if state == "counts" else {})


def test_declined_work_may_be_about_several_checks_and_has_no_end() -> None:
    faults = {("m01", DATA): Status.FAIL, ("m02", SYSTEM): Status.UNKNOWN}
    applied = done([declined(DATA, SYSTEM, endpoints=("m01", "m02"))], fleet(40, faults), day=3000)
    assert sorted(marks(applied)) == [("m01", DATA), ("m02", SYSTEM)]
    (record,) = applied.records
    assert (record["check"], record["checks"], record["until"]) == (None, [DATA, SYSTEM], None)
    assert (record["what"], record["price"], record["currency"]) == ("new disks", 900, "EUR")


# --- days ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "since", "days", "cover", "state", "days_left"),
    [
        (DATA, 0, 1, False, "counts", 0),
        (DATA, 1, 10, False, "not-yet", None),
        (DATA, -29, 30, False, "counts", 0),
        (DATA, -30, 30, False, "expired", None),
        (DATA, -89, 90, False, "counts", 0),
        (DATA, -59, 90, False, "counts", 30),
        (DATA, -58, 90, False, "counts", 31),
        # Critical on a laptop: 30 days, whatever the entry says.
        (SYSTEM, -29, 90, False, "counts", 0),
        (SYSTEM, -30, 90, False, "too-long", None),
        (SYSTEM, -30, 90, True, "counts", 59),
        (SYSTEM, -364, 365, True, "counts", 0),
        (SYSTEM, -365, 365, True, "expired", None),
    ],
)
def test_an_entry_holds_from_its_first_to_its_last_day(
    check: str, since: int, days: int, cover: bool, state: str, days_left: int | None
) -> None:
    applied = done([waived(check, since=since, days=days, cover=cover)], fleet(40, {("m01", check): Status.FAIL}))
    (use,) = uses(applied).values()
    assert (use["state"], use["days_left"]) == (state, days_left)
    assert use["ending_soon"] is (days_left is not None and days_left <= 30)
    assert use["limited"] is (check == SYSTEM and days == 90 and not cover)
    assert bool(marks(applied)) is (state == "counts")


@pytest.mark.parametrize(
    ("zone", "moment", "state"),
    [
        ("UTC", "2026-11-30T23:59:59+00:00", "counts"),
        ("UTC", "2026-12-01T00:00:00+00:00", "expired"),
        ("Pacific/Auckland", "2026-11-30T10:59:00+00:00", "counts"),
        ("Pacific/Auckland", "2026-11-30T11:00:00+00:00", "expired"),
        ("America/Los_Angeles", "2026-12-01T07:59:00+00:00", "counts"),
        ("America/Los_Angeles", "2026-12-01T08:00:00+00:00", "expired"),
        # An hour is lost, and one comes twice: days are days.
        ("Europe/London", "2026-12-01T00:00:00+00:00", "expired"),
    ],
)
def test_days_are_those_of_the_clients_time_zone(zone: str, moment: str, state: str) -> None:
    entry = replace(waived(), since=date(2026, 11, 10), until=date(2026, 11, 30))
    applied = done([entry], at=datetime.fromisoformat(moment), zone=zone)
    assert states(applied) == {("m01", DATA): state}


@pytest.mark.parametrize(
    ("since", "until", "moment", "state"),
    [
        (date(2028, 2, 1), date(2028, 2, 29), "2028-02-29T12:00:00+00:00", "counts"),
        (date(2028, 2, 1), date(2028, 2, 29), "2028-03-01T12:00:00+00:00", "expired"),
        (date(2027, 3, 1), date(2027, 3, 28), "2027-03-28T22:59:00+00:00", "counts"),  # the clock goes forward that day
        (date(2027, 3, 1), date(2027, 3, 28), "2027-03-28T23:00:00+00:00", "expired"),
    ],
)
def test_leap_days_and_changing_clocks(since: date, until: date, moment: str, state: str) -> None:
    entry = replace(waived(), since=since, until=until)
    assert states(done([entry], at=datetime.fromisoformat(moment), zone="Europe/London")) == {("m01", DATA): state}


# --- the share -----------------------------------------------------------------------------------------------------


def weight(applied: Applied) -> float:
    """Of what leaves the sum, laptops alone."""
    return sum(STANDARD.severity_weight(f.severity) for f in applied.findings if f.marked(ExceptionKind.WAIVED))


def test_one_finding_may_leave_however_small_the_fleet() -> None:
    faults = {("m01", DATA): Status.FAIL, ("m01", SYSTEM): Status.FAIL}
    younger, older = waived(DATA, since=-3), waived(SYSTEM, since=-4)
    applied = done([younger, older], fleet(1, faults))
    assert states(applied) == {("m01", DATA): "no-place", ("m01", SYSTEM): "counts"}
    assert list(marks(applied)) == [("m01", SYSTEM)]


def test_the_oldest_fill_the_share_then_by_check_then_by_endpoint() -> None:
    names = [f"m{number:02}" for number in range(1, 41)]
    faults = {(name, check): Status.FAIL for name in names for check in (DATA, SYSTEM)}
    # Per laptop 10 + 7.5 + 5 + 2.5 = 25 is answered; 5 % of 40 laptops is 50.
    old = waived(DATA, "m40", since=-20)
    entries = [waived(SYSTEM, *names[:10], since=-6), waived(DATA, *names[:10], since=-6), old]
    applied = done(entries, fleet(40, faults))
    # 7.5 of the old one, then data-volumes before system-volume: five of 7.5 make 45, and nothing of 7.5 or 10 fits then.
    assert sorted(marks(applied)) == [*((name, DATA) for name in names[:5]), ("m40", DATA)]
    assert weight(applied) == 45.0


def test_one_that_does_not_fit_is_skipped_and_a_lighter_one_behind_it_fits() -> None:
    names = [f"m{number:02}" for number in range(1, 41)]
    faults = {(name, check): Status.FAIL for name in names for check in (SYSTEM, KEY)}
    heavy, light = waived(SYSTEM, *names[:6], since=-8), waived(KEY, *names[:2], since=-4)
    first = waived(DATA, "m01", since=-9)
    applied = done([heavy, light, first], fleet(40, {**faults, ("m01", DATA): Status.FAIL}))
    # 7.5 + 4 x 10 = 47.5; the fifth of 10 and of 5 do not fit into 50.
    assert weight(applied) == 47.5
    lighter = waived("disk-encryption.method", "m01", since=-1)
    made = fleet(40, {**faults, ("m01", DATA): Status.FAIL, ("m01", "disk-encryption.method"): Status.WARN})
    again = done([heavy, light, lighter, first], made)
    assert states(again)["m01", KEY] == "no-place"
    assert states(again)["m01", "disk-encryption.method"] == "counts"
    assert weight(again) == 50.0


def test_unknown_findings_are_not_part_of_what_the_share_is_of() -> None:
    names = [f"m{number:02}" for number in range(1, 41)]
    faults = {(name, DATA): Status.FAIL for name in names}
    devices, found = fleet(40, faults)
    entry = waived(DATA, *names)
    assert weight(done([entry], (devices, found))) == 45.0  # six of 7.5 within 50
    half = [unseen(f) if f.endpoint > "m20" else f for f in found]
    assert weight(done([entry], (devices, half))) == 22.5  # three within 25


def test_a_place_is_held_until_the_entry_ends_and_counts_against_the_share() -> None:
    faults = {("m01", DATA): Status.FAIL, ("m02", DATA): Status.FAIL}
    first = done([waived(DATA, "m02", since=-1)], fleet(2, faults))
    assert list(marks(first)) == [("m02", DATA)]
    both = [waived(DATA, "m01", since=-5), waived(DATA, "m02", since=-1)]
    # An older entry that comes later does not push it out, even while the machine does not answer or is in order.
    for status in (Status.FAIL, Status.UNKNOWN, Status.PASS, Status.NOT_APPLICABLE):
        later = done(both, fleet(2, {**faults, ("m02", DATA): status}), first.kept, day=1)
        assert ("m01", DATA) not in marks(later), status
        assert (("m02", DATA) in marks(later)) is (status is Status.FAIL)
        (row,) = later.kept
        assert (row.endpoint, row.placed_at, row.ended_at) == ("m02", NOW, None)
    after = done(both, fleet(2, faults), first.kept, day=29)
    assert states(after) == {("m01", DATA): "expired", ("m02", DATA): "expired"}


def test_a_place_is_free_once_its_entry_is_over_or_gone_from_the_file() -> None:
    faults = {("m01", DATA): Status.FAIL, ("m02", DATA): Status.FAIL}
    old, young = waived(DATA, "m01", since=-29, days=30), waived(DATA, "m02", since=-1)
    first = done([old, young], fleet(2, faults))
    assert list(marks(first)) == [("m01", DATA)]
    assert list(marks(done([old, young], fleet(2, faults), first.kept, day=1))) == [("m02", DATA)]
    gone = done([young], fleet(2, faults), first.kept)
    assert list(marks(gone)) == [("m02", DATA)]
    back = done([old, young], fleet(2, faults), gone.kept)
    assert list(marks(back)) == [("m02", DATA)]  # it lost its place


def test_a_part_of_the_client_gives_no_places_and_changes_nothing_that_is_kept() -> None:
    faults = {("m01", DATA): Status.FAIL, ("m02", DATA): Status.FAIL}
    entries = [waived(DATA, "m01"), waived(DATA, "m02", "m03", since=-1)]
    devices, found = fleet(2, faults)
    applied = done(entries, (devices, found), whole=False)
    assert set(states(applied).values()) == {"out-of-scope"}
    assert (marks(applied), applied.kept) == ({}, ())
    kept = done(entries, (devices, found)).kept
    part = done(entries, (devices[:1], [f for f in found if f.endpoint == "m01"]), kept, whole=False)
    assert list(marks(part)) == [("m01", DATA)]
    assert part.kept == kept


# --- getting worse -------------------------------------------------------------------------------------------------


def test_a_warn_that_became_a_fail_ends_it_for_good() -> None:
    entry = waived()
    first = done([entry], fleet(40, {("m01", DATA): Status.WARN}))
    assert states(first) == {("m01", DATA): "counts"}
    worse = done([entry], fleet(), first.kept, day=1)
    assert states(worse) == {("m01", DATA): "ended-worse"}
    assert marks(worse) == {}
    assert worse.kept[0].ended_at == NOW + timedelta(days=1)
    better = done([entry], fleet(40, {("m01", DATA): Status.WARN}), worse.kept, day=2)
    assert states(better) == {("m01", DATA): "ended-worse"}
    assert better.kept == worse.kept
    # Nor is it begun anew by taking the entry out of the file for a while, or by writing it otherwise.
    gone = done([], fleet(), better.kept, day=3)
    renamed = waived(DATA, "M01", "m02", id="other")
    assert states(done([renamed], fleet(), gone.kept, day=4))["m01", DATA] == "ended-worse"
    # A new agreement is one with another `from`.
    renewed = waived(DATA, since=-1)
    assert states(done([renewed], fleet(), worse.kept, day=2)) == {("m01", DATA): "counts"}


@pytest.mark.parametrize(
    ("before", "now", "state"),
    [
        (["C:", "D:"], ["C:", "D:"], "counts"),
        (["C:", "D:"], ["D:", "C:"], "counts"),
        (["C:", "D:"], ["D:"], "counts"),
        (["C:", "D:"], [], "counts"),
        (["C:"], ["C:", "D:"], "ended-worse"),
        (["C:"], ["D:"], "ended-worse"),
        ([], ["C:"], "ended-worse"),
        ("off", "off", "counts"),
        ("off", "on", "ended-worse"),
        (3, 3, "counts"),
        (3, 2, "ended-worse"),
        (False, True, "ended-worse"),
        (None, None, "counts"),
        (None, "x", "ended-worse"),
        ("x", None, "ended-worse"),
        (["C:"], "C:", "ended-worse"),
        ({"C:": "plain"}, {"C:": "plain"}, "counts"),
        ({"C:": "plain", "D:": "plain"}, {"C:": "plain"}, "counts"),
        ({"C:": "plain"}, {"C:": "suspended"}, "ended-worse"),
        ({"C:": "plain"}, {"C:": "plain", "D:": "plain"}, "ended-worse"),
        ({"C:": ["a", "b"]}, {"C:": ["b"]}, "counts"),
        ({"C:": ["a"]}, {"C:": ["a", "b"]}, "ended-worse"),
        ([{"a": 1, "b": 2}], [{"b": 2, "a": 1}], "counts"),
        ([{"a": 1}], [{"a": 2}], "ended-worse"),
    ],
)
def test_stable_evidence_with_something_new_in_it_ends_it(before: Json, now: Json, state: str) -> None:
    entry, made = waived(), fleet()
    first = done([entry], evident(made, "m01", DATA, Status.FAIL, open=before, age=1))
    assert states(first) == {("m01", DATA): "counts"}
    later = done([entry], evident(made, "m01", DATA, Status.FAIL, open=now, age=2), first.kept, day=1)
    assert states(later) == {("m01", DATA): state}


def test_evidence_that_is_not_stable_does_not_matter_and_what_is_gone_is_not_worse() -> None:
    entry, made = waived(), fleet()
    first = done([entry], evident(made, "m01", DATA, Status.FAIL, open=["C:"], age=1))
    for later in ({"open": ["C:"], "age": 99, "other": ["x"]}, {"age": 99}):
        again = done([entry], evident(made, "m01", DATA, Status.FAIL, **later), first.kept, day=1)
        assert states(again) == {("m01", DATA): "counts"}
    nothing = done([entry], evident(made, "m01", DATA, Status.FAIL, age=1))
    worse = done([entry], evident(made, "m01", DATA, Status.FAIL, open=["C:"]), nothing.kept, day=1)
    assert states(worse) == {("m01", DATA): "ended-worse"}


def test_it_is_compared_with_what_was_agreed_to_and_not_with_last_month() -> None:
    entry, made = waived(days=60), fleet()
    kept = done([entry], evident(made, "m01", DATA, Status.FAIL, open=["C:", "D:"])).kept
    for day, open_ in ((5, ["C:"]), (10, ["C:", "D:"])):
        applied = done([entry], evident(made, "m01", DATA, Status.FAIL, open=list[Json](open_)), kept, day=day)
        assert states(applied) == {("m01", DATA): "counts"}
        kept = applied.kept
    unknown = done([entry], fleet(40, {("m01", DATA): Status.UNKNOWN}), kept, day=15)
    assert unknown.kept == kept
    passed = done([entry], fleet(40, {("m01", DATA): Status.PASS}), kept, day=20)
    assert passed.kept == kept
    # From warn to fail by way of a pass is as bad as at once.
    entry = waived(DATA, "m02")
    kept = done([entry], fleet(40, {("m02", DATA): Status.WARN})).kept
    kept = done([entry], fleet(40), kept, day=1).kept
    assert states(done([entry], fleet(40, {("m02", DATA): Status.FAIL}), kept, day=2))["m02", DATA] == "ended-worse"


def test_an_unknown_does_not_end_it_and_a_covered_one_ends_as_well() -> None:
    entry = waived(cover=True)
    first = done([entry], fleet(40, {("m01", DATA): Status.WARN}))
    assert marks(first) == {("m01", DATA): Mark(entry.id, ExceptionKind.WAIVED, covered=True)}
    assert states(done([entry], fleet(), first.kept)) == {("m01", DATA): "ended-worse"}


def test_what_is_kept_is_forgotten_once_no_entry_of_that_day_can_hold_any_more() -> None:
    kept = done([waived()]).kept
    assert len(done([], fleet(), kept, day=359).kept) == 1
    assert done([], fleet(), kept, day=360).kept == ()
    assert done([waived()], fleet(), kept, day=360).kept == ()


# --- what matches nothing ------------------------------------------------------------------------------------------


def test_what_matches_nothing_is_said() -> None:
    entry = waived(DATA, "m01", "gone")
    applied = done([entry])
    assert states(applied) == {("m01", DATA): "counts", ("gone", DATA): "matches-nothing"}
    assert uses(applied)["gone", DATA]["note"] == "no such machine, or the check is not asked of it"


def test_names_are_the_same_in_all_capitals() -> None:
    applied = done([waived(DATA, "M01")])
    assert states(applied) == {("m01", DATA): "counts"}
    assert applied.records[0]["endpoints"] == ["M01"]


def test_a_place_is_kept_in_all_capitals() -> None:
    faults = {("m01", DATA): Status.FAIL, ("m02", DATA): Status.FAIL}
    young, old = waived(DATA, "m02", since=-1), waived(DATA, "m01")
    devices, found = fleet(2, faults)
    kept = done([young], (devices, found)).kept
    louder = [replace(one, name=one.name.upper()) for one in devices]
    again = done([young, old], (louder, [replace(f, endpoint=f.endpoint.upper()) for f in found]), kept)
    assert list(marks(again)) == [("M02", DATA)]
    assert [(one.endpoint, one.begun_at) for one in again.kept] == [("M02", NOW)]


def test_what_does_not_count_makes_no_room() -> None:
    names = [f"m{number:02}" for number in range(1, 41)]
    devices, found = fleet(40, {(name, DATA): Status.FAIL for name in names})
    quiet = [replace(f, counts=False) if f.check == SYSTEM else f for f in found]
    assert weight(done([waived(DATA, *names)], (devices, quiet))) == 30.0  # 5 % of 40 x 15, where it was 45 of 50


def test_a_check_that_does_not_count_has_nothing_to_leave() -> None:
    devices, found = fleet()
    quiet = [replace(f, counts=False) if (f.endpoint, f.check) == ("m01", DATA) else f for f in found]
    applied = done([waived()], (devices, quiet))
    assert states(applied) == {("m01", DATA): "not-graded"}
    assert marks(applied) == {}


def test_marks_of_an_earlier_grading_are_taken_away() -> None:
    devices, found = fleet()
    marked = [replace(f, exception=Mark("old", ExceptionKind.DECLINED)) for f in found]
    assert marks(done([], (devices, marked))) == {}


def test_a_record_tells_what_the_entry_says_and_what_came_of_it() -> None:
    entry = waived(days=20, id="data-drives")
    made = evident(fleet(), "m01", DATA, Status.FAIL, open=["D:"], age=3)
    (record,) = done([entry], made, at=datetime(2026, 11, 20, 9, 30, 12, 345, tzinfo=UTC)).records
    assert dict(record) == {
        "id": "data-drives",
        "kind": "waived",
        "check": DATA,
        "checks": [DATA],
        "endpoints": ["m01"],
        "from": "2026-11-15",
        "until": "2026-12-04",
        "covered": False,
        "reason": "x",
        "approver": "y",
        "cover": None,
        "uses": [
            {
                "check": DATA,
                "endpoint": "m01",
                "state": "counts",
                "note": "is left out of the score",
                "until": "2026-12-04",
                "limited": False,
                "days_left": 14,
                "ending_soon": True,
                "begun_at": "2026-11-20T09:30:12Z",
                "first": {"status": "fail", "evidence": {"open": ["D:"]}},
                "fingerprint": "sha256:" + sha256(b'{"evidence":{"open":["D:"]},"status":"fail"}').hexdigest(),
                "held": False,
                "placed_at": "2026-11-20T09:30:12Z",
                "ended_at": None,
            }
        ],
    }


def test_servers_weigh_more() -> None:
    devices = [device("s1", Role.SERVER), *(device(f"m{number:02}") for number in range(1, 10))]
    found = findings(devices, except_for({("s1", DATA): Status.FAIL, ("m01", DATA): Status.FAIL}))
    # 3 x (5 + 5 + 5 + 2.5) + 9 x 25 answered: 5 % is about 14, and the server's 15 is let in as the only one.
    applied = done([waived(DATA, "s1", since=-6), waived(DATA, "m01", since=-1)], (devices, found))
    assert list(marks(applied)) == [("s1", DATA)]
