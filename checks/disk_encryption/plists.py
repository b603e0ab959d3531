"""Property lists from machines that may be hostile: bounded, without entities, never raising."""

from __future__ import annotations

import plistlib
import re
from collections.abc import Mapping
from typing import Any
from xml.parsers.expat import ExpatError

from scorecard.model import Fact, Seen, Unseen
from scorecard.reading import clean

MAX_CHARACTERS = 2_000_000
_MAX_LISTS = 200
_START = re.compile(r"(?=<\?xml )")

# What plistlib lets through for broken values, beside its own InvalidFileException (which is a ValueError).
_BROKEN = (ExpatError, ValueError, AttributeError, LookupError, TypeError, OverflowError)


def read_plist(text: str) -> Fact[dict[str, Any]]:
    """One XML property list with a dictionary at its top. plistlib itself refuses entity declarations."""
    if len(text) > MAX_CHARACTERS:
        return Unseen("The answer is larger than any machine's list of disks")
    try:
        value = plistlib.loads(text.strip().encode(), fmt=plistlib.FMT_XML)
    except _BROKEN:
        return Unseen("The answer is not a property list")
    return Seen(value) if isinstance(value, dict) else Unseen("The answer is not a property list with names and values")


def read_plists(text: str) -> Fact[list[dict[str, Any]]]:
    """Several, one after another. One that cannot be read makes all of them unseen."""
    found = []
    for piece in _START.split(text)[: _MAX_LISTS + 1]:
        if piece.strip():
            one = read_plist(piece)
            if isinstance(one, Unseen):
                return one
            found.append(one.value)
    return Seen(found)


def dicts(value: Mapping[str, Any], key: str, limit: int = 500) -> list[dict[str, Any]]:
    """The dictionaries in a list; anything else there is passed over."""
    items = value.get(key)
    return [item for item in items[:limit] if isinstance(item, dict)] if isinstance(items, list) else []


def text(value: Mapping[str, Any], key: str) -> str:
    found = value.get(key)
    return clean(found, 100) if isinstance(found, str) else ""


def flag(value: Mapping[str, Any], key: str) -> bool | None:
    found = value.get(key)
    return found if isinstance(found, bool) else None
