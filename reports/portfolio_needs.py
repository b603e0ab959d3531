"""What a client of a portfolio needs a look for: by a key to count and choose by, and in sentences for its own lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from scorecard.portfolio.model import LATE_DAYS, Client, Newest, Summary
from scorecard.rounding import as_shown
from scorecard.standard import LETTERS

from . import numbers
from . import portfolio_words as said

SOON_DAYS = 90  # support that ends within it is a reason to look; what ends within a year is listed
ENDING_DAYS = 30  # exceptions (reports.md 2.9)
_NOTABLE_POINTS = 1.0  # a fall of less is no change (reports.md 2.2)
_LOW = ("D", "F")


@dataclass(frozen=True, slots=True)
class Need:
    """`key`: of the words by which clients are counted and chosen. `sentence`: empty where the grade beside it says it."""

    key: str
    sentence: str
    icon: str = "warn"


def needs(client: Client, now: datetime, zone: tzinfo) -> tuple[Need, ...]:
    """The heaviest first; none for a client that can wait."""
    if not client.audits:
        return (Need("never", said.NEVER, "unknown"),)
    audit = client.audits[-1]
    before = client.audits[-2] if len(client.audits) > 1 else None
    return (*_of_summary(audit, before, now, zone), *_of_counts(audit, client.newest, zone), *_of_dates(client, now))


def change(now: float | None, before: float | None) -> float | None:
    """Between the scores as they are shown, like on the client's page: who subtracts them gets this."""
    return None if now is None or before is None else float(as_shown(now, 1) - as_shown(before, 1))


def _of_summary(audit: Summary, before: Summary | None, now: datetime, zone: tzinfo) -> Iterator[Need]:
    age_days = numbers.days_between(audit.as_of, now)
    if age_days > LATE_DAYS:
        yield Need("late", said.last_checked(said.ago(age_days)))
    if audit.letter is None:
        yield Need("ungraded", said.NOT_GRADED_SENTENCE, "unknown")
    elif audit.letter in _LOW:
        yield Need("low", "", "fail")
    if before is not None:
        yield from _fall(audit, before, numbers.day(before.as_of.astimezone(zone)))


def _fall(audit: Summary, before: Summary, since: str) -> Iterator[Need]:
    if audit.letter in LETTERS and before.letter in LETTERS and LETTERS.index(audit.letter) > LETTERS.index(before.letter):
        yield Need("fell", said.fell(before.letter, audit.letter, since), "fail")
        return
    moved = change(audit.points, before.points)
    if moved is not None and moved <= -_NOTABLE_POINTS:
        yield Need("fell", f"{said.moved(moved)} {said.since(since)}.", "fail")


def _of_counts(audit: Summary, newest: Newest | None, zone: tzinfo) -> Iterator[Need]:
    if audit.overdue:
        oldest = min((one.since for one in newest.overdue), default=None) if newest else None
        yield Need("overdue", said.overdue(audit.overdue, numbers.day(oldest.astimezone(zone)) if oldest else ""))
    if audit.unseen:
        yield Need("unseen", said.not_seen(audit.unseen, audit.devices), "unknown")
    if audit.unseen is None or newest is None:
        yield Need("unknown", said.NOT_KEPT_SENTENCE, "unknown")


def _of_dates(client: Client, now: datetime) -> Iterator[Need]:
    """Counted to the day the page is made, so that an old audit does not hide what has ended since."""
    newest, today = client.newest or Newest(), now.astimezone(UTC).date()
    over = _machines(newest, lambda on, found: found or on < today)
    soon = _machines(newest, lambda on, found: not found and today <= on <= today + timedelta(days=SOON_DAYS))
    if over or soon:
        yield Need("support", said.support(over, soon, SOON_DAYS))
    last = [until for until in newest.agreed_until if today <= until <= today + timedelta(days=ENDING_DAYS)]
    if last:
        yield Need("ending", said.exceptions_end(len(last), numbers.day(max(last))))


def _machines(newest: Newest, wanted: Callable[[date, bool], bool]) -> int:
    return sum(len(one.machines) for one in newest.endings if wanted(one.on or date.max, one.over))
