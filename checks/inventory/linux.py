"""Linux: DMI or device tree, processor, memory, ids (linux.md 0 and 5.7)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

from scorecard.model import Fact, Host, Observations, Outcome, Seen, Unseen, Virtual
from scorecard.reading import clean, pairs, text_of

from . import disks_linux
from .shape import Inventory, real, real_machine_id, real_name, real_uuid
from .users import user_of

MACHINE = "inventory.machine"
SERIAL = "inventory.serial"
USERS = "inventory.users"


def parse(observations: Observations, host: Host) -> Inventory:
    machine = text_of(observations, MACHINE)
    values = dict(pairs(machine.value)) if isinstance(machine, Seen) else {}

    def field(key: str, meaning: Callable[[str], str | None] = real) -> Fact[str | None]:
        return Seen(meaning(values.get(key, ""))) if isinstance(machine, Seen) else machine

    # In a container the DMI files are those of the machine that carries it.
    contained = isinstance(host.virtual, Seen) and host.virtual.value is Virtual.CONTAINER
    serial, uuid = (Seen(None), Seen(None)) if contained else _serial(observations)
    return Inventory(
        name=name_of(host),
        serial=serial,
        machine_id=field("machine_id", real_machine_id),
        uuid=uuid,
        maker=Seen(None) if contained else field("sys_vendor"),
        model=_model(machine, values, host),
        firmware=Seen(None) if contained else field("bios_version"),
        firmware_date=Seen(None) if contained else _firmware_date(machine, values),
        cpu=field("cpu"),
        cpus=Seen(number(values.get("cpus", ""))) if isinstance(machine, Seen) else machine,
        memory_bytes=Seen(_memory(values.get("memory", ""))) if isinstance(machine, Seen) else machine,
        user=user(observations, host),
        disks=disks_linux.parse(observations, host),
    )


def name_of(host: Host) -> Fact[str | None]:
    return Seen(real_name(host.hostname.value)) if isinstance(host.hostname, Seen) else host.hostname


def _serial(observations: Observations) -> tuple[Fact[str | None], Fact[str | None]]:
    observation = observations.get(SERIAL)
    if observation is not None and observation.outcome is Outcome.ABSENT:
        return Seen(None), Seen(None)
    text = text_of(observations, SERIAL)
    if isinstance(text, Unseen):
        # The device tree's serial needs no rights and comes before what was denied.
        partial = dict(pairs(observation.text)) if observation and observation.outcome is Outcome.DENIED else {}
        tree = real(partial.get("tree_serial", ""))
        return (Seen(tree) if tree else text), text
    values = dict(pairs(text.value))
    found = (real(values.get(key, "")) for key in ("product_serial", "tree_serial", "board_serial"))
    uuid = real_uuid(values["product_uuid"]) if "product_uuid" in values else None
    return Seen(next((serial for serial in found if serial), None)), Seen(uuid)


def _model(machine: Fact[str], values: Mapping[str, str], host: Host) -> Fact[str | None]:
    kind = host.virtual_kind.value if isinstance(host.virtual_kind, Seen) else "kind unknown"
    if isinstance(host.virtual, Seen) and host.virtual.value is Virtual.CONTAINER:
        return Seen(f"container ({kind})")
    product = _product(values)
    if isinstance(host.virtual, Seen) and host.virtual.value is Virtual.MACHINE:
        return Seen(f"virtual machine ({kind})" + (f": {product}" if product else ""))
    return Seen(product) if isinstance(machine, Seen) else machine


def _product(values: Mapping[str, str]) -> str | None:
    name, version = real(values.get("product_name", "")), real(values.get("product_version", ""))
    # Lenovo writes its type number as the name and the model people know as the version.
    if name and version and values.get("sys_vendor", "").casefold().startswith("lenovo"):
        return f"{version} ({name})"
    return name or real(values.get("tree_model", ""))


def _firmware_date(machine: Fact[str], values: Mapping[str, str]) -> Fact[date | None]:
    if not isinstance(machine, Seen):
        return machine
    text = clean(values.get("bios_date", ""), 20)
    if not re.fullmatch(r"[0-9]{2}/[0-9]{2}/[0-9]{4}", text):
        return Seen(None)
    try:
        month, day, year = (int(part) for part in text.split("/"))
        return Seen(date(year, month, day))
    except ValueError:
        return Seen(None)


def _memory(text: str) -> int | None:
    found = re.fullmatch(r"([0-9]{1,15}) kB", clean(text, 40))
    return int(found[1]) * 1024 if found else None


def number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,5}", text.strip()) else None


def user(observations: Observations, host: Host) -> Fact[str | None]:
    text = text_of(observations, USERS)
    if isinstance(text, Unseen):
        return text
    return Seen(user_of(text.value.splitlines(), host.user.value if isinstance(host.user, Seen) else None))
