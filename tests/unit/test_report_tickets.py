"""Tickets: ids that stay from month to month, nothing closed that nobody saw, hours and points of the plan, safe files."""

from __future__ import annotations

import csv
import importlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorecard import outputs
from scorecard.errors import InputError, ReportError
from scorecard.model import OPEN, ExceptionKind, Role, Status
from scorecard.plan.tasks import plan
from scorecard.plan.work import FIND_AND_CHECK, GET_ANSWERS
from scorecard.portfolio.overdue import is_overdue
from scorecard.registry import report
from scorecard.reporting import EditionName, ReportContext
from scorecard.result import Audit
from tests.e2e import sample, story
from tests.e2e.sample import Machine, no_answer, short, unreachable

tickets = importlib.import_module("scorecard.reports.tickets")
hygiene = importlib.import_module("scorecard.reports.hygiene")

DRIVE, UPDATES, NAMED = story.DRIVE, story.UPDATES, story.NAMED
OPEN_DRIVE = short("/ is not encrypted", "fully encrypted")


def build(audit: Audit, before: Audit | None = None) -> Sequence[Any]:
    made: Sequence[Any] = tickets.build(audit, ReportContext(before=before))
    return made


@cache
def months() -> tuple[Sequence[Any], ...]:
    """The tickets of September, October and November."""
    audits = story.story().audits
    return tuple(build(audit, before) for before, audit in pairwise((None, *audits)) if audit is not None)


def opened(made: Sequence[Any]) -> dict[str, Any]:
    return {one.id: one for one in made if one.state == "open"}


def closed(made: Sequence[Any]) -> dict[str, Any]:
    return {one.id: one for one in made if one.state == "closed"}


def names(ticket: Any) -> list[str]:
    return [one.name for one in ticket.machines]


def test_an_import_each_month_updates_closes_and_never_doubles() -> None:
    system: dict[str, str] = {}  # a ticket system: what is there, by our id
    for made in months():
        assert max(Counter(one.id for one in made).values()) == 1
        for id_ in closed(made):
            assert system.get(id_) == "open"  # each is closed once, and only what had been opened
        system |= {one.id: one.state.value for one in made}
        assert {id_ for id_, state in system.items() if state == "open"} == set(opened(made))
    september, october, november = (opened(made).keys() for made in months())
    assert len(september & october & november) > 5
    assert november - october
    assert closed(months()[2])


def test_an_id_is_that_of_the_work_and_not_of_the_day() -> None:
    assert tickets.ticket_id("Harbour & Finch", f"{DRIVE}/provider", "Depot") == "SC-66E2323D2371"
    assert tickets.ticket_id("HARBOUR & FINCH", f"{DRIVE}/provider", "Depot") == "SC-66E2323D2371"
    others = {
        ("Other", "a/client", ""),
        ("Harbour", "a/client", ""),
        ("Harbour", "a/provider", ""),
        ("Harbour", "a/client", "X"),
    }
    assert len({tickets.ticket_id(*other) for other in others}) == len(others)


def test_what_is_fixed_is_closed_once_and_what_nobody_sees_is_not() -> None:
    now = story.story().audit
    findings = {(finding.check, finding.endpoint): finding for finding in now.findings}
    for one in months()[2]:
        for gone in one.gone:
            finding = findings.get((one.check, gone.name))
            if gone.why == "fixed":
                assert finding is not None
                assert finding.status is Status.PASS
    drives = {one.site: one for one in opened(months()[2]).values() if one.task == f"{DRIVE}/provider"}
    office = drives["Head office"]
    assert {gone.name: gone.why.value for gone in office.gone} == {"LT-022": "agreed", "LT-023": "fixed"}
    held = next(machine for machine in office.machines if machine.name == "LT-051")
    assert (held.seen, held.found) == (False, "No answer now; it fell short when seen last, on 14 Oct 2026")
    assert "1 machine gave no answer now" in office.note


