"""Windows: BitLocker on every fixed volume, and what else may encrypt (windows.md 1).

Two lists are compared: the volumes that BitLocker knows, and all that Windows has. A drive that only the second one
names is not taken for encrypted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from scorecard.model import Fact, Host, Observations, Seen, Unseen
from scorecard.reading import clean
from scorecard.windows_answers import Instance, Listed, hresult_of, instances

from .bitlocker import BitLocker, read_bitlocker
from .otherproducts import other_products
from .shape import PROTECTED, DiskEncryption, Purpose, Recovery, State, Volume
from .windows_disks import Disks, Place
from .windows_recovery import opens_itself, read_recovery, unlock_ways

_INVALID_NAMESPACE = 0x8004100E
_MAX_VOLUMES = 500
# Win32_Volume.DriveType; the others are network, disc and memory.
_REMOVABLE = 2
_NOT_FIXED = frozenset({_REMOVABLE, 4, 5, 6})


@dataclass(frozen=True)
class Machine:
    """What the parts said, taken apart."""

    observations: Observations
    known: Fact[Listed]  # the volumes that BitLocker lists
    without_bitlocker: bool  # a server on which it is not installed
    drives: Fact[Listed]
    disks: Disks
    products: Fact[tuple[str, ...]]  # others that may encrypt
    by_device: dict[str, Instance] = field(default_factory=dict)

    @classmethod
    def read(cls, observations: Observations, host: Host) -> Machine:
        drives = _whole(instances(observations, "disk-encryption.drives"), "drives")
        return cls(
            observations,
            _whole(instances(observations, "disk-encryption.volumes"), "volumes"),
            # Its interface is installed together with the role; on a client it is always there (windows.md 1.1).
            host.product == Seen("windows-server")
            and hresult_of(observations.get("disk-encryption.volumes")) == _INVALID_NAMESPACE,
            drives,
            Disks.read(observations),
            other_products(observations),
            {_device(drive): drive for drive in drives.value} if isinstance(drives, Seen) else {},
        )

    def clear(self, detail: str) -> tuple[Fact[State], str]:
        """A volume that BitLocker does not protect is clear only where no other product may do so."""
        if isinstance(self.products, Unseen):
            return Unseen(f"BitLocker is off, and other encryption was not looked for: {self.products.reason}"), ""
        if self.products.value:
            names = ", ".join(self.products.value[:3])
            return Unseen(f"BitLocker is off; {names} is installed, and what that encrypts cannot be read from here"), ""
        return Seen(State.PLAIN), detail


def read_windows(observations: Observations, host: Host) -> DiskEncryption:
    machine = Machine.read(observations, host)
    if isinstance(machine.known, Unseen) and not machine.without_bitlocker:
        return DiskEncryption(machine.known, Recovery(machine.known, machine.known))
    volumes = _held(machine, [*_listed(machine), *_unlisted(machine), *_foreign(machine)])
    if len(volumes) > _MAX_VOLUMES:
        many = Unseen(f"The machine names more than {_MAX_VOLUMES} volumes")
        return DiskEncryption(many, Recovery(many, many))
    system = [volume for volume in volumes if volume.purpose is Purpose.SYSTEM]
    notes = tuple(_notes(machine))
    return DiskEncryption(Seen(tuple(volumes)), read_recovery(observations, host, system), notes)


def _whole(listed: Fact[Listed], what: str) -> Fact[Listed]:
    if isinstance(listed, Seen) and listed.value.capped:
        return Unseen(f"The machine has more {what} than it could name")
    return listed


def _listed(machine: Machine) -> Iterable[Volume]:
    """The volumes that BitLocker knows."""
    for instance in machine.known.value if isinstance(machine.known, Seen) else ():
        kind = instance.props.number("VolumeType")
        device = _device(instance)
        drive = machine.by_device.get(device)
        letter = _letter(instance) or (_letter(drive) if drive else "")
        place = machine.disks.place(device, letter)
        told = read_bitlocker(instance)
        if kind == Seen(0) or _is_flag(drive, "BootVolume"):
            yield _volume(machine, instance, told, Purpose.SYSTEM)
        elif place.is_external or (kind == Seen(2) and _is_removable(drive)):
            yield _volume(machine, instance, told, Purpose.REMOVABLE)
        elif place.is_image:
            continue
        elif kind == Seen(2):
            why = Unseen("BitLocker calls it removable, and neither its disk nor Windows says so")
            yield _volume(machine, instance, told if _is_protected(told.state) else BitLocker(why, why), Purpose.DATA)
        elif _is_boot(place, drive, letter):
            yield Volume(place.kind or "start files", device, Purpose.BOOT, told.state, told.method, told.detail)
        elif kind == Seen(1):
            yield _volume(machine, instance, _placed(told, place), Purpose.DATA)
        else:
            why = Unseen("BitLocker did not tell whether it is a fixed drive")
            yield _volume(machine, instance, told if _is_protected(told.state) else BitLocker(why, why), Purpose.DATA)


def _is_removable(drive: Instance | None) -> bool:
    """Some disk controllers let BitLocker take fixed drives for removable ones (issue 11 of dsccommunity/xBitlocker)."""
    return drive is not None and drive.props.number("DriveType") == Seen(_REMOVABLE)


def _is_protected(state: Fact[State]) -> bool:
    return isinstance(state, Seen) and state.value in PROTECTED


def _is_boot(place: Place, drive: Instance | None, letter: str) -> bool:
    """Read before anything is unlocked. What has a letter or a folder is open to people: their data may lie there too."""
    is_open = bool(letter) or (drive is not None and bool(_folder(drive)))
    return not is_open and (bool(place.kind) or _is_flag(drive, "SystemVolume"))


def _placed(told: BitLocker, place: Place) -> BitLocker:
    """Of a clear volume it must be known what it is for, and that it lies inside the machine."""
    if _is_protected(told.state) or isinstance(told.state, Unseen) or isinstance(place.inside, Seen):
        return told
    return BitLocker(Unseen(f"It is not protected, and {place.inside.reason}"), told.method)


def _volume(machine: Machine, instance: Instance, told: BitLocker, purpose: Purpose) -> Volume:
    device = _device(instance)
    state, detail = told.state, told.detail
    if state == Seen(State.PLAIN) and purpose is not Purpose.REMOVABLE:
        state, detail = machine.clear(detail)
    if purpose is Purpose.SYSTEM and state == Seen(State.LOCKED):
        state = Unseen("BitLocker contradicts itself: Windows runs from this drive, and it is locked")
    method = told.method if isinstance(state, Seen) else state
    unlock = unlock_ways(machine.observations, device) if purpose is Purpose.SYSTEM and state != Seen(State.PLAIN) else ()
    return Volume(_name(machine, instance), device, purpose, state, method, detail, unlock, told.percent)


def _unlisted(machine: Machine) -> Iterable[Volume]:
    """Fixed drives that Windows has and BitLocker does not name."""
    if isinstance(machine.drives, Unseen):
        if machine.without_bitlocker:
            state, detail = machine.clear("BitLocker is not installed")
            yield Volume("the system drive", "", Purpose.SYSTEM, state, _no_method(state), detail)
        why = Unseen(f"Whether there are further drives was not seen: {machine.drives.reason}")
        yield Volume("other drives", "", Purpose.DATA, why, why)
        return
    listed = {_device(instance) for instance in machine.known.value} if isinstance(machine.known, Seen) else set()
    for drive in machine.drives.value:
        device, letter = _device(drive), _letter(drive)
        kind = drive.props.number("DriveType")
        if (device and device in listed) or (isinstance(kind, Seen) and kind.value in _NOT_FIXED):
            continue
        place = machine.disks.place(device, letter)
        if _is_flag(drive, "BootVolume"):
            yield _bare(machine, drive, Purpose.SYSTEM)
        elif _is_boot(place, drive, letter):
            yield Volume(place.kind or "start files", device, Purpose.BOOT, Seen(State.PLAIN), Seen(None))
        elif not place.is_image:
            yield _bare(machine, drive, Purpose.REMOVABLE if place.is_external else Purpose.DATA, place)


def _bare(machine: Machine, drive: Instance, purpose: Purpose, place: Place | None = None) -> Volume:
    name, device = _name(machine, drive), _device(drive)
    if not machine.without_bitlocker:
        why = Unseen("BitLocker does not name this drive, so whether it is encrypted is not known")
        return Volume(name, device, purpose, why, why)
    state, detail = machine.clear("BitLocker is not installed")
    if place is not None and isinstance(place.inside, Unseen):
        state = Unseen(f"It is not protected, and {place.inside.reason}")
    return Volume(name, device, purpose, state, _no_method(state), detail)


def _no_method(state: Fact[State]) -> Fact[None]:
    return Seen(None) if isinstance(state, Seen) else state


def _held(machine: Machine, volumes: list[Volume]) -> list[Volume]:
    """A drive that unlocks itself keeps its key on the system drive, and is as open as that one."""
    system = [volume.state for volume in volumes if volume.purpose is Purpose.SYSTEM]
    if system and all(_is_protected(state) for state in system):
        return volumes
    is_open = any(isinstance(state, Seen) and state.value not in PROTECTED for state in system)
    return [
        _exposed(machine, volume, is_open=is_open)
        if volume.purpose is Purpose.DATA and volume.state == Seen(State.ENCRYPTED)
        else volume
        for volume in volumes
    ]


def _exposed(machine: Machine, volume: Volume, *, is_open: bool) -> Volume:
    alone = opens_itself(machine.observations, volume.device)
    if alone == Seen(False):
        return volume
    if isinstance(alone, Seen) and is_open:
        detail = f"{volume.detail}; it unlocks itself with a key on the system drive, and that is not protected"
        return replace(volume, state=Seen(State.EXPOSED), detail=detail)
    what = "it unlocks itself" if isinstance(alone, Seen) else f"whether it unlocks itself was not seen: {alone.reason}"
    why = "the system drive is not protected" if is_open else "whether the system drive is protected was not seen"
    return replace(volume, state=Unseen(f"It is encrypted, but {why}, and {what}"))


def _foreign(machine: Machine) -> Iterable[Volume]:
    """Partitions of other systems: Windows cannot say what is in them."""
    if isinstance(machine.disks.partitions, Unseen):
        gap = Unseen(f"Whether other systems have partitions here was not seen: {machine.disks.partitions.reason}")
        yield Volume("other partitions", "", Purpose.DATA, gap, gap)
    for name in machine.disks.foreign():
        why = Unseen("It belongs to another system, and whether it is encrypted cannot be read from here")
        yield Volume(name, name, Purpose.DATA, why, why)


def _notes(machine: Machine) -> Iterable[str]:
    known = machine.known.value if isinstance(machine.known, Seen) else ()
    others = [instance for instance in known if instance.props.number("VolumeType") != Seen(0)]
    images = sum(machine.disks.place(_device(instance), _letter(instance)).is_image for instance in others)
    if images:
        yield f"{images} mounted images or network disks are not judged"


def _device(instance: Instance) -> str:
    found = instance.props.text("DeviceID", 80)
    return (found.value or "").lower() if isinstance(found, Seen) else ""


def _letter(instance: Instance) -> str:
    found = instance.props.text("DriveLetter", 8)
    letter = (found.value or "").upper() if isinstance(found, Seen) else ""
    return letter if re.fullmatch(r"[A-Z]:", letter) else ""


def _is_flag(drive: Instance | None, name: str) -> bool:
    return drive is not None and drive.props.flag(name) == Seen(True)


def _name(machine: Machine, instance: Instance) -> str:
    """Letter, else the folder it is mounted at, else its own long name."""
    device = _device(instance)
    drive = machine.by_device.get(device, instance)
    name = _letter(instance) or _letter(drive) or _folder(drive)
    return name or clean(device.strip("\\?"), 60) or "a drive without a name"


def _folder(drive: Instance) -> str:
    """Where people find it; "" for one that has its long name only."""
    name = drive.props.text("Name", 80)
    return name.value if isinstance(name, Seen) and name.value and not name.value.startswith("\\\\") else ""
