"""What the outlook says: warnings with a date, how every disk stands, and what cannot be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from scorecard.model import Json


class Kind(StrEnum):
    """In the order in which warnings of one day are shown."""

    DISK = "disk"
    SUPPORT = "support"
    LAPSE = "lapse"  # virus definitions, sources of updates, updates: in order now, and not renewed


class Standing(StrEnum):
    FULL = "full"
    FILLING = "filling"
    LATER = "not-within-3-years"
    NOT_FILLING = "not-filling"
    NEEDS_AUDITS = "needs-audits"


@dataclass(frozen=True, slots=True)
class EarlyWarning:
    """`on`: the day it happens. `earliest`, `latest`: the range around it, None where there is no such end.

    `days`: from the day of the newest audit. `basis`: what it rests on. `sentence`: for the owner.
    """

    kind: Kind
    endpoints: tuple[str, ...]
    what: str  # "/", "Debian 12 bookworm", "antivirus.definitions"
    on: date
    earliest: date | None
    latest: date | None
    days: int
    basis: str
    sentence: str

    def json(self) -> dict[str, Json]:
        return {
            "kind": self.kind.value,
            "endpoints": [*self.endpoints],
            "what": self.what,
            "on": self.on.isoformat(),
            "earliest": _iso(self.earliest),
            "latest": _iso(self.latest),
            "days": self.days,
            "basis": self.basis,
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True)
class DiskOutlook:
    """One disk as it stands. Dates and growth only where they are known; bytes a day may be negative.

    `audits` and `over_days`: the readings since the disk has had this size, one a day, and from the first to the last.
    """

    endpoint: str
    mount: str
    standing: Standing
    size_bytes: int
    free_bytes: int
    audits: int
    over_days: int
    growth_bytes_per_day: float | None = None
    on: date | None = None
    earliest: date | None = None
    latest: date | None = None
    days: int | None = None

    def json(self) -> dict[str, Json]:
        return {
            "endpoint": self.endpoint,
            "mount": self.mount,
            "standing": self.standing.value,
            "size_bytes": self.size_bytes,
            "free_bytes": self.free_bytes,
            "audits": self.audits,
            "over_days": self.over_days,
            "growth_bytes_per_day": None if self.growth_bytes_per_day is None else round(self.growth_bytes_per_day, 1),
            "on": _iso(self.on),
            "earliest": _iso(self.earliest),
            "latest": _iso(self.latest),
            "days": self.days,
        }


@dataclass(frozen=True, slots=True)
class Untold:
    """What cannot be told, and why, in a sentence."""

    endpoints: tuple[str, ...]
    sentence: str

    def json(self) -> dict[str, Json]:
        return {"endpoints": [*self.endpoints], "sentence": self.sentence}


@dataclass(frozen=True, slots=True)
class Outlook:
    """`day`: the client's calendar day of the newest audit, from which days are counted. `until`: the last day asked for.

    `warnings`: the earliest first. `disks`: every disk of the newest audit, by machine.
    """

    audit: str
    day: date
    until: date
    audits: int
    warnings: tuple[EarlyWarning, ...]
    disks: tuple[DiskOutlook, ...]
    untold: tuple[Untold, ...]

    def json(self) -> Mapping[str, Json]:
        return {
            "audit": self.audit,
            "day": self.day.isoformat(),
            "until": self.until.isoformat(),
            "audits": self.audits,
            "warnings": [warning.json() for warning in self.warnings],
            "disks": [disk.json() for disk in self.disks],
            "untold": [untold.json() for untold in self.untold],
        }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
