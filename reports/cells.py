"""A workbook written row by row with XlsxWriter: typed cells, widths, row heights, print set-up (reports.md 12.4 and 14).

Rows go to a file of their own as they come and are not kept, so that a large fleet fits into memory. Text is written as
text whatever it starts with; a formula is written only where a module of ours wrote it, with the value beside it.

XlsxWriter was chosen by measuring: 80,000 findings take it 14 s and 76 MiB beside the audit, with links; openpyxl's mode
for writing alone took 33 s and 137 MiB without them, and cannot write the value beside a formula.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import IO, cast

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from scorecard import days

from . import hygiene
from .sheets_kinds import Formula, Go, Kind, Value

MOST_LINKS = 65_000  # a sheet may have 65,530
_FORMATS = {
    Kind.WHOLE: "#,##0",
    Kind.TENTH: "0.0",
    Kind.TENTH_PLAIN: "0.0",
    Kind.HUNDREDTH: "0.00",
    Kind.SIGNED: "+0.0;-0.0;0.0",
    Kind.DAY: "yyyy-mm-dd",
    Kind.MOMENT: "yyyy-mm-dd hh:mm",
    Kind.SHARE: "0.0%",
    Kind.PERCENT: "0%",
}
_INPUT, _LIVE, _RULE, _LINK = "#FFF9E5", "#F4F6F8", "#D3DAE2", "#1A4FA3"
_MARGIN_INCHES, _HEAD_INCHES = 0.59, 0.3  # 1.5 cm, with the line over and under the page inside
_PAPERS = {days.LETTER: 1, days.A4: 9}  # as spreadsheets number them
LINE_POINTS, _MOST_LINES = 15.0, 20
NUMBERS = frozenset((Kind.WHOLE, Kind.TENTH, Kind.TENTH_PLAIN, Kind.HUNDREDTH, Kind.SIGNED, Kind.SHARE, Kind.PERCENT))
_LETTERS = 1.1  # of text, in the width of one digit
_NEVER = ("<r>", "</r>")


@dataclass(frozen=True, slots=True)
class Look:
    """How a cell is set. `input`: left for the reader to fill in; `ruled`: with a line below."""

    kind: Kind = Kind.TEXT
    wrap: bool = False
    bold: bool = False
    size: int = 11
    input: bool = False
    ruled: bool = False
    right: bool = False
    left: bool = False


@lru_cache(maxsize=20_000)
def _kept(value: str) -> tuple[str, bool]:
    """The text as it may stand in a cell, and whether a spreadsheet might take it for a formula."""
    kept = hygiene.text(value)
    return kept, hygiene.starts_formula(kept)


class Book:
    """The file at `path`, written in one piece at the end. `scratch`: a folder for rows on their way.

    Raises OSError and XlsxWriter's own errors. A file that XlsxWriter had open itself when the disk is full would complain
    on standard error once more when it goes.
    """

    def __init__(
        self, path: Path, scratch: Path, properties: Mapping[str, str | datetime | None], foot: tuple[str, str], paper: str
    ) -> None:
        self._path, self._packed = path, BytesIO()
        self.inner = xlsxwriter.Workbook(
            self._packed,
            {
                "constant_memory": True,
                "tmpdir": str(scratch),
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        self.inner.set_properties(dict(properties))
        self.foot = foot  # day, edition
        self.paper = paper  # days.A4 or days.LETTER
        self._looks: dict[tuple[Look, bool, bool, bool], Format] = {}
        self._differing: dict[tuple[tuple[str, str | bool], ...], Format] = {}
        self._plain = self.inner.add_format()

    def close(self) -> None:
        self.inner.close()
        self._path.write_bytes(self._packed.getbuffer())

    def discard(self) -> None:
        """Let go of what was begun, after an error."""
        for sheet in self.inner.worksheets():
            cast(IO[str], sheet.row_data_fh).close()

    def name(self, name: str, sheet: str, row: int, column: int, last: tuple[int, int] | None = None) -> None:
        """A name for a cell, or for the range up to `last`; rows and columns from 0."""
        cells = xl_range_abs(row, column, *(last or (row, column)))
        self.inner.define_name(name, f"='{sheet}'!{cells}")

    def plain(self) -> Format:
        """A format that changes nothing."""
        return self._plain

    def differing(self, properties: tuple[tuple[str, str | bool], ...]) -> Format:
        """A format of these properties alone, for what follows the words in cells."""
        if properties not in self._differing:
            self._differing[properties] = self.inner.add_format(dict(properties))
        return self._differing[properties]

    def format(self, look: Look, *, quoted: bool = False, live: bool = False, link: bool = False) -> Format:
        key = (look, quoted, live, link)
        if key not in self._looks:
            self._looks[key] = self.inner.add_format(_properties(look, quoted=quoted, live=live, link=link))
        return self._looks[key]


def _properties(look: Look, *, quoted: bool, live: bool, link: bool) -> dict[str, object]:
    """In XlsxWriter's terms."""
    found: dict[str, object] = {"valign": "top", "font_name": "Calibri", "font_size": look.size}
    if look.kind in _FORMATS:
        found["num_format"] = _FORMATS[look.kind]
    if look.right or (look.kind in NUMBERS and not look.left):
        found |= {"align": "right", "indent": 1}
    else:
        found["align"] = "left"
    if look.wrap:
        found["text_wrap"] = True
    if look.bold:
        found["bold"] = True
    if look.input or live:
        found["bg_color"] = _INPUT if look.input else _LIVE
    if look.ruled:
        found |= {"bottom": 1, "bottom_color": _RULE}
    if quoted:
        found["quote_prefix"] = True
    if link:
        found |= {"underline": 1, "font_color": _LINK}
    return found


