"""What a decision of the client is made of (reports.md 2.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from scorecard.result import Audit

from . import need_words, numbers, words
from .exempt import Exempt
from .rows import DeviceRow, Rows
from .standing import Link

ANSWER_DAYS = 28  # after the check an answer is asked for by then, where nothing is more urgent
_NAMES_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Decision:
    """`amount`: its price, its hours, or that it costs nothing. `price`: in the contract's currency, for the sum; None
    where it has none. `up_to`: it may cost less. `unpriced`: not all of it has a price. `apart`: its price cannot be added
    to the others. `hours`: beyond the contract's. `why`: text as it is, links where they lead. `target`: the section that
    has its rows."""

    title: str
    amount: str
    by: str
    why: tuple[str | Link, ...]
    target: str
    price: float | None = None
    up_to: bool = False
    unpriced: bool = False
    apart: bool = False
    hours: float = 0.0


@dataclass(frozen=True, slots=True)
class Asking:
    """What decisions are found in. `today`: the day of the check in the client's zone."""

    audit: Audit
    rows: Rows
    exceptions: Sequence[Exempt]
    today: date

    def day(self, day: date) -> str:
        """With the year where it is another one."""
        return numbers.short_day(day) if day.year == self.today.year else numbers.day(day)

    def by(self, days: int = ANSWER_DAYS) -> str:
        """So many days after the check."""
        return need_words.by(self.day(self.today + timedelta(days=days)))


def about(row: Exempt) -> str:
    """What an exception is about, in a few words."""
    return row.what[0] if row.what else row.id


def named(asked: Sequence[DeviceRow]) -> Iterator[str | Link]:
    shown = asked if len(asked) <= _NAMES_SHOWN else asked[: _NAMES_SHOWN - 1]
    links = [Link(row.name, row.id, is_name=True) for row in shown]
    return listed(links, len(asked) - len(shown))


def listed(links: Sequence[Link], more: int) -> Iterator[str | Link]:
    for place, link in enumerate(links):
        yield from ((", ", link) if place else (link,))
    if more:
        yield f" {words.and_more(more)}"
