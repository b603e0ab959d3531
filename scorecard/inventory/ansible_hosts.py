"""Host patterns of Ansible inventories: `web[01:50].example.com:2222`, `[2001:db8::1]:22`, `db-[a:f]`."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod

from scorecard.inventory.ansible_tree import MAX_MENTIONS

_BRACKETED = re.compile(r"\[([^\[\]]*:[^\[\]]*:[^\[\]]*)\](?::([0-9]{1,6}))?")  # two colons: an IPv6 address
_WITH_PORT = re.compile(r"((?:[^:\[\]]|\[[^\]]*\])*):([0-9]{1,6})")
_RANGE = re.compile(r"\[([^\[\]]*)\]")
_NUMBER = re.compile(r"[0-9]{1,18}")


class BadPattern(Exception):
    """`str()` says why; it quotes nothing."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """`parts`: texts and ranges in turn. `count` hosts come out of it."""

    parts: tuple[str | tuple[str, ...], ...]
    count: int
    port: int | None

    def names(self) -> Iterator[str]:
        """In order, the last range turning fastest."""
        choices = [(part,) if isinstance(part, str) else part for part in self.parts]
        return map("".join, product(*choices))


def read(text: str) -> Pattern:
    """Raises BadPattern. Nothing is expanded beyond MAX_MENTIONS."""
    host, port = text, None
    if found := _BRACKETED.fullmatch(text):
        return Pattern((found[1],), 1, int(found[2]) if found[2] else None)
    if found := _WITH_PORT.fullmatch(text):
        host, port = found[1], int(found[2])
    elif text.endswith(":"):
        raise BadPattern("a colon stands at the end; expected a port after it")
    if not host:
        raise BadPattern("expected the name of a host")
    if "[" not in host:
        return Pattern((host,), 1, port)
    pieces = _RANGE.split(host)
    if any("[" in piece or "]" in piece for piece in pieces[::2]):
        raise BadPattern("a square bracket is not closed; expected a range such as [01:50] or [a:f]")
    parts = tuple(_range(piece) if index % 2 else piece for index, piece in enumerate(pieces))
    count = prod(len(part) for part in parts if not isinstance(part, str))
    if count > MAX_MENTIONS:
        raise BadPattern(f"this range stands for {_shown(count)} hosts; at most {MAX_MENTIONS:,} can be used")
    return Pattern(parts, count, port)


def _shown(count: int) -> str:
    return f"{count:,}" if count < 10**12 else "a huge number of"


def _range(text: str) -> tuple[str, ...]:
    bounds = text.split(":")
    if len(bounds) not in (2, 3):
        raise BadPattern("expected a range such as [01:50], [a:f] or [1:9:2]")
    first, last, step = bounds[0] or "0", bounds[1], bounds[2] if len(bounds) == 3 else "1"
    if not _NUMBER.fullmatch(step) or not int(step):
        raise BadPattern("the step of a range is not a whole number above 0")
    if _NUMBER.fullmatch(first) and _NUMBER.fullmatch(last):
        return _numbers(first, last, int(step))
    letters = string.ascii_letters
    if len(first) == len(last) == 1 and first in letters and last in letters:
        if found := letters[letters.index(first) : letters.index(last) + 1 : int(step)]:
            return tuple(found)
        raise BadPattern("a range ends below its start")
    raise BadPattern("a range goes from a number to a higher one (at most 18 digits), or from a letter to a later one")


def _numbers(first: str, last: str, step: int) -> tuple[str, ...]:
    width = len(first) if first.startswith("0") and len(first) > 1 else 0
    if width and len(last) != width:
        raise BadPattern("a range with leading zeros needs as many digits at its end as at its start")
    found = range(int(first), int(last) + 1, step)
    if not found:
        raise BadPattern("a range ends below its start")
    if len(found) > MAX_MENTIONS:
        raise BadPattern(f"this range stands for {_shown(len(found))} hosts; at most {MAX_MENTIONS:,} can be used")
    return tuple(str(number).zfill(width) for number in found)
