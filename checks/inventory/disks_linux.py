"""Linux: what the kernel lists as mounted, and df for each local device once (linux.md 5.4)."""

from __future__ import annotations

import re

from scorecard.model import Fact, Host, Observations, Seen, Unseen, Virtual
from scorecard.reading import text_of

from .disks import Disk, mount_name, ordered, sizes

DISKS = "inventory.disks"

# Blocks of 1,024 bytes: size, used, available, used share, place. A device's name may hold blanks, so may a place's.
_DF = re.compile(r"\S.*? +(?P<size>[0-9]{1,18}) +(?:[0-9]{1,18}|-) +(?P<free>-?[0-9]{1,18}) +(?:[0-9]{1,18}%|-) +/.*")
_POOL = re.compile(r"(?P<used>[0-9]{1,20}) (?P<free>[0-9]{1,20})")
_OCTAL = re.compile(r"\\([0-7]{3})")
_NOT_UNDERSTOOD = Unseen("What the machine said of its disks could not be understood")


def parse(observations: Observations, host: Host) -> Fact[tuple[Disk, ...]]:
    """Of a container only the disk that it runs from: the others that it sees are lent by the machine that carries it."""
    text = text_of(observations, DISKS)
    if isinstance(text, Unseen):
        return text
    rows = [line.split("\t") for line in text.value.splitlines() if line]
    if sum(row[0] == "mounts" and len(row) == 2 and row[1].isdigit() for row in rows) != 1:
        return _NOT_UNDERSTOOD
    if any(row[0] != "mounts" and (row[0] != "fs" or len(row) != 5) for row in rows):
        return _NOT_UNDERSTOOD
    contained = isinstance(host.virtual, Seen) and host.virtual.value is Virtual.CONTAINER
    found = (_disk(*row[1:]) for row in rows if row[0] == "fs")
    return Seen(ordered(disk for disk in found if disk.mount == "/" or not contained))


def _disk(kind: str, _source: str, place: str, answer: str) -> Disk:
    mount = mount_name(_OCTAL.sub(lambda found: chr(int(found[1], 8)), place))
    found = _POOL.fullmatch(answer) if kind == "zfs" else _DF.fullmatch(answer)
    if found is None:
        reason = Unseen("The machine did not tell how full this disk is")
        return Disk(mount, kind, reason, reason)
    if kind == "zfs":  # a pool's data sets share its space: what all of them use, and what is left
        return Disk(mount, kind, *sizes(int(found["used"]) + int(found["free"]), int(found["free"])))
    return Disk(mount, kind, *sizes(int(found["size"]) * 1024, int(found["free"]) * 1024))
