"""The workbook as a package: nothing in it makes Excel offer a repair (reports.md 14, tests/spreadsheets.py)."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from scorecard.registry import report
from scorecard.reporting import EditionName, ReportContext
from scorecard.result import Audit
from tests.e2e import sample, story
from tests.e2e.sample import Machine
from tests.spreadsheets import faults


def _story(edition: EditionName) -> tuple[Audit, ReportContext]:
    told = story.story(brief=True)
    return told.audit, replace(told.context, edition=edition)


def _hostile() -> tuple[Audit, ReportContext]:
    told = story.hostile()
    return told.audit, replace(told.context, edition=EditionName.ENGINEER)


BOOKS: dict[str, Callable[[], tuple[Audit, ReportContext]]] = {
    **{edition: partial(_story, edition) for edition in EditionName},
    "hostile": _hostile,
    "empty": lambda: (sample.audit(()), ReportContext()),
}


def written(name: str, folder: Path) -> Path:
    target = folder / "book.xlsx"
    report("xlsx").render(*BOOKS[name](), target)
    return target


@pytest.mark.parametrize("name", BOOKS)
def test_nothing_in_it_asks_for_a_repair(name: str, tmp_path: Path) -> None:
    assert faults(written(name, tmp_path)) == []


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book that has one of everything, with little in it."""
    told = story.story(brief=True)
    machines = [Machine("PC-1", answers={story.DRIVE: sample.short("not encrypted", "encrypted")}), Machine("PC-2")]
    target = tmp_path_factory.mktemp("small") / "small.xlsx"
    report("xlsx").render(sample.audit(machines), replace(told.context, before=None), target)
    assert faults(target) == []
    return target


BOOK, STYLES, TABLE = "xl/workbook.xml", "xl/styles.xml", "xl/tables/table2.xml"
SUMMARY, SCORECARD, DEVICES, PLAN = (f"xl/worksheets/sheet{number}.xml" for number in (1, 2, 3, 5))
MERGED = '</sheetData><mergeCells count="2"><mergeCell ref="A1:B2"/><mergeCell ref="B2:C3"/></mergeCells>'
SPOILED = {
    "a part without a type": ("[Content_Types].xml", r'<Override PartName="/xl/tables/table2.xml"[^>]*/>', "", "no type"),
    "a relation to nowhere": (f"{DEVICES.replace('sheets/', 'sheets/_rels/')}.rels", "table2", "table99", "leads to"),
    "a long sheet name": (BOOK, '<sheet name="Devices"', f'<sheet name="{"D" * 32}"', "no title for a sheet"),
    "two sheets alike": (BOOK, '<sheet name="Devices"', '<sheet name="FINDINGS"', "two sheets"),
    "a name like a cell": (BOOK, 'definedName name="Score"', 'definedName name="AB12"', "no name for a range"),
    "two names alike": (BOOK, 'definedName name="Score"', 'definedName name="GRADE"', "two names"),
    "a name of a lost sheet": (BOOK, ">'Summary'!", ">'Nowhere'!", "stands for"),
    "a print area elsewhere": (BOOK, r'(Print_Area" localSheetId=")\d+', r"\g<1>77", "is not there"),
    "a format in five parts": (STYLES, 'formatCode="0.0"', 'formatCode="0;0;0;0;0"', "no format for numbers"),
    "a font that is not there": (STYLES, 'fontId="1"', 'fontId="99"', "fontId"),
    "parts out of order": (DEVICES, r"(<sheetData>.*</sheetData>)(.*)(<hyperlinks>.*</hyperlinks>)", r"\1\3\2", "order"),
    "an unknown part": (DEVICES, "</worksheet>", "<foo/></worksheet>", "no part of a sheet"),
    "a row twice": (DEVICES, '<row r="3"', '<row r="2"', "after row"),
    "a cell twice": (DEVICES, 'r="B2"', 'r="A2"', "after column"),
    "a style that is not there": (DEVICES, r'r="B2" s="\d+"', 'r="B2" s="999"', "style"),
    "a text too long": (DEVICES, "<t>PC-1</t>", f"<t>{'x' * 32_768}</t>", "too long a text"),
    "a control character": (DEVICES, "<t>PC-1</t>", "<t>\x01</t>", "not well-formed"),
    "no number": (DEVICES, r"<v>\d+", "<v>x1", "no number"),
    "a formula too long": (SCORECARD, "<f>", f"<f>{'1+' * 4_096}", "characters"),
    "an open bracket": (SCORECARD, r"<f>COUNTIFS\(", "<f>COUNTIFS((", "open brackets"),
    "a column that is not there": (SCORECARD, r"tblDevices\[Device id\]", "tblDevices[Device]", "there is no tblDevices"),
    "a name that is not there": (PLAN, "Start_Score", "Start_Scores", "there is no name"),
    "merged cells": (SUMMARY, "</sheetData>", MERGED, "merged cells"),
    "a rule without a range": (DEVICES, r'(conditionalFormatting sqref=")[^"]*', r"\g<1>J2:", "no range"),
    "a look that is not there": (DEVICES, r'dxfId="\d+"', 'dxfId="999"', "look that is not there"),
    "a rank twice": (DEVICES, 'priority="2"', 'priority="1"', "of the rank"),
    "a list too long": (DEVICES, "<formula1>[^<]*", f'<formula1>"{"a," * 128}"', "a rule of"),
    "rules over each other": (DEVICES, r'(showErrorMessage="1" sqref=")[^"]*', r"\g<1>A1:Z99", "rules lie over"),
    "a link to nowhere": (DEVICES, "location=\"'Findings'", "location=\"'Nowhere'", "a link to"),
    "much over a page": (DEVICES, "<oddHeader>", f"<oddHeader>{'x' * 256}", "over or under a page"),
    "two tables of an id": (TABLE, ' id="2" name="tbl', ' id="1" name="tbl', "tables of the id"),
    "two tables alike": (TABLE, 'displayName="tblDevices"', 'displayName="tblscorecard"', "two things called"),
    "another heading": (DEVICES, "<t>Machine</t>", "<t>machine </t>", "is headed"),
    "two columns alike": (TABLE, 'name="Machine"', 'name="Site"', "two columns"),
    "a table too narrow": (TABLE, r' ref="A1:[A-Z]+', ' ref="A1:B', "columns in"),
    "a filter elsewhere": (TABLE, '<autoFilter ref="[^"]*"', '<autoFilter ref="A1:B2"', "filters"),
    "a chart of nothing": ("xl/charts/chart1.xml", r"<c:f>'\w+'!", "<c:f>'Nowhere'!", "Nowhere"),
}


@pytest.mark.parametrize("fault", SPOILED)
def test_every_rule_finds_its_breach(fault: str, small: Path, tmp_path: Path) -> None:
    part, pattern, replacement, said = SPOILED[fault]
    target = tmp_path / "spoiled.xlsx"
    with zipfile.ZipFile(small) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name).decode("utf-8")
            if name == part:
                content, count = re.subn(pattern, replacement, content, count=1, flags=re.DOTALL)
                assert count == 1, "there is nothing to spoil"
            new.writestr(name, content)
    found = faults(target)
    assert any(said in one for one in found), found
