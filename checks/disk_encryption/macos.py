"""macOS: FileVault on the system, and every other volume inside the machine (macos.md 1).

The question is whether FileVault is on. On Apple silicon and with a T2 chip data is encrypted by hardware in any case,
but without FileVault the machine opens it for anybody: such flags never count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from scorecard.model import Fact, Host, Observations, Seen, Unseen
from scorecard.reading import pairs, text_of

from . import plists
from .filevault import FileVault, read_filevault
from .shape import DiskEncryption, Method, Purpose, Recovery, State, Volume

# FileVault is AES in XTS mode with at least 128 bits: the nature of the product (Apple Platform Security).
_FILEVAULT = Method("AES-XTS (FileVault)", "aes", "xts", 128, by_drive=False)

# Roles whose volumes hold nothing of the user, or are encrypted always (swap): not being under FileVault is normal.
_EXEMPT_ROLES = frozenset({"System", "Preboot", "Recovery", "VM", "Update", "xART", "Hardware"})
_JUDGED_ROLES = frozenset({"Data", "Backup", "User"})

_EXEMPT_CONTENT = frozenset(
    {
        "EFI",
        "Apple_APFS",
        "Apple_APFS_ISC",
        "Apple_APFS_Recovery",
        "Apple_Boot",
        "Apple_Free",
        "Apple_partition_map",
        "Microsoft Reserved",
        "DE94BBA4-06D1-4D40-A16A-BFD50179D6AC",
    }
)
_WINDOWS_CONTENT = frozenset({"Microsoft Basic Data", "Windows_NTFS", "Windows_FAT_32", "DOS_FAT_32", "DOS_FAT_16"})
_SCHEMES = frozenset({"GUID_partition_scheme", "FDisk_partition_scheme", "Apple_partition_scheme"})


def read_macos(observations: Observations, host: Host) -> DiskEncryption:
    mac = Mac.read(observations, host)
    volumes = [_system(mac), *_apfs(mac), *_partitions(mac)]
    return DiskEncryption(Seen(tuple(volumes)), _recovery(mac), tuple(_notes(mac)))


@dataclass(frozen=True)
class Mac:
    """What the parts said, taken apart."""

    observations: Observations
    filevault: Fact[FileVault]
    containers: Fact[list[dict[str, Any]]]
    disks: Fact[dict[str, Any]]
    drives: Fact[Mapping[str, dict[str, Any]]]
    boot: Fact[list[dict[str, Any]]]
    is_apple_silicon: bool

    @classmethod
    def read(cls, observations: Observations, host: Host) -> Mac:
        status = text_of(observations, "disk-encryption.filevault")
        apfs = _plist(observations, "volumes")
        containers: Fact[list[dict[str, Any]]] = Unseen("No APFS containers were listed")
        if isinstance(apfs, Unseen):
            containers = apfs
        elif isinstance(apfs.value.get("Containers"), list):
            containers = Seen(plists.dicts(apfs.value, "Containers"))
        drives = _plist_list(observations, "drives")
        return cls(
            observations,
            read_filevault(status.value) if isinstance(status, Seen) else status,
            containers,
            _plist(observations, "disks"),
            Seen({plists.text(one, "DeviceIdentifier"): one for one in drives.value})
            if isinstance(drives, Seen)
            else drives,
            _plist_list(observations, "boot"),
            host.architecture == Seen("arm64"),
        )

    @property
    def system_device(self) -> str:
        """The volume with the running system's data; "" where it was not told."""
        if isinstance(self.boot, Unseen) or not self.boot.value:
            return ""
        return plists.text(self.boot.value[-1], "DeviceIdentifier")

    def is_external(self, device: str) -> Fact[bool]:
        """Whether the disk of this device or partition is outside the machine or removable."""
        if isinstance(self.drives, Unseen):
            return self.drives
        match = re.match(r"disk[0-9]{1,4}", device)
        info = self.drives.value.get(match[0]) if match else None
        if info is None:
            return Unseen(f"Whether {device or 'a disk'} is inside the machine was not told")
        removable, internal = plists.flag(info, "RemovableMediaOrExternalDevice"), plists.flag(info, "Internal")
        if removable is None and internal is None:
            return Unseen(f"Whether {device} is inside the machine was not told")
        return Seen(removable is True or internal is False)

    def is_image(self, device: str) -> bool:
        match = re.match(r"disk[0-9]{1,4}", device)
        info = self.drives.value.get(match[0], {}) if match and isinstance(self.drives, Seen) else {}
        return plists.text(info, "BusProtocol") == "Disk Image"


def _plist(observations: Observations, noun: str) -> Fact[dict[str, Any]]:
    answer = text_of(observations, f"disk-encryption.{noun}")
    return plists.read_plist(answer.value) if isinstance(answer, Seen) else answer


def _plist_list(observations: Observations, noun: str) -> Fact[list[dict[str, Any]]]:
    answer = text_of(observations, f"disk-encryption.{noun}")
    return plists.read_plists(answer.value) if isinstance(answer, Seen) else answer


