"""One sheet of the workbook, written row by row: typed cells, widths, row heights, print set-up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import cast

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from . import hygiene
from .sheets import Kind, Value

_FORMATS = {
    Kind.TENTH: "0.0",
    Kind.TENTH_PLAIN: "0.0",
    Kind.HUNDREDTH: "0.00",
    Kind.SIGNED: "+0.0;-0.0;0.0",
    Kind.DAY: "yyyy-mm-dd",
    Kind.MOMENT: "yyyy-mm-dd hh:mm",
    Kind.SHARE: "0.0%",
}
_INPUT = PatternFill("solid", fgColor="FFFFF9E5")
_SIDE_INCHES, _TOP_INCHES, _HEAD_INCHES = 0.59, 0.83, 0.35
_A4 = 9
_LINE_POINTS, _MOST_LINES = 15.0, 20
_TOP = Alignment(vertical="top")
_WRAPPED = Alignment(vertical="top", wrap_text=True)
_LEFT = Alignment(vertical="top", horizontal="left")
_RIGHT = Alignment(vertical="top", horizontal="right", indent=1)
_RULE = Border(bottom=Side("thin", "FFD3DAE2"))


class Sheet:
    """Rows are written once and not kept, so that a large fleet fits into memory. Widths are in characters."""

    def __init__(self, book: Workbook, title: str, widths: Sequence[float]) -> None:
        self.inner = cast(Worksheet, book.create_sheet(title))
        self._widths = widths
        self._row = 0
        for place, width in enumerate(widths, 1):
            self.inner.column_dimensions[get_column_letter(place)].width = width

    def cell(self, value: Value, kind: Kind = Kind.TEXT, *, wrap: bool = False) -> Cell:
        """A typed cell. Text stays text whatever it starts with, also when someone edits the cell."""
        if not isinstance(value, str):
            cell = WriteOnlyCell(self.inner, value)
            if kind in _FORMATS:
                cell.number_format = _FORMATS[kind]
            cell.alignment = _LEFT if kind in (Kind.DAY, Kind.MOMENT) else _RIGHT
        else:
            kept = hygiene.text(value)
            cell = WriteOnlyCell(self.inner, kept)
            cell.data_type = "s"
            if hygiene.starts_formula(kept):
                cell.quotePrefix = True
            cell.alignment = _WRAPPED if wrap else _TOP
        return cell

    def append(self, cells: list[Cell | None] | list[Cell]) -> None:
        """Rows get the height that their wrapped text needs: not every program works it out by itself."""
        self._row += 1
        lines = max((self._lines(cell, width) for cell, width in zip(cells, self._widths, strict=False) if cell), default=1)
        if lines > 1:
            self.inner.row_dimensions[self._row].height = _LINE_POINTS * min(lines, _MOST_LINES)
        self.inner.append(cells)

    def heading(self, text: str, size: int = 16) -> None:
        cell = self.cell(text)
        cell.font = Font(name="Calibri", bold=True, size=size)
        self._row += 1
        self.inner.row_dimensions[self._row].height = size * 1.5
        self.inner.append([cell])

    def plain(self, text: str) -> None:
        self.append([self.cell(text)])

    def gap(self) -> None:
        self._row += 1
        self.inner.append([])

    def pair(self, label: str, text: str) -> None:
        """A label with its explanation beside it."""
        self.append([bold(self.cell(label, wrap=True)), self.cell(text, wrap=True)])

    def figure(self, label: str, value: Value, kind: Kind, remark: str) -> None:
        """A label, its figure, and a remark."""
        shown, note = bold(self.cell(value, kind)), self.cell(remark)
        shown.alignment, note.alignment = _RIGHT, _WRAPPED
        cells = [self.cell(label, wrap=True), shown, note]
        for cell in cells:
            cell.border = _RULE
        self.append(cells)

    def set_up(self, client: str, day: datetime, *, landscape: bool) -> None:
        """For the printer: A4, one page wide, client and sheet on top, date and page below."""
        sheet = self.inner
        sheet.page_setup.orientation = "landscape" if landscape else "portrait"
        sheet.page_setup.paperSize = _A4
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        margins = sheet.page_margins
        margins.left = margins.right = _SIDE_INCHES
        margins.top = margins.bottom = _TOP_INCHES
        margins.header = margins.footer = _HEAD_INCHES
        header, footer = HeaderFooterItem(), HeaderFooterItem()
        header.left.text = f"{client[:80].replace('&', '&&')} | {sheet.title}"
        footer.left.text = f"{day:%Y-%m-%d}"
        footer.right.text = "&P of &N"
        sheet.HeaderFooter.oddHeader, sheet.HeaderFooter.oddFooter = header, footer

    def _lines(self, cell: Cell, width: float) -> int:
        if not (cell.alignment.wrap_text and isinstance(cell.value, str)):
            return 1
        return sum(max(math.ceil(len(line) / max(width - 1, 1)), 1) for line in cell.value.split("\n"))


def tinted(cell: Cell) -> Cell:
    """A cell that is left for the reader to fill in."""
    cell.fill = _INPUT
    return cell


def bold(cell: Cell) -> Cell:
    cell.font = Font(name="Calibri", bold=True, size=11)
    return cell
