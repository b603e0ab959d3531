"""What kind of machine an endpoint is: declared, seen, remembered or assumed (design sections 3 and 7)."""

from __future__ import annotations

from dataclasses import dataclass

from scorecard.model import Chassis, Endpoint, Host, Platform, Role, Seen, Virtual


@dataclass(frozen=True, slots=True)
class Known:
    """The role that counts, where it came from, and what to say where declared and seen differ."""

    role: Role
    source: str  # "inventory", "collected", "last audit", "assumed"
    note: str = ""


def role_of(endpoint: Endpoint, host: Host | None, last: Role | None) -> Known:
    """Declared, else seen, else from the last audit, else a server that is asked everything.

    Where the declared role and the chassis differ the stricter one counts: a laptop cannot hide as anything else, and
    a machine in a server's chassis does not count as a workstation.
    """
    seen = None if host is None else _seen(host)
    declared = endpoint.role
    if declared is None:
        if seen is not None:
            return Known(seen, "collected")
        return Known(last, "last audit") if last else Known(Role.SERVER, "assumed")
    if seen is None or seen is declared or host is None or not isinstance(host.chassis, Seen):
        return Known(declared, "inventory")
    note = f"The inventory says {declared}, the chassis says {seen}"
    if seen is Role.LAPTOP or (declared is Role.WORKSTATION and seen is Role.SERVER):
        return Known(seen, "collected", f"{note}; the stricter {seen} counts")
    return Known(declared, "inventory", f"{note}; {declared} counts")


def _seen(host: Host) -> Role | None:
    chassis = host.chassis.value if isinstance(host.chassis, Seen) else None
    virtual = host.virtual.value if isinstance(host.virtual, Seen) else None
    if chassis is Chassis.LAPTOP:
        return Role.LAPTOP
    if chassis is Chassis.SERVER:
        return Role.SERVER
    if host.platform is Platform.MACOS:
        return Role.WORKSTATION
    if virtual in (Virtual.MACHINE, Virtual.CONTAINER):
        return Role.SERVER if host.platform is Platform.LINUX else None
    return Role.WORKSTATION if chassis is Chassis.DESKTOP else None
