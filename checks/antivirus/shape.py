"""Antivirus facts: one shape for ClamAV, Microsoft Defender, XProtect and every other engine, on every platform.

It also fits what Windows tells: SecurityCenter2's state (on, off, snoozed, expired; definitions current or not) and
MSFT_MpComputerStatus (AMRunningMode, real-time, signature date, scan dates, tamper protection): windows.md 2.2, 2.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum

from scorecard.model import Fact

from .products import Kind


class Mode(StrEnum):
    """Only NORMAL protects by itself (windows.md 2.3)."""

    NORMAL = "normal"
    PASSIVE = "passive"  # another product is meant to protect
    LIMITED = "limited"  # looks now and then beside another product
    EDR_BLOCK = "edr-block"  # passive, acts only after an attack was seen
    SNOOZED = "snoozed"  # switched off for a while
    OFF = "off"  # switched off, while its service may run


class Told(Enum):
    """What stands in place of a date or state that is not there."""

    NEVER = "never"  # the product has such a date, and it never happened
    NOT_PUBLISHED = "not published"  # the product has no such thing, by its nature (products.yaml)


@dataclass(frozen=True, slots=True)
class Engine:
    """One antivirus engine that is, or may be, on the machine."""

    product: str  # id in products.yaml
    name: str
    built_in: bool  # part of the operating system: no second engine beside another
    installed: Fact[bool]
    running: Fact[bool]
    real_time: Fact[bool]  # looks at files as they are used
    mode: Fact[Mode]
    expired: Fact[bool]  # licence or support has ended; False also where the product knows no such end
    troubles: Fact[tuple[str, ...]]  # what else keeps it from protecting, in words; empty: nothing
    version: Fact[str | None]
    definitions_at: Fact[datetime | Told]
    definitions_current: Fact[bool | None]  # the product's own word; None: it gives none
    definitions_stopped: Fact[bool]  # new ones are switched off for good, however fresh today's are
    definitions_version: Fact[str | None]
    tamper: Fact[bool | Told]
    last_scan: Fact[datetime | Told]
    aside: bool = False  # Windows Security Center does not list it, or lists one that is gone: counts where none protects
    notes: tuple[str, ...] = ()  # shown, never judged


@dataclass(frozen=True, slots=True)
class Other:
    """A protection product that is not an antivirus, so that nobody takes it for one."""

    product: str
    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Antivirus:
    """`engines` is Unseen when the machine could not be searched; empty when it was and has none."""

    engines: Fact[tuple[Engine, ...]]
    others: Fact[tuple[Other, ...]]
