"""A client's score, coverage and categories month by month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from scorecard.history.fixing import FixTime
from scorecard.history.pairs import zone_of
from scorecard.model import Severity
from scorecard.result import Audit


@dataclass(frozen=True, slots=True)
class Point:
    """An audit in a few numbers: all that a trend keeps of it. `categories`: id to score; None where nothing applies."""

    audit: str
    as_of: datetime
    month: date  # the first of the month in the client's time zone
    score: float | None
    letter: str | None
    coverage: float
    categories: Mapping[str, float | None]
    standard: str  # SHA-256: where it changes, so may the scores


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the trend; `point` is None where there was no audit: a gap, not to be bridged."""

    first: date
    point: Point | None


def point(audit: Audit) -> Point:
    """Raises NotComparable where the audit's time zone is not known here."""
    card = audit.scorecard
    return Point(
        audit=audit.id,
        as_of=audit.as_of,
        month=audit.as_of.astimezone(zone_of(audit)).date().replace(day=1),
        score=card.score,
        letter=card.letter,
        coverage=card.coverage,
        categories={category.id: category.score for category in card.categories},
        standard=str(audit.standard.get("sha256")),
    )


def trend(points: Iterable[Point], until: date, months: int = 12) -> tuple[Month, ...]:
    """So many months up to that of `until`, each with the last audit of the whole client in it.

    Points are made one by one (`point`), so that no more than one audit has to be held.
    """
    newest: dict[date, Point] = {}
    for one in points:
        there = newest.get(one.month)
        if there is None or (there.as_of, there.audit) < (one.as_of, one.audit):
            newest[one.month] = one
    number = until.year * 12 + until.month - 1
    firsts = [date(n // 12, n % 12 + 1, 1) for n in range(number - months + 1, number + 1)]
    return tuple(Month(first, newest.get(first)) for first in firsts)


@dataclass(frozen=True, slots=True)
class Year:
    """Twelve months of a client, with the days that fixing took in them."""

    months: tuple[Month, ...]
    days_to_fix: Mapping[Severity, FixTime | None]
