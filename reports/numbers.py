"""How numbers, dates and durations are written (reports.md 4): by the client's locale (days.py), never this computer's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scorecard.days import locale, spelled, spelled_month, spelled_short
from scorecard.rounding import as_shown, percentage

_LONG_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
MINUS = "\N{MINUS SIGN}"
SMALL_FLEET = 20  # below it, percentages say less than the counts


def zone(name: str) -> tzinfo:
    """The client's time zone; UTC where this computer does not know it (the zone is always printed beside a time)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def points(score: float, bands: Mapping[str, float]) -> str:
    """An integer, unless rounding would carry the score over a band, or to 100: 89.6 stays "89.6" where A starts at 90."""
    whole = math.floor(score + 0.5)
    if any(score < start <= whole for start in (*bands.values(), 100)):
        return f"{math.floor(score * 10) / 10:.1f}"
    return str(whole)


def share(value: float) -> str:
    """A share from 0 to 1 as a percentage; 100% and 0% only when exact."""
    return percentage(value)


def percent_of(count: int, total: int) -> str:
    """ " (95%)" to stand behind "118 of 124"; nothing for a small fleet."""
    return f" ({share(count / total)})" if total >= SMALL_FLEET else ""


def hours(minutes: float) -> str:
    return tenth(minutes / 60)


def day(moment: date | datetime) -> str:
    return spelled(moment)


def short_day(moment: date | datetime) -> str:
    return spelled_short(moment)


def month(moment: date | datetime) -> str:
    return f"{_LONG_MONTHS[moment.month - 1]} {moment.year}"


def short_month(moment: date | datetime) -> str:
    return spelled_month(moment)


def stamp(moment: datetime) -> str:
    """Date and time with the zone: "14 Nov 2026, 07:42 GMT", "Nov 14, 2026, 07:42 EST"."""
    return f"{day(moment)}, {moment:%H:%M} {moment.tzname() or 'UTC'}"


def span(first: datetime, last: datetime) -> str:
    """ "14 Nov" or "12 and 14 Nov", for "checked on …" and "checked between …"."""
    if first.date() == last.date():
        return f"on {short_day(first)}"
    if (first.year, first.month) == (last.year, last.month):
        between = (short_day(first), last.day) if locale().month_first else (first.day, short_day(last))
        return f"between {between[0]} and {between[1]}"
    if first.year == last.year:
        return f"between {short_day(first)} and {short_day(last)}"
    return f"between {day(first)} and {day(last)}"


def days_between(earlier: datetime, later: datetime) -> int:
    return max((later - earlier).days, 0)


def money(amount: float, currency: str) -> str:
    """ "£1,210", or "CHF 1,210" where the code has no sign of its own; no pence."""
    sign = locale().sign(currency)
    shown = f"{as_shown(amount, 0):,.0f}"
    if sign:
        return f"{sign}{shown}"
    return f"{currency} {shown}" if currency else shown


def signed(value: Decimal | int) -> str:
    """ "+1.2", with a true minus sign; nothing is neither."""
    return "0" if not value else f"{'+' if value > 0 else MINUS}{abs(value):,}"


def tenth(value: float) -> str:
    return f"{as_shown(value, 1):.1f}"


def hundredth(value: float) -> str:
    return str(as_shown(value, 2))


def signed_tenth(value: float) -> str:
    """To one digit; what rounds to nothing has no sign."""
    rounded = as_shown(value, 1)
    return "0.0" if not rounded else signed(rounded)
