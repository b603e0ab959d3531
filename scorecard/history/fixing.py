"""How long faults stood open until an audit found them fixed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean, median

from scorecard.history.pairs import judged_otherwise
from scorecard.model import OPEN, Finding, Severity, Status
from scorecard.result import Audit
from scorecard.standard import Standard, standard_of

_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Fix:
    """A fault that was found open, and later found in order. Both moments are those of the audits that saw it."""

    check: str
    endpoint: str
    severity: Severity
    opened_at: datetime
    fixed_at: datetime

    @property
    def days(self) -> float:
        return (self.fixed_at - self.opened_at).total_seconds() / _DAY_S


@dataclass(frozen=True, slots=True)
class FixTime:
    """Over so many fixes (at least one)."""

    fixes: int
    mean_days: float
    median_days: float


def fix_times(fixes: Iterable[Fix]) -> Mapping[Severity, FixTime | None]:
    """By severity, all four; None where nothing was fixed."""
    days: dict[Severity, list[float]] = {severity: [] for severity in Severity}
    for fix in fixes:
        days[fix.severity].append(fix.days)
    return {
        severity: FixTime(len(found), fmean(found), median(found)) if found else None for severity, found in days.items()
    }


@dataclass(frozen=True, slots=True)
class _Fault:
    severity: Severity
    opened_at: datetime


def fixes(audits: Iterable[Audit]) -> Iterator[Fix]:
    """What was fixed in the course of these audits of one client, oldest first. Raises StandardError.

    Takes one audit after the other and keeps nothing of it but its open faults: a year of a large client needs the memory
    of one audit, if whoever gives them lets go of them as well.

    A fault that nobody can see any more stays open; one that no longer applies, is no longer asked, is judged by other
    parameters or was on an endpoint that left is not fixed and falls out. What was fixed between two of the audits and open
    again in the second counts where that audit knows when it was found fixed.
    """
    faults: dict[tuple[str, str], _Fault] = {}
    before: Standard | None = None
    for audit in audits:
        standard = standard_of(audit)
        otherwise = judged_otherwise(before, standard) if before else frozenset()
        known, faults = faults, {}
        for finding in audit.findings:
            key = (finding.endpoint, finding.check)
            fault = known.get(key)
            if fault is not None and finding.check in otherwise and finding.status is Status.PASS:
                fault = None
            if fault is not None and (fixed_at := found_fixed(finding, fault.opened_at)):
                yield Fix(finding.check, finding.endpoint, fault.severity, fault.opened_at, fixed_at)
                fault = None
            if (still := _fault(finding, fault)) is not None:
                faults[key] = still
        before = standard


def found_fixed(finding: Finding, opened_at: datetime) -> datetime | None:
    """When a fault that was open since `opened_at` was found in order, as its newest finding has it; None: it was not."""
    if not finding.counts:
        return None
    if finding.status is Status.PASS:
        return finding.first_seen or finding.observed_at
    again = finding.came_back if finding.status in OPEN else None
    return again if again is not None and again > opened_at else None


def _fault(finding: Finding, before: _Fault | None) -> _Fault | None:
    """What is open after this audit."""
    if not finding.counts or finding.status in (Status.PASS, Status.NOT_APPLICABLE):
        return None
    if finding.status is Status.UNKNOWN:
        return before
    opened_at = finding.first_seen or finding.observed_at
    return None if opened_at is None else _Fault(finding.severity, opened_at)
