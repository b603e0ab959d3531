"""Roles: every combination of declared, seen and remembered; nothing that hides makes a machine count for less."""

from __future__ import annotations

from itertools import product

import pytest

from scorecard.model import Chassis, Endpoint, Host, Platform, Role, Unseen, Virtual
from scorecard.roles import role_of
from tests.cases import host

UNREAD = Unseen("The machine did not tell (chassis)")
DECLARED: tuple[Role | None, ...] = (None, *Role)
REAL = {Chassis.LAPTOP: Role.LAPTOP, Chassis.SERVER: Role.SERVER, Chassis.DESKTOP: Role.WORKSTATION}


def endpoint(role: Role | None) -> Endpoint:
    return Endpoint("one", "Acme", "192.0.2.1", role=role)


def linux(chassis: Chassis | Unseen, virtual: Virtual | Unseen = Virtual.NO) -> Host:
    return host(Platform.LINUX, chassis=chassis, virtual=virtual)


@pytest.mark.parametrize(("seen", "last"), list(product([*Chassis, UNREAD], DECLARED)))
def test_without_a_declared_role_the_chassis_tells_then_the_last_audit_then_it_is_a_server(
    seen: Chassis | Unseen, last: Role | None
) -> None:
    known = role_of(endpoint(None), linux(seen), last)
    if isinstance(seen, Chassis) and seen in REAL:
        assert (known.role, known.source) == (REAL[seen], "collected")
    elif last is not None:
        assert (known.role, known.source) == (last, "last audit")
    else:
        assert (known.role, known.source) == (Role.SERVER, "assumed")
    assert known.note == ""


@pytest.mark.parametrize(("declared", "seen", "last"), list(product(Role, [*Chassis, UNREAD], DECLARED)))
def test_of_declared_and_seen_the_stricter_counts_whatever_was_before(
    declared: Role, seen: Chassis | Unseen, last: Role | None
) -> None:
    known = role_of(endpoint(declared), linux(seen), last)
    real = REAL.get(seen) if isinstance(seen, Chassis) else None
    if real is Role.LAPTOP or (declared is Role.WORKSTATION and real is Role.SERVER):
        assert known.role is real
        assert known.source == ("inventory" if real is declared else "collected")
    else:
        assert (known.role, known.source) == (declared, "inventory")
    assert bool(known.note) == (real not in (None, declared))
    assert not known.note or (f"says {declared}" in known.note and f"{known.role} counts" in known.note)


@pytest.mark.parametrize(("declared", "last"), list(product(DECLARED, DECLARED)))
def test_of_a_machine_that_is_away_the_last_audit_tells_what_the_inventory_does_not(
    declared: Role | None, last: Role | None
) -> None:
    known = role_of(endpoint(declared), None, last)
    if last is Role.LAPTOP and declared not in (None, Role.LAPTOP):
        assert (known.role, known.source) == (Role.LAPTOP, "last audit")
        assert f"The inventory says {declared}" in known.note
    elif declared is not None:
        assert (known.role, known.source, known.note) == (declared, "inventory", "")
    else:
        assert (known.role, known.source) == ((last, "last audit") if last else (Role.SERVER, "assumed"))


@pytest.mark.parametrize("declared", [Role.WORKSTATION, Role.SERVER])
def test_a_laptop_cannot_hide_by_being_away(declared: Role) -> None:
    there = role_of(endpoint(declared), linux(Chassis.LAPTOP), None)
    away = role_of(endpoint(declared), None, there.role)
    assert there.role is away.role is Role.LAPTOP


@pytest.mark.parametrize(("virtual", "chassis"), list(product([Virtual.MACHINE, Virtual.CONTAINER], [*Chassis, UNREAD])))
def test_a_linux_guest_is_a_server_unless_declared_otherwise_or_on_battery(
    virtual: Virtual, chassis: Chassis | Unseen
) -> None:
    """A guest's chassis says what its hypervisor makes up: it turns no workstation into a server that is asked less."""
    expected = Role.LAPTOP if chassis is Chassis.LAPTOP else Role.SERVER
    assert role_of(endpoint(None), linux(chassis, virtual), Role.WORKSTATION).role is expected
    for declared in (Role.WORKSTATION, Role.SERVER):
        known = role_of(endpoint(declared), linux(chassis, virtual), None)
        assert known.role is (Role.LAPTOP if chassis is Chassis.LAPTOP else declared)
        assert bool(known.note) == (chassis is Chassis.LAPTOP)


@pytest.mark.parametrize(
    ("product", "chassis", "role", "source"),
    [
        ("windows", Chassis.DESKTOP, Role.WORKSTATION, "collected"),  # a desktop in the cloud, as Hyper-V shows it
        ("windows", Chassis.OTHER, Role.WORKSTATION, "collected"),
        ("windows", UNREAD, Role.WORKSTATION, "collected"),
        ("windows", Chassis.LAPTOP, Role.LAPTOP, "collected"),
        ("windows-server", Chassis.SERVER, Role.SERVER, "collected"),
        ("windows-server", Chassis.OTHER, Role.SERVER, "collected"),
        (Unseen("lost"), Chassis.OTHER, Role.SERVER, "assumed"),
    ],
)
def test_a_guest_of_windows_is_what_its_product_is_for(
    product: str | Unseen, chassis: Chassis | Unseen, role: Role, source: str
) -> None:
    guest = host(Platform.WINDOWS, product=product, chassis=chassis, virtual=Virtual.MACHINE)
    known = role_of(endpoint(None), guest, None)
    assert (known.role, known.source) == (role, source)
    for declared in (Role.WORKSTATION, Role.SERVER):
        assert role_of(endpoint(declared), guest, None).role is (Role.LAPTOP if role is Role.LAPTOP else declared)


@pytest.mark.parametrize(
    ("chassis", "virtual", "last", "role", "source"),
    [
        (Chassis.LAPTOP, Virtual.NO, None, Role.LAPTOP, "collected"),
        (Chassis.DESKTOP, Virtual.NO, Role.LAPTOP, Role.WORKSTATION, "collected"),
        (Chassis.DESKTOP, Virtual.MACHINE, None, Role.WORKSTATION, "collected"),
        (UNREAD, Virtual.NO, Role.LAPTOP, Role.LAPTOP, "last audit"),
        (UNREAD, Virtual.NO, None, Role.SERVER, "assumed"),
    ],
)
def test_macs(chassis: Chassis | Unseen, virtual: Virtual, last: Role | None, role: Role, source: str) -> None:
    """A MacBook whose battery was not read is not guessed to be a desktop."""
    known = role_of(endpoint(None), host(Platform.MACOS, chassis=chassis, virtual=virtual), last)
    assert (known.role, known.source) == (role, source)
