"""The workbook: a summary, a sheet for each list, the method (reports.md 14). Values only: there is no formula in it.

Formulas would need a cached value beside them, which openpyxl cannot write, and viewers that do not calculate would show
zeros. Every text cell is written as text; the same audit gives the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.formatting.rule import DataBar, FormatObject, Rule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.filters import AutoFilter
from openpyxl.worksheet.table import Table as ExcelTable
from openpyxl.worksheet.table import TableColumn, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from scorecard.errors import ReportError
from scorecard.reporting import Report, ReportContext
from scorecard.result import Audit

from . import glossary, grades_words, labels, sheets, sheets_more, words
from . import view as views
from .cells import Sheet, bold, tinted
from .sheets import Heading, Kind, Table, Value
from .view import View

MOST_ROWS = 1_048_576
_NARROWEST, _SAMPLED_ROWS = 10, 2_000
_ZIP_DAY = (1980, 1, 1, 0, 0, 0)
# Word: text colour, fill, bold, italic.
_STATUS = {
    "No": ("9C0F3C", "F8DDE4", True, False),
    "Nearly": ("6B4600", "FFE9B8", False, False),
    "Yes": ("0B5F4A", None, False, False),
    "Not checked": ("3D4552", "E4E8ED", False, True),
    "Excused": ("4B2E9E", "E6E0F7", False, False),
    "Ended": ("9C0F3C", "F8DDE4", True, False),
    "Ending soon": ("6B4600", "FFE9B8", False, False),
    "Without a place": ("6B4600", "FFE9B8", False, False),
    "Matches nothing": ("6B4600", "FFE9B8", False, False),
    "Holds": ("4B2E9E", "E6E0F7", False, False),
    "Gaps": ("9C0F3C", "F8DDE4", True, False),
    "In part": ("6B4600", "FFE9B8", False, False),
    "Not yet": ("3D4552", "E4E8ED", False, True),
    "Not measured": ("3D4552", "E4E8ED", False, True),
    "Supported": ("0B5F4A", None, False, False),
}


def _data_sheet(book: Workbook, table: Table, view: View) -> None:
    titles = _unique(table.headings)
    sheet = Sheet(book, table.sheet, _widths(table, titles))
    sheet.inner.freeze_panes = f"{get_column_letter(table.frozen + 1)}2"
    sheet.inner.print_title_rows = "1:1"
    sheet.set_up(view.client, view.as_of, landscape=True)
    sheet.append([bold(sheet.cell(title, wrap=True)) for title in titles])
    rows = table.rows[: MOST_ROWS - 1]
    for row in rows:
        pairs = zip(row, table.headings, strict=True)
        sheet.append([_cell(sheet, value, heading) for value, heading in pairs])
    end = max(len(rows), 1) + 1  # a table has at least one row, if an empty one
    sheet.inner.tables.add(_excel_table(table.name, f"A1:{get_column_letter(len(titles))}{end}", titles))
    for place, heading in enumerate(table.headings, 1):
        cells = f"{get_column_letter(place)}2:{get_column_letter(place)}{end}"
        _formats(sheet.inner, heading, cells)
        if heading.input:
            _choices(sheet.inner, heading, cells)


def _cell(sheet: Sheet, value: Value, heading: Heading) -> Cell | None:
    """Nothing is written where there is nothing: most rows of a large table have a dozen such cells."""
    if value in (None, "") and not heading.input:
        return None
    cell = sheet.cell(value, heading.kind, wrap=heading.wrap)
    return tinted(cell) if heading.input else cell


def _choices(sheet: Worksheet, heading: Heading, cells: str) -> None:
    """What may be filled in; a day where the column is one of days."""
    if heading.choices:
        allowed = DataValidation(type="list", formula1=f'"{",".join(heading.choices)}"', allow_blank=True)
    elif heading.kind is Kind.DAY:
        allowed = DataValidation(type="date", operator="greaterThan", formula1="36526", allow_blank=True)
    else:
        return
    allowed.showErrorMessage = True
    allowed.add(cells)
    sheet.data_validations.append(allowed)


def _formats(sheet: Worksheet, heading: Heading, cells: str) -> None:
    """Formats that follow the word in the cell, so that they survive sorting and pasting."""
    if heading.kind is Kind.STATUS:
        for word, (ink, fill, is_bold, italic) in _STATUS.items():
            shade = PatternFill("solid", bgColor=f"FF{fill}") if fill else None
            style = DifferentialStyle(font=Font(color=f"FF{ink}", bold=is_bold, italic=italic), fill=shade)
            sheet.conditional_formatting.add(cells, Rule(type="cellIs", operator="equal", formula=[f'"{word}"'], dxf=style))
    elif heading.kind is Kind.TENTH:
        ends = [FormatObject("num", 0), FormatObject("num", 100)]
        sheet.conditional_formatting.add(cells, Rule(type="dataBar", dataBar=DataBar(cfvo=ends, color="FFB9CBE8")))


def _excel_table(name: str, cells: str, titles: Sequence[str]) -> ExcelTable:
    columns = tuple(TableColumn(id=number, name=title) for number, title in enumerate(titles, 1))
    table = ExcelTable(displayName=name, ref=cells, tableColumns=columns, autoFilter=AutoFilter(ref=cells))
    table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=False)
    return table


def _unique(headings: Iterable[Heading]) -> list[str]:
    """A table's columns need names of their own."""
    titles: list[str] = []
    for heading in headings:
        title, number = heading.title, 2
        while title.casefold() in {known.casefold() for known in titles}:
            title, number = f"{heading.title} {number}", number + 1
        titles.append(title)
    return titles


