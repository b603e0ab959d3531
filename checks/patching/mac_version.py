"""Versions of macOS, and its settings files: what the readers of scans, history and settings share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scorecard.model import Fact, Seen, Unseen

from . import plists
from .payload import Section


def numbers(version: str) -> tuple[int, ...]:
    """26.6 before 26.6.2 before 26.10; trailing zeros do not matter."""
    found = [int(number) for number in re.findall(r"[0-9]{1,9}", version.partition("(")[0])[:4]]
    while found and found[-1] == 0:
        found.pop()
    return tuple(found)


def major_line(version: str) -> str:
    """The major line: "26" of 26.6.2; before 11 the second number made the line."""
    parts = version.partition(" ")[0].split(".")
    return ".".join(parts[:2]) if parts[0] == "10" else parts[0]


def settings_file(parts: Mapping[str, Section], name: str, settings: Fact[str]) -> Fact[Mapping[str, Any]]:
    """An empty mapping where the file is not there: then every key has its default."""
    if isinstance(settings, Unseen):
        return settings
    section = parts.get(name)
    if section is None:
        return Seen({})
    if section.code == 77:
        return Unseen("Our account has no right to read the update settings")
    found = plists.decode("".join(section.lines))
    return Seen(found) if isinstance(found, dict) else Unseen("The update settings cannot be read")
