"""The table of support dates: what a row says, and which row speaks for a machine.

Dates are the last day of support. Where a source is less exact than a day, an end says so:

    2028-06-30               that day
    2028-04, "2023"          some day in that month or year: sure before it, over after it
    2027-04-01..2027-06-01   two sources differ: sure until the first, over after the second
    about 2027-09            the maker publishes no date; expected from its practice: sure before that month, never "over"
    open                     the source names no end yet: believed for a year from the row's as-of date
    ended                    over, the source gives no date
    rolling                  one release that goes on
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator

from scorecard.data import DataFile, Row, repeats

OPEN_HOLDS_DAYS = 365  # ends are published years ahead; one that is not published is believed this long
VERSION = re.compile(r"[0-9]{1,8}(\.[0-9]{1,8}){0,4}")


class Basis(StrEnum):
    PUBLISHED = "published"
    PRACTICE = "practice"
    OPEN = "open"
    ENDED = "ended"
    ROLLING = "rolling"


@dataclass(frozen=True, slots=True)
class End:
    """`sure_until`: support is certain up to this day. `over_after`: it is certainly over later. None: no such day."""

    basis: Basis
    sure_until: date | None
    over_after: date | None
    text: str  # as the row has it

    def is_sure(self, day: date) -> bool:
        return self.basis is Basis.ROLLING or (self.sure_until is not None and day <= self.sure_until)

    def is_over(self, day: date) -> bool:
        return self.basis is Basis.ENDED or (self.over_after is not None and day > self.over_after)


def read_end(value: Any) -> End:
    """Raises ValueError with what was expected."""
    if isinstance(value, date):
        return End(Basis.PUBLISHED, value, value, value.isoformat())
    if not isinstance(value, str):
        raise ValueError("expected a date such as 2028-06-30, or words in quotes (see the head of the file)")
    match value.split():
        case ["rolling"]:
            return End(Basis.ROLLING, None, None, value)
        case ["ended"]:
            return End(Basis.ENDED, None, None, value)
        case ["open"]:
            return End(Basis.OPEN, None, None, value)
        case ["about", month]:
            return End(Basis.PRACTICE, _span(month)[0] - timedelta(days=1), None, value)
        case [words] if ".." in words:
            first, _, last = words.partition("..")
            sure, over = date.fromisoformat(first), date.fromisoformat(last)
            if sure >= over:
                raise ValueError("expected the earlier date first")
            return End(Basis.PUBLISHED, sure, over, value)
        case [words]:
            first_day, last_day = _span(words)
            return End(Basis.PUBLISHED, first_day - timedelta(days=1), last_day, value)
    raise ValueError("expected a date, 2028-04, about 2028-04, two dates with .. between, open, ended or rolling")


def _span(text: str) -> tuple[date, date]:
    """First and last day of "2028-04" or "2023"."""
    found = re.fullmatch(r"([0-9]{4})(?:-([0-9]{2}))?", text)
    if found is None:
        raise ValueError("expected a month such as 2028-04 or a year such as 2023")
    year, month = int(found[1]), int(found[2] or 0)
    if month == 0:
        return date(year, 1, 1), date(year, 12, 31)
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


EndField = Annotated[End, PlainValidator(read_end)]
Words = Annotated[tuple[str, ...], Field(strict=False)]


class Extension(BaseModel):
    """Support beyond the free end. One that is free comes by itself, on these processor types where they are named."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: str = Field(min_length=1)
    cost: Literal["free", "paid"]
    ends: EndField
    architectures: Words = ()


class SupportRow(Row):
    """One release of one product. `version` "24.04" speaks for 24.04 and 24.04.x; `and_older` for all before as well."""

    product: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    version: str | None = Field(default=None, pattern=r"^[0-9]+(\.[0-9]+)*$")  # None: rolling
    name: str = Field(min_length=1)
    edition: str | None = None
    released: date | None = None
    free: EndField
    extended: Annotated[tuple[Extension, ...], Field(strict=False)] = ()
    and_older: bool = False
    last_minor: int | None = None  # minors before this one get fixes only under a paid extension
    note: str = ""

    def free_end(self) -> End:
        """The free end, with a day to believe it until where none is published."""
        return self._dated(self.free)

    def end_of(self, extension: Extension) -> End:
        return self._dated(extension.ends)

    def _dated(self, end: End) -> End:
        if end.basis is Basis.OPEN:
            return End(Basis.OPEN, self.as_of + timedelta(days=OPEN_HOLDS_DAYS), None, end.text)
        return end


def check_rows(rows: Sequence[SupportRow]) -> Iterable[tuple[int, str, str]]:
    """What one row alone cannot tell."""
    for index, before in repeats(rows, lambda row: (row.product, row.version, row.edition)):
        yield index, "version", f"this product, version and edition stand in row {before} already"
    for index, row in enumerate(rows):
        if (row.version is None) != (row.free.basis is Basis.ROLLING):
            yield index, "version", "a rolling release has no version, every other row has one"
        if row.and_older and row.free.basis is not Basis.ENDED:
            yield index, "and_older", "only for what has ended: older releases may not be called supported in passing"


FILE: DataFile[SupportRow] = DataFile(
    name="os-support.support",
    title="End-of-support dates of operating systems",
    path=Path(__file__).with_name("support.yaml"),
    row=SupportRow,
    check=check_rows,
)


def find(rows: Iterable[SupportRow], product: str, version: str | None, edition: str | None) -> SupportRow | None:
    """The row that speaks for exactly this release, the closest version first; None: nobody knows."""
    mine = [row for row in rows if row.product == product and (row.edition is None or row.edition == edition)]
    rolling = next((row for row in mine if row.version is None), None)
    if rolling is not None or version is None or not VERSION.fullmatch(version):
        return rolling
    parts = version.split(".")
    exact = [row for row in mine if row.version and parts[: row.version.count(".") + 1] == row.version.split(".")]
    if exact:
        return max(exact, key=lambda row: (row.version or "").count("."))
    return next((row for row in mine if row.and_older and _numbers(version) < _numbers(row.version or "")), None)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
