"""The kernel's tree of block devices, walked from a volume down to what holds its bytes (linux.md 1.1).

The machine sends what sysfs shows; the walk is done here. Input lines of the part `blocks` are
`name<tab>key<tab>value`; a btrfs file system is sent as a device `btrfs:UUID` with its members as slaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from scorecard.model import Fact, Seen, Unseen
from scorecard.reading import clean

MAX_DEVICES = 5_000
_MAX_STEPS = 1_000  # of one walk; a loop in a hostile answer ends here
_INTEGRITY_ONLY = ("CRYPT-VERITY-", "CRYPT-INTEGRITY-")
_NETWORK_NAMES = ("nbd", "rbd", "drbd")


@dataclass(slots=True)
class Device:
    """One block device as sysfs shows it. `size` is in sectors of 512 bytes."""

    name: str
    number: str = ""  # "259:3"
    size: int = 0
    removable: bool = False
    is_partition: bool = False
    dm_uuid: str = ""
    dm_name: str = ""
    backing: str = ""  # file behind a loop device, device behind zram
    card: str = ""
    path: str = ""
    slaves: list[str] = field(default_factory=list)
    holders: list[str] = field(default_factory=list)
    udev_type: str = ""
    udev_part: str = ""

    @property
    def parent(self) -> str | None:
        """The disk a partition lies on."""
        pieces = self.path.split("/")
        return pieces[-2] if self.is_partition and len(pieces) > 2 else None

    @property
    def mapping(self) -> str | None:
        """What kind of dm-crypt mapping this is ("LUKS2", "PLAIN", "LUKS2-OPAL"), None where it encrypts nothing."""
        if not self.dm_uuid.startswith("CRYPT-") or self.dm_uuid.startswith(_INTEGRITY_ONLY):
            return None
        if self.dm_uuid.startswith("CRYPT-LUKS2-OPAL-"):
            return "LUKS2-OPAL"
        kind = self.dm_uuid.split("-")[1]
        return None if kind in ("TEMP", "SUBDEV") else kind

    @property
    def is_helper(self) -> bool:
        """A mapping that exists only while the volume above it is converted."""
        return self.dm_uuid.startswith("CRYPT-SUBDEV-")

    @property
    def is_external(self) -> bool:
        """USB and other removable ones; `removable` alone misses most USB disks (linux.md 1.1)."""
        return self.removable or "/usb" in self.path or self.card == "SD"

    @property
    def is_remote(self) -> bool:
        """A disk of another machine: network block devices and iSCSI sessions."""
        return self.name.startswith(_NETWORK_NAMES) or ("/session" in self.path and "/target" in self.path)


def printable(text: str, limit: int) -> str:
    """As `clean`, and cheap for the thousands of ordinary words that a block tree has."""
    text = text[:limit]
    return text if text.isprintable() else clean(text, limit)


def read_devices(text: str) -> Fact[dict[str, Device]]:
    """All devices by name. A line that is not understood may be the one that names a clear disk: then all are Unseen."""
    devices: dict[str, Device] = {}
    for line in text.split("\n"):
        if not line:
            continue
        name, _, rest = line.partition("\t")
        key, found, value = rest.partition("\t")
        if not found or printable(name, 80) != name:
            return Unseen(f"The list of block devices is garbled: {clean(line, 60)}")
        if name not in devices and len(devices) >= MAX_DEVICES:
            return Unseen(f"The machine names more than {MAX_DEVICES} block devices")
        _take(devices.setdefault(name, Device(name)), key, printable(value, 4096))
    if not any(device.number for device in devices.values()):
        return Unseen("The machine named no block device")
    return Seen(devices)


def _take(device: Device, key: str, value: str) -> None:
    match key:
        case "dev":
            device.number = value
        case "size":
            device.size = int(value) if value.isascii() and value.isdigit() and len(value) < 20 else 0
        case "removable":
            device.removable = value == "1"
        case "partition":
            device.is_partition = True
        case "dm-uuid":
            device.dm_uuid = value
        case "dm-name":
            device.dm_name = value
        case "backing":
            device.backing = "" if value == "none" else value
        case "card":
            device.card = value
        case "path":
            device.path = value
        case "slave":
            device.slaves.append(value)
        case "holder":
            device.holders.append(value)
        case "udev-type":
            device.udev_type = value
        case "udev-part":
            device.udev_part = value


@dataclass(frozen=True, slots=True)
class Leaf:
    """Where a walk ended: at an encrypting mapping, on a clear disk, or nowhere that can be seen."""

    kind: str  # "crypt", "clear", "file", "unknown"
    device: str
    why: str = ""


@dataclass(frozen=True)
class BlockTree:
    devices: Mapping[str, Device]
    # Mappings that dmsetup shows to be dm-crypt although their uuid does not say so (made by hand).
    by_hand: frozenset[str] = frozenset()
    tables_seen: bool = True  # whether dmsetup could be asked: without it a mapping that has no uuid may be anything

    @cached_property
    def by_number(self) -> Mapping[str, str]:
        """Device names by major:minor."""
        return {device.number: device.name for device in self.devices.values() if device.number}

    def is_external(self, name: str) -> bool:
        """Whether everything below lies on removable or USB disks. A device that cannot be followed counts as fixed."""
        disks = self.disks_under(name)
        return bool(disks) and all(self._or_its_disk(disk, "is_external") for disk in disks)

    def is_remote(self, name: str) -> bool:
        """Whether everything below lies on disks of other machines."""
        disks = self.disks_under(name)
        return bool(disks) and all(self._or_its_disk(disk, "is_remote") for disk in disks)

    def _or_its_disk(self, device: Device, claim: str) -> bool:
        parent = self.devices.get(device.parent or "")
        return bool(getattr(device, claim) or (parent is not None and getattr(parent, claim)))

    def leaves(self, name: str) -> tuple[Leaf, ...]:
        """What holds the bytes of a device, each leaf once. A device that cannot be followed gives an unknown leaf."""
        found: dict[tuple[str, str], Leaf] = {}
        seen: set[str] = set()
        todo = [name]
        while todo:
            current = todo.pop()
            if current in seen:
                continue
            seen.add(current)
            if len(seen) > _MAX_STEPS:
                found["unknown", name] = Leaf("unknown", name, "its devices are too many to follow")
                break
            leaf, further = self._step(current)
            todo += further
            if leaf is not None:
                found[leaf.kind, leaf.device] = leaf
        return tuple(sorted(found.values(), key=lambda leaf: (leaf.kind, leaf.device)))

    def _step(self, name: str) -> tuple[Leaf | None, Iterable[str]]:
        device = self.devices.get(name)
        if device is None:
            return Leaf("unknown", name, f"{clean(name, 60)} is not in the list of devices"), ()
        if device.mapping is not None or name in self.by_hand:
            return Leaf("crypt", name), ()
        if device.dm_name and not device.dm_uuid and not self.tables_seen:
            return Leaf("unknown", name, f"what the mapping {clean(device.dm_name, 60)} does only root can see"), ()
        slaves = self._below(device)
        if slaves:
            return None, slaves
        if device.backing.startswith("/") and name.startswith("loop"):
            return Leaf("file", name, device.backing), ()
        if name.startswith(("dm-", "md", "bcache", "btrfs:", "loop")) and not device.is_partition:
            return Leaf("unknown", name, f"what {name} is made of was not told"), ()
        return Leaf("clear", name), ()

    def _below(self, device: Device) -> list[str]:
        """A partition of an array or cache lies on what the whole device is made of."""
        parent = self.devices.get(device.parent or "")
        return device.slaves or (parent.slaves if parent else [])

    def disks_under(self, name: str) -> tuple[Device, ...]:
        """The disks at the very bottom, below any encryption: to tell external from fixed ones."""
        bottom: dict[str, Device] = {}
        seen: set[str] = set()
        todo = [name]
        while todo and len(seen) <= _MAX_STEPS:
            current = todo.pop()
            device = self.devices.get(current)
            if device is None or current in seen:
                continue
            seen.add(current)
            slaves = self._below(device)
            todo += slaves
            if not slaves:
                bottom[current] = device
        return tuple(bottom.values())
