"""The shape that inventory facts have on every platform.

Sources of the placeholders: linux.md 5.7, windows.md 4.9, and what boards of small makers are known to carry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from scorecard.model import Fact
from scorecard.reading import clean

from .disks import Disk


@dataclass(frozen=True, slots=True)
class Inventory:
    """None inside Seen: read, and there is none (a placeholder of the maker is none)."""

    name: Fact[str | None]  # the machine's own name, maybe with its domain
    serial: Fact[str | None]
    machine_id: Fact[str | None]  # of the installed system
    uuid: Fact[str | None]  # of the hardware
    maker: Fact[str | None]
    model: Fact[str | None]  # "ThinkPad T14", "virtual machine (kvm)", "container (docker)"
    firmware: Fact[str | None]
    firmware_date: Fact[date | None]  # of this firmware version; says nothing about the machine's age
    cpu: Fact[str | None]
    cpus: Fact[int | None]
    memory_bytes: Fact[int | None]
    user: Fact[str | None]  # logged in now, else last
    disks: Fact[tuple[Disk, ...]]  # local file systems, each device once


_PLACEHOLDERS = frozenset(
    {
        "to be filled by o.e.m.",
        "to be filled by oem",
        "default string",
        "default",
        "none",
        "null",
        "n/a",
        "na",
        "not specified",
        "not applicable",
        "not available",
        "not settable",
        "unknown",
        "undefined",
        "invalid",
        "empty",
        "oem",
        "o.e.m.",
        "system serial number",
        "system product name",
        "system manufacturer",
        "system version",
        "serial number",
        "chassis serial number",
        "base board serial number",
        "product name",
        "0123456789",
        "1234567890",
        "123456789",
        "12345678",
        "01234567",
    }
)
_NO_UUIDS = frozenset({"03000200-0400-0500-0006-000700080009", "12345678-1234-5678-90ab-cddeefaabbcc"})
_NO_NAMES = frozenset({"", "(none)", "localhost", "localhost.localdomain", "localhost.localhost", "linux"})


def real(text: str) -> str | None:
    """What a maker wrote, None where it is a placeholder."""
    value = clean(text)
    plain = value.casefold()
    letters = re.sub(r"[^0-9a-z]", "", plain)
    if plain in _PLACEHOLDERS or not letters or (len(set(letters)) == 1 and letters[0] in "0fx"):
        return None
    return value


def real_uuid(text: str) -> str | None:
    value = clean(text, 64).lower()
    if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value) or value in _NO_UUIDS:
        return None
    return real(value)


def real_machine_id(text: str) -> str | None:
    """32 hexadecimal digits; golden images carry an empty one or the word "uninitialized"."""
    value = clean(text, 64).lower()
    return real(value) if re.fullmatch(r"[0-9a-f]{32}", value) else None


def real_name(text: str) -> str | None:
    value = clean(text)
    return None if value.casefold() in _NO_NAMES else value
