"""How far an audit carries each id of a framework. Pure; never better than the data.

A machine supports an id when every check of the row that applies to it passed, was measured within the days in which an
answer counts as fresh, and was judged by no looser a limit than the id asks for. Unknown is a gap, and so is an answer
that was only told. What does not apply leaves the count. Agreed exceptions stay visible: a waived machine is excused,
which is not support.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from scorecard.days import spelled
from scorecard.frameworks.table import Framework, Kind, Row
from scorecard.model import OPEN, ExceptionKind, Finding, Severity, Status
from scorecard.result import Audit, Device

# Where the audit's standard does not say: as long as a standard that leaves the key out.
_FRESH_DAYS = 30


class State(StrEnum):
    SUPPORTED = "supported"  # every machine where it applies supports it
    PARTLY = "partly"  # some do
    GAPS = "gaps"  # none does
    NOT_MEASURED = "not-measured"  # no check speaks for it
    DOES_NOT_APPLY = "does-not-apply"  # no machine here has anything to show for it


class Lack(StrEnum):
    """What keeps a machine from supporting an id, worst first."""

    FAIL = "fail"
    WARN = "warn"
    EXCUSED = "excused"  # short of it, by agreement, for a while
    UNKNOWN = "unknown"
    LOOSE = "loose"  # passed, but judged by a looser limit than the id asks for
    OLD = "old"  # passed, but measured too long ago


# What was measured and falls short, agreed or not.
SHORT = (Lack.FAIL, Lack.WARN, Lack.EXCUSED)


_LACKS = {lack: rank for rank, lack in enumerate(Lack)}
_SEVERITIES = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Gap:
    """One check on one machine. `said`: what was seen, or why nothing was; `until`: when an agreement ends."""

    endpoint: str
    check: str
    lack: Lack
    severity: Severity
    said: str
    until: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """A row with its answer. `of` counts the machines where it applies, `met` those that support it."""

    row: Row
    state: State
    of: int
    met: int
    gaps: tuple[Gap, ...]  # worst first
    said: str  # one line for a person; of a question it starts with Yes, No, Not yet or Not measured

    def machines(self, *lacks: Lack) -> tuple[str, ...]:
        """Those whose worst gap is one of these, in the order of the gaps."""
        worst: dict[str, Lack] = {}
        for gap in self.gaps:
            worst.setdefault(gap.endpoint, gap.lack)
        return tuple(name for name, lack in worst.items() if lack in lacks)


def fresh_days(audit: Audit) -> int:
    """How many days an answer counts as fresh under the audit's own standard."""
    content = audit.standard.get("content")
    value = content.get("fresh_days") if isinstance(content, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else _FRESH_DAYS


def answers(audit: Audit, framework: Framework, *, fresh_days: int, now: datetime) -> tuple[Answered, ...]:
    """Every row of the framework, in its order. `now`: when the answer is given; an old audit carries nothing any more."""
    view = _View(audit, timedelta(days=fresh_days), now)
    return tuple(view.answered(row, framework.kind) for row in framework.rows)


class _View:
    """An audit as the rows look at it."""

    def __init__(self, audit: Audit, fresh: timedelta, now: datetime) -> None:
        self._audit = audit
        self._fresh = fresh
        self._now = now
        self._findings = {(finding.endpoint, finding.check): finding for finding in audit.findings}
        self._ends = {
            (str(entry["id"]), str(use["check"]), str(use["endpoint"])): str(use["until"] or "")
            for entry in audit.exceptions
            for use in _uses(entry)
        }

    def answered(self, row: Row, kind: Kind) -> Answered:
        if not row.checks:
            return Answered(row, State.NOT_MEASURED, 0, 0, (), _not_measured(kind))
        by_machine = {
            device.name: found for device in self._machines(row) if (found := self._gaps(row, device)) is not None
        }
        of, met = len(by_machine), sum(not found for found in by_machine.values())
        gaps = tuple(sorted((gap for found in by_machine.values() for gap in found), key=_worst_first))
        bare = Answered(row, self._state(of, met), of, met, gaps, "")
        return replace(bare, said=_sentence(bare, kind, self._audit.scope))

    def _state(self, of: int, met: int) -> State:
        if not of:
            return State.DOES_NOT_APPLY
        if not met:
            return State.GAPS
        # Part of the client, however good, says nothing about the rest.
        return State.SUPPORTED if met == of and not self._audit.scope else State.PARTLY

    def _machines(self, row: Row) -> Iterable[Device]:
        """Those of the row's roles; one whose role nobody knows may be of any."""
        return (device for device in self._audit.devices if device.role in row.roles or device.role_from == "assumed")

    def _gaps(self, row: Row, device: Device) -> list[Gap] | None:
        """What this machine lacks; None where nothing of the row applies to it."""
        found = [(check, self._findings.get((device.name, check))) for check in row.checks]
        if all(finding is not None and finding.status is Status.NOT_APPLICABLE for _, finding in found):
            return None
        return [gap for check, finding in found if (gap := self._gap(row, device, check, finding)) is not None]

    def _gap(self, row: Row, device: Device, check: str, finding: Finding | None) -> Gap | None:
        if finding is None:
            return Gap(device.name, check, Lack.UNKNOWN, Severity.CRITICAL, "This audit did not ask it of this machine")
        lack, said = self._lack(row, finding)
        if lack is None:
            return None
        until = self._until(finding) if lack is Lack.EXCUSED else ""
        return Gap(device.name, check, lack, finding.severity, said, until)

    def _lack(self, row: Row, finding: Finding) -> tuple[Lack | None, str]:
        status, verdict = finding.status, finding.verdict
        kind = finding.exception.kind if finding.exception else None
        if status is Status.NOT_APPLICABLE:
            return None, ""
        if status is Status.UNKNOWN:
            told = "Told, not measured: " if kind is ExceptionKind.STATED else ""
            return Lack.UNKNOWN, told + (verdict.reason or verdict.measured)
        if status in OPEN:
            if kind is ExceptionKind.WAIVED:
                return Lack.EXCUSED, verdict.measured
            return (Lack.FAIL if status is Status.FAIL else Lack.WARN), verdict.measured
        if loose := self._loose(row, finding.check):
            return Lack.LOOSE, loose
        if finding.observed_at is None or abs(self._now - finding.observed_at) > self._fresh:
            when = "at an unknown time" if finding.observed_at is None else f"on {finding.observed_at:%Y-%m-%d}"
            return Lack.OLD, f"Measured {when}, not within {self._fresh.days} days"
        return None, ""

    def _loose(self, row: Row, check: str) -> str:
        """What the standard allows and the id does not; a limit that cannot be read is as loose as any."""
        for name, limit in row.at_most.get(check, {}).items():
            value = self._audit.parameters(check).get(name)
            if isinstance(value, bool) or not isinstance(value, int | float) or value > limit:
                return f"Judged by {name} = {value}; this asks for {limit:g} at most"
        return ""

    def _until(self, finding: Finding) -> str:
        """Of the exception on this very machine: it may end before the entry does."""
        mark = finding.exception
        return self._ends.get((mark.id, finding.check, finding.endpoint), "") if mark else ""


def _uses(entry: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    uses: Iterable[Mapping[str, Any]] = entry["uses"]
    return uses


def _worst_first(gap: Gap) -> tuple[int, int, str, str]:
    return _LACKS[gap.lack], _SEVERITIES[gap.severity], gap.endpoint, gap.check


def _not_measured(kind: Kind) -> str:
    more = ": answer it yourself" if kind is Kind.QUESTIONS else ""
    return f"Not measured by this tool{more}"


_NAMES_SHOWN = 8
_SHOWN = (
    ("short of it", (Lack.FAIL, Lack.WARN)),
    ("not known", (Lack.UNKNOWN,)),
    ("judged by a looser limit", (Lack.LOOSE,)),
    ("measured too long ago", (Lack.OLD,)),
)


def _sentence(answered: Answered, kind: Kind, scope: str) -> str:
    """The answer with the count and the names. Whoever says yes to an insurer must be able to show it."""
    if answered.state is State.DOES_NOT_APPLY:
        return "Does not apply to any machine here"
    count = f"{answered.met} of {answered.of} {'machine' if answered.of == 1 else 'machines'}"
    parts = [count if kind is Kind.QUESTIONS else f"{count} {'supports' if answered.met == 1 else 'support'} it"]
    parts += [f"{label}: {_names(names)}" for label, lacks in _SHOWN if (names := answered.machines(*lacks))]
    if excused := answered.machines(Lack.EXCUSED):
        ends = sorted({gap.until for gap in answered.gaps if gap.lack is Lack.EXCUSED and gap.until})
        until = f" until {spelled(date.fromisoformat(ends[0]))}" if ends else ""
        parts.append(f"excused, agreed{until}: {_names(excused)}")
    if scope:
        parts.append(f"only part of the client was looked at ({scope})")
    lead = f"{_yes_or_no(answered)}: " if kind is Kind.QUESTIONS else ""
    return lead + "; ".join(parts)


def _yes_or_no(answered: Answered) -> str:
    """An exception that was agreed on changes no fact: the machine falls short, and the answer is No."""
    if answered.state is State.SUPPORTED:
        return "Yes"
    return "No" if answered.machines(*SHORT) else "Not yet"


def _names(names: tuple[str, ...]) -> str:
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