def test_a_fault_on_a_machine_out_of_sight_keeps_its_ticket_until_it_is_seen_in_order() -> None:
    bad, good = Machine("A", answers={DRIVE: OPEN_DRIVE}), Machine("B")
    first = sample.audit([bad, good], at=story.SEPTEMBER, id="one")
    away = sample.audit([replace(bad, failure=unreachable()), good], at=story.OCTOBER, past=[first], id="two")
    back = sample.audit([Machine("A"), good], past=[first, away], id="three")
    id_ = next(iter(opened(build(first))))
    second = build(away, first)
    assert not closed(second)
    assert names(opened(second)[id_]) == ["A"]
    assert (opened(second)[id_].hours.likely, opened(second)[id_].points) == (0, 0)
    third = closed(build(back, away))
    assert third[id_].resolution == "done"
    assert {one.task for one in third.values()} == {f"{DRIVE}/provider", f"{FIND_AND_CHECK}/provider"}
    assert build(back, back) == ()


def test_a_fault_that_was_agreed_to_opens_no_ticket_while_its_machine_is_away() -> None:
    bad = Machine("A", answers={DRIVE: OPEN_DRIVE})
    first = sample.audit([bad], at=story.SEPTEMBER, id="one")
    away = sample.audit([replace(bad, failure=unreachable())], past=[first], id="two")
    use: dict[str, Any] = {"check": DRIVE, "endpoint": "A", "state": "unknown-not-covered", "held": True}
    agreed = replace(away, exceptions=({"id": "old", "kind": "waived", "uses": [use]},))
    made = {one.task: one for one in build(agreed, first)}
    assert [gone.why.value for gone in made[f"{DRIVE}/provider"].gone] == ["agreed"]
    assert [one.task for one in opened(build(agreed)).values()] == [f"{FIND_AND_CHECK}/provider"]
    never = replace(away, exceptions=({"id": "old", "kind": "waived", "uses": [{**use, "held": False}]},))
    assert f"{DRIVE}/provider" in {one.task for one in opened(build(never)).values()}


def test_an_answer_that_is_not_remembered_closes_nothing() -> None:
    bad = Machine("A", answers={DRIVE: OPEN_DRIVE})
    first = sample.audit([bad], at=story.SEPTEMBER, id="one")
    silent = sample.audit([replace(bad, answers={DRIVE: no_answer("No right to read it")})], id="two")
    made = build(silent, first)
    assert not closed(made)
    assert {one.task: names(one) for one in made} == {f"{DRIVE}/provider": ["A"], f"{GET_ANSWERS}/provider": ["A"]}


def test_a_machine_that_left_or_work_that_was_declined_is_withdrawn_with_the_reason() -> None:
    october, november = story.story().audits[1:]
    made = closed(build(november, october))
    declined = next(one for one in made.values() if one.task == f"{story.SUPPORT}/provider")
    assert declined.resolution == "withdrawn"
    moved = next(gone for gone in declined.gone if gone.name == "PC-007")
    assert moved.why == "moved"
    assert opened(months()[2])[moved.to].owner == "client"
    assert moved.to in declined.body
    left = build(
        sample.audit([Machine("B")]), sample.audit([Machine("A", answers={DRIVE: OPEN_DRIVE}), Machine("B")], id="x")
    )
    assert [(one.state.value, one.resolution.value, one.gone[0].why.value) for one in left] == [
        ("closed", "withdrawn", "left-the-list")
    ]


def test_what_was_told_in_writing_is_not_said_to_be_answered() -> None:
    one = next(one for one in closed(months()[2]).values() if one.task.startswith(GET_ANSWERS))
    assert [gone.why.value for gone in one.gone] == ["stated"]
    assert one.resolution == "withdrawn"


