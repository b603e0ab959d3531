"""How full a machine's disks are, as one line of text: `/ 40.212 of 100.000 GB free; D: 3.120 of 931.500 GB free`.

A topic writes it into the device list, where people read it, and it is read back from stored documents. 1 GB is 2^30
bytes, rounded to a thousandth. A disk whose sizes could not be read is `D: not read`; no disk at all is `none`; disks that
did not fit into the line are counted in a last entry, `and 3 more`. In a name, `;`, `%` and what cannot be printed are
written as percent escapes of their UTF-8 bytes, so an entry ends where its semicolon is and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

GB = 2**30
LONGEST = 480  # the device list keeps 500 characters of a value

_SIZES = re.compile(r"(?P<mount>.+) (?P<free>[0-9]{1,10}\.[0-9]{3}) of (?P<size>[0-9]{1,10}\.[0-9]{3}) GB free")
_UNREAD = re.compile(r"(?P<mount>.+) not read")
_MORE = re.compile(r"and (?P<count>[1-9][0-9]{0,5}) more")
_NONE = "none"


@dataclass(frozen=True, slots=True)
class Space:
    """One disk by its mount point or drive. Both sizes in bytes; None: not read."""

    mount: str
    size_bytes: int | None
    free_bytes: int | None


@dataclass(frozen=True, slots=True)
class Spaces:
    """`more`: further disks that the line had no room for."""

    listed: tuple[Space, ...] = ()
    more: int = 0


def write(disks: Iterable[Space]) -> str:
    """At most LONGEST characters; what comes first has room first."""
    entries = [_entry(disk) for disk in disks]
    if not entries:
        return _NONE
    kept: list[str] = []
    for index, entry in enumerate(entries):
        left = len(entries) - index - 1
        tail = [f"and {left} more"] if left else []
        if len("; ".join([*kept, entry, *tail])) > LONGEST:
            kept.append(f"and {left + 1} more")
            break
        kept.append(entry)
    return "; ".join(kept)


def read(text: str) -> Spaces | None:
    """None where the text is not such a line."""
    if text == _NONE:
        return Spaces()
    *entries, last = text.split("; ")
    more = _MORE.fullmatch(last)
    found = [_space(entry) for entry in (entries if more else [*entries, last])]
    listed = tuple(space for space in found if space is not None)
    return Spaces(listed, int(more["count"]) if more else 0) if len(listed) == len(found) else None


def _entry(disk: Space) -> str:
    mount = "".join(_escaped(one) for one in disk.mount)
    if disk.size_bytes is None or disk.free_bytes is None:
        return f"{mount} not read"
    return f"{mount} {disk.free_bytes / GB:.3f} of {disk.size_bytes / GB:.3f} GB free"


def _escaped(character: str) -> str:
    if character.isprintable() and character not in ";%":
        return character
    return "".join(f"%{byte:02X}" for byte in character.encode(errors="replace"))


def _space(entry: str) -> Space | None:
    if found := _SIZES.fullmatch(entry):
        size, free = (round(float(found[name]) * GB) for name in ("size", "free"))
        return Space(unquote(found["mount"]), size, free)
    if found := _UNREAD.fullmatch(entry):
        return Space(unquote(found["mount"]), None, None)
    return None
