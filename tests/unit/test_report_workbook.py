"""The workbook as openpyxl reads it back: typed cells, real tables, formulas with their values, rules, names, limits."""

from __future__ import annotations

import importlib
import re
import zipfile
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import range_boundaries

from scorecard.model import Status
from scorecard.plan.tasks import plan
from scorecard.registry import report
from scorecard.reporting import ReportContext
from scorecard.result import Audit
from tests.e2e import sample, story
from tests.e2e.sample import Machine
from tests.workbooks import assert_safe, cells, column, formulas, named, read, records, summary

tickets = importlib.import_module("scorecard.reports.tickets")
views = importlib.import_module("scorecard.reports.view")
kinds = importlib.import_module("scorecard.reports.sheets_kinds")
rules = importlib.import_module("scorecard.reports.workbook_rules")
DATA = {
    "Scorecard": "tblScorecard",
    "Devices": "tblDevices",
    "Findings": "tblFindings",
    "Remediation plan": "tblPlan",
    "Trend": "tblTrend",
    "Exceptions": "tblExceptions",
    "Coverage": "tblCoverage",
}
HEADS = {"Remediation plan": 5, "Coverage": 7}  # rows of heads that have lines above them, in the fleet's workbook
POINTS_A_CHARACTER = 5.3  # of a column's width
SHORT = (Status.FAIL, Status.WARN, Status.UNKNOWN)


def written(audit: Audit, tmp_path: Path, name: str = "book.xlsx", context: ReportContext | None = None) -> Path:
    target = tmp_path / name
    report("xlsx").render(audit, context or ReportContext(), target)
    return target


@pytest.fixture(scope="module")
def fleet_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(sample.fleet_audit(), tmp_path_factory.mktemp("book"))


@pytest.fixture(scope="module")
def story_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    told = story.story()
    return written(told.audit, tmp_path_factory.mktemp("story"), context=told.context)


def test_sheets_tables_and_frozen_heads(fleet_book: Path) -> None:
    book = read(fleet_book)
    assert book.sheetnames == ["Summary", *DATA, "Method"]
    for sheet, table in DATA.items():
        inner = book[sheet]
        (found,) = inner.tables.values()
        head = HEADS.get(sheet, 1)
        assert found.displayName == table
        last = max(inner.max_row, head + 1)  # a table without rows has an empty one
        assert found.ref == f"A{head}:{get_column_letter(len(found.column_names))}{last}"
        assert found.autoFilter is not None
        assert found.autoFilter.ref == found.ref
        assert [cell.value for cell in inner[head]] == found.column_names
        assert str(inner.freeze_panes).endswith(str(head + 1))
        assert inner.print_title_rows == f"${head}:${head}"
        assert not inner.merged_cells.ranges
        assert inner.page_setup.orientation == "landscape"
        assert (inner.page_setup.fitToWidth or 1, inner.page_setup.fitToHeight) == (1, 0)
        assert inner.oddFooter is not None
        assert inner.oddFooter.center is not None
        assert inner.oddFooter.center.text == "client"
    assert book.active is not None
    assert book.active.title == "Summary"


def test_counts_are_those_of_the_audit(fleet_book: Path) -> None:
    audit = sample.fleet_audit()
    book = read(fleet_book)
    assert len(records(book, "Devices")) == len(audit.devices)
    results = Counter(column(book, "Findings", "Result"))
    words = {Status.WARN: "Nearly", Status.FAIL: "No", Status.UNKNOWN: "Not checked"}
    assert results == {word: sum(one.status is status for one in audit.findings) for status, word in words.items()}
    covered = records(book, "Coverage")
    assert [row["Machine"] for row in covered if row["In scope"] == "No"] == ["PC-090"]
    in_scope = [row for row in covered if row["In scope"] == "Yes"]
    assert len(in_scope) == len(audit.devices)
    assert sum(row["Checked"] == "No" for row in in_scope) == sum(not device.seen for device in audit.devices)
    shown = summary(book)
    assert shown["On the list"][0] == 124
    assert shown["Seen"][0] == 118
    assert shown["Fall short"][0] == column(book, "Devices", "All promises").count("No")
    assert shown["Points"][0] == pytest.approx(audit.scorecard.score)
    assert shown["Grade"][0] == "B"
    assert shown["Yes"][0] == sum(one.status is Status.PASS for one in audit.findings)


