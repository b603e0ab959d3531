"""What happens at the made-up client, machine by machine. All names are invented.

Time runs in slots, one a month: 0 is the first audit, `NEWEST` the last; in the slot `MISSED` no audit was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml

from scorecard.model import Platform, Role

CLIENT = "Larkspur & Moor (made up)"
TIME_ZONE = "Europe/London"
NEWEST = 13
MISSED = 6
AUDITED = tuple(slot for slot in range(NEWEST + 1) if slot != MISSED)
GOOD = 7  # worth a look: here a promise could be made that cannot be made any more in NEWEST
EDITED = 10  # from this slot on the client's standard also says how machines are named


@dataclass(frozen=True, slots=True)
class Made:
    """Maker, model, and the model's name."""

    maker: str
    model: str
    name: str


@dataclass(frozen=True, slots=True)
class Disk:
    """The system drive in GB, how much of it was used in slot 0, and how much more each month."""

    size: int = 500
    used: float = 210
    monthly: float = 1.5


@dataclass(frozen=True, slots=True)
class Machine:
    """`wrong`: what is wrong with it in which slots, such as {"not-encrypted": "0-4, 9-"}; see `during`.

    `silent`: when it does not answer. `joins`: the first slot that expects it. `leaves`: the first one that does not,
    retired where `retired` says why, else only gone from the list.
    """

    name: str
    answers: str  # the file of answers, see answering.py
    role: Role
    made: Made
    system: str = ""  # of Windows, see answering.py
    site: str = "Studio"
    owner: str = ""
    disk: Disk = Disk()
    wrong: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    silent: str = ""
    joins: int = 0
    leaves: int | None = None
    retired: str = ""
    managed: bool = True

    @property
    def platform(self) -> Platform:
        if self.answers.startswith("windows"):
            return Platform.WINDOWS
        return Platform.MACOS if self.answers == "macos" else Platform.LINUX

    def listed(self, slot: int) -> bool:
        return self.joins <= slot and (self.leaves is None or slot < self.leaves)

    def silent_in(self, slot: int) -> bool:
        return during(self.silent, slot)

    def disk_used(self, slot: int) -> float:
        """In GB."""
        return min(self.disk.used + self.disk.monthly * slot, self.disk.size)

    def symptoms(self, slot: int) -> tuple[str, ...]:
        return tuple(name for name, slots in self.wrong.items() if during(slots, slot))


def during(slots: str, slot: int) -> bool:
    """Whether "0-4, 9-" holds 9: from and to count, and without an end it never ends."""
    for part in filter(None, (part.strip() for part in slots.split(","))):
        first, dash, last = part.partition("-")
        if int(first) <= slot <= (int(last) if last else NEWEST if dash else int(first)):
            return True
    return False


def machines() -> tuple[Machine, ...]:
    """All that ever were there, in the order of the list."""
    text = files(__package__).joinpath("machines.yaml").read_text(encoding="utf-8")
    raw = yaml.load(text, Loader=yaml.CSafeLoader)
    return tuple(_machine({**raw["kinds"][row["kind"]], **row}) for row in raw["machines"])


def _machine(row: Mapping[str, Any]) -> Machine:
    values = {name: value for name, value in row.items() if name != "kind"}
    values["role"] = Role(row["role"])
    values["made"] = Made(**row["made"])
    values["disk"] = Disk(**row.get("disk", {}))
    values["wrong"] = MappingProxyType({name: str(slots) for name, slots in row.get("wrong", {}).items()})
    return Machine(**values)
