"""Ends of support, and what nothing renews any more: definitions, lists of updates, updates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from scorecard.model import Finding, Status, Verdict
from scorecard.outlook import EarlyWarning, Kind, Outlook, outlook, snapshot
from scorecard.outlook.lapses import next_audit
from scorecard.outlook.support import End, read_end
from scorecard.result import Audit, Device
from tests.cases import apply, cases
from tests.fleet import NOW, REGISTRY
from tests.outlook_kit import audit, machine, supported, told


def ahead(*audits: Audit, months: int = 12) -> Outlook:
    return outlook([snapshot(one) for one in audits], months)


def only(found: Outlook, kind: Kind) -> list[EarlyWarning]:
    return [warning for warning in found.warnings if warning.kind is kind]


# --- support -------------------------------------------------------------------------------------------------------


def test_machines_of_one_release_are_one_warning() -> None:
    owners = [machine(name) for name in ("b", "a", "c")]
    found = ahead(audit(NOW, owners, [supported(owners[0]), supported(owners[1]), supported(owners[2], "2030-01-01")]))
    (warning,) = only(found, Kind.SUPPORT)
    assert (warning.endpoints, warning.on, warning.days) == (("a", "b"), date(2027, 6, 30), 222)
    assert warning.sentence == (
        "Support of Debian 12 bookworm ends on 30 Jun 2027, in 222 days: 2 machines need an upgrade before then (a, b)."
    )
    assert warning.basis == "a table, as of 2026-08-22"


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2028-06-30", End(date(2028, 6, 30), date(2028, 6, 30), "on 30 Jun 2028")),
        ("2028-02", End(date(2028, 1, 31), date(2028, 2, 29), "in Feb 2028")),
        ("2028", End(date(2027, 12, 31), date(2028, 12, 31), "in 2028")),
        ("2027-04-01..2027-06-01", End(date(2027, 4, 1), date(2027, 6, 1), "between 1 Apr 2027 and 1 Jun 2027")),
        ("about 2027-09", End(date(2027, 8, 31), None, "about Sep 2027, by its maker's practice")),
        *((text, None) for text in ("open", "rolling", "ended", "", "2028-13", "2028-02-30", "about then", "0000", "x..y")),
    ],
)
def test_an_end_is_read_as_the_table_writes_it(text: str, end: End | None) -> None:
    assert read_end(text) == end


def test_every_end_that_the_rules_name_in_recorded_answers_is_read() -> None:
    """The rules' own evidence, from real tables: a form that is new there must not be passed over here."""
    topic, named, silent = REGISTRY.by_id["os-support"], 0, ("open", "rolling", "ended")
    for case in cases("os-support"):
        verdict = apply(topic, "os-support.supported", case)
        ends = verdict.evidence.get("ends")
        if verdict.status is Status.PASS:
            assert isinstance(ends, str)
            assert (read_end(ends) is None) == (ends in silent), ends
            named += ends not in silent
    assert named > 10


@pytest.mark.parametrize("ends", ["2026-11-19", "2027-11-21", "open", "rolling", "2026-11", "nonsense"])
def test_what_is_past_or_far_or_has_no_date_is_no_warning(ends: str) -> None:
    owner = machine("a")
    assert only(ahead(audit(NOW, [owner], [supported(owner, ends)])), Kind.SUPPORT) == []


@pytest.mark.parametrize(("ends", "days"), [("2026-11-20", 0), ("2027-11-20", 365), ("about 2027-01", 41)])
def test_the_first_and_the_last_day_belong_to_it(ends: str, days: int) -> None:
    owner = machine("a")
    assert [one.days for one in only(ahead(audit(NOW, [owner], [supported(owner, ends)])), Kind.SUPPORT)] == [days]


def test_an_extension_is_named() -> None:
    owner = machine("a")
    (warning,) = only(ahead(audit(NOW, [owner], [supported(owner, kind="LTS")])), Kind.SUPPORT)
    assert "Debian 12 bookworm (LTS) ends" in warning.sentence