def test_hours_and_points_are_the_plans_shared_out() -> None:
    found = plan(story.story().audit)
    by_task: dict[str, list[Any]] = defaultdict(list)
    for one in opened(months()[2]).values():
        by_task[one.task].append(one)
    for task in found.tasks:
        mine = by_task[task.id]
        assert sorted(name for one in mine for name in names(one) if name in task.endpoints) == sorted(task.endpoints)
        assert sum(one.points for one in mine) == pytest.approx(task.points)
        assert task.hours is not None
        for end in ("low", "likely", "high"):
            assert sum(getattr(one.hours, end) for one in mine) == pytest.approx(getattr(task.hours, end))
        assert len({one.site for one in mine}) == len(mine)
    assert {one.task for one in opened(months()[2]).values()} == {task.id for task in found.tasks}


def test_every_open_finding_is_in_one_ticket_and_so_is_every_machine_that_was_not_seen() -> None:
    audit = story.story().audit
    where = Counter((one.check, name) for one in opened(months()[2]).values() for name in names(one))
    for finding in audit.findings:
        if finding.counts and finding.status in OPEN:
            expected = 0 if finding.marked(ExceptionKind.WAIVED) else 1
            assert where[finding.check, finding.endpoint] == expected, finding
    finds = [name for one in opened(months()[2]).values() if one.task.startswith(FIND_AND_CHECK) for name in names(one)]
    assert sorted(finds) == sorted(device.name for device in audit.devices if not device.seen)


def test_a_ticket_says_what_why_where_and_how_it_is_seen_to_be_done() -> None:
    made = [one for one in opened(months()[2]).values() if one.task == f"{DRIVE}/provider"]
    (one,) = made
    check: Any = story.story().audit.checks[DRIVE]
    assert one.title == f"{check['task']} (Head office)"
    assert f"Why: {check['why']}" in one.body
    assert "- LT-014: / on nvme0n1p2 is not encrypted (since " in one.body
    for number, step in enumerate(check["fix"], 1):
        assert f"{number}. {step}" in one.body
    assert f"Done when: the next audit finds “{check['title']}” true of every machine named here" in one.body
    assert "Holds the letter at B: not encrypted: 5 of 70 laptops." in one.note
    assert (one.priority, one.severity, one.owner) == (1, "critical", "provider")
    first = min(
        f.first_seen for f in story.story().audit.findings if f.check == DRIVE and f.endpoint in names(one) if f.first_seen
    )
    assert one.first_seen <= first


def test_titles_stay_from_month_to_month() -> None:
    titles: dict[str, set[str]] = defaultdict(set)
    for made in months():
        for one in made:
            titles[one.id].add(one.title)
    assert max(map(len, titles.values())) == 1


SITES = ("", "Depot", "Head office", "depot")
machines_ = st.lists(
    st.builds(
        Machine,
        name=st.from_regex(r"[A-C][0-9]", fullmatch=True),
        role=st.sampled_from(Role),
        site=st.sampled_from(SITES),
        managed=st.booleans(),
        failure=st.sampled_from((None, None, unreachable())),
        answers=st.dictionaries(
            st.sampled_from((DRIVE, UPDATES, NAMED)), st.sampled_from((OPEN_DRIVE, no_answer("denied"))), max_size=3
        ),
    ),
    min_size=1,
    max_size=7,
    unique_by=lambda machine: machine.name,
)


@settings(max_examples=15, deadline=None)
@given(machines=machines_, data=st.data())
def test_ids_are_unique_and_the_same_in_any_order(machines: list[Machine], data: st.DataObject) -> None:
    audit = sample.audit(machines)
    shuffled = sample.audit(data.draw(st.permutations(machines)))
    made, again = build(audit), build(shuffled)
    assert len({one.id for one in made}) == len(made)
    assert {one.id: sorted(names(one)) for one in made} == {one.id: sorted(names(one)) for one in again}
    assert sum(one.points for one in made) == pytest.approx(sum(task.points for task in plan(audit).tasks))


GOOD, BAD, SILENT, AWAY = "good", "bad", "silent", "away"
MONTHS = (story.SEPTEMBER, story.OCTOBER, sample.AS_OF)
answers_ = st.sampled_from((GOOD, BAD, BAD, SILENT, AWAY))


