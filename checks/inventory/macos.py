"""macOS: system_profiler's JSON, with ioreg and sysctl as second witnesses (macos.md 0 and 5.4)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from scorecard.model import Fact, Host, Observations, Seen, Unseen
from scorecard.reading import clean, pairs, text_of

from . import disks_macos
from .linux import name_of, number, user
from .shape import Inventory, real, real_uuid
from .witnesses import agreed, sure

HARDWARE = "inventory.hardware"
REGISTRY = "inventory.registry"

_UNITS = {"MB": 2**20, "GB": 2**30, "TB": 2**40}


def parse(observations: Observations, host: Host) -> Inventory:
    profile = _Profile(text_of(observations, HARDWARE))
    registry = _Registry(text_of(observations, REGISTRY))
    model = profile.get("machine_model") or registry.sysctl("hw.model")
    name = profile.get("machine_name")
    shown = f"{name} ({model})" if name and model else model or name
    chip = profile.get("chip_type") or profile.get("cpu_type") or registry.sysctl("machdep.cpu.brand_string")
    witnesses = (profile.answer, registry.answer)
    return Inventory(
        name=name_of(host),
        serial=agreed(
            "serial numbers", profile.get("serial_number"), registry.property("IOPlatformSerialNumber"), witnesses
        ),
        machine_id=Seen(None),
        uuid=agreed("hardware ids", profile.uuid(), registry.uuid(), witnesses),
        maker=Seen("Apple"),
        model=sure(shown, witnesses),
        firmware=sure(profile.get("boot_rom_version"), (profile.answer,)),
        firmware_date=Seen(None),
        cpu=sure(chip, witnesses),
        cpus=Seen(number(registry.values.get("sysctl hw.ncpu", "")))
        if isinstance(registry.answer, Seen)
        else registry.answer,
        memory_bytes=_memory(profile, registry),
        user=user(observations, host),
        disks=disks_macos.parse(observations),
    )


class _Profile:
    """system_profiler SPHardwareDataType: {"SPHardwareDataType": [{...}]}"""

    def __init__(self, text: Fact[str]) -> None:
        self.values: Mapping[str, str] = {}
        self.answer: Fact[str] = text
        if isinstance(text, Seen):
            found = _hardware(text.value)
            if found is None:
                self.answer = Unseen("What the system profiler said could not be understood")
            else:
                self.values = found

    def get(self, key: str) -> str | None:
        return real(self.values.get(key, ""))

    def uuid(self) -> str | None:
        return real_uuid(self.values.get("platform_UUID", ""))


def _hardware(text: str) -> Mapping[str, str] | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    listed = document.get("SPHardwareDataType") if isinstance(document, dict) else None
    first = listed[0] if isinstance(listed, list) and listed else None
    if not isinstance(first, dict):
        return None
    return {str(key): value for key, value in first.items() if isinstance(value, str)}


class _Registry:
    """ioreg's property list and sysctl's values, in one text."""

    def __init__(self, answer: Fact[str]) -> None:
        self.answer = answer
        self.text = answer.value if isinstance(answer, Seen) else ""
        self.values = dict(pairs(self.text))

    def raw(self, key: str) -> str:
        """The first string of that key: `<key>IOPlatformUUID</key>`, then `<string>...</string>`."""
        found = re.search(rf"<key>{key}</key>\s{{0,40}}<string>([^<]{{1,100}})</string>", self.text)
        return found[1] if found else ""

    def property(self, key: str) -> str | None:
        return real(self.raw(key))

    def uuid(self) -> str | None:
        return real_uuid(self.raw("IOPlatformUUID"))

    def sysctl(self, name: str) -> str | None:
        return real(self.values.get(f"sysctl {name}", ""))


def _memory(profile: _Profile, registry: _Registry) -> Fact[int | None]:
    """sysctl counts bytes; the profiler says "16 GB"."""
    if size := re.fullmatch(r"[1-9][0-9]{6,15}", registry.values.get("sysctl hw.memsize", "")):
        return Seen(int(size[0]))
    said = re.fullmatch(r"([1-9][0-9]{0,5}) (MB|GB|TB)", clean(profile.values.get("physical_memory", ""), 40))
    if said:
        return Seen(int(said[1]) * _UNITS[said[2]])
    return registry.answer if isinstance(registry.answer, Unseen) else Seen(None)
