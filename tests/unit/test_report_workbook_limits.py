"""What a workbook leaves out, by edition and for want of room, and where that goes; paper; files that cannot be written."""

from __future__ import annotations

import csv
import importlib
import re
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from scorecard import outputs
from scorecard.errors import ReportError
from scorecard.model import Status
from scorecard.registry import report
from scorecard.reporting import EditionName, ReportContext
from scorecard.result import Audit, Preferences
from tests.e2e import sample, story
from tests.e2e.sample import Machine
from tests.workbooks import cells, column, formulas, read, records, summary

sheets = importlib.import_module("scorecard.reports.sheets")
kinds = importlib.import_module("scorecard.reports.sheets_kinds")
SHORT = (Status.FAIL, Status.WARN, Status.UNKNOWN)


def written(audit: Audit, tmp_path: Path, name: str = "book.xlsx", context: ReportContext | None = None) -> Path:
    target = tmp_path / name
    report("xlsx").render(audit, context or ReportContext(), target)
    return target


@pytest.mark.parametrize(("paper", "number"), [("a4", 9), ("letter", 1)])
def test_every_sheet_prints_on_the_clients_paper(paper: str, number: int, tmp_path: Path) -> None:
    audit = replace(sample.audit([Machine("alone")]), preferences=Preferences(paper=paper))
    book = read(written(audit, tmp_path))
    assert {sheet.page_setup.paperSize for sheet in book} == {number}
    with zipfile.ZipFile(tmp_path / "book.xlsx") as package:
        said = "".join(
            package.read(f"xl/worksheets/sheet{place}.xml").decode() for place in range(1, len(book.sheetnames) + 1)
        )
    heads = re.findall(r"<oddHeader>([^<]*)<", said)
    assert heads == [f"&amp;LHarbour &amp;&amp; Finch | {title}" for title in book.sheetnames]
    assert re.findall(r"<oddFooter>([^<]*)<", said) == ["&amp;L2026-11-14&amp;Cclient&amp;R&amp;P of &amp;N"] * len(heads)


def test_long_text_is_cut_and_controls_are_gone(tmp_path: Path) -> None:
    long = {"disk-encryption.system-volume": sample.short("x" * 50_000, "\x00\x1b[0m\ufffe")}
    book = read(written(sample.audit([Machine("n" * 10_240, answers=long)]), tmp_path))
    assert max(len(str(cell.value)) for _, cell in cells(book)) <= 32_000
    assert len(column(book, "Devices", "Machine")[0]) == 255


@pytest.mark.parametrize("machines", [(), (Machine("alone"),)], ids=["empty", "one"])
def test_tables_without_rows_are_still_tables(machines: tuple[Machine, ...], tmp_path: Path) -> None:
    book = read(written(sample.audit(machines), tmp_path))
    (table,) = book["Exceptions"].tables.values()
    assert table.ref == "A1:O2"
    assert [row for row in column(book, "Exceptions", "Exception id") if row] == []


def test_the_engineer_has_every_row_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit = sample.audit(sample.fleet()[:20])
    context = ReportContext(edition=EditionName.ENGINEER)
    book = read(written(audit, tmp_path, "all.xlsx", context))
    assert len(records(book, "Findings")) == len(audit.findings)
    assert ("Summary", "COUNTIFS") in {
        (sheet, formula[1:9]) for (sheet, _), formula in formulas(tmp_path / "all.xlsx").items() if "tblFindings" in formula
    }
    monkeypatch.setattr(sheets, "PASSES_UP_TO", 100)
    book = read(written(audit, tmp_path, "fewer.xlsx", context))
    assert len(records(book, "Findings")) == sum(one.status in SHORT for one in audit.findings)
    said = [row[1] for row in book["Method"].iter_rows(values_only=True) if row[0] == "Left out of this file"]
    assert "all are in the CSV file beside this workbook, which has the same name" in str(said)


@pytest.mark.parametrize("limit", [None, "passes", "rows"])
def test_what_has_no_room_goes_into_a_file_beside_it(
    limit: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = sample.audit(sample.fleet()[:6])
    if limit == "passes":
        monkeypatch.setattr(sheets, "PASSES_UP_TO", 100)
    if limit == "rows":
        monkeypatch.setattr(kinds, "MOST_ROWS", 101)
    editions = outputs.look("client,engineer")
    found = outputs.write(audit, tmp_path, ("xlsx",), ReportContext(), chosen=editions)
    beside = [path.name for path in found if path.suffix == ".csv"]
    stem = found[-1].stem.rpartition("_")[0]
    assert beside == [f"{stem}_engineer.csv"] * bool(limit)
    if beside:
        with (tmp_path / beside[0]).open(encoding="utf-8-sig", newline="") as file:
            assert len(list(csv.DictReader(file))) == len(audit.findings)
    if limit == "rows":  # and once alone, where it is asked for anyway
        both = outputs.write(audit, tmp_path, ("csv", "xlsx"), ReportContext(), chosen=outputs.look("engineer"))
        assert [path.name for path in both] == [f"{stem}_engineer.csv", f"{stem}_engineer.xlsx"]


def test_the_prospect_has_findings_by_check_and_no_sheet_of_the_contract(tmp_path: Path) -> None:
    told = story.story()
    context = replace(told.context, edition=EditionName.PROSPECT)
    path = written(told.audit, tmp_path, context=context)
    book = read(path)
    assert book.sheetnames == ["Summary", "Scorecard", "Devices", "Findings", "Method"]
    counted = Counter(one.check for one in told.audit.findings if one.status in SHORT)
    assert len(records(book, "Findings")) == len(counted)
    rows = records(book, "Findings")
    excused = sum(row["Excused"] for row in rows)
    assert excused == sum(one.left_the_sum for one in told.audit.findings) > 0
    assert sum(row["No"] + row["Nearly"] + row["Not checked"] for row in rows) == sum(counted.values()) - excused
    assert "Grade" not in summary(book)
    assert "Grade" not in book.defined_names
    with_letter = read(written(told.audit, tmp_path, context=replace(context, with_letter=True)))
    assert summary(with_letter)["Grade"][0] == told.audit.scorecard.letter


def test_rows_beyond_a_sheets_room_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "MOST_ROWS", 21)
    path = written(sample.fleet_audit(), tmp_path)
    book = read(path)
    assert len(records(book, "Devices")) == 20
    said = [row[1] for row in book["Method"].iter_rows(values_only=True) if row[0] == "Rows that have no room in a sheet"]
    assert any(str(text).startswith("Devices: 104 rows have no room") for text in said)


def test_a_workbook_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="the workbook cannot be written"):
        report("xlsx").render(sample.audit([]), ReportContext(), tmp_path)
