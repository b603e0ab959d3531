"""macOS: mount and df; the volumes of one APFS container share its space and count once (macos.md 5.4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from scorecard.model import Fact, Observations, Seen, Unseen
from scorecard.reading import text_of

from .disks import Disk, mount_name, ordered, sizes

DISKS = "inventory.disks"

_MOUNT = re.compile(
    r"mount: (?P<device>/dev/disk[0-9s]{1,20}) on (?P<place>/.*) \((?P<kind>[a-z0-9_]{1,20}), (?P<rest>.*)\)"
)
_DF = re.compile(
    r"df: (?P<device>/dev/disk(?P<disk>[0-9]{1,4})[0-9s]{0,20}) +(?P<size>[0-9]{1,18}) +[0-9]{1,18}"
    r" +(?P<free>-?[0-9]{1,18}) +(?:[0-9]{1,18}%|-) +(?P<place>/.*)"
)
_INTERNAL = re.compile(r"internal: (/dev/disk[0-9s]{1,20})")
_DATA = "/System/Volumes/Data"


@dataclass(frozen=True, slots=True)
class _Volume:
    disk: int
    kind: str
    place: str
    size_blocks: int
    free_blocks: int


def parse(observations: Observations) -> Fact[tuple[Disk, ...]]:
    text = text_of(observations, DISKS)
    if isinstance(text, Unseen):
        return text
    lines = text.value.splitlines()
    mounts = {found["device"]: found for line in lines if (found := _MOUNT.fullmatch(line))}
    rows = [line for line in lines if line.startswith("df: ")]
    shown = [found for line in rows if (found := _DF.fullmatch(line))]
    # Every Mac runs from a local disk: without it, what else was said is not to be believed.
    if len(shown) != len(rows) or not any(found["place"] == "/" for found in shown):
        return Unseen("What the machine said of its disks could not be understood")
    internal = {found[1] for line in lines if (found := _INTERNAL.fullmatch(line))}
    volumes = [_volume(found, mounts) for found in shown if _counts(found["device"], found["place"], mounts, internal)]
    return Seen(ordered(_disks(volumes)))


def _volume(found: re.Match[str], mounts: Mapping[str, re.Match[str]]) -> _Volume:
    mount = mounts.get(found["device"])
    kind = mount["kind"] if mount else ""
    return _Volume(int(found["disk"]), kind, found["place"], int(found["size"]), int(found["free"]))


def _counts(device: str, place: str, mounts: Mapping[str, re.Match[str]], internal: set[str]) -> bool:
    """The running system's disk always does; others where they are built in and can be written to."""
    mount = mounts.get(device)
    if place in ("/", _DATA):
        return True
    if mount is None or "read-only" in mount["rest"].split(", "):
        return False
    return not place.startswith("/Volumes/") or device in internal


def _disks(volumes: list[_Volume]) -> list[Disk]:
    """A container's volumes are of one disk and of one size. One is named by its first place: `/` before all others."""
    groups: dict[tuple[int, int], list[_Volume]] = {}
    for volume in volumes:
        groups.setdefault((volume.disk, volume.size_blocks), []).append(volume)
    disks: list[Disk] = []
    for members in groups.values():
        named = min(members, key=lambda volume: (volume.place != "/", volume.place != _DATA, volume.place))
        if named.place == _DATA or not named.place.startswith("/System/Volumes/"):  # others hold what starts the Mac
            free = min(volume.free_blocks for volume in members)
            disks.append(Disk(mount_name(named.place), named.kind, *sizes(named.size_blocks * 1024, free * 1024)))
    return disks