class Sheet:
    """Rows are written from top to bottom, once. Widths are in characters, rows and columns counted from 0."""

    def __init__(self, book: Book, title: str, widths: Sequence[float]) -> None:
        self.book = book
        self.title = title
        self.inner: Worksheet = book.inner.add_worksheet(title)
        self.next = 0  # the row that is written next
        self._widths = widths
        self._links = 0
        for place, width in enumerate(widths):
            self.inner.set_column(place, place, width)

    def append(self, cells: Sequence[tuple[Value, Look] | None], *, height: float | None = None) -> int:
        """Write a row and say which. It gets the height that its wrapped text needs: not every program works that out."""
        row = self.next
        lines = 1
        for column, cell in enumerate(cells):
            if cell is not None:
                lines = max(lines, self._put(row, column, *cell))
        if height is not None and not any(cells):
            self.inner.write_blank(row, 0, None, self.book.plain())  # a row of no cells would lose its height
        if height is not None or lines > 1:
            self.inner.set_row(row, height or LINE_POINTS * min(lines, _MOST_LINES))
        self.next += 1
        return row

    def _put(self, row: int, column: int, value: Value, look: Look) -> int:
        """Write one cell; returns the lines that it needs."""
        book = self.book
        if isinstance(value, str):
            return self._text(row, column, value, look)
        if value is None:
            self.inner.write_blank(row, column, None, book.format(look))
        elif isinstance(value, datetime):
            self.inner.write_datetime(row, column, value, book.format(look))
        elif isinstance(value, Formula):
            stored = "" if value.value is None else value.value
            self.inner.write_formula(row, column, f"={value.text}", book.format(look, live=True), stored)
        elif isinstance(value, Go):
            self._link(row, column, value, look)
        else:
            self.inner.write_number(row, column, value, book.format(look))
        return 1

    def _text(self, row: int, column: int, value: str, look: Look) -> int:
        kept, quoted = _kept(value)
        shown = self.book.format(look, quoted=quoted)
        if not kept:
            self.inner.write_blank(row, column, None, shown)
        elif kept.startswith(_NEVER[0]) and kept.endswith(_NEVER[1]):
            # XlsxWriter takes such text for markup that it wrote itself, and would write it as it is.
            self.inner.write_rich_string(row, column, kept[0], self.book.plain(), kept[1:], shown)
        else:
            self.inner.write_string(row, column, kept, shown)
        width = self._widths[column]
        if not look.wrap or (len(kept) <= width * _LETTERS and "\n" not in kept):
            return 1
        return sum(max(math.ceil(len(line) / width), 1) for line in kept.split("\n"))

    def _link(self, row: int, column: int, go: Go, look: Look) -> None:
        """Plain text once a sheet has all the links that it may have."""
        self._links += 1
        if self._links > MOST_LINKS:
            self._text(row, column, go.text, look)
            return
        target = f"internal:'{go.sheet}'!{xl_rowcol_to_cell(go.row, 0)}"
        self.inner.write_url(row, column, target, self.book.format(look, link=True), go.text)

    def heading(self, text: str, size: int = 16) -> None:
        self.append([(text, Look(bold=True, size=size))], height=size * 1.5)

    def plain(self, text: str) -> None:
        self.append([(text, Look())])

    def gap(self) -> None:
        self.next += 1

    def set_up(self, client: str, *, landscape: bool, one_page: bool = False) -> None:
        """For the printer: one page wide, client and sheet on top, date, edition and page below."""
        sheet = self.inner
        if landscape:
            sheet.set_landscape()
        sheet.set_paper(_PAPERS[self.book.paper])
        sheet.fit_to_pages(1, 1 if one_page else 0)
        sheet.set_margins(left=_MARGIN_INCHES, right=_MARGIN_INCHES, top=_MARGIN_INCHES, bottom=_MARGIN_INCHES)
        day, edition = (text.replace("&", "&&") for text in self.book.foot)
        sheet.set_header(f"&L{client[:80].replace('&', '&&')} | {self.title}", {"margin": _HEAD_INCHES})
        sheet.set_footer(f"&L{day}&C{edition}&R&P of &N", {"margin": _HEAD_INCHES})

    def table(self, name: str, titles: Sequence[str], first: int, last: int) -> None:
        """Make the rows from `first` (the head, still to be written) to `last` a table.

        XlsxWriter has no tables where it keeps no rows, since it would have to write their heads out of order; ours are
        written in order all the same. It also notes every cell of the range, which a large table has no room for: so
        it is asked for the smallest table, and told the true range afterwards.
        """
        sheet = self.inner
        sheet.constant_memory = False
        try:
            sheet.add_table(
                first,
                0,
                first + 1,
                len(titles) - 1,
                {
                    "name": name,
                    "style": "Table Style Light 1",
                    "banded_rows": False,
                    "columns": [{"header": title} for title in titles],
                },
            )
        finally:
            sheet.constant_memory = True
        cells = f"{xl_rowcol_to_cell(first, 0)}:{xl_rowcol_to_cell(last, len(titles) - 1)}"
        sheet.tables[-1] |= {"range": cells, "a_range": cells, "autofilter": cells}