def test_the_parts_of_the_grade_have_their_machines_and_points(story_book: Path) -> None:
    told = story.story()
    book = read(story_book)
    parts = {row["Part"]: row for row in records(book, "Scorecard")}
    for title, row in parts.items():
        counted = Counter(column(book, "Devices", title))
        for word in ("Yes", "No", "Not checked", "Excused", "Not applicable"):
            assert row[word] == counted[word], (title, word)
        assert row["Machines"] == len(told.audit.devices)
        assert row["Check"] == "OK"
    now = {one.id: one.score for one in told.audit.scorecard.categories}
    before = {one.id: one.score for one in told.audits[-2].scorecard.categories}
    antivirus = parts["Antivirus"]
    assert (antivirus["Points"], antivirus["Points last time"]) == (now["antivirus"], before["antivirus"])
    assert antivirus["Change"] == pytest.approx(antivirus["Points"] - antivirus["Points last time"])
    assert sum(row["Counts"] for row in parts.values()) == pytest.approx(1)
    answers = [row["Answer"] for row in parts.values()]
    assert answers[:3] == [summary(book)[promise.title.rstrip("?") + "?"][0] for promise in told.audit.scorecard.promises]


def test_named_cells_hold_the_figures_of_the_audit(story_book: Path) -> None:
    told = story.story()
    book = read(story_book)
    contract = told.audit.contract
    assert contract is not None
    assert named(book, "Client_Name") == told.audit.client
    assert named(book, "Report_Date") == sample.AS_OF.replace(hour=0, minute=0, tzinfo=None)
    assert named(book, "Run_Id") == told.audit.id
    assert named(book, "Score") == named(book, "Start_Score") == pytest.approx(told.audit.scorecard.score)
    assert named(book, "Grade") == told.audit.scorecard.letter
    assert named(book, "Coverage") == pytest.approx(told.audit.scorecard.coverage)
    assert named(book, "Machines_In_Scope") == len(told.audit.devices)
    assert named(book, "Plan_Hours_Left") == contract.hours_per_month
    assert named(book, "Hours_Needed") == pytest.approx(plan(told.audit).hours.likely)
    assert named(book, "Hours_Extra") == pytest.approx(max(named(book, "Hours_Ours") - contract.hours_per_month, 0))
    assert named(book, "Hour_Rate") == contract.rate
    assert named(book, "Fresh_Days") == 30
    assert named(book, "Grade_Bands") == [["A", 90], ["B", 80], ["C", 70], ["D", 60]]


def test_dates_are_dates_and_numbers_are_numbers(fleet_book: Path) -> None:
    book = read(fleet_book)
    checked = [value for value in column(book, "Devices", "Last checked (UTC)") if value is not None]
    assert checked
    assert all(isinstance(value, datetime) for value in checked)
    assert all(isinstance(value, float | int) for value in column(book, "Devices", "Points"))
    since = [value for value in column(book, "Findings", "Since") if value is not None]
    assert since
    assert all(isinstance(value, datetime) for value in since)
    (number,) = {cell.number_format for cell in book["Devices"]["G"][1:] if cell.value}
    assert number == "yyyy-mm-dd hh:mm"


def test_what_may_be_filled_in_and_what_follows_the_words(story_book: Path) -> None:
    book = read(story_book)
    found = {(sheet.title, one.type, one.formula1) for sheet in book for one in sheet.data_validations.dataValidation}
    assert ("Remediation plan", "date", "Report_Date") in found
    assert ("Remediation plan", "decimal", "0") in found
    assert ("Remediation plan", "list", '"To do,Agreed,Doing,Done,Declined"') in found
    assert ("Devices", "list", '"No,Not checked,Excused,Yes,Not applicable"') in found
    (inputs,) = book["Remediation plan"]["K8:N8"]
    assert {cell.fill.fgColor.rgb for cell in inputs} == {"FFFFF9E5"}
    shown = [rule for ranges in book["Devices"].conditional_formatting for rule in ranges.rules]
    followed = {rule.formula[0] for rule in shown if rule.formula}
    assert {'"No"', '"Yes"', '"Not checked"', '"Excused"'} <= followed
    late = {rule.formula[0] for ranges in book["Remediation plan"].conditional_formatting for rule in ranges.rules}
    assert any("TODAY()" in formula for formula in late)


def test_every_word_of_a_result_has_its_colours() -> None:
    words = importlib.import_module("scorecard.reports.words")
    assert {*words.STATES.values(), *words.RESULTS.values(), *words.ANSWERS.values()} - set(rules.STATUS) == {
        words.DASH,
        words.NOT_APPLICABLE,
    }


