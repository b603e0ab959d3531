"""What is known of a check from audit to audit: since when it is open, when it was fixed, whether it came back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scorecard import answers
from scorecard.model import OPEN, Finding, Last, Status
from tests.fleet import NOW, device, finding

CHECK = "antivirus.protected"
WITHIN = timedelta(days=90)


def day(number: int) -> datetime:
    return NOW + timedelta(days=number)


def told(statuses: dict[int, Status]) -> list[Finding]:
    """One check on one endpoint, audited on each of these days."""
    known: dict[str, Last] = {}
    found = []
    for number, status in sorted(statuses.items()):
        observed_at = None if status is Status.UNKNOWN else day(number)
        entry = replace(finding(CHECK, device("one"), status), observed_at=observed_at)
        entry = answers.remember(entry, known.get(CHECK), WITHIN)
        known = answers.loads(answers.dumps(answers.after([entry], known)))
        found.append(entry)
    return found


def test_the_first_answer() -> None:
    (entry,) = told({0: Status.FAIL})
    assert (entry.first_seen, entry.came_back, entry.last) == (day(0), None, None)


def test_an_open_finding_keeps_the_day_it_was_first_seen() -> None:
    entries = told({0: Status.FAIL, 30: Status.WARN, 60: Status.UNKNOWN, 90: Status.FAIL})
    assert [entry.first_seen for entry in entries] == [day(0), day(0), None, day(0)]
    assert entries[2].last == Last(Status.WARN, day(30), day(0))


def test_what_was_fixed_and_is_found_again_within_90_days_came_back() -> None:
    entries = told({0: Status.FAIL, 30: Status.PASS, 60: Status.PASS, 120: Status.FAIL, 150: Status.WARN})
    assert [entry.came_back for entry in entries] == [None, None, None, day(30), day(30)]
    assert [entry.first_seen for entry in entries] == [day(0), day(30), day(30), day(120), day(120)]


def test_after_more_than_90_days_it_is_new() -> None:
    assert told({0: Status.FAIL, 30: Status.PASS, 121: Status.FAIL})[-1].came_back is None


def test_what_was_never_open_before_did_not_come_back() -> None:
    assert told({0: Status.PASS, 30: Status.FAIL})[-1].came_back is None


def test_what_does_not_apply_any_more_is_no_longer_open() -> None:
    entries = told({0: Status.FAIL, 10: Status.NOT_APPLICABLE, 20: Status.FAIL})
    assert entries[-1].came_back == day(10)


@given(st.lists(st.sampled_from(list(Status)), min_size=1, max_size=12))
def test_any_history(statuses: list[Status]) -> None:
    entries = told({20 * number: status for number, status in enumerate(statuses)})
    for number, entry in enumerate(entries):
        before = [one for one in entries[:number] if one.status is not Status.UNKNOWN]
        if entry.status is Status.UNKNOWN:
            assert entry.first_seen is None
            assert (entry.last and (entry.last.status, entry.last.observed_at)) == (
                (before[-1].status, before[-1].observed_at) if before else None
            )
        else:
            assert entry.last is None
            same = [one for one in before if (one.status in OPEN) == (entry.status in OPEN)]
            unbroken = bool(before) and (before[-1].status in OPEN) == (entry.status in OPEN)
            assert entry.first_seen == (same[-1].first_seen if unbroken else entry.observed_at)
            assert entry.came_back is None or entry.status in OPEN


def test_nothing_is_kept_of_an_endpoint_that_never_answered() -> None:
    assert answers.loads("") == {}
    assert answers.after([finding(CHECK, device("one", seen=False), Status.UNKNOWN)], {}) == {}
