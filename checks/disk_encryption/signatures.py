"""Fixed disks and partitions that nothing uses: what lies on them (linux.md 1.1, "unmounted fixed disks too")."""

from __future__ import annotations

from dataclasses import dataclass, field

from scorecard.model import Fact, Seen, Unseen
from scorecard.reading import clean

from .blocktree import BlockTree, Device
from .shape import State

_MAX_RECORDS = 20_000
_MIN_SECTORS = 2048  # 1 MiB: boot code and extended partitions, no data

# Partitions that must or may be clear: EFI, Microsoft reserved and recovery, BIOS boot, extended boot loader, PReP.
_BOOT_PARTS = frozenset(
    {
        "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
        "e3c9e316-0b5c-4db8-817d-f92df00215ae",
        "de94bba4-06d1-4d40-a16a-bfd50179d6ac",
        "21686148-6449-6e6f-744e-656564454649",
        "bc13c2ff-59e6-4262-a352-b275fd6f7172",
        "9e1a2d38-c612-4316-aa26-8b49521e5a8b",
        "0xef",
        "0x27",
        "0x41",
    }
)
_NEVER_DISKS = ("loop", "ram", "zram", "sr", "fd", "btrfs:")


@dataclass(slots=True)
class Signature:
    code: str = ""  # of blkid: 0 found, 2 nothing there, 8 several at once
    kind: str = ""
    part: str = ""


def read_signatures(text: str) -> dict[str, Signature]:
    found: dict[str, Signature] = {}
    for line in text.split("\n")[:_MAX_RECORDS]:
        match line.split("\t"):
            case ["probed", name, code]:
                found[name] = Signature(code)
            case ["found", name, "TYPE", value] if name in found:
                found[name].kind = clean(value, 40)
            case ["found", name, "PART_ENTRY_TYPE", value] if name in found:
                found[name].part = clean(value, 40)
    return found


@dataclass(frozen=True, slots=True)
class Content:
    """What lies on an unused device. `kind` "luks" is left to its header; "boot" and "blank" are not judged."""

    kind: str  # "luks", "boot", "blank", "data"
    state: Fact[State] = field(default_factory=lambda: Unseen("Not read"))
    detail: str = ""


def content_of(device: Device, probed: Fact[dict[str, Signature]], has_header: bool) -> Content:
    """From the disk itself (root) and from what udev remembers; where they disagree nothing is known."""
    own = probed.value.get(device.name) if isinstance(probed, Seen) else None
    if "boot" in (_part(own.part if own else ""), _part(device.udev_part)):
        return Content("boot")
    remembered = _by_type(device.udev_type) if device.udev_type else None
    if own is None or own.code not in ("0", "2", "8"):
        if has_header:
            return Content("luks")
        if remembered is not None:
            return remembered
        why = probed.reason if isinstance(probed, Unseen) else "it could not be read"
        return Content("data", Unseen(f"What lies on {device.name} was not seen: {why}"))
    if own.code == "8":
        return Content("data", Unseen(f"{device.name} carries signatures of several kinds at once"))
    read = Content("luks") if has_header else _by_type(own.kind) if own.kind else Content("blank")
    if remembered is not None and remembered.kind != read.kind:
        said = f"udev says {device.udev_type}, the disk itself says {own.kind or 'nothing'}"
        return Content("data", Unseen(f"Two sources disagree about {device.name}: {said}"))
    return read


def _part(kind: str) -> str:
    return "boot" if kind.lower() in _BOOT_PARTS else ""


def _by_type(kind: str) -> Content:
    if kind == "crypto_LUKS":
        return Content("luks")
    if kind == "BitLocker":
        return Content(
            "data", Unseen("A BitLocker volume of another system; its protection cannot be read from here"), kind
        )
    if kind.endswith("_member") or kind in ("bcache", "DRBD", "ceph_bluestore"):
        return Content("data", Unseen(f"It belongs to an array or volume group that is not running ({kind})"), kind)
    return Content("data", Seen(State.PLAIN), f"{kind}, not mounted")


def unused(tree: BlockTree, used: frozenset[str]) -> list[Device]:
    """Fixed devices of this machine over 1 MiB that no mount, swap area, array or partition table accounts for."""
    with_parts = {device.parent for device in tree.devices.values() if device.is_partition}
    found = []
    for device in tree.devices.values():
        parent = tree.devices.get(device.parent or "")
        skip = (
            device.name.startswith(_NEVER_DISKS)
            or not device.number
            or device.size <= _MIN_SECTORS
            or device.name in used
            or device.name in with_parts
            or device.holders
            or device.is_helper
            or (parent is not None and parent.holders)
            or tree.is_external(device.name)
            or tree.is_remote(device.name)
        )
        if not skip:
            found.append(device)
    return found