def _system(mac: Mac) -> Volume:
    """Two witnesses: fdesetup, and the flags of the volume itself. Where they disagree nothing is known."""
    name, device = "the system volume", mac.system_device
    flags: dict[str, Any] = {}
    for _, volume in _volumes(mac):
        if device and plists.text(volume, "DeviceIdentifier") == device:
            flags, name = volume, plists.text(volume, "Name") or name
    on, moving = plists.flag(flags, "FileVault"), plists.flag(flags, "CryptoMigrationOn")
    state, detail = _agreed(mac.filevault, on, moving, device)
    percent = mac.filevault.value.percent if isinstance(mac.filevault, Seen) else None
    unlock = ("the password of an account",) if state == Seen(State.ENCRYPTED) else ()
    return Volume(name, device, Purpose.SYSTEM, state, _method(state), detail, unlock, percent)


def _agreed(said: Fact[FileVault], on: bool | None, moving: bool | None, device: str) -> tuple[Fact[State], str]:
    if isinstance(said, Unseen):
        if on is False:
            return Seen(State.PLAIN), f"FileVault is off on {device}"
        return said, ""
    state, detail = said.value.state, said.value.detail
    if state is State.ENCRYPTED and moving:
        return Seen(State.CONVERTING), f"FileVault is on, and {device} is still being converted"
    if state is State.PLAIN and on and moving:
        return Seen(State.DECRYPTING), f"FileVault is off, and {device} is still being converted"
    if (state is State.ENCRYPTED and on is False) or (state is State.PLAIN and on):
        word = "on" if on else "off"
        return Unseen(f"Two sources disagree: fdesetup says {detail}, diskutil says it is {word} on {device}"), ""
    return Seen(state), detail


def _method(state: Fact[State]) -> Fact[Method | None]:
    if isinstance(state, Unseen):
        return state
    return Seen(None if state.value is State.PLAIN else _FILEVAULT)


def _volumes(mac: Mac) -> Iterable[tuple[dict[str, Any], dict[str, Any]]]:
    for container in mac.containers.value if isinstance(mac.containers, Seen) else ():
        for volume in plists.dicts(container, "Volumes"):
            yield container, volume


def _apfs(mac: Mac) -> Iterable[Volume]:
    if isinstance(mac.containers, Unseen):
        yield Volume("APFS volumes", "", Purpose.DATA, mac.containers, mac.containers)
        return
    for container, volume in _volumes(mac):
        device = plists.text(volume, "DeviceIdentifier")
        roles = [role for role in volume.get("Roles") or () if isinstance(role, str)][:5]
        store = plists.text(container, "DesignatedPhysicalStore")
        if not store:
            store = next((plists.text(one, "DeviceIdentifier") for one in plists.dicts(container, "PhysicalStores")), "")
        is_system = bool(device) and device == mac.system_device
        if is_system or mac.is_image(store) or (roles and _EXEMPT_ROLES.issuperset(roles)):
            continue
        state, detail = _flags(mac, volume)
        if state == Seen(State.PLAIN) and roles and not _JUDGED_ROLES.intersection(roles):
            state = Unseen(f"{device} has a role that is not known ({roles[0][:40]}) and is not under FileVault")
        yield _placed(mac, plists.text(volume, "Name") or device, device, store, state, detail)


def _flags(mac: Mac, volume: Mapping[str, Any]) -> tuple[Fact[State], str]:
    on, encrypted = plists.flag(volume, "FileVault"), plists.flag(volume, "Encryption")
    moving, locked = plists.flag(volume, "CryptoMigrationOn"), plists.flag(volume, "Locked")
    if on is None or moving is None:
        return Unseen("diskutil did not say whether it is under FileVault"), ""
    if on and moving:
        return Seen(State.CONVERTING), "being converted"
    if on:
        return (Seen(State.LOCKED), "locked") if locked else (Seen(State.ENCRYPTED), "encrypted APFS")
    if encrypted and locked:
        return Seen(State.LOCKED), "locked, with a password of its own"
    if encrypted and not mac.is_apple_silicon:
        return Unseen("It is encrypted, and whether it opens without a password cannot be told"), ""
    return Seen(State.PLAIN), "encrypted by hardware only: it opens with the machine" if encrypted else "not encrypted"


def _placed(mac: Mac, name: str, device: str, store: str, state: Fact[State], detail: str) -> Volume:
    """Inside or outside the machine decides whether it is judged; where that is not told a clear one is unknown."""
    external = mac.is_external(store)
    purpose = Purpose.REMOVABLE if external == Seen(True) else Purpose.DATA
    if isinstance(external, Unseen) and isinstance(state, Seen) and state.value not in (State.ENCRYPTED, State.LOCKED):
        state = Unseen(f"{name} is not encrypted, and it was not told whether it is inside the machine")
    return Volume(name, device, purpose, state, _method(state), detail)


