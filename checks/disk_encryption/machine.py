"""One Linux machine's answers taken apart, and what any device, mount or file on it amounts to (linux.md 1.1, 1.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from scorecard.model import Fact, Observations, Seen, Unseen
from scorecard.reading import clean, text_of

from . import luks, zfs
from .blocktree import BlockTree, Leaf, read_devices
from .layers import Layer, combine
from .mounts import Mount, holder_of, read_mounts
from .shape import State

_MAX_DEPTH = 4  # files on file systems on files ...

T = TypeVar("T")


@dataclass(frozen=True)
class Machine:
    """What the parts said, taken apart."""

    observations: Observations
    tree: BlockTree
    mounts: list[Mount]
    aliases: dict[str, str]
    targets: Fact[dict[str, list[luks.Target]]]
    headers: Fact[dict[str, luks.Header]]
    zfs: Fact[zfs.Zfs]

    @classmethod
    def read(cls, observations: Observations) -> Fact[Machine]:
        """Unseen where the devices or the mounts were not told whole: then no volume can be judged."""
        devices = parsed(observations, "blocks", read_devices)
        mounted = parsed(observations, "mounts", read_mounts)
        for needed in (devices, mounted):
            if isinstance(needed, Unseen):
                return needed
            if isinstance(needed.value, Unseen):
                return needed.value
        found, (mounts, aliases) = devices.seen().seen(), mounted.seen().seen()
        targets = parsed(observations, "mappings", luks.read_targets)
        by_hand: set[str] = set()
        if isinstance(targets, Seen):
            for device in found.values():
                table = targets.value.get(device.dm_name, ()) if device.dm_name and not device.dm_uuid else ()
                if table and all(target.kind == "crypt" for target in table):
                    by_hand.add(device.name)
        return Seen(
            cls(
                observations,
                BlockTree(found, frozenset(by_hand), isinstance(targets, Seen)),
                mounts,
                aliases,
                targets,
                parsed(observations, "luks", luks.read_headers),
                parsed(observations, "zfs", zfs.read_zfs),
            )
        )

    def under(self, name: str, depth: int = 0) -> Layer:
        """What a device amounts to, all its leaves taken together."""
        return combine([self._leaf(leaf, depth) for leaf in self.tree.leaves(name)])

    def _leaf(self, leaf: Leaf, depth: int) -> Layer:
        match leaf.kind:
            case "crypt":
                device = self.tree.devices[leaf.device]
                opened = luks.judge_mapping(device, self.tree.devices, self.targets, self.headers)
                below = ", ".join(device.slaves[:2])
                detail = f"{opened.detail} on {below}" if below else opened.detail
                return Layer(opened.state, opened.method, detail, opened.unlock, opened.header)
            case "clear":
                if leaf.device.startswith("zd"):
                    return self._zvol(leaf.device, depth)
                return Layer.clear(f"{leaf.device} is not encrypted")
            case "file":
                return self._file(leaf.why, depth)
            case _:
                return Layer.unseen(f"The disk could not be followed: {leaf.why}")

    def _file(self, path: str, depth: int) -> Layer:
        """A file that is used as a disk is protected as the file system it lies on."""
        mount = holder_of(path, self.mounts)
        if mount is None or depth >= _MAX_DEPTH:
            return Layer.unseen(f"The file {clean(path, 80)} behind a device could not be found on any file system")
        return self.of_mount(mount, depth + 1)

    def of_mount(self, mount: Mount, depth: int = 0) -> Layer:
        match mount.kind:
            case "zfs":
                return self._data_set(mount.source, depth)
            case "btrfs":
                name = self.btrfs_of(mount)
                return self.under(name, depth) if name else Layer.unseen("The devices of this btrfs were not told")
            case "bcachefs":
                return self._bcachefs(mount, depth)
        name = self.tree.by_number.get(mount.number)
        if name is None:
            why = f"The disk behind {mount.point} could not be followed: {mount.number} is not in the list of devices"
            return Layer.unseen(why)
        return self.under(name, depth)

    @cached_property
    def _by_dm_name(self) -> dict[str, str]:
        return {device.dm_name: device.name for device in self.tree.devices.values() if device.dm_name}

    def kernel_name(self, path: str) -> str:
        """The kernel's name of "/dev/mapper/root" and the like. Without udev that is no link, and its own name decides."""
        last = path.rpartition("/")[2]
        if path.startswith("/dev/mapper/") and last in self._by_dm_name:
            return self._by_dm_name[last]
        return self.aliases.get(path, last)

    @cached_property
    def _btrfs(self) -> dict[str, str]:
        """Every member of a btrfs file system with the name of its device list."""
        lists = [device for name, device in self.tree.devices.items() if name.startswith("btrfs:")]
        return {member: device.name for device in lists for member in device.slaves}

    def btrfs_of(self, mount: Mount) -> str | None:
        """The device list of a btrfs file system: the one its source is a member of, or the only one there is."""
        source = self.kernel_name(mount.source)
        lists = set(self._btrfs.values())
        if source in self._btrfs or source in self.tree.devices or len(lists) != 1:
            return self._btrfs.get(source)
        return next(iter(lists))

    def bcachefs_members(self, mount: Mount) -> list[str]:
        return [self.kernel_name(source) for source in mount.source.split(":")[:100]]

    def _bcachefs(self, mount: Mount, depth: int) -> Layer:
        """Its own encryption shows only in its super block, which is not read: so only layers below can prove it."""
        layer = combine([self.under(member, depth) for member in self.bcachefs_members(mount)])
        if isinstance(layer.state, Seen) and layer.state.value in (State.PLAIN, State.PARTLY):
            return Layer.unseen("Whether this bcachefs encrypts its data is not read by this version")
        return layer

    def _data_set(self, name: str, depth: int) -> Layer:
        if isinstance(self.zfs, Unseen):
            return Layer.unseen(f"ZFS was not seen: {self.zfs.reason}")
        value = zfs.encryption_of(self.zfs.value, name)
        if value is None:
            return Layer.unseen(f"ZFS said nothing about the encryption of {clean(name, 80)}")
        if value != "off":
            return Layer(Seen(State.ENCRYPTED), Seen(zfs.method_of(value)), "ZFS encryption")
        members = self.zfs.value.members.get(name.partition("/")[0], set())
        if not members or depth >= _MAX_DEPTH:
            return Layer.clear("ZFS without encryption")
        return combine([self.under(member, depth + 1) for member in sorted(members)])

    def _zvol(self, device: str, depth: int) -> Layer:
        if isinstance(self.zfs, Unseen):
            return Layer.unseen(f"ZFS was not seen: {self.zfs.reason}")
        name = self.zfs.value.zvols.get(device)
        return self._data_set(name, depth) if name else Layer.unseen(f"ZFS did not tell what {device} is")


def parsed(observations: Observations, noun: str, read: Callable[[str], T]) -> Fact[T]:
    text = text_of(observations, f"disk-encryption.{noun}")
    return Seen(read(text.value)) if isinstance(text, Seen) else text
