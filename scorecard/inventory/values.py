"""Reads single values of files that people write, and refuses the others in one sentence each.

A refusal says what was expected, what was found and what to do. Where a secret could stand by mistake, what was found is
not quoted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from scorecard.marked_yaml import printable

SAID = "said"  # the error type of our own sentences
MAX_NAME = 255
MAX_TEXT = 1000
MAX_COMPARED = 1000  # looking for likeness among more names takes too long


def refuse(message: str) -> PydanticCustomError:
    return PydanticCustomError(SAID, "{message}", {"message": message})


def found(value: object) -> str:
    """A value as a message names it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"the number {value}" if abs(value) < 1e15 else "a huge number"
    if isinstance(value, str):
        return f"'{printable(value, 40)}'" if value else "empty text"
    if isinstance(value, date):
        return f"the date {value.isoformat()}"
    return "a list" if isinstance(value, list | tuple) else "a mapping"


def kind_of(value: object) -> str:
    """The same without quoting, for places where a secret may stand by mistake."""
    if isinstance(value, str):
        return "text" if value else "empty text"
    return "a number" if isinstance(value, int | float) and not isinstance(value, bool) else found(value)


def number_said(value: object) -> str:
    return "text; write the number alone, without quotes" if isinstance(value, str) else found(value)


def suggestion(value: str, known: Iterable[str]) -> str:
    """`; did you mean 'linux'?` or nothing."""
    lower = {name.lower(): name for name in known}
    if len(lower) > MAX_COMPARED:
        return ""
    close = get_close_matches(value[:MAX_NAME].lower(), list(lower), n=1, cutoff=0.6)
    return f"; did you mean '{printable(lower[close[0]])}'?" if close else ""


def text_of(value: object, what: str, limit: int) -> str:
    if not isinstance(value, str):
        quotes = "; put it in quotes" if isinstance(value, bool | int | float | date) else ""
        raise refuse(f"expected {what}, found {found(value)}{quotes}")
    if not value:
        raise refuse(f"expected {what}, found empty text")
    if len(value) > limit:
        raise refuse(f"expected {what} of at most {limit} characters, found {len(value)}")
    if not value.isprintable():
        raise refuse(f"expected {what}, found text with control or invisible characters; remove them")
    return value


def name_of(value: object) -> str:
    text = text_of(value, "a name", MAX_NAME)
    if text != text.strip():
        raise refuse("expected a name, found one with spaces around it; remove them")
    return text


def free_text(value: object) -> str:
    """One paragraph; line breaks become spaces."""
    return text_of(" ".join(value.split()) if isinstance(value, str) else value, "text", MAX_TEXT)


def whole(value: object, low: int, high: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise refuse(f"expected {what} from {low} to {high}, found {number_said(value)}")
    return value


def amount(value: object, least: float, most: int, what: str) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(float(str(value))) or not least <= float(str(value)) <= most:
        raise refuse(f"expected {what} from {least:g} to {most:,}, found {number_said(value)}")
    return float(str(value))


def word_of(value: object, known: Sequence[str]) -> str:
    if isinstance(value, str) and value in known:
        return value
    hint = suggestion(value, known) if isinstance(value, str) else ""
    raise refuse(f"expected one of {', '.join(known)}, found {found(value)}{hint}")


def one_of(kind: type[StrEnum]) -> Callable[[object], StrEnum]:
    known = [member.value for member in kind]
    return lambda value: kind(word_of(value, known))


def listed(value: object, what: str, split: str | None = None) -> list[object]:
    """A list, or a single text that stands for a list of one."""
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        return [part.strip() for part in value.split(split)] if split else [value]
    raise refuse(f"expected {what} or a list of them, found {kind_of(value)}")


def schema(**drawn: Any) -> WithJsonSchema:
    return WithJsonSchema(drawn)


NAME_SCHEMA = {"type": "string", "minLength": 1, "maxLength": MAX_NAME}


def choice(kind: type[StrEnum]) -> tuple[BeforeValidator, WithJsonSchema]:
    return BeforeValidator(one_of(kind)), schema(enum=[member.value for member in kind])