def test_a_release_that_has_ended_is_a_finding_and_one_that_is_not_known_is_said() -> None:
    owners = [machine(name) for name in "ab"]
    ended = told("os-support.supported", owners[0], Status.FAIL, "ended", ends="2027-01-01")
    unknown = told("os-support.supported", owners[1], Status.UNKNOWN, ends="2027-01-01")
    found = ahead(audit(NOW, owners, [ended, unknown]))
    assert only(found, Kind.SUPPORT) == []
    said = [untold.sentence for untold in found.untold if "support" in untold.sentence]
    assert said == ["When support ends is not known of 1 machine (b): nobody knows."]


def test_a_machine_out_of_sight_runs_what_it_ran() -> None:
    before, owner = NOW - timedelta(days=30), machine("a")
    gone = machine("a", seen=False, last=before)
    found = ahead(audit(before, [owner], [supported(owner)]), audit(NOW, [gone]))
    (warning,) = only(found, Kind.SUPPORT)
    assert warning.basis == "a table, as of 2026-08-22; 1 of them as last seen"


# --- what lapses ---------------------------------------------------------------------------------------------------


def fresh(owner: Device, check: str, days: float, at: datetime = NOW, status: Status = Status.PASS) -> Finding:
    """Dated so many days before now, whatever the audit's own time."""
    key = {"antivirus.definitions": "dates", "patching.sources-fresh": "lists_from"}.get(check, "last_installed_at")
    since = (NOW - timedelta(days=days)).isoformat()
    value: Any = [since] if key == "dates" else since
    evidence: dict[str, Any] = {key: value, "engines": ["defender"]} if key == "dates" else {key: value}
    return replace(told(check, owner, status, **evidence), observed_at=at)


def weekly(check: str, days: float, then_days: float | None = None, gap: int = 7, status: Status = Status.PASS) -> Outlook:
    """Two audits, so many days apart; `then_days`: what the earlier one saw, where it saw another date."""
    before, owner = NOW - timedelta(days=gap), machine("a")
    earlier = fresh(owner, check, days if then_days is None else then_days, before)
    return ahead(audit(before, [owner], [earlier]), audit(NOW, [owner], [fresh(owner, check, days, status=status)]))


def test_lists_that_nothing_renews_fall_short_on_a_day() -> None:
    """6.5 days old now and at most 7 whole days may be: it falls short on the day on which it is 8 days old."""
    (warning,) = only(weekly("patching.sources-fresh", 6.5, gap=3), Kind.LAPSE)
    assert (warning.on, warning.days, warning.what) == (date(2026, 11, 21), 1, "patching.sources-fresh")
    assert warning.sentence == (
        "a has not looked for updates since 13 Nov 2026: if nothing renews that, it falls short on 21 Nov 2026, "
        "in 1 day, by the next audit."
    )
    assert "the next audit is expected on 23 Nov 2026" in warning.basis


def test_updates_that_nobody_installs_fall_short_and_then_fail() -> None:
    (warning,) = only(weekly("patching.last-installed", 33, gap=31), Kind.LAPSE)
    assert (warning.on, warning.latest) == (date(2026, 11, 23), date(2026, 12, 18))
    assert warning.sentence.endswith("in 3 days, and fails on 18 Dec 2026.")


@pytest.mark.parametrize(
    ("days", "then_days", "gap"),
    [
        (2, 9, 7),  # another date then: something renews it
        (1, None, 3),  # still in order at the next audit
    ],
)
def test_what_is_renewed_or_still_young_is_no_warning(days: float, then_days: float | None, gap: int) -> None:
    assert only(weekly("patching.sources-fresh", days, then_days, gap), Kind.LAPSE) == []


def test_one_that_warns_already_will_fail() -> None:
    (warning,) = only(weekly("patching.sources-fresh", 12.5, gap=7, status=Status.WARN), Kind.LAPSE)
    assert (warning.on, "it fails on 22 Nov 2026" in warning.sentence) == (date(2026, 11, 22), True)


def test_an_answer_that_did_not_go_by_the_age_is_not_foretold_from_it() -> None:
    """It passes although it is older than its limit: an engine may call itself up to date."""
    assert only(weekly("patching.sources-fresh", 12, gap=7), Kind.LAPSE) == []