def _partitions(mac: Mac) -> Iterable[Volume]:
    """What is not APFS: HFS+ and CoreStorage left-overs, Boot Camp."""
    if isinstance(mac.disks, Unseen):
        yield Volume("other partitions", "", Purpose.DATA, mac.disks, mac.disks)
        return
    for disk in plists.dicts(mac.disks.value, "AllDisksAndPartitions"):
        if "APFSVolumes" in disk or "APFSPhysicalStores" in disk or mac.is_image(plists.text(disk, "DeviceIdentifier")):
            continue
        parts = plists.dicts(disk, "Partitions")
        for part in parts or [disk]:
            content, device = plists.text(part, "Content"), plists.text(part, "DeviceIdentifier")
            if content in _EXEMPT_CONTENT or content in _SCHEMES or (not content and part is disk):
                continue
            name = plists.text(part, "VolumeName") or device
            state, detail = _content(content, device, bool(plists.text(part, "MountPoint")))
            yield _placed(mac, name, device, device, state, detail)


def _content(content: str, device: str, is_mounted: bool) -> tuple[Fact[State], str]:
    if content in ("Apple_HFS", "Apple_HFSX"):
        return Seen(State.PLAIN), "HFS+ without encryption"
    if content in _WINDOWS_CONTENT:
        if is_mounted:
            return Seen(State.PLAIN), "a Windows partition that macOS can read"
        return Unseen(f"{device} is a Windows partition; whether BitLocker protects it cannot be read from here"), ""
    if content == "Apple_CoreStorage":
        return Unseen(f"{device} is a CoreStorage volume; whether it is encrypted is not read by this version"), ""
    return Unseen(f"{device} holds something that is not known here ({content or 'no type'})"), ""


def _recovery(mac: Mac) -> Recovery:
    asked = text_of(mac.observations, "disk-encryption.recovery")
    answers = dict(pairs(asked.value)) if isinstance(asked, Seen) else {}
    kinds = _kinds(mac)
    protectors = _protectors(mac, asked, answers, kinds)
    signs = []
    wrapped = text_of(mac.observations, "disk-encryption.escrow")
    if isinstance(wrapped, Seen) and "wrapped=yes" in wrapped.value.splitlines():
        signs.append("the recovery key was wrapped for a management server (FileVaultPRK.dat)")
    if isinstance(kinds, Seen) and any("icloud" in kind.casefold() for kind in kinds.value):
        signs.append("the user's iCloud account can recover it")
    if isinstance(protectors, Seen) and "institutional recovery key" in protectors.value:
        signs.append("the organisation holds the private part of the institutional key")
    escrow: Fact[tuple[str, ...]] = Seen(tuple(signs))
    if not signs and (isinstance(wrapped, Unseen) or "wrapped=no" not in wrapped.value.splitlines()):
        escrow = wrapped if isinstance(wrapped, Unseen) else Unseen("Whether the key was wrapped for a server was not told")
    return Recovery(protectors, escrow)


def _kinds(mac: Mac) -> Fact[frozenset[str]]:
    """Kinds of keys that open the system volume, as APFS lists them; readable without root."""
    users = _plist(mac.observations, "unlockers")
    if isinstance(users, Unseen):
        return users
    if not isinstance(users.value.get("Users"), list):
        return Unseen("diskutil did not list who can open the system volume")
    return Seen(frozenset(plists.text(user, "APFSCryptoUserType") for user in plists.dicts(users.value, "Users")))


def _protectors(
    mac: Mac, asked: Fact[str], answers: Mapping[str, str], kinds: Fact[frozenset[str]]
) -> Fact[tuple[str, ...]]:
    listed = "PersonalRecovery" in kinds.value if isinstance(kinds, Seen) else None
    said = {"true": True, "false": False}.get(answers.get("personal", ""))
    if said is not None and listed is not None and said != listed:
        one, other = ("fdesetup", "diskutil") if said else ("diskutil", "fdesetup")
        return Unseen(f"Two sources disagree: {one} knows a personal recovery key, {other} does not")
    found = ["personal recovery key"] if said or listed else []
    keychain = isinstance(mac.filevault, Seen) and mac.filevault.value.institutional
    # Apple silicon does not support institutional keys, so there they open nothing.
    if (answers.get("institutional") == "true" or keychain) and not mac.is_apple_silicon:
        found.append("institutional recovery key")
    if not found and said is None and listed is None:
        reason = asked.reason if isinstance(asked, Unseen) else "fdesetup answered neither true nor false"
        return Unseen(f"Whether there is a recovery key was not seen: {reason}")
    return Seen(tuple(found))


def _notes(mac: Mac) -> Iterable[str]:
    token = text_of(mac.observations, "disk-encryption.bootstrap")
    if isinstance(token, Seen) and re.search(r"Bootstrap Token escrowed to server: YES", token.value):
        yield "a management server holds a bootstrap token, which is not the recovery key"
