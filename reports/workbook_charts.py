"""The workbook's own charts: points by month, points of each part (reports.md 14). They read the sheets' cells.

A month without a check is a gap. Each chart has its figures in words for those who do not see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import cast

from xlsxwriter.chart import Chart
from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell

from . import numbers, sheets_words
from .cells import Book, Sheet
from .sheets_kinds import Table, Value
from .sheets_scorecard import POINTS_COLUMN

_BLUE, _RULE, _MUTED = "#1A4FA3", "#D3DAE2", "#4E5B6B"
_LINES = ("#1A4FA3", "#0B7A5E", "#946000", "#4B2E9E", "#9C0F3C", "#5C6470")
_WIDTH, _HEIGHT, _GAP = 440, 262, 8  # pixels
_ROW = 20  # pixels of the lowest row
_DAY_ZERO = date(1899, 12, 30)
_HALF = 50


def score_line(sheet: Sheet, cell: tuple[int, int], table: Table, title: str) -> None:
    """The points of each month that the table of the trend has."""
    scores = _column(table, 1)
    chart = _chart(sheet.book, "line", title)
    chart.add_series(_series(table, 1, {"color": _BLUE, "width": 2.5}))
    _months(chart, scores)
    chart.set_legend({"none": True})
    known = [numbers.tenth(score) for score in scores if score is not None]
    _insert(sheet, cell, chart, f"{title} {sheets_words.SCORE_CHART_ALT} {', '.join(known)}.")


def part_lines(sheet: Sheet, cell: tuple[int, int], table: Table, columns: Sequence[int]) -> None:
    """A line for each part, in these columns of the table of the trend."""
    now = [(table.titles[column], _column(table, column)[-1]) for column in columns]
    message = _fewest(now, sheets_words.TREND_CHART)
    chart = _chart(sheet.book, "line", message)
    every: list[float | None] = []
    for place, column in enumerate(columns):
        color = _LINES[place % len(_LINES)]
        chart.add_series(_series(table, column, {"color": color, "width": 2}))
        every += _column(table, column)
    low = _months(chart, every)
    chart.set_legend({"position": "bottom", "font": {"size": 9, "color": _MUTED}})
    last = "; ".join(sheets_words.points_of(title, numbers.tenth(score)) for title, score in now if score is not None)
    _insert(sheet, cell, chart, sheets_words.trend_alt(message, low, last))


def part_bars(sheet: Sheet, cell: tuple[int, int], table: Table, above: int) -> None:
    """The points of each part now, below so many other charts at the same cell."""
    points = _column(table, POINTS_COLUMN)
    titles = [str(row[0]) for row in table.rows]
    message = _fewest(zip(titles, points, strict=True), sheets_words.PARTS_CHART)
    chart = _chart(sheet.book, "bar", message)
    chart.add_series(
        {
            "categories": _cells(table, 0),
            "categories_data": titles,
            "values": _cells(table, POINTS_COLUMN),
            "values_data": points,
            "fill": {"color": _BLUE},
            "gap": 60,
            "data_labels": {"value": True, "num_format": "0.0", "font": {"size": 9}},
        }
    )
    chart.set_x_axis({"min": 0, "max": 100, "major_unit": 25, **_axis()})
    chart.set_y_axis({"reverse": True, **_axis(), "major_gridlines": {"visible": False}})
    chart.set_legend({"none": True})
    pairs = zip(titles, points, strict=True)
    said = [sheets_words.points_of(title, numbers.tenth(score)) for title, score in pairs if score is not None]
    _insert(sheet, cell, chart, sheets_words.parts_alt(message, "; ".join(said)), above)


def _fewest(points: Iterable[tuple[str, float | None]], otherwise: str) -> str:
    """What such a chart says: the one part with the fewest points; `otherwise` where none stands out."""
    known = sorted((score, title) for title, score in points if score is not None)
    if len(known) < 2 or numbers.tenth(known[0][0]) == numbers.tenth(known[1][0]):
        return otherwise
    return sheets_words.fewest(known[0][1], numbers.tenth(known[0][0]))


def _chart(book: Book, kind: str, title: str) -> Chart:
    chart = cast(Chart, book.inner.add_chart({"type": kind}))
    chart.set_title({"name": title, "name_font": {"size": 11, "bold": True}, "overlay": False})
    chart.set_size({"width": _WIDTH, "height": _HEIGHT})
    chart.set_chartarea({"border": {"color": _RULE}})
    chart.show_blanks_as("gap")
    return chart


def _axis() -> dict[str, object]:
    return {
        "num_font": {"size": 9, "color": _MUTED},
        "line": {"color": _RULE},
        "major_gridlines": {"visible": True, "line": {"color": _RULE, "width": 0.5}},
    }


def _months(chart: Chart, values: Sequence[float | None]) -> int:
    """From 50 to 100, or from 0 where anything lies below 50; returns which."""
    low = 0 if any(value is not None and value < _HALF for value in values) else _HALF
    chart.set_y_axis({"min": low, "max": 100, **_axis()})
    # An axis of words: every month has its row, with a check or without, and of a single day LibreOffice labels an axis of
    # dates with the first month of the year.
    chart.set_x_axis({"text_axis": True, "num_format": "mmm yy", **_axis(), "major_gridlines": {"visible": False}})
    return low


def _series(table: Table, column: int, line: dict[str, object]) -> dict[str, object]:
    return {
        "name": f"='{table.sheet}'!{xl_rowcol_to_cell(table.head, column, row_abs=True, col_abs=True)}",
        "name_data": [table.titles[column]],
        "categories": _cells(table, 0),
        "categories_data": [_serial(row[0]) for row in table.rows],
        "values": _cells(table, column),
        "values_data": _column(table, column),
        "line": line,
        "marker": {"type": "circle", "size": 5, "fill": {"color": line["color"]}, "border": {"color": line["color"]}},
    }


def _cells(table: Table, column: int) -> str:
    return f"='{table.sheet}'!{xl_range_abs(table.head + 1, column, table.last, column)}"


def _column(table: Table, column: int) -> list[float | None]:
    values = [row[column] for row in table.rows]
    return [float(value) if isinstance(value, int | float) else None for value in values]


def _serial(value: Value) -> int | None:
    """A day as a spreadsheet counts days."""
    return (value.date() - _DAY_ZERO).days if isinstance(value, datetime) else None


def rows_of(charts: int) -> int:
    """How many rows so many charts, one below the other, cover at most."""
    return -(-(charts * (_HEIGHT + _GAP) + _GAP) // _ROW)


def _insert(sheet: Sheet, cell: tuple[int, int], chart: Chart, alternative: str, above: int = 0) -> None:
    place = {"x_offset": _GAP, "y_offset": _GAP + above * (_HEIGHT + _GAP), "object_position": 2}
    sheet.inner.insert_chart(*cell, chart, {"description": alternative, **place})
