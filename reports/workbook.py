"""The workbook: Summary, Devices, Findings, Not seen, Method (reports.md 14). Values only: there is no formula in it.

Formulas would need a cached value beside them, which openpyxl cannot write, and viewers that do not calculate would show
zeros. Every text cell is written as text; the same audit gives the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import cast

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.formatting.rule import DataBar, FormatObject, Rule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.filters import AutoFilter
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.table import Table as ExcelTable
from openpyxl.worksheet.table import TableColumn, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from scorecard.errors import ReportError
from scorecard.model import Audit
from scorecard.reporting import Report, ReportContext

from . import glossary, hygiene, sheets, words
from . import view as views
from .sheets import Heading, Kind, Table, Value
from .view import View

MOST_ROWS = 1_048_576
_NARROWEST, _WIDEST, _SAMPLED_ROWS = 10, 60, 2_000
_MARGIN_INCHES = 0.59
_ZIP_DAY = (1980, 1, 1, 0, 0, 0)
_FORMATS = {Kind.TENTH: "0.0", Kind.DAY: "yyyy-mm-dd", Kind.MOMENT: "yyyy-mm-dd hh:mm"}
_STATUS = {
    "No": ("9C0F3C", "F8DDE4", True, False),
    "Nearly": ("6B4600", "FFE9B8", False, False),
    "Yes": ("0B5F4A", None, False, False),
    "Not checked": ("3D4552", "E4E8ED", False, True),
    "Excused": ("4B2E9E", "E6E0F7", False, False),
}
_TOP = Alignment(vertical="top")
_WRAPPED = Alignment(vertical="top", wrap_text=True)
_RULE = Border(bottom=Side("thin", "FFD3DAE2"))


def _new_sheet(book: Workbook, title: str) -> Worksheet:
    """A sheet that is written row by row and not kept in memory; it has the interface of a Worksheet."""
    return cast(Worksheet, book.create_sheet(title))


def _blank(sheet: Worksheet, value: Value) -> Cell:
    return WriteOnlyCell(sheet, value)


def _cell(sheet: Worksheet, value: Value, kind: Kind = Kind.TEXT, *, wrap: bool = False) -> Cell:
    """A typed cell. Text stays text whatever it starts with, also when someone edits the cell."""
    if isinstance(value, str):
        kept = hygiene.text(value)
        cell = _blank(sheet, kept)
        cell.data_type = "s"
        if hygiene.starts_formula(kept):
            cell.quotePrefix = True
    else:
        cell = _blank(sheet, value)
        if kind in _FORMATS:
            cell.number_format = _FORMATS[kind]
    cell.alignment = _WRAPPED if wrap else _TOP
    return cell


def _set_up(sheet: Worksheet, view: View, *, landscape: bool) -> None:
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.paperSize = 9
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    margins = sheet.page_margins
    margins.left = margins.right = margins.top = margins.bottom = _MARGIN_INCHES
    client = view.client[:80].replace("&", "&&")
    header, footer = HeaderFooterItem(), HeaderFooterItem()
    header.left.text = f"{client} | {sheet.title}"
    footer.left.text = f"{view.as_of:%Y-%m-%d}"
    footer.right.text = "&P of &N"
    sheet.HeaderFooter.oddHeader, sheet.HeaderFooter.oddFooter = header, footer


def _data_sheet(book: Workbook, table: Table, view: View) -> None:
    sheet = _new_sheet(book, table.sheet)
    titles = _unique(table.headings)
    last = get_column_letter(len(titles))
    for place, width in enumerate(_widths(table, titles), 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.freeze_panes = f"{get_column_letter(table.frozen + 1)}2"
    _set_up(sheet, view, landscape=True)
    sheet.print_title_rows = "1:1"
    head = [_cell(sheet, title, wrap=True) for title in titles]
    for cell in head:
        cell.font = Font(bold=True)
    sheet.append(head)
    rows = table.rows[: MOST_ROWS - 1]
    for row in rows:
        sheet.append(
            [
                _cell(sheet, value, heading.kind, wrap=heading.wrap)
                for value, heading in zip(row, table.headings, strict=True)
            ]
        )
    end = max(len(rows), 1) + 1
    sheet.tables.add(_excel_table(table.name, f"A1:{last}{end}", titles))
    for place, heading in enumerate(table.headings, 1):
        _formats(sheet, heading, f"{get_column_letter(place)}2:{get_column_letter(place)}{end}")


def _formats(sheet: Worksheet, heading: Heading, cells: str) -> None:
    if heading.kind is Kind.STATUS:
        for word, (ink, fill, bold, italic) in _STATUS.items():
            shade = PatternFill("solid", bgColor=f"FF{fill}") if fill else None
            font = Font(color=f"FF{ink}", bold=bold, italic=italic)
            style = DifferentialStyle(font=font, fill=shade)
            rule = Rule(type="cellIs", operator="equal", formula=[f'"{word}"'], dxf=style)
            sheet.conditional_formatting.add(cells, rule)
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
    widths: list[float] = []
    for place, title in enumerate(titles):
        longest = max((len(_shown(row[place])) for row in table.rows[:_SAMPLED_ROWS]), default=0)
        widths.append(min(max(longest + 2, min(len(title), 14) + 4, _NARROWEST), _WIDEST))
    return widths


def _shown(value: Value) -> str:
    return "0000-00-00 00:00" if isinstance(value, datetime) else "" if value is None else str(value)


def _summary(book: Workbook, view: View) -> None:
    sheet = _new_sheet(book, "Summary")
    for column, width in (("A", 40), ("B", 16), ("C", 60)):
        sheet.column_dimensions[column].width = width
    _set_up(sheet, view, landscape=False)
    _heading(sheet, f"{view.provider or words.PRODUCT}: {words.scorecard_for(view.client, view.month)}")
    sheet.append([_cell(sheet, view.standing.headline)])
    sheet.append([_cell(sheet, f"{words.checked_on(view.stamp)}. {words.GUARANTEE}")])
    for notice in view.notices:
        sheet.append([_cell(sheet, notice)])
    sheet.append([])
    for label, value, remark in sheets.summary(view):
        if not label:
            sheet.append([])
            _heading(sheet, remark, size=12)
            continue
        figure = _cell(sheet, value, Kind.TENTH if isinstance(value, float) else Kind.WHOLE)
        if label == sheets.COVERAGE:
            figure.number_format = "0.0%"
        figure.alignment = Alignment(horizontal="right", vertical="top")
        figure.font = Font(bold=True)
        cells = [_cell(sheet, label, wrap=True), figure, _cell(sheet, remark, wrap=True)]
        for cell in cells:
            cell.border = _RULE
        sheet.append(cells)


def _method(book: Workbook, view: View) -> None:
    sheet = _new_sheet(book, "Method")
    sheet.column_dimensions["A"].width = 34
    sheet.column_dimensions["B"].width = 100
    _set_up(sheet, view, landscape=False)
    _heading(sheet, words.TITLE_METHOD)
    groups: list[tuple[str, list[tuple[str, str]]]] = [
        ("", [(fact.label, "\n".join(fact.lines)) for fact in view.method.facts]),
        (
            "What limits the letter",
            [(f"Not better than {cap.letter}", f"{cap.message}. {cap.lift}.") for cap in view.method.caps],
        ),
        (
            "What was checked",
            [(check.title, f"{check.id}; {check.severity}; {check.parameters}") for check in view.method.checks],
        ),
        ("Answers", list(glossary.LEGEND)),
        (words.TITLE_WORDS, [(term, meaning) for _, term, meaning in glossary.GLOSSARY]),
    ]
    left_out = len(view.rows.findings) - len(sheets.listed(view))
    if left_out:
        groups[0][1].append(("Left out of this file", words.left_out(left_out)))
    for title, lines in groups:
        if title and lines:
            sheet.append([])
            _heading(sheet, title, size=12)
        for label, text in lines:
            first = _cell(sheet, label, wrap=True)
            first.font = Font(bold=True)
            sheet.append([first, _cell(sheet, text, wrap=True)])


def _heading(sheet: Worksheet, text: str, size: int = 16) -> None:
    cell = _cell(sheet, text)
    cell.font = Font(bold=True, size=size)
    sheet.append([cell])


def build(view: View) -> bytes:
    book = Workbook(write_only=True)
    properties = book.properties
    properties.title = words.page_title(view.client, view.month)
    properties.creator = view.provider or words.PRODUCT
    properties.created = properties.modified = sheets.utc(view.as_of)
    _summary(book, view)
    for table in (sheets.devices(view), sheets.findings(view), sheets.not_seen(view)):
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
