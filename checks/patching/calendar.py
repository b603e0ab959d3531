"""Microsoft's monthly day: security updates come on the second Tuesday (windows.md 3.5)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

_TUESDAY = 1


def update_day(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(_TUESDAY - first.weekday()) % 7 + 7)


def last_update_day(day: date) -> date:
    """The newest second Tuesday that is not after this day."""
    mine = update_day(day.year, day.month)
    if mine <= day:
        return mine
    before = day.replace(day=1) - timedelta(days=1)
    return update_day(before.year, before.month)


def next_update_day(day: date) -> date:
    """The first second Tuesday after this day."""
    mine = update_day(day.year, day.month)
    if mine > day:
        return mine
    after = day.replace(day=28) + timedelta(days=4)
    return update_day(after.year, after.month)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
