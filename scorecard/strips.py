"""What the last audits said of a check on a machine, a letter each: the history strips of reports.md 2.8 and 5.5. Pure.

A strip holds no name: machines go by their place in the audit, so that their names can be replaced by numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from scorecard.model import OPEN, Finding, Status
from scorecard.result import Audit

MOST = 12  # audits in a strip, this one among them


class Square(StrEnum):
    """What one audit said of a check on a machine. A warning falls short, as everywhere in the reports."""

    MET = "m"
    SHORT = "s"
    EXCUSED = "e"  # fell short, and a waiver kept that out of the score
    UNKNOWN = "u"  # no answer in that audit, whatever older answer counted meanwhile
    APART = "n"  # does not apply
    GAP = "-"  # nothing is known: no such machine or check in it, or no audit that can be read


_OF_STATUS = {Status.PASS: Square.MET, Status.UNKNOWN: Square.UNKNOWN, Status.NOT_APPLICABLE: Square.APART}
_LETTERS = frozenset(Square)


@dataclass(frozen=True, slots=True)
class Squares:
    """One audit: of each machine, by its casefolded name, a letter a check. `columns`: where a check's letter stands."""

    columns: Mapping[str, int]
    lines: Mapping[str, str]


def square(finding: Finding) -> Square:
    if finding.status in OPEN:
        return Square.EXCUSED if finding.left_the_sum else Square.SHORT
    return _OF_STATUS[finding.status]


def squares(audit: Audit) -> Squares:
    """Names that differ in capitals alone are one machine, as in the inventory."""
    columns = {check: place for place, check in enumerate(sorted({finding.check for finding in audit.findings}))}
    lines = {device.name.casefold(): bytearray(b"-" * len(columns)) for device in audit.devices}
    for finding in audit.findings:
        line = lines.setdefault(finding.endpoint.casefold(), bytearray(b"-" * len(columns)))
        line[columns[finding.check]] = ord(square(finding))
    return Squares(columns, {name: line.decode("ascii") for name, line in lines.items()})


def dumps(kept: Squares) -> str:
    return json.dumps({"checks": list(kept.columns), "machines": dict(kept.lines)}, separators=(",", ":"))


def loads(text: str) -> Squares:
    """Raises ValueError for what `dumps` did not write."""
    raw = json.loads(text)
    checks, machines = (raw.get("checks"), raw.get("machines")) if isinstance(raw, dict) else (None, None)
    if not isinstance(checks, list) or not isinstance(machines, dict):
        raise ValueError("expected checks and machines")
    columns = {str(check): place for place, check in enumerate(checks)}
    for line in machines.values():
        if not isinstance(line, str) or len(line) != len(columns) or not _LETTERS.issuperset(line):
            raise ValueError("expected a letter for each check")
    return Squares(columns, machines)


@dataclass(frozen=True, slots=True)
class Line:
    """One audit's letters in the order of another one's machines; empty for a machine that it does not have."""

    columns: Mapping[str, int]
    machines: tuple[str, ...]

    def at(self, place: int, check: str) -> str:
        letters, column = self.machines[place], self.columns.get(check)
        return letters[column] if letters and column is not None else Square.GAP


@dataclass(frozen=True, slots=True)
class Strips:
    """The newest audits of a client up to one of them, oldest first, MOST at most; None: nothing of it can be read."""

    audits: tuple[Line | None, ...]

    def of(self, place: int, check: str) -> str:
        """A letter an audit, the newest last. `place`: of the machine among the audit's own, from 0."""
        return "".join(Square.GAP if audit is None else audit.at(place, check) for audit in self.audits)


class Alignment:
    """Puts the letters of any audit in the order of one audit's machines."""

    def __init__(self, audit: Audit) -> None:
        self._names = [device.name.casefold() for device in audit.devices]
        self._alike: dict[str, str] = {}  # most machines answer alike, month by month: equal letters are held once

    def line(self, kept: Squares) -> Line:
        found = (kept.lines.get(name, "") for name in self._names)
        return Line(kept.columns, tuple(self._alike.setdefault(letters, letters) for letters in found))
