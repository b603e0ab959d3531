"""Workbooks as tests read them: tables by their own ranges, formulas with the values stored beside them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.cell.cell import Cell
from openpyxl.workbook.workbook import Workbook

# Sheets that may have formulas, and the functions these may use (reports.md 14).
LIVE = frozenset(("Summary", "Scorecard", "Remediation plan", "Exceptions", "Coverage"))
FUNCTIONS = frozenset(("SUM", "SUMIFS", "COUNTIFS", "IF", "IFERROR", "INDEX", "MATCH", "ROUND", "ROWS"))


def read(path: Path) -> Workbook:
    """With the values that are stored beside formulas."""
    return openpyxl.load_workbook(path, data_only=True)


def formulas(path: Path) -> dict[tuple[str, str], str]:
    """By sheet and cell."""
    book = openpyxl.load_workbook(path)
    return {(sheet.title, cell.coordinate): str(cell.value) for sheet, cell in cells(book) if cell.data_type == "f"}


def cells(book: Workbook) -> Iterator[tuple[Any, Cell]]:
    """Those that hold something, each with its sheet."""
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is not None:
                    assert isinstance(cell, Cell), "no cell of ours is merged"
                    yield sheet, cell


def records(book: Workbook, sheet: str) -> list[dict[str, Any]]:
    """The rows of the sheet's one table."""
    (table,) = book[sheet].tables.values()
    head, *rows = [[cell.value for cell in row] for row in book[sheet][table.ref]]
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


def column(book: Workbook, sheet: str, title: str) -> list[Any]:
    return [row[title] for row in records(book, sheet)]


def summary(book: Workbook) -> dict[str, tuple[Any, Any]]:
    """Figure and remark by label."""
    return {str(row[0]): (row[1], row[2]) for row in book["Summary"].iter_rows(values_only=True) if row[0]}


def named(book: Workbook, name: str) -> Any:
    """The value of a named cell, or the rows of a named range."""
    sheet, place = book.defined_names[name].attr_text.replace("'", "").rsplit("!", 1)
    found = book[sheet][place.replace("$", "")]
    return found.value if isinstance(found, Cell) else [[cell.value for cell in row] for row in found]


def assert_safe(path: Path) -> None:
    """Formulas are ours alone and lead nowhere else; no part of the package leads out or runs."""
    with zipfile.ZipFile(path) as package:
        for name in package.namelist():
            assert not re.search("externalLink|vbaProject|customXml|activeX|connections", name), name
            assert 'TargetMode="External"' not in package.read(name).decode("utf-8"), name
    for (sheet, place), formula in formulas(path).items():
        assert sheet in LIVE, (sheet, place)
        outside = re.sub(r'"[^"]*"', "", formula)
        assert set(re.findall(r"([A-Z]+)\(", outside)) <= FUNCTIONS, formula
        assert not re.search(r"[|!']|://|\[\d", outside), formula