def test_links_lead_to_the_row_that_they_name(story_book: Path) -> None:
    book = read(story_book)
    devices, findings = records(book, "Devices"), records(book, "Findings")

    def target(sheet: str, place: str) -> int:
        wanted, cell = book[sheet][place].hyperlink.location.replace("'", "").split("!")
        assert wanted == ("Findings" if sheet == "Devices" else "Devices")
        return int(cell.removeprefix("A")) - 2

    letter = get_column_letter(list(devices[0]).index("Findings") + 1)
    for place, row in enumerate(devices, 2):
        if row["Findings"]:
            first = target("Devices", f"{letter}{place}")
            assert findings[first]["Device id"] == row["Device id"]
            assert row["Device id"] not in [one["Device id"] for one in findings[:first]]
        else:
            assert row["Device id"] not in [one["Device id"] for one in findings]
    for place in range(2, len(findings) + 2, 7):
        assert devices[target("Findings", f"B{place}")]["Device id"] == findings[place - 2]["Device id"]
    linked = {cell.value for row in book["Summary"].iter_rows() for cell in row if cell.hyperlink}
    assert linked == set(book.sheetnames) - {"Summary"}


def test_the_summary_prints_on_one_page_that_can_be_read(story_book: Path) -> None:
    sheet = read(story_book)["Summary"]
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight or 1) == ("landscape", 1)
    _, _, columns, bottom = (int(edge or 0) for edge in range_boundaries(str(sheet.print_area).rpartition("!")[2]))
    described = [(one.width, int(one.min or 0), int(one.max or 0)) for one in sheet.column_dimensions.values()]
    width = sum(each * (last - first + 1) for each, first, last in described if last <= columns)
    height = sum(sheet.row_dimensions[row].height or 15.0 for row in range(1, bottom + 1))
    margins = sheet.page_margins
    room = (841.9 - 72 * (margins.left + margins.right), 595.3 - 72 * (margins.top + margins.bottom))
    assert min(room[0] / (width * POINTS_A_CHARACTER), room[1] / height) > 0.6  # of 11 points
    labels = [str(row[0].value) for row in sheet.iter_rows(max_row=bottom)]
    assert {"Grade", "Seen", "Fixed", "Hours needed", "Price of the hours beyond"} <= set(labels)
    assert "Nearly" not in labels  # the figures behind the answers stand below
    with zipfile.ZipFile(story_book) as package:
        drawing = package.read("xl/drawings/drawing1.xml").decode()
    ends = re.findall(r"<xdr:to><xdr:col>(\d+)</xdr:col><xdr:colOff>\d+</xdr:colOff><xdr:row>(\d+)", drawing)
    assert len(ends) == 2
    assert all(int(column) < columns and int(row) < bottom for column, row in ends)


def test_the_method_says_what_each_promise_takes(story_book: Path) -> None:
    told = story.story()
    said = {str(row[0]): str(row[1]).split("\n") for row in read(story_book)["Method"].iter_rows(values_only=True)}
    content: Any = told.audit.standard["content"]
    rules = {rule["title"].rstrip("?"): rule["checks"] for rule in content["promises"]}
    titles = {id_: str(described["title"]) for id_, described in told.audit.checks.items() if isinstance(described, dict)}
    first, *lines = said["What each promise takes"]
    assert first.endswith("is a Yes.")
    assert lines == [
        f"{title[0].upper()}{title[1:]}: {'; '.join(titles[check] for check in checks)}." for title, checks in rules.items()
    ]
    assert len(lines) == len(told.audit.scorecard.promises) == 3


def test_findings_name_the_row_of_the_plan_and_the_ticket_that_settle_them(story_book: Path) -> None:
    told = story.story()
    book = read(story_book)
    rows = records(book, "Findings")
    letter = get_column_letter(list(rows[0]).index("Fix id") + 1)
    head, plan_ids = HEADS["Remediation plan"] + 2, [row["Fix id"] for row in records(book, "Remediation plan")]
    fixed = set()
    for place, row in enumerate(rows, 2):
        if row["Fix id"]:
            wanted, cell = book["Findings"][f"{letter}{place}"].hyperlink.location.replace("'", "").split("!")
            assert wanted == "Remediation plan"
            assert plan_ids[int(cell.removeprefix("A")) - head - 1] == row["Fix id"]
            fixed.add((row["Check id"], row["Machine"], row["Fix id"], row["Ticket"]))
    open_ = [one for one in tickets.build(told.audit, told.context) if one.state == "open"]
    settled = {
        (one.check, found.endpoint, one.task, one.id)
        for one in open_
        for found in told.audit.findings
        if found.status in SHORT[:2] and found.check == one.check and found.endpoint in {it.name for it in one.machines}
    }
    assert settled <= fixed
    asked = {(it.name, one.task, one.id) for one in open_ if not one.check for it in one.machines}
    assert {(name, task, ticket) for _, name, task, ticket in fixed - settled} == asked
    assert not [row for row in rows if row["Result"] in ("Yes", "Excused") and row["Fix id"]]