@pytest.mark.parametrize("status", [Status.FAIL, Status.UNKNOWN, Status.NOT_APPLICABLE])
def test_what_has_lapsed_or_is_not_known_is_no_warning(status: Status) -> None:
    assert only(weekly("patching.sources-fresh", 6, gap=3, status=status), Kind.LAPSE) == []


def test_two_audits_of_one_day_prove_nothing() -> None:
    owner, before = machine("a"), NOW - timedelta(hours=2)
    audits = [audit(at, [owner], [fresh(owner, "patching.sources-fresh", 6.5)]) for at in (before, NOW)]
    older = audit(NOW - timedelta(days=20), [owner], [fresh(owner, "patching.sources-fresh", 21)])
    assert only(ahead(older, *audits), Kind.LAPSE) == []


@pytest.mark.parametrize(
    ("engines", "dates", "on"),
    [
        (["defender"], [2.2], date(2026, 11, 21)),
        (["xprotect"], [2.5], None),  # it may be 30 days old
        (["xprotect"], [29], date(2026, 11, 21)),
        (["xprotect", "eset"], [29, 2.2], date(2026, 11, 21)),
        (["xprotect", "eset"], [29], None),  # whose date it is cannot be told
        (["eset", "defender"], [0.1, 2.2], date(2026, 11, 21)),
        (["eset"], ["never"], None),
        (["eset"], [None], None),
    ],
)
def test_definitions_by_the_limits_of_their_engine(engines: list[str], dates: list[Any], on: date | None) -> None:
    owner = machine("a")
    texts = [(NOW - timedelta(days=d)).isoformat() if isinstance(d, float | int) else d for d in dates]
    said = told("antivirus.definitions", owner, Status.PASS, engines=engines, dates=texts)
    found = only(ahead(audit(NOW - timedelta(days=2), [owner], [said]), audit(NOW, [owner], [said])), Kind.LAPSE)
    assert [warning.on for warning in found] == ([] if on is None else [on])


def test_a_date_without_a_zone_or_with_noise_dates_nothing() -> None:
    owner = machine("a")
    for text in ("2026-11-14", "2026-11-14T12:00:00", "yesterday", 5, None, ["2026-11-14T12:00:00+00:00", 3]):
        said = told("patching.sources-fresh", owner, Status.PASS, lists_from=text)
        before = audit(NOW - timedelta(days=3), [owner], [said])
        ahead(before, audit(NOW, [owner], [said]))
        if not isinstance(text, list):
            assert only(ahead(before, audit(NOW, [owner], [said])), Kind.LAPSE) == []


@pytest.mark.parametrize(
    ("days_back", "expected"),
    [([0], None), ([0, 0], None), ([7, 0], 7), ([30, 20, 10, 0], 10), ([100, 7, 0], 50), ([40, 7, 0], 20)],
)
def test_the_next_audit_comes_after_the_usual_gap(days_back: list[int], expected: int | None) -> None:
    shots = [snapshot(audit(NOW - timedelta(days=back), [], id=str(n))) for n, back in enumerate(days_back)]
    found = next_audit(shots)
    assert found == (None if expected is None else NOW.date() + timedelta(days=expected))


def test_the_evidence_that_is_read_is_what_the_rules_write() -> None:
    """From recorded answers: each of the three checks dates its passes under the name that is read here."""
    keys = {
        "antivirus.definitions": "dates",
        "patching.sources-fresh": "lists_from",
        "patching.last-installed": "last_installed_at",
    }
    for check, key in keys.items():
        topic = REGISTRY.by_id[check.partition(".")[0]]
        passed = [verdict for case in cases(topic.id) if (verdict := apply(topic, check, case)).status is Status.PASS]
        owner = machine("a")
        read = [snapshot(audit(NOW, [owner], [_with(check, owner, verdict)])).machines["a"].ages for verdict in passed]
        assert any(check in ages for ages in read), key


def _with(check: str, owner: Device, verdict: Verdict) -> Finding:
    return replace(told(check, owner, verdict.status), verdict=verdict)
