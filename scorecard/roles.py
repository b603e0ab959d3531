"""What kind of machine an endpoint is: declared, seen, remembered or assumed (design sections 3 and 7)."""

from __future__ import annotations

from dataclasses import dataclass

from scorecard.host_windows import CLIENT, SERVER
from scorecard.model import Chassis, Endpoint, Host, Platform, Role, Seen, Virtual


@dataclass(frozen=True, slots=True)
class Known:
    """The role that counts, where it came from, and what to say where declared and seen differ."""

    role: Role
    source: str  # "inventory", "collected", "last audit", "assumed"
    note: str = ""


def role_of(endpoint: Endpoint, host: Host | None, last: Role | None) -> Known:
    """Declared, else seen, else from the last audit, else a server that is asked everything.

    Where the declared role and the chassis differ the stricter one counts: a laptop cannot hide as anything else, not
    by being away either, and a machine in a server's chassis does not count as a workstation. What was guessed from
    less than a chassis corrects nobody.
    """
    declared = endpoint.role
    if declared is None:
        seen = None if host is None else _seen(host)
        if seen is not None:
            return Known(seen, "collected")
        return Known(last, "last audit") if last else Known(Role.SERVER, "assumed")
    if host is None:
        if last is Role.LAPTOP and declared is not Role.LAPTOP:
            note = f"The inventory says {declared}, the last audit says {last}; the stricter {last} counts"
            return Known(last, "last audit", note)
        return Known(declared, "inventory")
    seen = _of_chassis(host)
    if seen is None or seen is declared:
        return Known(declared, "inventory")
    note = f"The inventory says {declared}, the chassis says {seen}"
    if seen is Role.LAPTOP or (declared is Role.WORKSTATION and seen is Role.SERVER):
        return Known(seen, "collected", f"{note}; the stricter {seen} counts")
    return Known(declared, "inventory", f"{note}; {declared} counts")


_OF_CHASSIS = {Chassis.LAPTOP: Role.LAPTOP, Chassis.SERVER: Role.SERVER, Chassis.DESKTOP: Role.WORKSTATION}

# A guest of Windows has no chassis of its own, but its product says for whom it is: a desktop in the cloud is a PC.
_OF_PRODUCT = {CLIENT: Role.WORKSTATION, SERVER: Role.SERVER}


def _of_chassis(host: Host) -> Role | None:
    """What the chassis proves. A virtual machine's proves nothing (Hyper-V says desktop), but a laptop's always counts."""
    role = _OF_CHASSIS.get(host.chassis.value) if isinstance(host.chassis, Seen) else None
    virtual = isinstance(host.virtual, Seen) and host.virtual.value is not Virtual.NO
    return role if role is Role.LAPTOP or not virtual else None


def _seen(host: Host) -> Role | None:
    role = _of_chassis(host)
    if role is None and isinstance(host.virtual, Seen) and host.virtual.value is not Virtual.NO:
        if host.platform is Platform.WINDOWS:
            return _OF_PRODUCT.get(host.product.value) if isinstance(host.product, Seen) else None
        return {Platform.LINUX: Role.SERVER, Platform.MACOS: Role.WORKSTATION}.get(host.platform)
    return role
