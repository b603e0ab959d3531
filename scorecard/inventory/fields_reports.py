"""The kinds of value that reports are made by: the contract, how the provider's pages look, how dates are written."""

from __future__ import annotations

import re
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator

from scorecard.colours import DARK_PAGE, LEAST_CONTRAST, LIGHT_PAGE, contrast, is_colour
from scorecard.days import A4, LETTER, LOCALES
from scorecard.inventory import values as read

MAX_LINES = 6
_CURRENCY = re.compile(r"[A-Z]{3}")
_MAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_MAX_PHONE = 60
LETTERS = ("A", "B", "C", "D")  # that somebody can want; scorecard.standard.LETTERS without the last one
PAPERS = (A4, LETTER)


def _hours(value: object) -> float:
    return read.amount(value, 0.1, 10_000, "a number of hours")


def _rate(value: object) -> float:
    return read.amount(value, 0.01, 1_000_000, "a price for an hour")


def _price(value: object) -> float:
    return read.amount(value, 0.01, 1_000_000, "a price")


def _letter(value: object) -> str:
    return read.word_of(value, LETTERS)


def _locale(value: object) -> str:
    return read.word_of(value, tuple(LOCALES))


def _paper(value: object) -> str:
    return read.word_of(value, PAPERS)


def _mail(value: object) -> str:
    text = read.text_of(value, "a mail address", read.MAX_NAME)
    if not _MAIL.fullmatch(text):
        raise read.refuse(f"expected a mail address such as jo@larkspur.example, found {read.found(text)}")
    return text


def _phone(value: object) -> str:
    text = read.text_of(value, "a telephone number", _MAX_PHONE)
    if not any(letter.isdigit() for letter in text):
        raise read.refuse(f"expected a telephone number such as '+44 20 7946 0000', found {read.found(text)}")
    return text


def _block(value: object) -> str:
    """Lines of an address as one text with line breaks."""
    lines = read.listed(value, "text")
    if not lines or len(lines) > MAX_LINES:
        raise read.refuse(f"expected text or a list of 1 to {MAX_LINES} lines, found {len(lines)}")
    return "\n".join(read.free_text(line) for line in lines)


def _accent(value: object) -> str:
    return _readable(value, LIGHT_PAGE, "white", "darker")


def _dark_accent(value: object) -> str:
    return _readable(value, DARK_PAGE, "the dark page", "lighter")


def _readable(value: object, page: str, called: str, way: str) -> str:
    if not isinstance(value, str) or not is_colour(value):
        raise read.refuse(f"expected a colour such as '#1a4fa3', in quotes, found {read.found(value)}")
    if (given := contrast(value, page)) < LEAST_CONTRAST:
        least = f"at least {LEAST_CONTRAST} to 1 on {called}"
        raise read.refuse(
            f"expected a colour with a contrast of {least}, found {value} with {given:.1f}; choose a {way} one"
        )
    return value.lower()


def _currency(value: object) -> str:
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        raise read.refuse(f"expected a currency such as EUR, in three capital letters, found {read.found(value)}")
    return value


def _zone(value: object) -> str:
    text = read.text_of(value, "a time zone such as Europe/London", read.MAX_NAME)
    try:
        ZoneInfo(text)
    except (ValueError, OSError, LookupError):  # not a path inside the database, a folder, or unknown
        hint = read.suggestion(text, available_timezones())
        raise read.refuse(f"expected a time zone such as Europe/London or UTC, found {read.found(text)}{hint}") from None
    return text


Hours = Annotated[float, BeforeValidator(_hours), read.schema(type="number", minimum=0.1, maximum=10_000)]
MaybeRate = Annotated[float | None, BeforeValidator(_rate), read.schema(type="number", minimum=0.01, maximum=1_000_000)]
MaybeCurrency = Annotated[
    str | None, BeforeValidator(_currency), read.schema(type="string", pattern=f"^{_CURRENCY.pattern}$")
]
MaybePrice = Annotated[float | None, BeforeValidator(_price), read.schema(type="number", minimum=0.01, maximum=1_000_000)]
Letter = Annotated[str, BeforeValidator(_letter), read.schema(enum=list(LETTERS))]
MaybeLocale = Annotated[str | None, BeforeValidator(_locale), read.schema(enum=list(LOCALES))]
MaybePaper = Annotated[str | None, BeforeValidator(_paper), read.schema(enum=list(PAPERS))]
MaybeMail = Annotated[str | None, BeforeValidator(_mail), read.schema(type="string", pattern=f"^{_MAIL.pattern}$")]
MaybePhone = Annotated[
    str | None, BeforeValidator(_phone), read.schema(type="string", pattern="[0-9]", maxLength=_MAX_PHONE)
]
MaybeBlock = Annotated[
    str | None,
    BeforeValidator(_block),
    read.schema(
        anyOf=[
            {"type": "string", "minLength": 1, "maxLength": read.MAX_TEXT},
            {
                "type": "array",
                "items": {"type": "string", "minLength": 1, "maxLength": read.MAX_TEXT},
                "minItems": 1,
                "maxItems": MAX_LINES,
            },
        ]
    ),
]
MaybeAccent = Annotated[str | None, BeforeValidator(_accent), read.schema(type="string", pattern=r"^#[0-9a-fA-F]{6}$")]
MaybeDarkAccent = Annotated[
    str | None, BeforeValidator(_dark_accent), read.schema(type="string", pattern=r"^#[0-9a-fA-F]{6}$")
]
MaybeZone = Annotated[str | None, BeforeValidator(_zone), read.schema(type="string", minLength=1)]