@pytest.mark.parametrize("changed", [{"redacted": True}, {"scope": "--limit PC-*"}], ids=["redacted", "a part"])
def test_where_there_are_no_tickets_none_is_named(changed: dict[str, Any]) -> None:
    told = story.story(brief=True)
    scope = changed.get("scope", "")
    audit, context = replace(told.audit, scope=scope), replace(told.context, redacted=changed.get("redacted", False))
    built = views.build(audit, context)
    fixes = [built.fixes.of(row.asked, row.endpoint) for row in built.rows.findings]
    assert {fix.ticket for fix in fixes if fix} == {""}
    assert {fix.task for fix in fixes if fix} == {row.id for row in built.tasks.rows}


def test_charts_have_their_message_in_words_and_gaps_for_missing_months(story_book: Path) -> None:
    with zipfile.ZipFile(story_book) as package:
        names = package.namelist()
        charts = [package.read(name).decode() for name in names if name.startswith("xl/charts/chart")]
        said = [text for name in names if "drawings/drawing" in name for text in _descriptions(package.read(name).decode())]
    assert len(charts) == len(said) == 3
    assert not any("dispBlanksAs" in chart for chart in charts)  # a gap, unless said otherwise
    assert all(re.search(r"<a:t>[^<]+</a:t>", chart) for chart in charts)
    assert all(len(text) > 40 for text in said)
    # Of one month alone LibreOffice labels an axis of dates with January.
    assert not any("<c:dateAx>" in chart for chart in charts)
    # What is shown before anything is computed: a name, twelve months, and the points of eleven of them.
    assert charts[0].count("<c:pt ") == 1 + 12 + 11


def _descriptions(drawing: str) -> list[str]:
    return re.findall(r'<xdr:cNvPr [^>]*descr="([^"]*)"', drawing)


def test_a_first_check_has_no_line_of_points(fleet_book: Path) -> None:
    with zipfile.ZipFile(fleet_book) as package:
        charts = [package.read(name).decode() for name in package.namelist() if name.startswith("xl/charts/chart")]
    assert ["<c:barChart>" in chart for chart in charts] == [True]


def test_formulas_stand_where_they_may_and_nothing_leads_out(tmp_path: Path, story_book: Path) -> None:
    path = written(sample.audit(sample.hostile()), tmp_path)
    assert_safe(path)
    assert_safe(story_book)
    live = formulas(story_book)
    assert {sheet for sheet, _ in live} == {"Summary", "Scorecard", "Remediation plan", "Exceptions", "Coverage"}
    book = read(path)
    assert {cell.data_type for _, cell in cells(book)} <= {"s", "n", "d"}
    guarded = {str(cell.value): cell.quotePrefix for cell in book["Devices"]["B"]}
    assert guarded['=HYPERLINK("http://evil.example","open")'] is True
    assert guarded["#N/A"] is False


@pytest.mark.parametrize(
    "name",
    ["<r></t></is></c></row></r>", "<r><t>x</t></r>", "_x0041_", "<b>&amp;\"'", "1e5", "007", "internal:x!A1"],
)
def test_what_looks_like_the_files_own_language_stays_text(name: str, tmp_path: Path) -> None:
    book = read(written(sample.audit([Machine(name, site=name)]), tmp_path))
    (row,) = records(book, "Devices")
    # openpyxl leaves this escape as it stands in the file; a spreadsheet does not.
    assert row["Machine"].replace("_x005F_", "_") == name
    assert book["Devices"]["B2"].data_type == "s"


def test_columns_that_formulas_name_are_plain_words(tmp_path: Path) -> None:
    told = sample.audit(sample.fleet()[:6])
    content: Any = told.standard["content"]
    parts = [{**part, "title": 'Dis[k]\'s #1, "x"@ _x0041_'} for part in content["parts"]]
    standard = MappingProxyType({**told.standard, "content": {**content, "parts": parts}})
    path = written(replace(told, standard=standard), tmp_path)
    assert [title for title in records(read(path), "Devices")[0] if title.startswith("Dis")] == [
        "Dis k s 1 x x0041",
        "Dis k s 1 x x0041 2",
        "Dis k s 1 x x0041 3",
    ]
    assert {row["Check"] for row in records(read(path), "Scorecard")} == {"OK"}
    assert kinds.plain("=Trend!A1 " * 50) == ("Trend A1 " * 7)[:60]


def test_the_same_audit_gives_the_same_bytes(fleet_book: Path, tmp_path: Path) -> None:
    assert written(sample.fleet_audit(), tmp_path).read_bytes() == fleet_book.read_bytes()
    properties = read(fleet_book).properties
    assert properties.title == "IT scorecard, Harbour & Finch, November 2026"
    assert properties.creator == "Polestar IT"
    assert properties.created == sample.AS_OF.replace(tzinfo=None)


def test_columns_of_the_same_name_are_told_apart() -> None:
    assert kinds.unique(["Disk", "disk", "Disk"]) == ("Disk", "disk 2", "Disk 3")