@settings(max_examples=15, deadline=None)
@given(told=st.lists(st.tuples(answers_, answers_, answers_), min_size=3, max_size=3))
def test_a_fault_has_a_ticket_from_when_it_is_seen_until_it_is_seen_in_order(told: list[tuple[str, str, str]]) -> None:
    """Three months of three machines at two sites: a ticket system that imports each month has what is known to be bad."""
    verdicts = {GOOD: {}, BAD: {DRIVE: OPEN_DRIVE}, SILENT: {DRIVE: no_answer("denied")}, AWAY: {}}
    past: list[Audit] = []
    known: dict[str, str] = {}
    system: dict[str, str] = {}
    for at, month in zip(MONTHS, told, strict=True):
        machines = [
            Machine(f"M{n}", answers=verdicts[said], failure=unreachable() if said == AWAY else None, site=f"Site {n % 2}")
            for n, said in enumerate(month)
        ]
        past.append(sample.audit(machines, at=at, past=past, id=f"{at:%Y-%m}"))
        made = build(past[-1], past[-2] if len(past) > 1 else None)
        known |= {f"M{n}": said for n, said in enumerate(month) if said in (GOOD, BAD)}
        assert {id_ for id_ in closed(made) if system.get(id_) != "open"} == set()
        system |= {one.id: one.state.value for one in made}
        assert {id_ for id_, state in system.items() if state == "open"} == set(opened(made))
        bad = [name for one in opened(made).values() if one.check == DRIVE for name in names(one)]
        assert sorted(bad) == sorted(name for name, said in known.items() if said == BAD)


def written(audit: Audit, before: Audit | None, folder: Path) -> tuple[list[dict[str, str]], Mapping[str, Any]]:
    for name in ("tickets", "tickets-json"):
        report(name).render(audit, ReportContext(before=before), folder / name)
    assert (folder / "tickets").read_bytes().startswith(b"\xef\xbb\xbf")
    with (folder / "tickets").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    document: Mapping[str, Any] = json.loads((folder / "tickets-json").read_text(encoding="utf-8"))
    return rows, document


def test_both_files_say_the_same(tmp_path: Path) -> None:
    october, november = story.story().audits[1:]
    rows, document = written(november, october, tmp_path)
    assert (document["audit"], document["audit_before"]) == (november.id, october.id)
    assert len(rows) == len(document["tickets"]) == len(months()[2])
    for row, one in zip(rows, document["tickets"], strict=True):
        assert {row[key] for key in ("id", "state", "title", "body", "site", "owner", "task", "note")} == {
            one[key] for key in ("id", "state", "title", "body", "site", "owner", "task", "note")
        }
        listed = one["machines"] or one["no_longer_in_it"]
        assert row["machines"].split("; ") == [machine["name"] for machine in listed]
        assert row["machine_count"] == str(len(listed))
        assert row["hours_likely"] == ("" if one["hours"] is None else str(one["hours"]["likely"]))
        assert row["points"] == ("" if one["points"] is None else str(one["points"]))
        assert row["first_seen"] == (one["first_seen"] or "")
        assert row["due"] == (one["due"] or "")
        assert (row["audit"], row["checked_at"]) == (november.id, "2026-11-14T07:42:00Z")


def test_a_ticket_is_due_on_the_last_day_before_a_portfolio_counts_it_as_overdue() -> None:
    audit = sample.audit((Machine("A", answers={DRIVE: OPEN_DRIVE}, days_open=30),))
    (one,) = [ticket for ticket in build(audit) if ticket.check == DRIVE]
    assert one.due == audit.as_of.date()
    (fault,) = [finding for finding in audit.findings if finding.check == DRIVE]
    assert not is_overdue(fault, audit.as_of)
    assert is_overdue(fault, audit.as_of + timedelta(days=1))


