"""Local file systems of a machine: how large they are and how much of them is free."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scorecard import disk_space
from scorecard.model import Fact, Seen, Unseen
from scorecard.reading import clean

_LARGEST = 2**60


@dataclass(frozen=True, slots=True)
class Disk:
    """`free_bytes`: what a user may still fill; what is kept back for root is not in it."""

    mount: str  # "/", "/srv", "C:"
    kind: str  # "ext4", "apfs", "NTFS"; empty where it was not told
    size_bytes: Fact[int]
    free_bytes: Fact[int]


def ordered(disks: Iterable[Disk], first: str = "/") -> tuple[Disk, ...]:
    """The system's own first, then by name."""
    return tuple(sorted(disks, key=lambda disk: (disk.mount != first, disk.mount)))


def sizes(size_bytes: int, free_bytes: int) -> tuple[Fact[int], Fact[int]]:
    """Where what is kept back for root is in use, df shows less than nothing: nothing is free."""
    if not 0 < size_bytes <= _LARGEST:
        odd = Unseen(f"The machine tells a size that no disk has: {size_bytes} bytes")
        return odd, odd
    return Seen(size_bytes), Seen(min(max(free_bytes, 0), size_bytes))


def mount_name(text: str) -> str:
    return clean(text, 120)


def portrayed(disks: Fact[tuple[Disk, ...]]) -> str | None:
    """One line for the device list; None where nothing is known."""
    if not isinstance(disks, Seen):
        return None
    return disk_space.write(
        disk_space.Space(disk.mount, _plain(disk.size_bytes), _plain(disk.free_bytes)) for disk in disks.value
    )


def _plain(fact: Fact[int]) -> int | None:
    return fact.value if isinstance(fact, Seen) else None
