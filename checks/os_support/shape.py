"""The shape that support facts have on every platform.

Which release runs here, the row of the table that speaks for it, and what was seen of contracts that extend support.
Sources: linux.md 0 and 4, macos.md 0 and 4, windows.md 0.2 and 3.8 (there the version is the build, ESU an
extension).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from scorecard.model import Fact

from .table import VERSION, SupportRow


class Proof(StrEnum):
    PROVEN = "proven"
    SIGN = "sign"  # something points to a contract, nothing proves it
    NONE = "none"  # looked for and not there


@dataclass(frozen=True, slots=True)
class Contract:
    """What was seen of one kind of extended support. `kind` is the table's word: ESM, Legacy, ELS, LTSS, ELTS, ESU."""

    kind: str
    proof: Proof
    detail: str  # for a person
    until: Fact[date | None]  # the contract's own end, None: it names none


@dataclass(frozen=True, slots=True)
class Identity:
    """The table's words for what runs here."""

    product: str
    version: str | None
    edition: str | None = None


@dataclass(frozen=True, slots=True)
class OsSupport:
    identity: Fact[Identity]
    conflict: Fact[str | None]  # how the machine's own witnesses of its release contradict each other
    row: Fact[SupportRow | None]
    contracts: Fact[tuple[Contract, ...]]  # kinds not named here were looked for and not found
    table_as_of: date


def disagree(one: str, other: str) -> bool:
    """Whether two version numbers contradict each other as far as both go: 9 and 9.4 do not, 9.3 and 9.4 do."""
    first, second = one.split("."), other.split(".")
    shared = min(len(first), len(second))
    return first[:shared] != second[:shared]


def number_in(text: str) -> str | None:
    """The first dotted number: "AlmaLinux release 9.4 (Seafoam Ocelot)" gives 9.4."""
    found = re.search(r"[0-9]{1,8}(?:\.[0-9]{1,8}){0,4}", text[:255])
    return found[0] if found and VERSION.fullmatch(found[0]) else None
