"""What the reports show of a client's past, plan and exceptions: page, workbook and document say the same."""

from __future__ import annotations

import html
import importlib
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from openpyxl.workbook.workbook import Workbook

from scorecard.document import loads
from scorecard.document_writing import dumps
from scorecard.exceptions.listing import Group
from scorecard.frameworks import answers, fresh_days
from scorecard.history.bridge import bridge
from scorecard.history.compare import Ended, Opened, compare
from scorecard.model import ExceptionKind, Status
from scorecard.plan.contract import clearance
from scorecard.plan.road import Road, road
from scorecard.plan.tasks import plan
from scorecard.registry import report
from scorecard.reporting import ReportContext
from scorecard.result import Shipped
from scorecard.rounding import as_shown
from tests import workbooks
from tests.e2e import sample, story
from tests.e2e.sample import MARKUP, Machine
from tests.workbooks import records, summary

views = importlib.import_module("scorecard.reports.view")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("story")


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    told = story.story()
    report("html").render(told.audit, told.context, folder / "story.html")
    return (folder / "story.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def book(folder: Path) -> Workbook:
    told = story.story()
    report("xlsx").render(told.audit, told.context, folder / "story.xlsx")
    return workbooks.read(folder / "story.xlsx")


@pytest.fixture(scope="module")
def view() -> Any:
    told = story.story()
    return views.build(told.audit, told.context)


def section(page: str, id_: str) -> str:
    found = re.search(rf'<section[^>]* id="{id_}".*?</section>', page, flags=re.DOTALL)
    assert found is not None
    return found.group()


def plain(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def table(text: str, start: int = 0) -> list[list[str]]:
    """The rows of the first table from there on, cell by cell."""
    body = text[text.index("<tbody>", start) : text.index("</tbody>", start)]
    return [
        [plain(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, flags=re.DOTALL)]
        for row in re.findall(r"<tr[^>]*>(.*?)</tr>", body, flags=re.DOTALL)
    ]


def test_what_moved_the_points_adds_up_and_is_the_same_everywhere(page: str, book: Workbook) -> None:
    told = story.story()
    found = bridge(told.audits[-2], told.audit)
    expected = [points for _, points in found.shown(1) if points]
    assert len(expected) >= 3
    rows = table(section(page, "changes"))
    shown = [Decimal(row[1].replace("\N{MINUS SIGN}", "-")) for row in rows]
    assert shown == expected
    assert found.before is not None
    assert found.after is not None
    change = as_shown(found.after, 1) - as_shown(found.before, 1)
    assert sum(shown) == change
    assert f"from {as_shown(found.before, 1)} to {as_shown(found.after, 1)}" in plain(section(page, "changes"))
    in_book = summary(book)
    titles = [row[0] for row in rows]
    assert [Decimal(str(round(in_book[title][0], 1))) for title in titles if title != "Fixed"] == [
        points for title, points in zip(titles, expected, strict=True) if title != "Fixed"
    ]
    assert in_book["Together"][0] == pytest.approx(float(change))


def test_the_bars_of_the_bridge_go_from_one_score_to_the_next(view: Any) -> None:
    steps = view.moves.steps
    scale = {round(step.width / abs(float(step.points)), 0) for step in steps if step.width > 2}
    assert len(scale) == 1
    for before, after in pairwise(steps):
        end = before.x + before.width if before.up else before.x
        start = after.x if after.up else after.x + after.width
        assert start == pytest.approx(end, abs=0.3)
    assert all(step.x >= 0 and step.x + step.width <= 220.1 for step in steps)


def test_findings_that_moved_reconcile(page: str, book: Workbook, view: Any) -> None:
    told = story.story()
    found = compare(told.audits[-2], told.audit)
    counts = [term.count for term in view.moves.terms]
    assert counts[0] == found.open_before
    assert counts[-1] == found.open_now == sum(f.status in (Status.FAIL, Status.WARN) for f in told.audit.findings)
    assert sum(counts[:-1]) == counts[-1]
    assert (len(found.ended[Ended.FIXED]), len(found.opened[Opened.CAME_BACK])) == (view.moves.fixed, view.moves.came_back)
    assert view.moves.came_back == 1
    first = plain(section(page, "better"))
    assert f"{view.moves.fixed} fixed {view.moves.new} new 1 came back {view.moves.still_open} still open" in first
    states = [row["State"] for row in records(book, "Findings")]
    assert states.count("Fixed") == view.moves.fixed
    assert states.count("Came back") == 1
    assert states.count("Open") == view.moves.still_open
    assert len([state for state in states if state in ("Open", "New", "Came back")]) == counts[-1]
    assert summary(book)["Fall short now"][0] == counts[-1]


def test_lists_of_what_moved_start_with_what_came_back_and_show_five(page: str, view: Any) -> None:
    assert view.moves.lists[0].key == "came-back"
    new = next(one for one in view.moves.lists if one.key == "new")
    assert len(new.first) == 5
    assert f"Show all {len(new.lines)}" in section(page, "changes")
    came_back = plain(section(page, "changes"))
    assert "1 came back PC-030 No security update has waited too long since 14 Nov 2026" in came_back
    assert "Joined: LT-070." in came_back
    assert "Retired: PC-090." in came_back


def test_days_to_fix_are_those_of_the_comparison(page: str, view: Any) -> None:
    told = story.story()
    fixes = compare(told.audits[-2], told.audit).fixes
    assert sum(row.fixes for row in view.moves.days) == len(fixes) > 0
    assert "How long fixing took" in section(page, "changes")


def test_a_change_of_coverage_by_five_points_is_said(page: str) -> None:
    told = story.story()
    assert told.audits[-2].scorecard.coverage - told.audit.scorecard.coverage >= 0.05
    assert "The answers we have went from 99.9% to 95%" in plain(section(page, "changes"))
    said = "No. Down 2 points since 14 Oct, partly because we now see 6 fewer machines; up 34 points in a year."
    assert said in plain(section(page, "better"))


@pytest.mark.parametrize(
    ("context", "since", "said"),
    [
        (ReportContext(), None, "This is the first check, so there is nothing to compare yet."),
        (ReportContext(), story.OCTOBER, "The check before this one is not at hand, so nothing is compared."),
        (
            ReportContext(before=replace(sample.audit([Machine("A")], at=story.OCTOBER, id="x"), client="Another")),
            story.OCTOBER,
            "Nothing is compared: these are audits of two clients, Another and Harbour & Finch; compare two of one client.",
        ),
    ],
)
def test_nothing_to_compare_is_said_and_why(context: ReportContext, since: datetime | None, said: str) -> None:
    moves = views.build(sample.audit([Machine("A")], client_since=since), context).moves
    assert moves.missing == said
    assert moves.terms == ()


def test_a_changed_standard_is_named(folder: Path) -> None:
    told = story.story()
    before = told.audits[-2]
    content = dict(before.standard["content"])  # type: ignore[arg-type]  # the sample's standard is a mapping
    older = replace(before, standard={**before.standard, "content": {**content, "version": "0.9", "fresh_days": 20}})
    moves = views.build(told.audit, replace(told.context, before=older)).moves
    assert moves.standard.startswith("The two checks were graded by different standards: it-partner 0.9 then, ")


def test_our_own_grade_is_a_sentence_where_it_differs_with_what_makes_the_difference(page: str, book: Workbook) -> None:
    partner = story.story().audit.scorecard.partner
    assert partner is not None
    assert partner.score is not None
    said = (
        f"What we answer for has a B with {partner.score:.0f} points, without 1 machine that we do not manage and "
        "1 result of work that you declined."
    )
    assert said in plain(section(page, "safe"))
    assert said in plain(section(page, "exceptions"))
    listed = plain(section(page, "exceptions")).partition("What our own grade leaves out")[2]
    assert "SV-011 All of it We do not manage it" in listed
    assert "PC-007 The maker still supports the system You declined the work" in listed
    assert summary(book)["Our own grade"] == (partner.letter, said)
    assert "What we answer for" not in plain(str(views.build(sample.fleet_audit(), ReportContext()).grades.own))


def test_the_letter_under_the_shipped_standard_stands_beside_that_of_an_edited_one(tmp_path: Path) -> None:
    audit = sample.fleet_audit()
    differences = ("checks.antivirus.definitions.parameters.pass_days: 30 instead of 3", f"caps: {MARKUP}")
    card = replace(audit.scorecard, shipped=Shipped("2026.2", 71.0, "C", differences))
    report("html").render(replace(audit, scorecard=card), ReportContext(), tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    said = "Our standard, 2 rules differ; under the shipped one (version 2026.2) it is a C."
    assert said in plain(section(text, "safe"))
    assert differences[0] in plain(section(text, "method"))
    assert "<img" not in text


def test_exceptions_tell_what_became_of_them_and_what_ended_comes_first(page: str, book: Workbook, view: Any) -> None:
    rows = table(section(page, "exceptions"))
    states = [row[1].split(" ")[0] for row in rows]
    assert states == sorted(states, key=["Ended", "Ending", "Without", "Matches", "Holds"].index)
    by_state = {row[1].partition(".")[0]: row for row in rows}
    assert "Ended Has run out" in by_state
    assert any(state.startswith("Without a place") for state in by_state)
    text = plain(section(page, "exceptions"))
    assert "Work that you declined. Quoted: £1,640" in text
    assert "Told, not measured" in text
    assert "Meanwhile: A network of its own" in text
    assert "11 days left" in text
    listed = records(book, "Exceptions")
    assert len(listed) == len(view.exceptions) == len(rows)
    assert {row["Exception id"] for row in listed} == {str(raw["id"]) for raw in story.story().audit.exceptions}
    ending = next(row for row in listed if row["Exception id"] == "old-laptops")
    assert (ending["Status"], ending["Days left"], ending["Until"].date()) == ("Ending soon", 11, date(2026, 11, 25))
    assert next(row for row in listed if row["Kind"] == "Work that you declined")["Price quoted"] == "£1,640"
    assert sum(row["Count"] for row in listed if row["Exception id"] == "no-serial") == len(story.NAMELESS)


def test_an_exception_that_this_version_cannot_read_is_shown_as_such() -> None:
    audit = replace(sample.audit([Machine("A")]), exceptions=({"id": "odd", "kind": "waived", "endpoints": [MARKUP, 7]},))
    (row,) = views.build(audit, ReportContext()).exceptions
    assert (row.state, row.kind, row.group) == ("Cannot be read", None, Group.MATCHES_NOTHING)
    assert row.names == (MARKUP, "7")


def test_findings_under_an_exception_say_so_wherever_they_stand(page: str, book: Workbook) -> None:
    device = page[page.index('id="d0022"') : page.index('id="d0023"')]
    assert "Agreed to leave for a while (old-laptops)" in plain(device)
    marked = {row["Exception"]: row for row in records(book, "Findings") if row["Exception"]}
    assert marked["new-pcs"]["Kind of exception"] == "Work that you declined"
    assert marked["new-pcs"]["Result"] == "No"
    assert marked["old-laptops"]["Result"] == "Excused"
    assert marked["scans"]["Result"] == "Not checked"


def numbers(page: str) -> Iterator[list[str]]:
    fix = section(page, "fix")
    for name in ("These hold the letter", "Fixes, scrolls sideways"):
        yield from table(fix, fix.index(f'aria-label="{name}"'))


def test_the_plan_is_the_same_everywhere(page: str, book: Workbook) -> None:
    found = plan(story.story().audit)
    rows, listed = list(numbers(page)), records(book, "Remediation plan")
    assert len(rows) == len(listed) == len(found.tasks) > 5
    for number, (task, row, record) in enumerate(zip(found.tasks, rows, listed, strict=True), 1):
        assert task.hours is not None
        assert task.score_after is not None
        assert (row[0], record["Order"]) == (str(number), number)
        assert record["Fix id"] == task.id
        assert (row[2], record["Machines"]) == (str(len(task.endpoints)), len(task.endpoints))
        assert row[4] == f"{as_shown(task.hours.likely, 1)}"
        assert record["Hours"] == pytest.approx(task.hours.likely)
        assert row[5].removesuffix(" if they pass") in (f"+{task.points:.1f}", "0.0")
        assert record["Points"] == pytest.approx(task.points)
        assert record["Points per hour"] == pytest.approx(task.points_per_hour)
        assert row[7] == f"{task.score_after:.1f}"
        assert record["Holds the letter"] == ("Yes" if task.lifts else "No")
        assert record["State"] == "To do"
    fix = plain(section(page, "fix"))
    assert f"{found.hours.likely:.1f} hours" in fix
    assert f"{found.agreed} results that you agreed to leave are not counted here." in fix
    assert summary(book)["Hours needed"][0] == pytest.approx(found.hours.likely)


def test_the_road_and_the_contract_are_said_in_hours(page: str, book: Workbook) -> None:
    told = story.story()
    way = road(told.audit)
    assert isinstance(way, Road)
    fix = plain(section(page, "fix"))
    assert f"The shortest road from {way.start} to {way.letter} takes {way.hours.likely:.1f} hours" in fix
    assert summary(book)["Hours to the next letter"][0] == pytest.approx(way.hours.likely)
    contract = told.audit.contract
    assert contract is not None
    spent = clearance(plan(told.audit), contract, told.context.inflow_hours)
    assert f"Open work {spent.open_hours.likely:.1f} hours; your plan holds 10 hours a month" in fix
    assert f"in {spent.months_with_inflow:.1f} months with the 4.2 hours that come in each month" in fix
    assert "£" not in fix  # the hours of the plan are paid; what more would cost is a decision of its own


def test_without_a_contract_no_hours_or_money_are_promised(tmp_path: Path) -> None:
    told = story.story()
    tasks = views.build(replace(told.audit, contract=None), told.context).tasks
    assert tasks.contract == ""
    assert tasks.bar is None
    assert {row.payer for row in tasks.rows} == {"Us", "You"}


def test_a_part_of_the_client_has_hours_and_no_points() -> None:
    answers_ = {story.DRIVE: sample.short("open", "shut")}
    tasks = views.build(sample.audit([Machine("A", answers=answers_)], scope="--limit A"), ReportContext()).tasks
    assert not tasks.scored
    assert tasks.road is None
    assert [(row.points, row.after, row.bar) for row in tasks.rows] == [(None, None, None)]
    assert tasks.rows[0].hours is not None
    assert "points" not in tasks.total


def test_a_plan_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    audit = replace(sample.fleet_audit(), standard={"name": "other"}, checks={})
    tasks = views.build(audit, ReportContext()).tasks
    assert tasks.missing.startswith("There is no plan of work: ")
    report("html").render(audit, ReportContext(), tmp_path / "page.html")
    assert tasks.missing in html.unescape((tmp_path / "page.html").read_text(encoding="utf-8"))


def test_machines_out_of_sight_say_when_they_were_seen_last_and_what_they_still_hold(page: str, book: Workbook) -> None:
    unchecked = plain(section(page, "unchecked"))
    counting = sum(f.endpoint == "LT-051" and f.carried_from is not None for f in story.story().audit.findings)
    assert counting > 10
    assert f"14 Oct 2026 31 days ago {counting} older answers still count in the points." in unchecked
    held = unchecked.partition("Limits on the letter that rest on older answers")[2]
    assert "not encrypted: 5 of 70 laptops" in held
    assert "14 Oct 2026 B Encrypt the system drive of every laptop" in held
    machine = page[page.index('id="d0051"') : page.index('id="d0052"')]
    assert "No, seen last on 14 Oct 2026, 31 days ago." in plain(machine)
    row = next(row for row in records(book, "Coverage") if row["Machine"] == "LT-051")
    assert (row["Checked"], row["Days since"], row["Older answers that count"]) == ("No", 31, counting)
    found = [row for row in records(book, "Findings") if row["Machine"] == "LT-051" and row["Last answer"] == "No"]
    assert [row["Last answer on"].date() for row in found] == [date(2026, 10, 14)]


def test_early_warnings_are_those_of_the_outlook(page: str, book: Workbook) -> None:
    ahead = story.story().context.outlook
    assert ahead is not None
    rows, listed = table(section(page, "ahead")), records(book, "Will break first")
    assert len(rows) == len(listed) == len(ahead.warnings) >= 2
    for row, record, warning in zip(rows, listed, ahead.warnings, strict=True):
        assert warning.sentence in row[1]
        assert record["What will happen"] == warning.sentence
        assert record["When"].date() == warning.on
        assert f"in {warning.days} days" in row[0]


def test_frameworks_are_closed_and_say_what_the_frameworks_answer(page: str, book: Workbook) -> None:
    told = story.story()
    text = section(page, "frameworks")
    assert text.count('<details class="fw">') == len(told.context.frameworks) > 3
    listed = records(book, "Frameworks")
    insurance = next(one for one in told.context.frameworks if one.name == "insurance")
    assert text.index(insurance.title) < text.index("CIS")
    answered = answers(told.audit, insurance, fresh_days=fresh_days(told.audit), now=told.audit.as_of)
    mine = [row for row in listed if row["Framework"].startswith(insurance.title)]
    assert [(row["Id"], row["Of"], row["Machines that do"]) for row in mine] == [(a.row.id, a.of, a.met) for a in answered]
    assert {row["Answer"] for row in mine} >= {"No", "Not measured"}
    for row, answer in zip(mine, answered, strict=True):
        if answer.row.checks:
            assert answer.said.startswith(row["Answer"]) or row["Answer"] == "Does not apply"


def test_the_document_alone_tells_the_same(view: Any) -> None:
    told = story.story()
    again = views.build(loads(dumps(told.audit)), replace(told.context, before=loads(dumps(told.audits[-2]))))
    for part in ("standing", "grades", "moves", "tasks", "exceptions", "frameworks", "months"):
        assert getattr(again, part) == getattr(view, part), part


def test_the_trend_has_a_row_a_month_with_gaps(book: Workbook, view: Any) -> None:
    told, rows = story.story(), records(book, "Trend")
    assert [row["Month"].date() for row in rows[-2:]] == [date(2026, 10, 1), date(2026, 11, 1)]
    assert rows[-1]["Score"] == pytest.approx(told.audit.scorecard.score)
    assert rows[-1]["Antivirus"] == pytest.approx(
        next(category.score for category in told.audit.scorecard.categories if category.id == "antivirus")
    )
    assert (rows[-1]["Fixed"], rows[-1]["New"], rows[-1]["Came back"]) == (view.moves.fixed, view.moves.new, 1)
    gap = next(row for row in rows if row["Month"].date() == date(2026, 4, 1))
    assert {value for key, value in gap.items() if key != "Month"} <= {None, ""}


def test_what_is_to_be_filled_in_offers_its_choices(book: Workbook) -> None:
    allowed = {str(one.sqref): one for one in book["Remediation plan"].data_validations.dataValidation}
    kinds = {(one.type, one.operator, one.formula1) for one in allowed.values()}
    assert ("date", "greaterThan", "Report_Date") in kinds
    assert ("decimal", "greaterThanOrEqual", "0") in kinds
    assert ("list", None, '"To do,Agreed,Doing,Done,Declined"') in kinds


def test_hostile_exceptions_names_and_reasons_do_nothing(tmp_path: Path) -> None:
    told = story.hostile()
    report("html").render(told.audit, told.context, tmp_path / "page.html")
    report("xlsx").render(told.audit, told.context, tmp_path / "book.xlsx")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<img" not in text
    assert text.count("</script>") == 2
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    rows = table(section(text, "exceptions"))
    assert any(MARKUP in row[3] for row in rows)
    book = workbooks.read(tmp_path / "book.xlsx")
    workbooks.assert_safe(tmp_path / "book.xlsx")
    cells = [cell for _, cell in workbooks.cells(book)]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    price = next(cell for cell in cells if str(cell.value).startswith("=cmd|"))
    assert price.quotePrefix
    assert {row["Exception id"] for row in records(book, "Exceptions")} >= {"=2+2", "+3"}


def test_every_kind_and_state_of_exception_has_words() -> None:
    words = importlib.import_module("scorecard.reports.exempt_words")
    assert set(words.KINDS) == set(ExceptionKind)
    assert set(words.STATES) == set(words.ICONS) == set(Group)


def test_parts_say_what_they_were_at_the_check_before(page: str, view: Any) -> None:
    before = {category.id: category.score for category in story.story().audits[-2].scorecard.categories}
    card = next(card for card in view.work.cards if card.id == "antivirus")
    assert before["antivirus"] is not None
    assert card.was == f"Was {before['antivirus']:.0f} on 14 Oct."
    assert card.was in plain(section(page, "parts"))
    scores = [month.categories.get("antivirus") for month in view.months]
    heights = [float(point.partition(",")[2]) for line in card.spark for point in line.split()]
    assert len(card.spark) == 2  # April was missed
    assert heights == [pytest.approx(40 - 36 * score / 100, abs=0.05) for score in scores if score is not None]
    few = replace(story.story().context, history=story.story().context.history[-2:])
    assert next(card for card in views.build(story.story().audit, few).work.cards if card.id == "antivirus").spark == ()


def test_bars_of_tasks_start_at_the_score_and_show_the_next_letter() -> None:
    answers_ = {check: sample.short("bad", "good") for check in list(sample.CHECKS)[:9]}
    made = views.build(sample.audit([Machine(f"M{n}", answers=answers_) for n in range(4)]), ReportContext()).tasks
    first, last = made.rows[0].bar, made.rows[-1].bar
    assert made.rows[-1].after == pytest.approx(100)
    assert last.x + last.width == pytest.approx(120, abs=2.1)
    assert 0 <= first.x < last.x
    assert first.next == last.next
    assert 0 < first.next < 120


def test_the_best_letter_has_no_road_and_nothing_to_fix() -> None:
    made = views.build(sample.audit([Machine("A")]), ReportContext()).tasks
    assert (made.road, made.rows, made.missing) == (None, (), "")
