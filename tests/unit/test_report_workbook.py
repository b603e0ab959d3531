"""The workbook as openpyxl reads it back: typed cells, real tables, no formula, limits kept."""

from __future__ import annotations

import importlib
import re
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils import get_column_letter
from openpyxl.workbook.workbook import Workbook

from scorecard.errors import ReportError
from scorecard.model import Status
from scorecard.registry import report
from scorecard.reporting import ReportContext
from scorecard.result import Audit
from tests.e2e import sample
from tests.e2e.sample import Machine

workbook = importlib.import_module("scorecard.reports.workbook")
sheets = importlib.import_module("scorecard.reports.sheets")
DATA = {
    "Devices": "tblDevices",
    "Findings": "tblFindings",
    "Remediation plan": "tblPlan",
    "Trend": "tblTrend",
    "Exceptions": "tblExceptions",
    "Coverage": "tblCoverage",
}


def written(audit: Audit, tmp_path: Path, name: str = "book.xlsx", context: ReportContext | None = None) -> Path:
    target = tmp_path / name
    report("xlsx").render(audit, context or ReportContext(), target)
    return target


def read(path: Path) -> Workbook:
    return openpyxl.load_workbook(path)


def column(book: Workbook, sheet: str, title: str) -> list[object]:
    rows = list(book[sheet].iter_rows(values_only=True))
    place = rows[0].index(title)
    return [row[place] for row in rows[1:]]


@pytest.fixture(scope="module")
def fleet_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(sample.fleet_audit(), tmp_path_factory.mktemp("book"))


def test_sheets_tables_and_frozen_heads(fleet_book: Path) -> None:
    book = read(fleet_book)
    assert book.sheetnames == ["Summary", *DATA, "Method"]
    for sheet, table in DATA.items():
        inner = book[sheet]
        (found,) = inner.tables.values()
        assert found.displayName == table
        last = max(inner.max_row, 2)  # a table without rows has an empty one
        assert found.ref == f"A1:{get_column_letter(inner.max_column)}{last}"
        assert found.autoFilter is not None
        assert [cell.value for cell in inner[1]] == found.column_names
        assert str(inner.freeze_panes).endswith("2")
        assert inner.print_title_rows == "$1:$1"
        assert not inner.merged_cells.ranges
        assert inner.page_setup.orientation == "landscape"
    assert book.active is not None
    assert book.active.title == "Summary"


def test_counts_are_those_of_the_audit(fleet_book: Path) -> None:
    audit = sample.fleet_audit()
    book = read(fleet_book)
    assert len(column(book, "Devices", "Device id")) == len(audit.devices)
    assert len(column(book, "Findings", "Finding id")) == len(audit.findings)
    assert len(column(book, "Coverage", "Machine")) == len(audit.devices)
    assert column(book, "Coverage", "Checked").count("No") == sum(not device.seen for device in audit.devices)
    results = column(book, "Findings", "Result")
    words = {Status.PASS: "Yes", Status.WARN: "Nearly", Status.FAIL: "No", Status.UNKNOWN: "Not checked"}
    for status, word in words.items():
        assert results.count(word) == sum(finding.status is status for finding in audit.findings)
    summary = {row[0]: row[1] for row in book["Summary"].iter_rows(values_only=True) if row[0]}
    assert summary["On the list"] == 124
    assert summary["Seen"] == 118
    assert summary["Fall short"] == column(book, "Devices", "All promises").count("No")
    assert summary["Points"] == pytest.approx(audit.scorecard.score)
    assert summary["Grade"] == "B"


def test_dates_are_dates_and_numbers_are_numbers(fleet_book: Path) -> None:
    book = read(fleet_book)
    checked = [value for value in column(book, "Devices", "Last checked (UTC)") if value is not None]
    assert checked
    assert all(isinstance(value, datetime) for value in checked)
    assert all(isinstance(value, float | int) for value in column(book, "Devices", "Points"))
    since = [value for value in column(book, "Findings", "Since") if value is not None]
    assert since
    assert all(isinstance(value, datetime) for value in since)


def test_nothing_in_it_is_a_formula_or_leads_out(tmp_path: Path) -> None:
    path = written(sample.audit(sample.hostile()), tmp_path)
    with zipfile.ZipFile(path) as package:
        for name in package.namelist():
            content = package.read(name).decode("utf-8")
            assert "externalLink" not in name
            assert 'TargetMode="External"' not in content
            assert not re.search(r"<f[ >]", content), name
    book = read(path)
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert kinds <= {"s", "n", "d"}
    names = [cell for row in book["Devices"].iter_rows(min_row=2, min_col=2, max_col=2) for cell in row]
    guarded = {str(cell.value): cell.quotePrefix for cell in names}
    assert guarded['=HYPERLINK("http://evil.example","open")'] is True
    assert guarded["#N/A"] is False


def test_long_text_is_cut_and_controls_are_gone(tmp_path: Path) -> None:
    long = {"disk-encryption.system-volume": sample.short("x" * 50_000, "\x00\x1b[0m\ufffe")}
    book = read(written(sample.audit([Machine("n" * 10_240, answers=long)]), tmp_path))
    longest = max(len(str(cell.value)) for sheet in book for row in sheet.iter_rows() for cell in row)
    assert longest <= 32_000
    assert len(str(column(book, "Devices", "Machine")[0])) == 255


@pytest.mark.parametrize("machines", [(), (Machine("alone"),)], ids=["empty", "one"])
def test_tables_without_rows_are_still_tables(machines: tuple[Machine, ...], tmp_path: Path) -> None:
    book = read(written(sample.audit(machines), tmp_path))
    (table,) = book["Exceptions"].tables.values()
    assert table.ref == "A1:O2"
    assert [row for row in column(book, "Exceptions", "Exception id") if row] == []


def test_the_same_audit_gives_the_same_bytes(fleet_book: Path, tmp_path: Path) -> None:
    assert written(sample.fleet_audit(), tmp_path).read_bytes() == fleet_book.read_bytes()
    properties = read(fleet_book).properties
    assert properties.title == "IT scorecard, Harbour & Finch, November 2026"
    assert properties.creator == "Polestar IT"
    assert properties.created == sample.AS_OF.replace(tzinfo=None)


def test_columns_of_the_same_name_are_told_apart() -> None:
    assert workbook._unique([sheets.Heading("Disk"), sheets.Heading("disk"), sheets.Heading("Disk")]) == [
        "Disk",
        "disk 2",
        "Disk 3",
    ]


def test_too_many_findings_leave_what_passed_to_the_csv_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "ALL_FINDINGS_UP_TO", 100)
    book = read(written(sample.fleet_audit(), tmp_path))
    assert set(column(book, "Findings", "Result")) == {"No", "Nearly", "Not checked"}
    method = [row[1] for row in book["Method"].iter_rows(values_only=True) if row[0] == "Left out of this file"]
    assert "the CSV file has all of them" in str(method)


def test_a_workbook_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="the workbook cannot be written"):
        report("xlsx").render(sample.audit([]), ReportContext(), tmp_path)
