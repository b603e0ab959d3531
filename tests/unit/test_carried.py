"""Older answers, caps that are held, exceptions and the partner's grade (design sections 7 and 8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from scorecard.carried import settled, shelf_lives
from scorecard.model import ExceptionKind, Finding, Last, Mark, Role, Status
from scorecard.result import Answer, Cap, Device, Scorecard
from tests.fleet import NOW, STANDARD, device, except_for, finding, findings, grade, last, passing, unseen

ENCRYPTED = "disk-encryption.system-volume"  # 45 days
PROTECTED = "antivirus.protected"  # 14 days
UPDATES = "patching.security-updates"  # 21 days


def laptops(count: int) -> list[Device]:
    return [device(f"laptop{number}") for number in range(count)]


def settle_one(entry: Finding) -> Finding:
    return settled(entry, STANDARD, NOW, ZoneInfo("UTC"))


@pytest.mark.parametrize(
    ("check", "before", "days", "worth"),
    [
        (PROTECTED, Status.PASS, 0, 1),
        (PROTECTED, Status.PASS, 14, 1),
        (PROTECTED, Status.PASS, 15, 0.5),
        (PROTECTED, Status.PASS, 28, 0.5),
        (PROTECTED, Status.PASS, 29, 0),
        (PROTECTED, Status.WARN, 14, 0.5),
        (PROTECTED, Status.WARN, 28, 0.25),
        (PROTECTED, Status.FAIL, 1, 0),
        (UPDATES, Status.PASS, 21, 1),
        (UPDATES, Status.PASS, 22, 0.5),
        (UPDATES, Status.PASS, 43, 0),
        (ENCRYPTED, Status.PASS, 45, 1),
        (ENCRYPTED, Status.PASS, 90, 0.5),
        (ENCRYPTED, Status.PASS, 91, 0),
        (ENCRYPTED, Status.NOT_APPLICABLE, 45, None),
        (ENCRYPTED, Status.NOT_APPLICABLE, 46, 0),
    ],
)
def test_an_answer_counts_for_its_shelf_life_then_half_for_as_long_again(
    check: str, before: Status, days: int, worth: float | None
) -> None:
    entry = settle_one(replace(finding(check, device("one"), Status.UNKNOWN), last=last(before, days)))
    assert entry.effective == worth
    carried = worth != 0 or before is Status.FAIL
    assert entry.carried_from == (last(before, days).observed_at if carried else None)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "observed", "as_of", "lives"),
    [
        # 14 days in London, 15 in UTC and the other way round: the client's own calendar decides
        ("UTC", "2026-06-01T23:30", "2026-06-16T00:10", 2),
        ("Europe/London", "2026-06-01T23:30", "2026-06-16T00:10", 1),
        ("Pacific/Auckland", "2026-06-01T11:59", "2026-06-15T12:01", 2),
        ("Pacific/Auckland", "2026-06-01T12:01", "2026-06-15T11:59", 1),
        ("America/Los_Angeles", "2026-06-02T06:59", "2026-06-16T07:01", 2),
        # clocks go back on 25 October: 14 days are 14 days and an hour
        ("Europe/London", "2026-10-18T23:30", "2026-11-02T00:10", 1),
        ("Europe/London", "2026-10-18T22:30", "2026-11-02T00:10", 2),
        # clocks go forward on 29 March
        ("Europe/Berlin", "2026-03-20T22:59", "2026-04-03T21:59", 1),
        ("Europe/Berlin", "2026-03-20T22:59", "2026-04-03T22:01", 2),
        # month ends and a leap day
        ("UTC", "2028-02-15T12:00", "2028-02-29T12:00", 1),
        ("UTC", "2028-02-15T12:00", "2028-03-01T12:00", 2),
        ("UTC", "2027-02-15T12:00", "2027-03-01T12:00", 1),
        ("UTC", "2026-12-31T23:59", "2027-01-14T00:01", 1),
        # an answer from the future, by a clock that was wrong
        ("UTC", "2026-06-10T12:00", "2026-06-01T12:00", 1),
        ("UTC", "2027-06-01T12:00", "2026-06-01T12:00", 3),
    ],
)
def test_days_are_those_of_the_clients_calendar(zone: str, observed: str, as_of: str, lives: int) -> None:
    answer = Last(Status.PASS, moment(observed), moment(observed))
    assert shelf_lives(PROTECTED, answer, STANDARD, moment(as_of), ZoneInfo(zone)) == lives


def test_older_answers_count_in_the_score_alone() -> None:
    fleet = laptops(10)
    found = [unseen(entry, 3) if entry.endpoint == "laptop0" else entry for entry in findings(fleet, passing)]
    card = grade(found, fleet)
    assert card.score == 100
    assert card.possible == 100
    assert card.coverage == pytest.approx(0.9)
    assert card.worst_case == "B"  # any of its checks could fail by now
    assert next(p for p in card.promises if p.id == "encryption").answer is Answer.NOT_YET


def cap(card: Scorecard, id_: str) -> Cap:
    return next(one for one in card.caps if one.id == id_)


@pytest.mark.parametrize("days", [1, 45, 91, 1000])
def test_a_fault_holds_its_cap_until_the_machine_is_seen_in_order(days: int) -> None:
    fleet = laptops(10)
    found = findings(fleet, except_for({("laptop0", ENCRYPTED): Status.FAIL}))
    hidden = [unseen(entry, days) if entry.endpoint == "laptop0" else entry for entry in found]
    held = cap(grade(hidden, fleet), "laptops-not-encrypted")
    assert held.endpoints == ("laptop0",)
    assert held.letter == "B"
    assert held.held_since == last(Status.FAIL, days).observed_at
    assert cap(grade(found, fleet), "laptops-not-encrypted").held_since is None
    assert grade(findings(fleet, passing), fleet).caps == ()


@pytest.mark.parametrize(("days", "holds"), [(None, True), (90, False), (91, True)])
def test_an_unknown_holds_the_letter_unless_there_is_an_answer_that_still_counts(days: int | None, holds: bool) -> None:
    fleet = laptops(30)
    found = findings(fleet, passing)
    index = next(i for i, entry in enumerate(found) if entry.check == ENCRYPTED)
    card = grade([*found[:index], unseen(found[index], days), *found[index + 1 :]], fleet)
    assert [one.id for one in card.caps] == ([f"not-read.{ENCRYPTED}"] if holds else [])


def marked(entry: Finding, kind: ExceptionKind, *, covered: bool = False) -> Finding:
    return replace(entry, exception=Mark("x1", kind, covered))


@pytest.mark.parametrize("status", [Status.FAIL, Status.WARN])
def test_a_waived_finding_leaves_the_sum_and_its_cap_stays(status: Status) -> None:
    fleet, fault = laptops(10), ("laptop0", ENCRYPTED)
    found = findings(fleet, except_for({fault: status}))
    card = grade([marked(one, ExceptionKind.WAIVED) if (one.endpoint, one.check) == fault else one for one in found], fleet)
    assert card.score == 100
    assert card.coverage == 1
    assert [one.id for one in card.caps] == (["laptops-not-encrypted"] if status is Status.FAIL else [])
    promise = next(p for p in card.promises if p.id == "encryption")
    assert (promise.answer, promise.excused, promise.met) == (Answer.YES_EXCEPT, ("laptop0",), 9)
    without = grade(found, fleet)
    assert without.score is not None
    assert without.score < 100


def test_cover_lifts_a_cap_to_a_b() -> None:
    fleet = laptops(2)
    found = findings(fleet, except_for({(one.name, ENCRYPTED): Status.FAIL for one in fleet}))
    covered = [
        marked(entry, ExceptionKind.WAIVED, covered=True) if entry.status is Status.FAIL else entry for entry in found
    ]
    assert cap(grade(found, fleet), "laptops-not-encrypted").letter == "C"
    lifted = cap(grade(covered, fleet), "laptops-not-encrypted")
    assert (lifted.letter, lifted.endpoints) == ("B", ("laptop0", "laptop1"))
    hidden = [unseen(entry, 1) if entry.status is Status.FAIL else entry for entry in covered]
    assert cap(grade(hidden, fleet), "laptops-not-encrypted").letter == "C"  # what protects it is not seen either


def test_what_was_stated_counts_half_and_is_no_fail_in_the_worst_case() -> None:
    fleet = [device("server", Role.SERVER), *laptops(9)]
    found = findings(fleet, except_for({("server", PROTECTED): Status.UNKNOWN}))
    told = [marked(entry, ExceptionKind.STATED) if entry.status is Status.UNKNOWN else entry for entry in found]
    bare, stated = grade(found, fleet), grade(told, fleet)
    assert bare.score is not None
    assert stated.score is not None
    assert stated.score - bare.score == pytest.approx((100 - bare.score) / 2)
    assert stated.coverage == bare.coverage < 1
    assert next(p for p in stated.promises if p.id == "antivirus").answer is Answer.NOT_YET


def test_an_older_answer_counts_before_a_statement() -> None:
    """Else a fail that nobody can read any more would be worth more than one that is seen."""
    entry = replace(finding(ENCRYPTED, device("one"), Status.UNKNOWN), last=last(Status.FAIL, 5))
    assert settle_one(marked(entry, ExceptionKind.STATED)).effective == 0
    assert settle_one(marked(replace(entry, last=last(Status.FAIL, 100)), ExceptionKind.STATED)).effective == 0.5


def test_the_partners_grade_leaves_out_declined_work_and_what_others_manage() -> None:
    fleet = [*laptops(9), replace(device("theirs"), managed=False)]
    faults = {("laptop0", ENCRYPTED): Status.FAIL, ("theirs", PROTECTED): Status.FAIL}
    found = [
        marked(entry, ExceptionKind.DECLINED) if entry.endpoint == "laptop0" and entry.status is Status.FAIL else entry
        for entry in findings(fleet, except_for(faults))
    ]
    card = grade(found, fleet)
    assert card.partner is not None
    assert (card.letter, card.partner.letter, card.partner.score) == ("B", "A", 100)
    assert card.score is not None
    assert card.score < 100
    assert [(one.endpoint, one.check, one.exception) for one in card.partner.leavers] == [
        ("theirs", None, None),
        ("laptop0", ENCRYPTED, "x1"),
    ]


def test_a_check_that_does_not_count_yet_is_worth_nothing() -> None:
    entry = replace(finding(ENCRYPTED, device("one"), Status.FAIL), counts=False)
    assert settle_one(entry).effective is None
