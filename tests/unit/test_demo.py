"""The demonstration's history: everything that it is there to show is really in it, as the engine itself found it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from scorecard.demo.build import EARLIEST, LATEST, audit_id, build, days_of, until
from scorecard.demo.story import AUDITED, CLIENT, EDITED, MISSED, NEWEST, during, machines
from scorecard.document_writing import dumps
from scorecard.errors import InputError
from scorecard.frameworks import answers, fresh_days
from scorecard.frameworks import load as load_framework
from scorecard.history.bridge import bridge
from scorecard.history.causes import Cause
from scorecard.history.compare import Ended, Opened, compare
from scorecard.model import ExceptionKind, Finding, Status
from scorecard.outlook import outlook, snapshot
from scorecard.outlook.model import Kind
from scorecard.outputs import travelling_evidence
from scorecard.plan.contract import clearance, inflow
from scorecard.plan.tasks import plan
from scorecard.registry import Registry, report
from scorecard.reporting import ReportContext
from scorecard.result import Answer, Audit, Device
from scorecard.standard import LETTERS
from scorecard.store import Store
from scorecard.verify import verify

UNTIL = date(2026, 11, 21)
DAYS = days_of(UNTIL)
REGISTRY = Registry.load()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def store(folder: Path) -> Store:
    """The whole history, built once: no test changes it."""
    opened = Store.open(f"sqlite:///{folder / 'history.db'}")
    build(folder, opened, REGISTRY, UNTIL)
    return opened


@pytest.fixture(scope="module")
def audits(store: Store) -> dict[int, Audit]:
    return {slot: store.load(audit_id(DAYS[slot])) for slot in AUDITED}


@pytest.fixture(scope="module")
def newest(audits: dict[int, Audit]) -> Audit:
    return audits[NEWEST]


def device(audit: Audit, name: str) -> Device:
    return next(one for one in audit.devices if one.name == name)


def finding(audit: Audit, name: str, check: str) -> Finding:
    return next(one for one in audit.findings if (one.endpoint, one.check) == (name, check))


def states(audit: Audit) -> dict[str, set[str]]:
    return {entry["id"]: {use["state"] for use in entry["uses"]} for entry in json.loads(dumps(audit))["exceptions"]}


def test_the_grade_rises_with_one_setback(audits: dict[int, Audit]) -> None:
    letters = [audit.scorecard.letter for audit in audits.values()]
    assert None not in letters
    ranks = [LETTERS.index(letter) for letter in letters if letter]
    assert (letters[0], letters[-1]) == ("D", "B")
    assert sum(now > before for before, now in pairwise(ranks)) == 1
    scores = [audit.scorecard.score or 0.0 for audit in audits.values()]
    assert scores[-1] - scores[0] > 10


def test_a_month_is_missed_and_the_others_follow_each_other(audits: dict[int, Audit]) -> None:
    months = [(audit.as_of.year * 12 + audit.as_of.month) for audit in audits.values()]
    gaps = [now - before for before, now in pairwise(months)]
    assert len(audits) == 13
    assert sorted(gaps) == [1] * 11 + [2]
    assert gaps[MISSED - 1] == 2


def test_about_45_machines_of_every_platform_and_role_at_two_sites(newest: Audit) -> None:
    assert 40 <= len(newest.devices) <= 50
    assert len({one.platform for one in newest.devices}) == 3
    assert len({one.role for one in newest.devices}) == 3
    assert len({one.site for one in newest.devices}) == 2


def test_caps_hold_the_letter_and_are_lifted(audits: dict[int, Audit], newest: Audit) -> None:
    card = audits[0].scorecard
    assert card.letter_before_caps is not None
    assert card.letter is not None
    assert LETTERS.index(card.letter) > LETTERS.index(card.letter_before_caps)
    lifted = {cap.id for cap in card.caps} - {cap.id for cap in newest.scorecard.caps}
    assert {"servers-missing-updates", "pcs-without-antivirus"} <= lifted


def test_a_machine_that_nobody_sees_holds_the_letter_since_it_was_last_seen(newest: Audit) -> None:
    lost = device(newest, "LT-12")
    assert not lost.seen
    assert lost.last_seen_at is not None
    assert newest.as_of - lost.last_seen_at > timedelta(days=100)
    cap = next(cap for cap in newest.scorecard.caps if cap.id == "laptops-not-encrypted")
    assert cap.endpoints == ("LT-12",)
    assert cap.held_since == lost.last_seen_at


def test_older_answers_count_for_a_machine_that_was_away_this_month(newest: Audit) -> None:
    carried = [one for one in newest.findings if one.endpoint == "MB-04" and one.carried_from]
    assert {one.status for one in carried} == {Status.UNKNOWN}
    assert all(one.carried_from == device(newest, "MB-04").last_seen_at for one in carried)
    assert len({one.effective for one in carried}) > 1  # shelf lives differ


def test_machines_join_unencrypted(audits: dict[int, Audit], newest: Audit) -> None:
    check = "disk-encryption.system-volume"
    first = audits[7]
    assert finding(first, "LT-15", check).status is Status.FAIL
    assert finding(audits[8], "LT-15", check).status is Status.PASS
    assert finding(newest, "LT-16", check).status is Status.FAIL
    assert all("LT-16" not in cap.endpoints for cap in newest.scorecard.caps)


def test_one_is_retired_and_one_vanishes(audits: dict[int, Audit], newest: Audit) -> None:
    whole = compare(audits[0], newest).endpoints
    assert [one.name for one in whole.retired] == ["LT-17"]
    assert whole.vanished == ("WS-12",)
    assert {"LT-15", "LT-16"} <= set(whole.joined)
    assert device(newest, "WS-12").expected_because == "seen before"


def test_findings_are_fixed_new_and_come_back(audits: dict[int, Audit], newest: Audit) -> None:
    found = compare(audits[NEWEST - 1], newest)
    assert found.ended[Ended.FIXED]
    assert [(one.endpoint, one.check) for one in found.opened[Opened.NEW]] == [("WS-01", "patching.reboot-pending")]
    assert [(one.endpoint, one.check) for one in found.opened[Opened.CAME_BACK]] == [("WS-07", "antivirus.definitions")]


def test_exceptions_of_every_kind_and_state(audits: dict[int, Audit], newest: Audit) -> None:
    assert states(newest) == {
        "milling-machine": {"counts"},
        "tamper-protection-of-lt-14": {"expired"},
        "definitions-of-lt-13": {"ended-worse"},
        "definitions-of-the-linux-servers": {"counts", "no-place"},
        "automatic-updates-of-the-file-server": {"counts"},
        "encrypt-the-drawing-desks": {"counts"},
        "definitions-of-sv-07": {"counts"},
    }
    assert states(audits[8])["tamper-protection-of-lt-14"] == {"counts"}
    assert states(audits[11])["definitions-of-lt-13"] == {"counts"}
    covered = finding(newest, "WS-13", "os-support.supported").exception
    assert covered is not None
    assert covered.covered
    uncovered = finding(newest, "SV-01", "patching.automatic-updates").exception
    assert uncovered is not None
    assert (uncovered.kind, uncovered.covered) == (ExceptionKind.WAIVED, False)
    told = finding(newest, "SV-07", "antivirus.definitions")
    assert told.status is Status.UNKNOWN
    assert told.exception is not None
    assert told.exception.kind is ExceptionKind.STATED


def test_the_partners_grade_differs_by_a_machine_and_by_declined_work(newest: Audit) -> None:
    partner = newest.scorecard.partner
    assert partner is not None
    assert partner.score is not None
    assert newest.scorecard.score is not None
    assert partner.score > newest.scorecard.score
    assert ("WS-11", None) in {(one.endpoint, one.check) for one in partner.leavers}
    assert {one.endpoint for one in partner.leavers if one.exception} == {"WS-08", "WS-10"}


def test_the_standard_is_changed_and_the_shipped_ones_letter_stands_beside_it(audits: dict[int, Audit]) -> None:
    before, after = audits[EDITED - 1], audits[EDITED]
    assert (before.standard["edited"], after.standard["edited"]) == (False, True)
    assert before.scorecard.shipped is None
    assert after.scorecard.shipped is not None
    assert Cause.STANDARD in {part.cause for part in bridge(before, after).parts}


def test_disks_fill_and_support_ends_within_a_year(audits: dict[int, Audit]) -> None:
    warnings = outlook([snapshot(audit) for audit in reversed(audits.values())]).warnings
    by_kind = {kind: {name for one in warnings if one.kind is kind for name in one.endpoints} for kind in Kind}
    assert by_kind[Kind.DISK] == {"SV-01", "SV-05"}
    assert "SV-02" in by_kind[Kind.SUPPORT]


def test_the_plan_speaks_of_months(audits: dict[int, Audit], newest: Audit) -> None:
    assert newest.contract is not None
    found = clearance(plan(newest), newest.contract, inflow(list(audits.values())[-6:]))
    assert found.months is not None
    assert found.months > 1
    assert found.inflow_hours is not None


def test_insurers_are_answered_with_yes_no_and_not_yet(audits: dict[int, Audit], newest: Audit) -> None:
    questions = load_framework("insurance", REGISTRY.checks)

    def said(audit: Audit) -> set[str]:
        found = answers(audit, questions, fresh_days=fresh_days(audit), now=audit.as_of)
        return {word for row in found for word in ("Yes", "Not yet", "No:") if row.said.startswith(word)}

    assert {"No:", "Not yet"} <= said(newest)
    assert {"No:", "Yes"} <= said(audits[7])
    promised = {promise.answer for audit in audits.values() for promise in audit.scorecard.promises}
    assert {Answer.YES, Answer.NO, Answer.NOT_YET} <= promised


@pytest.mark.parametrize("slot", AUDITED)
def test_every_document_says_that_it_is_made_up_and_verifies(slot: int, audits: dict[int, Audit], store: Store) -> None:
    audit = audits[slot]
    raw = json.loads(dumps(audit, travelling_evidence(store, audit)))
    assert raw["made_up"] is True
    assert "made up" in audit.client
    found = verify(raw, "audit.json")
    assert found.problems == ()
    assert found.raw_answers


@pytest.mark.parametrize("made_up", [True, False])
def test_reports_say_it_of_a_client_whose_name_does_not(made_up: bool, newest: Audit, tmp_path: Path) -> None:
    audit = replace(newest, client="Acme", made_up=made_up)
    said = {}
    for name in ("html", "csv"):
        report(name).render(audit, ReportContext(), tmp_path / name)
        said[name] = (tmp_path / name).read_text(encoding="utf-8-sig")
    assert ("Acme (made up)" in said["csv"]) is made_up
    assert ("no such client and none of these machines exists" in said["html"]) is made_up
    assert ('<body class="made-up">' in said["html"]) is made_up


def test_the_files_of_the_provider_say_that_they_are_made_up(folder: Path, store: Store) -> None:
    assert store.history(CLIENT)
    for name in ("inventory.yaml", "exceptions.yaml"):
        assert "made up" in (folder / name).read_text(encoding="utf-8").splitlines()[0].lower()


def test_the_same_day_gives_the_same_documents(tmp_path: Path, audits: dict[int, Audit]) -> None:
    again = Store.open(f"sqlite:///{tmp_path / 'history.db'}")
    slots = AUDITED[:2]
    build(tmp_path, again, REGISTRY, UNTIL, slots=slots)
    for slot in slots:
        assert dumps(again.load(audit_id(DAYS[slot]))) == dumps(audits[slot])
    again.close()


@pytest.mark.parametrize("day", [EARLIEST, LATEST], ids=["earliest", "latest"])
def test_what_is_well_passes_on_every_day_that_may_be_asked_for(day: date, tmp_path: Path) -> None:
    """Nothing that the story does not name is wrong, whatever the calendar says of updates and support."""
    well = {one.name for one in machines() if not one.symptoms(NEWEST) and not one.silent_in(NEWEST) and one.listed(NEWEST)}
    well -= {"WS-13", "SV-02"}  # their systems' support ends by the calendar
    assert len(well) > 20
    opened = Store.open(f"sqlite:///{tmp_path / 'history.db'}")
    audit = build(tmp_path, opened, REGISTRY, day, slots=(NEWEST,))
    opened.close()
    short = [
        (one.endpoint, one.check, one.verdict.measured, one.verdict.reason)
        for one in audit.findings
        if one.endpoint in well and one.status not in (Status.PASS, Status.NOT_APPLICABLE)
    ]
    assert short == []


def test_what_the_story_says_is_wrong_is_found_wrong(newest: Audit) -> None:
    """Else a symptom would be a word without a meaning."""
    for machine in machines():
        if machine.symptoms(NEWEST) and machine.listed(NEWEST) and not machine.silent_in(NEWEST):
            worst = {one.status for one in newest.findings if one.endpoint == machine.name}
            assert worst & {Status.FAIL, Status.WARN, Status.UNKNOWN}, machine.name


def test_until_is_yesterday_within_the_time_of_the_made_up_machines() -> None:
    assert until(None, date(2026, 11, 22)) == UNTIL
    assert until(None, date(2030, 1, 1)) == LATEST
    assert until(None, date(2020, 1, 1)) == EARLIEST
    assert until(LATEST, date(2026, 11, 22)) == LATEST
    for wrong in (EARLIEST - timedelta(days=1), LATEST + timedelta(days=1)):
        with pytest.raises(InputError, match="--until"):
            until(wrong, UNTIL)


def test_every_month_has_the_audits_day() -> None:
    days = days_of(date(2026, 12, 31))
    assert days[NEWEST] == date(2026, 12, 31)
    assert {day.day for slot, day in days.items() if slot != NEWEST} == {28}
    assert len({(day.year, day.month) for day in days.values()}) == NEWEST + 1


@pytest.mark.parametrize(
    ("slots", "held"),
    [("", set()), ("3", {3}), ("0-2", {0, 1, 2}), ("0-1, 4", {0, 1, 4}), ("12-", {12, 13}), ("9-", {9, 10, 11, 12, 13})],
)
def test_slots_are_read(slots: str, held: set[int]) -> None:
    assert {slot for slot in range(NEWEST + 1) if during(slots, slot)} == held
