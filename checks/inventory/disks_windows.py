"""Windows: Win32_LogicalDisk of type 3 (windows.md 4.8). Volumes without a letter are not among them."""

from __future__ import annotations

import re

from scorecard.model import Fact, Observations, Seen, Unseen
from scorecard.windows_answers import Values, instances

from .disks import Disk, ordered, sizes

DISKS = "inventory.disks"

_LETTER = re.compile(r"[A-Z]:")


def parse(observations: Observations) -> Fact[tuple[Disk, ...]]:
    found = instances(observations, DISKS)
    if isinstance(found, Unseen):
        return found
    if found.value.capped:
        return Unseen("The machine has more drives than it listed")
    disks: list[Disk] = []
    for instance in found.value:
        letter = instance.props.text("DeviceID", 8)
        if isinstance(letter, Unseen):
            return letter
        if letter.value is None or not _LETTER.fullmatch(letter.value):
            return Unseen("What Windows said of its drives could not be understood")
        disks.append(_disk(letter.value, instance.props))
    if not disks:
        return Unseen("Windows listed no local drive, and it runs from one")
    return Seen(ordered(disks, "C:"))


def _disk(letter: str, props: Values) -> Disk:
    """A locked BitLocker drive has no sizes."""
    system = props.text("FileSystem", 20)
    kind = (system.value or "") if isinstance(system, Seen) else ""
    size, free = props.number("Size"), props.number("FreeSpace")
    for fact in (size, free):
        if isinstance(fact, Unseen):
            return Disk(letter, kind, fact, fact)
    if not isinstance(size, Seen) or not isinstance(free, Seen) or not size.value or free.value is None or free.value < 0:
        reason = Unseen(f"Windows tells no size of {letter}: it may be locked")
        return Disk(letter, kind, reason, reason)
    return Disk(letter, kind, *sizes(size.value, free.value))
