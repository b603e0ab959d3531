"""What is mounted and swapped to, from /proc/self/mountinfo and /proc/swaps (linux.md 1.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from scorecard.model import Fact, Seen, Unseen
from scorecard.reading import clean

from .blocktree import printable
from .shape import Purpose

MAX_MOUNTS = 20_000

# Not file systems on a disk of this machine; those of other machines are counted for the report.
_REMOTE = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "glusterfs", "lustre", "gpfs", "afs", "9p", "virtiofs"}
)
_READ_ONLY_IMAGES = frozenset({"squashfs", "iso9660", "cramfs", "romfs", "udf"})
# On disk, but under an anonymous device number: their devices are found another way.
ANONYMOUS = frozenset({"btrfs", "zfs", "bcachefs"})

# Read by firmware or boot loader before anything is unlocked (linux.md 1.1).
_BOOT = frozenset({"/boot", "/boot/efi", "/efi", "/boot/firmware", "/boot/grub", "/boot/loader", "/recovery"})
# Where the system lies when "/" itself is put together in memory: image-based systems, overlay roots, NixOS.
_STAND_INS = ("/sysroot", "/media/root-ro", "/usr", "/etc", "/var", "/nix")


@dataclass(frozen=True, slots=True)
class Mount:
    number: str  # "254:1"
    point: str
    kind: str  # "ext4"
    source: str

    @property
    def is_remote(self) -> bool:
        return self.kind in _REMOTE or self.kind in ("fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.glusterfs")

    @property
    def is_on_disk(self) -> bool:
        """A real file system on a block device. Snap and other read-only images on loop devices are not volumes."""
        if self.kind in ANONYMOUS:
            return True
        if self.number.startswith("0:") or self.is_remote or self.kind in _READ_ONLY_IMAGES:
            return False
        return not (self.kind == "erofs" and self.source.startswith("/dev/loop"))


# Identity, parent, device number, root, mount point, options, any number of tags, a dash, type, source (proc(5)).
_MOUNT = re.compile(
    r"[0-9]+ [0-9]+ (?P<number>[0-9]+:[0-9]+) [^ ]+ (?P<point>[^ ]+) [^ ]+ .*?- (?P<kind>[^ ]+) (?P<source>[^ ]*)"
)
_ESCAPE = re.compile(r"\\([0-7]{3})")


def unescape(text: str) -> str:
    """The kernel writes blanks, tabs, line feeds and backslashes as octal numbers."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), text)


def read_mounts(text: str) -> Fact[tuple[list[Mount], dict[str, str]]]:
    """Mounts in order, and the kernel's name for each source (`alias` lines). Unseen where a line is not understood."""
    mounts: list[Mount] = []
    aliases: dict[str, str] = {}
    for line in text.split("\n"):
        kind, _, rest = line.partition("\t")
        if kind == "alias":
            source, _, name = rest.partition("\t")
            aliases[source] = name
            continue
        match = _MOUNT.match(rest)
        if kind == "mount" and match:
            point = printable(unescape(match["point"][:400]), 200)
            mounts.append(Mount(match["number"], point, match["kind"], match["source"]))
        elif line:
            return Unseen(f"The list of mounts is garbled: {clean(line, 60)}")
        if len(mounts) + len(aliases) > MAX_MOUNTS:
            return Unseen(f"The machine names more than {MAX_MOUNTS} mounts")
    return Seen((mounts, aliases)) if mounts else Unseen("The machine named no mount")


def read_swaps(text: str) -> list[tuple[str, bool]] | None:
    """Swap areas as (path, is it a file). None where a line is not understood: it may be the one that is clear."""
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines or not lines[0].startswith("Filename") or len(lines) > MAX_MOUNTS:
        return None
    areas = []
    for line in lines[1:]:
        words = line.split()
        if len(words) < 3 or not words[0].startswith("/") or words[1] not in ("file", "partition"):
            return None
        areas.append((unescape(words[0]), words[1] == "file"))
    return areas


def holder_of(path: str, mounts: Iterable[Mount]) -> Mount | None:
    """The mount a file lies on: of those above it the deepest, and of several on one point the last."""
    best: Mount | None = None
    for mount in mounts:
        point = mount.point.rstrip("/")
        if (path == point or path.startswith(point + "/")) and (best is None or len(point) >= len(best.point.rstrip("/"))):
            best = mount
    return best


def system_points(mounts: list[Mount]) -> frozenset[str]:
    """Mount points that hold the running system. Empty where none of them is on a disk of this machine."""
    on_disk = {mount.point for mount in mounts if mount.is_on_disk}
    root = holder_of("/", mounts)
    if root is not None and root.is_on_disk:
        return frozenset({"/", "/usr"} & on_disk)
    return frozenset(on_disk.intersection(_STAND_INS))


def purpose_of(points: Iterable[str], system: frozenset[str], is_external: bool) -> Purpose:
    """What a file system is for, from all the places where it is mounted."""
    places = set(points)
    if places & system:
        return Purpose.SYSTEM
    if places <= _BOOT:
        return Purpose.BOOT
    return Purpose.REMOVABLE if is_external else Purpose.DATA
