"""ZFS: encryption is a property of each data set; a pool may also lie on LUKS (linux.md 1.3)."""

from __future__ import annotations

from dataclasses import dataclass, field

from .shape import Method

_MAX_RECORDS = 50_000


@dataclass(slots=True)
class Zfs:
    sets: dict[str, dict[str, str]] = field(default_factory=dict)  # data set -> property -> value
    members: dict[str, set[str]] = field(default_factory=dict)  # pool -> device names
    zvols: dict[str, str] = field(default_factory=dict)  # device name -> data set
    too_old: bool = False  # before ZFS knew encryption


def read_zfs(text: str) -> Zfs:
    found = Zfs()
    for line in text.split("\n")[:_MAX_RECORDS]:
        match line.split("\t"):
            case ["old"]:
                found.too_old = True
            case ["set", name, key, value]:
                found.sets.setdefault(name, {})[key] = value
            case ["vdev", pool, name]:
                found.members.setdefault(pool, set()).add(name)
            case ["zvol", name, device]:
                found.zvols[device] = name
    return found


def encryption_of(zfs: Zfs, name: str) -> str | None:
    """ "off", "aes-256-gcm" and so on; None where the data set was not told."""
    properties = zfs.sets.get(name)
    if properties is None:
        return None
    return "off" if zfs.too_old else properties.get("encryption")


def method_of(value: str) -> Method:
    """From a value such as "aes-256-gcm"."""
    words = value.split("-")
    bits = int(words[1]) if len(words) == 3 and words[1].isdigit() and len(words[1]) < 5 else None
    return Method(f"ZFS {value}", words[0], words[-1], bits, by_drive=False)
