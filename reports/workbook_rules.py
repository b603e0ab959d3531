"""What follows the words in the cells of a table: colours, and what may be filled in (reports.md 14)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from . import sheets_words
from .cells import Sheet
from .sheets_kinds import Heading, Kind, Table

_Shown = tuple[tuple[str, str | bool], ...]
_RED: _Shown = (("font_color", "#9C0F3C"), ("bg_color", "#F8DDE4"), ("bold", True))
_AMBER: _Shown = (("font_color", "#6B4600"), ("bg_color", "#FFE9B8"))
_GREEN: _Shown = (("font_color", "#0B5F4A"),)
_GREY: _Shown = (("font_color", "#3D4552"), ("bg_color", "#E4E8ED"), ("italic", True))
_VIOLET: _Shown = (("font_color", "#4B2E9E"), ("bg_color", "#E6E0F7"))
STATUS = {
    "No": _RED,
    "Nearly": _AMBER,
    "Yes": _GREEN,
    "Yes, except": _VIOLET,
    "Not checked": _GREY,
    "Excused": _VIOLET,
    "Ended": _RED,
    "Ending soon": _AMBER,
    "Without a place": _AMBER,
    "Matches nothing": _AMBER,
    "Holds": _VIOLET,
    "Gaps": _RED,
    "In part": _AMBER,
    "Not yet": _GREY,
    "Not measured": _GREY,
    "Supported": _GREEN,
    sheets_words.OK: _GREEN,
    sheets_words.DIFF: _RED,
}
_BAR = "#B9CBE8"
_LONGEST_LIST = 255  # characters that a list inside a rule may have


def follow(sheet: Sheet, table: Table, today: date) -> None:
    """Colours and choices for the rows of the table."""
    for place, heading in enumerate(table.headings):
        first, last = table.head + 1, table.last
        _colours(sheet, heading, (first, place, last, place))
        _choices(sheet, heading, (first, place, last, place), today)


def words_in(sheet: Sheet, cells: tuple[int, int, int, int]) -> None:
    """Colours by the word in each of the cells: first row and column, last row and column, from 0."""
    for word, shown in STATUS.items():
        format_ = sheet.book.differing(shown)
        sheet.inner.conditional_format(*cells, {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": format_})


def _colours(sheet: Sheet, heading: Heading, cells: tuple[int, int, int, int]) -> None:
    if heading.kind is Kind.STATUS:
        words_in(sheet, cells)
    elif heading.kind is Kind.TENTH:
        ends = {"min_type": "num", "min_value": 0, "max_type": "num", "max_value": 100}
        sheet.inner.conditional_format(*cells, {"type": "data_bar", "bar_color": _BAR, **ends})
    elif heading.kind is Kind.SIGNED:
        below = {"type": "cell", "criteria": "<", "value": 0, "format": sheet.book.differing(_RED)}
        sheet.inner.conditional_format(*cells, below)


def overdue(sheet: Sheet, table: Table) -> None:
    """A due day that is past on the day when somebody looks, of what is neither done nor declined.

    The one place that asks for today's date: it is no figure, and nothing else says what is late now.
    """
    titles = table.titles
    first = table.head + 2
    due, state = (chr(ord("A") + titles.index(title)) for title in ("Due", "State"))
    open_ = f'${state}{first}<>"Done",${state}{first}<>"Declined"'
    rule = {"type": "formula", "criteria": f'=AND(${due}{first}<>"",${due}{first}<TODAY(),{open_})'}
    place = titles.index("Due")
    cells = (table.head + 1, place, table.last, place)
    sheet.inner.conditional_format(*cells, {**rule, "format": sheet.book.differing(_RED)})


def _choices(sheet: Sheet, heading: Heading, cells: tuple[int, int, int, int], today: date) -> None:
    rule: dict[str, object]
    if heading.choices and _fits(heading.choices):
        rule = {"validate": "list", "source": list(heading.choices)}
    elif heading.listed_in:
        rule = {"validate": "list", "source": f"={heading.listed_in}"}
    elif heading.after_report:
        said = sheets_words.due_after(f"{today:%Y-%m-%d}")
        rule = {"validate": "date", "criteria": ">", "value": "=Report_Date", "error_message": said}
    elif heading.not_negative:
        rule = {"validate": "decimal", "criteria": ">=", "value": 0, "error_message": sheets_words.NOT_NEGATIVE}
    else:
        return
    sheet.inner.data_validation(*cells, rule)


def _fits(choices: Sequence[str]) -> bool:
    """Whether they may stand inside a rule, which knows no way to write a comma."""
    return len(",".join(choices)) <= _LONGEST_LIST and not any("," in one for one in choices)