def _widths(table: Table, titles: Sequence[str]) -> list[float]:
    """From the content, within limits; the filter's button needs room beside the heading."""
    widths: list[float] = []
    for place, (title, heading) in enumerate(zip(titles, table.headings, strict=True)):
        longest = max((_length(row[place]) for row in table.rows[:_SAMPLED_ROWS]), default=0)
        widths.append(min(max(longest + 2, min(len(title), 14) + 4, _NARROWEST), heading.widest))
    return widths


def _length(value: Value) -> int:
    if isinstance(value, float):
        return len(f"{value:,.2f}")
    return 16 if isinstance(value, datetime) else 0 if value is None else len(str(value))


def _summary(book: Workbook, view: View) -> None:
    sheet = Sheet(book, "Summary", (40, 16, 60))
    sheet.set_up(view.client, view.as_of, landscape=False)
    sheet.heading(f"{view.provider or words.PRODUCT}: {words.scorecard_for(view.client, view.month)}")
    sheet.plain(view.standing.headline)
    sheet.plain(f"{words.checked_on(view.stamp)}. {words.GUARANTEE}")
    for notice in (view.made_up, *view.notices):
        if notice:
            sheet.plain(notice)
    for group in sheets.summary(view):
        sheet.gap()
        if group.title:
            sheet.heading(group.title, size=12)
        for line in group.lines:
            sheet.figure(line.label, line.value, line.kind, line.remark)


def _method(book: Workbook, view: View) -> None:
    sheet = Sheet(book, "Method", (34, 100))
    sheet.set_up(view.client, view.as_of, landscape=False)
    sheet.heading(words.TITLE_METHOD)
    left_out = len(view.rows.findings) - len(sheets.listed(view))
    method, grades = view.method, view.grades
    as_shipped = [(grades_words.SHIPPED_LABEL, "\n".join((grades.shipped, *grades.differences)))] if grades.shipped else []
    groups: tuple[tuple[str, list[tuple[str, str]]], ...] = (
        ("", [(fact.label, "\n".join(fact.lines)) for fact in method.facts]),
        ("", as_shipped),
        ("", [(labels.LEFT_OUT, words.left_out(left_out))] if left_out else []),
        (labels.CAPS_TITLE, [(words.not_better(cap.letter), f"{cap.message}. {cap.lift}.") for cap in method.caps]),
        (
            labels.CHECKS_TITLE,
            [(check.title, words.joined(check.id, check.severity, check.parameters)) for check in method.checks],
        ),
        (labels.ANSWERS_TITLE, list(glossary.LEGEND)),
        (words.TITLE_WORDS, [(term, meaning) for _, term, meaning in glossary.GLOSSARY]),
    )
    for title, lines in groups:
        if title and lines:
            sheet.gap()
            sheet.heading(title, size=12)
        for label, text in lines:
            sheet.pair(label, text)


def _tables(view: View) -> tuple[Table, ...]:
    """Frameworks and warnings only where there is something to say."""
    beside = (sheets_more.ahead(view), sheets_more.frameworks(view))
    return (
        sheets.devices(view),
        sheets.findings(view),
        sheets_more.plan(view),
        sheets_more.trend(view),
        sheets_more.exceptions(view),
        sheets_more.coverage(view),
        *(table for table in beside if table.rows),
    )


def build(view: View) -> bytes:
    book = Workbook(write_only=True)
    book.properties.title = words.page_title(view.client, view.month)
    book.properties.creator = view.provider or words.PRODUCT
    book.properties.created = book.properties.modified = sheets.utc(view.as_of)
    _summary(book, view)
    for table in _tables(view):
        _data_sheet(book, table, view)
    _method(book, view)
    written = io.BytesIO()
    ExcelWriter(book, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED)).save()
    return _without_clock(written)


def _without_clock(package: io.BytesIO) -> bytes:
    """The same package with fixed dates on its members, so that the same audit gives the same bytes."""
    fixed = io.BytesIO()
    with zipfile.ZipFile(package) as old, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            member = zipfile.ZipInfo(name, _ZIP_DAY)
            member.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(member, old.read(name))
    return fixed.getvalue()


def render(audit: Audit, context: ReportContext, path: Path) -> None:
    """Write the workbook at `path`. Raises ReportError."""
    try:
        path.write_bytes(build(views.build(audit, context)))
    except OSError as error:
        raise ReportError(f"{path}: the workbook cannot be written: {error.strerror or error}") from error


REPORT = Report("xlsx", ".xlsx", render)
