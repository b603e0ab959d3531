"""Whose machine it is: who is logged in, else who was last. The audit's own login does not count."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scorecard.reading import clean

_NOBODY = frozenset(
    {
        "reboot",
        "shutdown",
        "runlevel",
        "wtmp",
        "wtmpdb",
        "btmp",
        "root",
        "_mbsetupuser",
        "loginwindow",
        "gdm",
        "gdm-greeter",
        "sddm",
        "lightdm",
    }
)
_NAME = re.compile(r"[^\s:/\\,;|<>\"'=()]{1,64}")
_SEAT = re.compile(r"(tty[0-9]+|:[0-9]+|seat[0-9]+|console)\Z")
_MAX_LINES = 100


def user_of(lines: Iterable[str], audit_user: str | None) -> str | None:
    """From lines such as `who: alice tty2 ...`, `session: 2 1000 alice seat0 ...`, `last: alice :0 ...`, `console=alice`.

    The account that asks is left out, except where it sits at the machine itself (an audit of one's own computer).
    """
    rows = [line for line in lines if line.startswith(("who: ", "session: ", "last: ", "console="))][:_MAX_LINES]
    for read in (_console, _who, _sessions, _last):
        for name, place in read(rows):
            if not _NAME.fullmatch(name) or name.casefold() in _NOBODY:
                continue
            if name != audit_user or _SEAT.match(place):
                return clean(name, 64)
    return None


def _words(rows: list[str], prefix: str) -> Iterator[list[str]]:
    for row in rows:
        if row.startswith(prefix):
            yield row[len(prefix) :].split()


def _console(rows: list[str]) -> Iterator[tuple[str, str]]:
    for row in rows:
        if row.startswith("console="):
            yield row[8:].strip(), "console"


def _who(rows: list[str]) -> Iterator[tuple[str, str]]:
    for words in _words(rows, "who: "):
        if len(words) >= 3:
            yield words[0], words[1]


def _sessions(rows: list[str]) -> Iterator[tuple[str, str]]:
    """SESSION UID USER [SEAT] [TTY ...]"""
    for words in _words(rows, "session: "):
        if len(words) >= 3 and words[1].isdigit():
            yield words[2], words[3] if len(words) > 3 else ""


def _last(rows: list[str]) -> Iterator[tuple[str, str]]:
    for words in _words(rows, "last: "):
        if len(words) >= 4 and words[1] != "begins":
            yield words[0], words[1]
