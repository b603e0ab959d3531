"""Linux: every fixed volume, from what is mounted down to what holds its bytes (linux.md 1).

A volume counts as encrypted only if everything under it is. What cannot be followed is Unseen, never clear and never
encrypted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain, islice

from scorecard.model import Fact, Observations, Seen, Unseen
from scorecard.reading import clean, pairs, text_of

from . import luks, zfs
from .layers import Layer
from .machine import Machine, parsed
from .mounts import ANONYMOUS, Mount, holder_of, purpose_of, read_swaps, system_points
from .shape import DiskEncryption, Purpose, Recovery, State, Volume
from .signatures import content_of, read_signatures, unused

MAX_VOLUMES = 500


def read_linux(observations: Observations) -> DiskEncryption:
    read = Machine.read(observations)
    if isinstance(read, Unseen):
        return DiskEncryption(read, Recovery(read, read))
    machine = read.value
    # Never more than one over the limit is looked at: what a machine may cost us is bounded.
    volumes = list(islice(chain(_mounted(machine), _swap(machine), _idle(machine)), MAX_VOLUMES + 1))
    if len(volumes) > MAX_VOLUMES:
        many = Unseen(f"The machine names more than {MAX_VOLUMES} volumes")
        return DiskEncryption(many, Recovery(many, many))
    volumes = _exposed(machine, volumes)
    return DiskEncryption(Seen(tuple(volumes)), _recovery(machine, volumes), tuple(_notes(machine)))


def _identity(machine: Machine, mount: Mount) -> str:
    """The same for all mounts of one file system: bind mounts and sub-volumes repeat it."""
    match mount.kind:
        case "btrfs":
            return machine.btrfs_of(mount) or f"btrfs {mount.source}"
        case kind if kind in ANONYMOUS:
            return f"{kind} {mount.source}"
    return mount.number


def _mounted(machine: Machine) -> Iterable[Volume]:
    groups: dict[str, list[Mount]] = {}
    for mount in machine.mounts:
        if mount.is_on_disk:
            groups.setdefault(_identity(machine, mount), []).append(mount)
    system = system_points(machine.mounts)
    if not system:
        root = holder_of("/", machine.mounts)
        kind = root.kind if root else "nothing"
        why = f"The root file system is {kind}, and no disk of this machine was seen under it"
        yield Volume("/", "", Purpose.SYSTEM, Unseen(why), Unseen(why))
    for mounts in groups.values():
        first = mounts[0]
        name = machine.btrfs_of(first) if first.kind == "btrfs" else machine.tree.by_number.get(first.number)
        external = machine.tree.is_external(name) if name else False
        purpose = purpose_of((mount.point for mount in mounts), system, external)
        if purpose is Purpose.DATA and name and machine.tree.is_remote(name):
            continue
        point = min((mount.point for mount in mounts), key=lambda point: (point not in system, len(point), point))
        yield _volume(machine.of_mount(first), point, _device_name(machine, first.source, name), purpose)


def _device_name(machine: Machine, source: str, name: str | None) -> str:
    device = machine.tree.devices.get(name or "")
    return clean((device.dm_name or device.name) if device and not device.name.startswith("btrfs:") else source, 80)


def _volume(layer: Layer, name: str, device: str, purpose: Purpose) -> Volume:
    return Volume(name, device, purpose, layer.state, layer.method, layer.detail, layer.unlock)


def _swap(machine: Machine) -> Iterable[Volume]:
    """Clear swap beside an encrypted root spills keys and data to the disk (linux.md 1.1)."""
    text = text_of(machine.observations, "disk-encryption.swaps")
    areas = read_swaps(text.value) if isinstance(text, Seen) else None
    if areas is None:
        why = text.reason if isinstance(text, Unseen) else "the answer is not a list of swap areas"
        yield Volume("swap", "", Purpose.SWAP, Unseen(f"Swap areas were not seen: {why}"), Unseen(why))
        return
    for path, is_file in areas:
        name = machine.kernel_name(path)
        device = machine.tree.devices.get(name)
        if is_file:
            # The file's own volume is judged already; this one says that memory goes there too.
            mount = holder_of(path, machine.mounts)
            layer = machine.of_mount(mount, 1) if mount else Layer.unseen(f"The swap file {clean(path, 80)} was not found")
        elif device is not None and name.startswith("zram"):
            if not device.backing:
                continue  # compressed memory: nothing is written to a disk
            layer = machine.under(machine.kernel_name(device.backing))
        else:
            layer = machine.under(name)
        yield _volume(layer, f"swap {clean(path, 80)}", name, Purpose.SWAP)


def _idle(machine: Machine) -> Iterable[Volume]:
    """Fixed disks that no mount accounts for: clear, locked, or foreign."""
    probed = parsed(machine.observations, "signatures", read_signatures)
    for device in unused(machine.tree, _used(machine)):
        layer = machine.under(device.name)
        if isinstance(layer.state, Seen) and layer.state.value is State.ENCRYPTED:
            continue
        header = machine.headers.value.get(device.name) if isinstance(machine.headers, Seen) else None
        content = content_of(device, probed, header is not None)
        if content.kind in ("boot", "blank"):
            continue
        name = clean(device.dm_name or device.name, 80)
        if content.kind == "luks":
            opened = luks.judge_locked(header, machine.headers if isinstance(machine.headers, Unseen) else None)
            yield Volume(name, device.name, Purpose.DATA, opened.state, opened.method, opened.detail, opened.unlock)
        else:
            method: Fact[None] = Seen(None) if isinstance(content.state, Seen) else content.state
            yield Volume(name, device.name, Purpose.DATA, content.state, method, content.detail)
    yield from _locked_sets(machine)


def _used(machine: Machine) -> frozenset[str]:
    """Names of all devices that a mount, swap area, btrfs or ZFS pool accounts for."""
    used = {machine.tree.by_number.get(mount.number, "") for mount in machine.mounts}
    for mount in machine.mounts:
        if mount.kind == "bcachefs":
            used.update(machine.bcachefs_members(mount))
    text = text_of(machine.observations, "disk-encryption.swaps")
    if isinstance(text, Seen):
        used |= {machine.kernel_name(path) for path, _ in read_swaps(text.value) or ()}
    for device in machine.tree.devices.values():
        if device.name.startswith("btrfs:"):
            used.update(device.slaves)
        if device.name.startswith("zram") and device.backing:
            used.add(machine.kernel_name(device.backing))
    if isinstance(machine.zfs, Seen):
        for members in machine.zfs.value.members.values():
            used |= members
    return frozenset(used)


def _locked_sets(machine: Machine) -> Iterable[Volume]:
    """Encrypted ZFS data sets whose key is not loaded, one line a pool."""
    if isinstance(machine.zfs, Unseen):
        return
    locked: dict[str, str] = {}
    for name, properties in machine.zfs.value.sets.items():
        if properties.get("keystatus") == "unavailable":
            locked.setdefault(name.partition("/")[0], properties.get("encryption", ""))
    for pool, value in locked.items():
        shown = clean(pool, 60)
        detail = "ZFS data sets whose key is not loaded"
        yield Volume(f"{shown} (locked)", shown, Purpose.DATA, Seen(State.LOCKED), Seen(zfs.method_of(value)), detail)


def _exposed(machine: Machine, volumes: list[Volume]) -> list[Volume]:
    """An open volume whose key file lies on a clear disk of the same machine opens for whoever has the disks."""
    keys = dict(_key_files(machine))
    if not keys:
        return volumes
    judged = {volume.name: volume for volume in volumes if volume.purpose is not Purpose.REMOVABLE}
    clear = {name for name, volume in judged.items() if isinstance(volume.state, Seen) and volume.state.value in _CLEAR}
    clear_numbers = {mount.number for mount in machine.mounts if mount.point in clear}
    names = {device.dm_name or device.name: device.name for device in machine.tree.devices.values()}
    result = []
    for volume in volumes:
        start = names.get(volume.device)
        leaves = machine.tree.leaves(start) if start and volume.state == Seen(State.ENCRYPTED) else ()
        for mapping in (machine.tree.devices[leaf.device].dm_name for leaf in leaves if leaf.kind == "crypt"):
            mount = holder_of(keys[mapping], machine.mounts) if mapping in keys else None
            if mount is not None and mount.number in clear_numbers:
                detail = (
                    f"{volume.detail}, but its key file {clean(keys[mapping], 80)} lies on a disk that is not encrypted"
                )
                volume = replace(volume, state=Seen(State.EXPOSED), detail=detail)
        result.append(volume)
    return result


_CLEAR = frozenset({State.PLAIN, State.PARTLY})


def _key_files(machine: Machine) -> Iterable[tuple[str, str]]:
    """Mappings and the key files that crypttab gives them. It is intent, not state: looked at for open ones only."""
    text = text_of(machine.observations, "disk-encryption.crypttab")
    for line in text.value.split("\n") if isinstance(text, Seen) else ():
        match line.split("\t"):
            case ["entry", name, _, key, _] if key.startswith("/") and not key.startswith("/dev/"):
                yield name, key.partition(":")[0]


def _recovery(machine: Machine, volumes: list[Volume]) -> Recovery:
    """How the system volume is opened when its daily way is lost: from the LUKS header, which needs root."""
    points = system_points(machine.mounts)
    layers = [machine.of_mount(mount) for mount in machine.mounts if mount.point in points and mount.is_on_disk]
    headers = [header for layer in layers for header in layer.headers] if all(layer.headers for layer in layers) else []
    system = [volume for volume in volumes if volume.purpose is Purpose.SYSTEM]
    if not headers:
        if isinstance(machine.headers, Unseen):
            why = Unseen(f"The key slots were not seen: {machine.headers.reason}")
        elif any(volume.detail == "ZFS encryption" for volume in system):
            why = Unseen("ZFS has a single key; whether a copy of it is kept cannot be seen")
        else:
            why = Unseen("No LUKS header belongs to the system volume, so its ways in cannot be counted")
        return Recovery(why, why)
    if any(header.mode for header in headers):
        why = Unseen("The system volume is being converted; its key slots are counted when that is done")
        return Recovery(why, why)
    # Every layer has to open: the volume is as recoverable as the one with the fewest ways in.
    fewest = min((luks.protectors(header) for header in headers), key=len)
    signs = min((luks.escrow(header) for header in headers), key=len)
    return Recovery(Seen(fewest), Seen(signs))


def _notes(machine: Machine) -> Iterable[str]:
    homes = text_of(machine.observations, "disk-encryption.homes")
    values = dict(pairs(homes.value)) if isinstance(homes, Seen) else {}
    for key, word in (("ecryptfs", "eCryptfs"), ("homed", "systemd-homed")):
        if values.get(key, "0") not in ("0", ""):
            yield f"{clean(values[key], 6)} home folders are encrypted with {word}"
    if values.get("fscrypt", "0") not in ("0", ""):
        yield "single folders are encrypted with fscrypt"
    remote = {mount.source for mount in machine.mounts if mount.is_remote}
    if remote:
        yield f"{len(remote)} file systems of other machines are not judged"
