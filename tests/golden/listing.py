"""A workbook as text: what every cell holds, and what stands beside the cells.

A line a row: column, value as Excel has it (numbers to nine digits, since a sum may differ in the last), the formula that
it comes from, the number format unless it is the general one.
Fonts, fills and widths are left out, as a page's style is.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet


def of(path: Path) -> str:
    book, values = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    lines = [f"title {book.properties.title!r}, author {book.properties.creator!r}, created {book.properties.created}"]
    lines += (f"name {name} = {kept.attr_text}" for name, kept in sorted(book.defined_names.items()))
    for sheet in book.worksheets:
        lines += ["", f"# {sheet.title}", *_about(sheet), *_rows(sheet, values[sheet.title])]
    with zipfile.ZipFile(path) as package:
        lines += ["", *_charts(package)]
    return "\n".join(lines) + "\n"


def _rows(sheet: Worksheet, values: Worksheet) -> Iterator[str]:
    for row, known in zip(sheet.iter_rows(), values.iter_rows(), strict=True):
        pieces = [_cell(cell, value) for cell, value in zip(row, known, strict=True) if cell.value is not None]
        if pieces:
            yield f"{row[0].row} {' | '.join(pieces)}"


def _cell(cell: Any, known: Any) -> str:
    value = known.value
    said = _moment(value) if isinstance(value, date) else f"{value:.9g}" if isinstance(value, float) else repr(value)
    made_by = f" {cell.value}" if cell.data_type == "f" else ""
    form = "" if cell.number_format == "General" else f" [{cell.number_format}]"
    link = f" -> {cell.hyperlink.location or cell.hyperlink.target}" if cell.hyperlink else ""
    return f"{cell.column_letter} {said}{made_by}{form}{link}"


def _moment(value: date) -> str:
    return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()


def _about(sheet: Worksheet) -> Iterator[str]:
    setup = sheet.page_setup
    fit = (setup.fitToWidth, setup.fitToHeight)
    yield f"paper {setup.paperSize}, {setup.orientation}, fit {fit}, head repeats {sheet.print_title_rows}"
    yield f"header {_margin(sheet.oddHeader)!r}, footer {_margin(sheet.oddFooter)!r}, frozen {sheet.freeze_panes}"
    for table in sheet.tables.values():
        style = table.tableStyleInfo.name if table.tableStyleInfo else None
        yield f"table {table.name} {table.ref}, filter {table.autoFilter is not None}, style {style}"
    for rule in sorted(sheet.data_validations.dataValidation, key=lambda rule: str(rule.sqref)):
        yield f"allowed in {rule.sqref}: {rule.type} {rule.operator or ''} {rule.formula1} {rule.formula2 or ''}".rstrip()
    for place in sheet.conditional_formatting:
        forms = (" ".join(filter(None, (form.type, form.operator, *form.formula))) for form in place.rules)
        yield f"formats of {place.sqref}: {'; '.join(forms)}"


def _margin(line: Any) -> str:
    """What a header or footer says at the left, in the middle and at the right."""
    return " | ".join(part.text or "" for part in (line.left, line.center, line.right)) if line else ""


def _charts(package: zipfile.ZipFile) -> Iterator[str]:
    """Texts and ranges of each chart, and the words for those who cannot see it."""
    for name in sorted(package.namelist()):
        if re.fullmatch(r"xl/(charts/chart|drawings/drawing)\d+\.xml", name):
            said = re.findall(r'<a:t>(.*?)</a:t>|<c:f>(.*?)</c:f>|descr="(.*?)"', package.read(name).decode())
            yield f"{name}: {[''.join(found) for found in said]}"