def test_audits_that_could_not_be_read_are_named(tmp_path: Path) -> None:
    september, october, november = story.story().audits
    history = [replace(sample.year()[0], id=one.id) for one in (september, october)]
    broken = (history[0], replace(history[1], unreadable=True))
    for known, before, said in ((broken, september, [october.id]), (tuple(history), october, []), (broken, october, [])):
        report("tickets-json").render(november, ReportContext(history=known, before=before), tmp_path / "x")
        assert json.loads((tmp_path / "x").read_text(encoding="utf-8"))["audits_not_read"] == said


def test_nothing_hostile_reaches_a_spreadsheet_or_a_screen(tmp_path: Path) -> None:
    before, now = story.hostile().audits
    rows, document = written(now, before, tmp_path)
    values = [value for row in rows for value in row.values()]
    assert not [value for value in values if hygiene.starts_formula(value)]
    texts = [*(value.replace("\r\n", "\n") for value in values), json.dumps(document, ensure_ascii=False)]
    unseen = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
    assert not [text for text in texts if unseen.search(text)]
    assert max(map(len, values)) <= 32_001
    assert any("⟨U+202E⟩" in one["body"] for one in document["tickets"])


def test_the_page_about_them_names_every_column_and_every_reason() -> None:
    text = (Path(__file__).parents[2] / "docs" / "handover.md").read_text(encoding="utf-8")
    said = set(re.findall(r"`([a-z_-]+)`", text))
    assert said >= set(importlib.import_module("scorecard.reports.tickets_files").COLUMNS)
    assert said >= {why.value for why in tickets.Left}
    assert said >= {*outputs.formats()} - {"html", "xlsx", "json", "csv", "pdf"}


def test_the_same_audit_gives_the_same_bytes(tmp_path: Path) -> None:
    october, november = story.story().audits[1:]
    for name in ("tickets", "tickets-json"):
        for copy in ("one", "two"):
            report(name).render(november, ReportContext(before=october), tmp_path / copy)
        assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_part_of_a_client_has_no_tickets(tmp_path: Path) -> None:
    audit = sample.audit([Machine("A", answers={DRIVE: OPEN_DRIVE})], scope="--limit A")
    with pytest.raises(InputError, match="looked at a part of it"):
        report("tickets").render(audit, ReportContext(), tmp_path / "x")
    with pytest.raises(InputError, match="--format tickets: it is of a whole client, and --limit A looks at a part"):
        outputs.write(audit, tmp_path / "out", ("json", "tickets"), ReportContext())
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="--format tickets: it is of a whole client, and --limit looks at a part"):
        outputs.check_whole(("sarif", "tickets"), "--limit")
    outputs.check_whole(("json", "sarif"), "--limit")


def test_tickets_are_not_written_without_names(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--format tickets: it is matched by names"):
        outputs.chosen_formats("html,tickets", outputs.look("prospect"))
    with pytest.raises(InputError, match="--no-redact"):
        report("tickets").render(sample.audit([]), ReportContext(redacted=True), tmp_path / "x")


def test_there_is_one_file_whatever_the_editions(tmp_path: Path) -> None:
    audit = sample.audit([Machine("A", answers={DRIVE: OPEN_DRIVE})])
    chosen = outputs.Look((EditionName.CLIENT, EditionName.PROSPECT))
    paths = outputs.write(audit, tmp_path, ("csv", "tickets", "tickets-json", "sarif"), ReportContext(), chosen=chosen)
    names_ = [path.name.removeprefix("scorecard_harbour-finch_2026-11-14") for path in paths]
    assert names_ == ["_client.csv", "_prospect.csv", "_tickets.csv", "_tickets.json", ".sarif"]
    assert '"A"' in (tmp_path / paths[3].name).read_text(encoding="utf-8")


def test_a_plan_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    audit = replace(sample.fleet_audit(), standard={"name": "other"}, checks={})
    with pytest.raises(ReportError, match="tickets cannot be made: "):
        report("tickets").render(audit, ReportContext(), tmp_path / "x")


@pytest.mark.parametrize("name", ["tickets", "tickets-json", "sarif"])
def test_a_file_that_cannot_be_written_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="cannot be written: Is a directory"):
        report(name).render(sample.audit([]), ReportContext(), tmp_path)
