"""Where a Windows volume lies and what it is for: partitions and disks as the storage namespace tells (windows.md 1.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from scorecard.model import Fact, Observations, Seen, Unseen
from scorecard.windows_answers import Instance, Values, instances

_KINDS: Mapping[str, str] = {
    "{c12a7328-f81f-11d2-ba4b-00a0c93ec93b}": "EFI system partition",
    "{de94bba4-06d1-4d40-a16a-bfd50179d6ac}": "recovery partition",
    "{e3c9e316-0b5c-4db8-817d-f92df00215ae}": "reserved partition",
}
# What holds volumes that Windows lists on their own: data, dynamic disks (two kinds), storage pools.
_WINDOWS_TYPES = frozenset(
    {
        "{ebd0a0a2-b9e5-4433-87c0-68b6b72699c7}",
        "{5808c8aa-7e8f-42e0-85d2-e1e90434cfb3}",
        "{af9b60a0-1431-4f62-bc68-3311714a69ad}",
        "{e75caf8f-f680-4cee-afa3-b001e56efc2d}",
    }
)
_MBR_RECOVERY = 0x27
# None, FAT, NTFS, extended, recovery, dynamic, GPT behind a protective entry, start files.
_WINDOWS_MBR = frozenset({0, 0x01, 0x04, 0x05, 0x06, 0x07, 0x0B, 0x0C, 0x0E, 0x0F, _MBR_RECOVERY, 0x42, 0xEE, 0xEF})
_USB = 7
_NOT_OF_THIS_MACHINE = frozenset({9, 15})  # iSCSI, backed by a file
_VIRTUAL = 14
# Smaller ones are makers' tools for starting and testing the machine.
_FOREIGN_FROM_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Place:
    """Of one volume. `kind` is a name where it is start files, recovery or reserved space; `inside` says why not known."""

    kind: str
    inside: Fact[bool]
    is_external: bool = False
    is_image: bool = False


@dataclass(frozen=True)
class Disks:
    partitions: Fact[tuple[Instance, ...]]
    buses: Fact[Mapping[int, int]]
    by_path: Mapping[str, Instance] = field(default_factory=dict)

    @classmethod
    def read(cls, observations: Observations) -> Disks:
        partitions = instances(observations, "disk-encryption.partitions")
        disks = instances(observations, "disk-encryption.disks")
        found: Fact[tuple[Instance, ...]] = Seen(partitions.value.instances) if isinstance(partitions, Seen) else partitions
        if isinstance(partitions, Seen) and partitions.value.capped:
            found = Unseen("the machine has more partitions than it could name")
        buses: Fact[Mapping[int, int]] = disks if isinstance(disks, Unseen) else Seen(_buses(disks.value.instances))
        return cls(found, buses, dict(_paths(found.value)) if isinstance(found, Seen) else {})

    def place(self, device: str, letter: str) -> Place:
        if isinstance(self.partitions, Unseen):
            return Place("", Unseen(f"its partition was not seen: {self.partitions.reason}"))
        partition = self.by_path.get(device) or (self.by_path.get(f"{letter.lower()}\\") if letter else None)
        if partition is None:
            return Place("", Unseen("on which disk it lies was not told"))
        kind = _kind(partition.props)
        if isinstance(self.buses, Unseen):
            return Place(kind, Unseen(f"its disk was not seen: {self.buses.reason}"))
        disk = partition.props.number("DiskNumber")
        bus = self.buses.value.get(disk.value) if isinstance(disk, Seen) and disk.value is not None else None
        if bus in (None, _VIRTUAL):
            return Place(kind, Unseen("whether its disk is inside the machine was not told"))
        is_image = bus in _NOT_OF_THIS_MACHINE
        return Place(kind, Seen(bus != _USB and not is_image), bus == _USB, is_image)

    def foreign(self) -> Iterator[str]:
        """Names of large partitions on disks of this machine that hold nothing Windows knows."""
        for partition in self.partitions.value if isinstance(self.partitions, Seen) else ():
            size = partition.props.number("Size")
            disk, number = partition.props.number("DiskNumber"), partition.props.number("PartitionNumber")
            if not _is_foreign(partition.props):
                continue
            if isinstance(size, Seen) and size.value is not None and size.value < _FOREIGN_FROM_BYTES:
                continue
            on, which = (one.value if isinstance(one, Seen) else None for one in (disk, number))
            bus = self.buses.value.get(on) if on is not None and isinstance(self.buses, Seen) else None
            if bus != _USB and bus not in _NOT_OF_THIS_MACHINE:
                yield "a partition" if on is None or which is None else f"disk {on} partition {which}"


def _paths(partitions: tuple[Instance, ...]) -> Iterator[tuple[str, Instance]]:
    for partition in partitions:
        paths = partition.props.texts("AccessPaths")
        for path in paths.value if isinstance(paths, Seen) else ():
            yield path.lower(), partition


def _buses(disks: tuple[Instance, ...]) -> dict[int, int]:
    pairs = ((disk.props.number("Number"), disk.props.number("BusType")) for disk in disks)
    return {
        number.value: bus.value
        for number, bus in pairs
        if isinstance(number, Seen) and isinstance(bus, Seen) and number.value is not None and bus.value is not None
    }


def _is_foreign(props: Values) -> bool:
    """One of a type that was not told is taken for it, unless a volume of Windows lies on it."""
    gpt, mbr = props.text("GptType"), props.number("MbrType")
    if isinstance(gpt, Seen) and gpt.value:
        return gpt.value.lower() not in _WINDOWS_TYPES | set(_KINDS)
    if isinstance(mbr, Seen) and mbr.value is not None:
        return mbr.value not in _WINDOWS_MBR
    paths = props.texts("AccessPaths")
    return not (isinstance(paths, Seen) and paths.value)


def _kind(props: Values) -> str:
    gpt, mbr = props.text("GptType"), props.number("MbrType")
    if isinstance(gpt, Seen) and gpt.value:
        return _KINDS.get(gpt.value.lower(), "")
    return "recovery partition" if mbr == Seen(_MBR_RECOVERY) else ""
