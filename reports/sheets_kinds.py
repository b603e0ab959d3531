"""What a sheet of the workbook is made of: kinds of cells, columns, tables, formulas with their values (reports.md 14)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum

MOST_ROWS = 1_048_576  # that a sheet may have
_LONGEST_TITLE = 60


class Kind(StrEnum):
    TEXT = "text"
    STATUS = "status"
    WHOLE = "whole"
    TENTH = "tenth"
    TENTH_PLAIN = "tenth-plain"  # without a bar behind it
    HUNDREDTH = "hundredth"
    SIGNED = "signed"
    SHARE = "share"
    PERCENT = "percent"  # a whole one
    DAY = "day"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class Formula:
    """What the workbook computes, without "=", and the view's value that it must come to; None: an empty text."""

    text: str
    value: str | int | float | None


@dataclass(frozen=True, slots=True)
class Go:
    """A link to the first cell of a row (from 0) of another sheet."""

    text: str
    sheet: str
    row: int = 0


Value = str | int | float | datetime | Formula | Go | None


@dataclass(frozen=True, slots=True)
class Heading:
    """A column. `choices`: what may stand in it; `listed_in`: the named range that lists it, where that is too much for
    the rule itself."""

    title: str
    kind: Kind = Kind.TEXT
    wrap: bool = False
    widest: int = 44  # in characters
    input: bool = False  # left for the reader to fill in
    choices: tuple[str, ...] = ()
    listed_in: str = ""
    after_report: bool = False  # a day later than that of the report
    not_negative: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A label with its figure and a remark. `name`: what formulas call the figure."""

    label: str
    value: Value
    remark: str = ""
    kind: Kind = Kind.WHOLE
    name: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of the first sheet. `on_paper`: they are printed, too."""

    title: str
    lines: tuple[Line, ...]
    on_paper: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """One data sheet: `frozen` key columns stay in sight; `above`: lines over the head of the table. `printed`: so many of
    its first columns go to the printer, since all of them would be too small to read; 0: all."""

    sheet: str
    name: str
    headings: tuple[Heading, ...]
    rows: Sequence[tuple[Value, ...]]
    frozen: int
    above: tuple[Line, ...] = ()
    printed: int = 0

    @property
    def titles(self) -> tuple[str, ...]:
        return unique(heading.title for heading in self.headings)

    @property
    def head(self) -> int:
        """The row of its head, counted from 0: below a link, the lines and a gap where there are lines."""
        return len(self.above) + 2 if self.above else 0

    @property
    def last(self) -> int:
        """Its last row. A table has at least one, if an empty one."""
        return self.head + max(len(self.rows) - self.cut, 1)

    @property
    def cut(self) -> int:
        """How many rows a sheet has no room for."""
        return max(len(self.rows) - (MOST_ROWS - 1 - self.head), 0)


def plain(title: str) -> str:
    """Letters, digits and spaces: formulas name columns, and heads of tables stand twice in the file, written in two ways.
    The titles of our own standards are so already."""
    return " ".join(re.sub(r"[^\w ]|_", " ", title).split())[:_LONGEST_TITLE]


def unique(titles: Iterable[str]) -> tuple[str, ...]:
    """A table's columns need names of their own."""
    found: list[str] = []
    for title in titles:
        name, number = title, 2
        while name.casefold() in {known.casefold() for known in found}:
            name, number = f"{title} {number}", number + 1
        found.append(name)
    return tuple(found)


def utc(moment: datetime | None) -> datetime | None:
    """A spreadsheet knows no zones: UTC, as the heading says."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def day(moment: datetime | date | None) -> datetime | None:
    """A whole day, in the client's zone: what a spreadsheet counts days by."""
    return None if moment is None else datetime.combine(date(moment.year, moment.month, moment.day), time.min)


def quoted(text: str) -> str:
    """A text inside a formula."""
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
