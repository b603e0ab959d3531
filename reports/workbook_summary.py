"""The first sheet: the answers in rows on the left, the way to the other sheets and the charts beside them (reports.md 14).

It prints on one sheet of paper. So that it can be read there, the figures behind the answers stand below what is printed.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TypeAlias

from . import sheets_summary, sheets_words, words, workbook_charts, workbook_rules
from .cells import Book, Look, Sheet
from .sheets_kinds import Go, Group, Table, Value
from .view import View

_WIDTHS = (34, 14, 88, 2, 18, 46)
_RIGHT = 4  # the column where the block on the right begins
_ACROSS = 200  # characters of a line over both blocks
_GAP_POINTS = 7.0
_SIZE = 12
_LABEL, _TITLE = Look(wrap=True, ruled=True), Look(bold=True, size=_SIZE)

_Cells: TypeAlias = list[tuple[Value, Look] | None]


def write(book: Book, tables: Sequence[Table], view: View) -> None:
    sheet = Sheet(book, sheets_words.SUMMARY, _WIDTHS)
    sheet.set_up(view.client, landscape=True, one_page=True)
    _head(sheet, view)
    top = sheet.next
    right = list(_links(tables, view))
    below = top + len(right)  # where the charts begin
    groups = sheets_summary.groups(view)
    _blocks(sheet, [group for group in groups if group.on_paper], right)
    last = max(sheet.next - 1, below + _charts(sheet, tables, view, (below, _RIGHT)))
    sheet.inner.print_area(0, 0, last, len(_WIDTHS) - 1)
    sheet.next = max(sheet.next, last + 1)
    behind = [group for group in groups if not group.on_paper]
    if behind:
        sheet.gap()
        sheet.heading(sheets_words.BEHIND_TITLE, size=_SIZE)
        sheet.plain(sheets_words.BEHIND_NOTE)
        _blocks(sheet, behind, [])
    workbook_rules.words_in(sheet, (top, 1, sheet.next, 1))
    sheet.inner.activate()


def _head(sheet: Sheet, view: View) -> None:
    sheet.heading(f"{view.provider or words.PRODUCT}: {words.scorecard_for(view.client, view.month)}")
    for text in (
        view.label,
        view.standing.headline,
        f"{words.checked_on(view.stamp)}. {words.GUARANTEE}",
        view.made_up,
        *view.notices,
    ):
        for line in textwrap.wrap(text, _ACROSS):
            sheet.plain(line)


def _blocks(sheet: Sheet, groups: Sequence[Group], right: Sequence[_Cells]) -> None:
    """The rows of the groups, and beside them those of the block on the right."""
    for left, beside in zip_longest(_rows(groups), right):
        name, cells, height = left or ("", [], None)
        line = [*cells, *[None] * (_RIGHT - len(cells)), *(beside or [])]
        row = sheet.append(line, height=None if beside and height and height < _SIZE else height)
        if name:
            sheet.book.name(name, sheet.title, row, 1)


def _rows(groups: Sequence[Group]) -> Iterator[tuple[str, _Cells, float | None]]:
    """The name of the row's figure, its cells, and its height where it is a fixed one."""
    for group in groups:
        yield "", [], _GAP_POINTS
        if group.title:
            yield "", [(group.title, _TITLE)], _SIZE * 1.5
        for line in group.lines:
            figure = Look(line.kind, bold=True, ruled=True, right=_is_short(line.value))
            yield line.name, [(line.label, _LABEL), (line.value, figure), (line.remark, _LABEL)], None


def _is_short(value: Value) -> bool:
    """What would not fit is set from the left, where it runs on into the empty cell beside it."""
    return not isinstance(value, str) or len(value) < _WIDTHS[1]


def _links(tables: Sequence[Table], view: View) -> Iterator[_Cells]:
    yield []
    yield [(sheets_words.SHEETS_TITLE, _TITLE)]
    for title in (*(table.sheet for table in tables), sheets_words.METHOD):
        yield [(Go(title, title), Look(ruled=True)), (_about(title, view), Look(ruled=True))]


def _about(title: str, view: View) -> str:
    by_check = view.edition.by_check and title == sheets_words.FINDINGS
    return sheets_words.ABOUT_BY_CHECK if by_check else sheets_words.ABOUT[title]


def _charts(sheet: Sheet, tables: Sequence[Table], view: View, cell: tuple[int, int]) -> int:
    """Below the links; returns the rows that they cover. One check alone makes no line."""
    by_name = {table.sheet: table for table in tables}
    above = 0
    if view.trend.chart is not None and sheets_words.TREND in by_name:
        workbook_charts.score_line(sheet, cell, by_name[sheets_words.TREND], view.trend.sentence)
        above += 1
    if any(pillar.points is not None for pillar in view.pillars.parts):
        workbook_charts.part_bars(sheet, cell, by_name[sheets_words.SCORECARD], above)
        above += 1
    return workbook_charts.rows_of(above)
