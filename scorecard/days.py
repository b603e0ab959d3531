"""Days and currencies as people of one country write them, whatever the locale of this computer.

The text is English everywhere. Only countries that write 1,210.5 are here, since every number in the text is written so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DEFAULT_LOCALE = "en-GB"
A4, LETTER = "a4", "letter"


@dataclass(frozen=True, slots=True)
class Locale:
    """`paper`: what is in printers there. `dollar`: the currency that a dollar sign alone stands for."""

    name: str
    month_first: bool
    paper: str
    dollar: str = "USD"

    def sign(self, currency: str) -> str:
        """Of a currency, such as "£"; empty where its code has to stand for it."""
        if currency == self.dollar:
            return "$"
        return _SIGNS.get(currency, "")


_SIGNS: Mapping[str, str] = MappingProxyType(
    {"GBP": "£", "EUR": "€", "USD": "US$", "CAD": "CA$", "AUD": "A$", "NZD": "NZ$"}
)
# Order of day and month: Unicode CLDR 45, a day with its month abbreviated. A dollar is the country's own, and where it has
# none the American one.
LOCALES: Mapping[str, Locale] = MappingProxyType(
    {
        one.name: one
        for one in (
            Locale(DEFAULT_LOCALE, month_first=False, paper=A4),
            Locale("en-IE", month_first=False, paper=A4),
            Locale("en-US", month_first=True, paper=LETTER),
            Locale("en-CA", month_first=True, paper=LETTER, dollar="CAD"),
            Locale("en-AU", month_first=False, paper=A4, dollar="AUD"),
            Locale("en-NZ", month_first=False, paper=A4, dollar="NZD"),
        )
    }
)
_used: ContextVar[Locale] = ContextVar("locale", default=LOCALES[DEFAULT_LOCALE])


@contextmanager
def written(locale: str) -> Iterator[Locale]:
    """Everything that is spelled inside is spelled so; a name that is not known stands for the default."""
    token = _used.set(LOCALES.get(locale, LOCALES[DEFAULT_LOCALE]))
    try:
        yield _used.get()
    finally:
        _used.reset(token)


def locale() -> Locale:
    """The one that is written in now."""
    return _used.get()


def spelled(when: date) -> str:
    """ "19 Dec 2026" or "Dec 19, 2026"; of a moment its day, in the zone that it is given in."""
    return f"{spelled_short(when)}, {when.year}" if locale().month_first else f"{when.day} {spelled_month(when)}"


def spelled_short(when: date) -> str:
    """Without the year."""
    month = MONTHS[when.month - 1]
    return f"{month} {when.day}" if locale().month_first else f"{when.day} {month}"


def spelled_month(when: date) -> str:
    return f"{MONTHS[when.month - 1]} {when.year}"
