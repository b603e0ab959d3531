"""A standard as a measure: what a finding counts under it, be it the standard that judged it or another."""

from __future__ import annotations

from typing import TypeAlias

from scorecard.carried import settled
from scorecard.history.pairs import zone_of
from scorecard.model import Finding, Role, Severity
from scorecard.result import Audit, Device
from scorecard.standard import Standard

# All that the sums know of a finding: its check, its endpoint's role, its severity, and its value (None: has none).
Weighed: TypeAlias = tuple[str, Role, Severity, float | None]


class Measure:
    """A standard at the time of its audit, for the findings of that audit and of the one that it is compared with."""

    def __init__(self, standard: Standard, audit: Audit, compared: Audit) -> None:
        self.standard = standard
        self._as_of = compared.as_of
        self._zone = zone_of(compared)
        on = audit.as_of.date()
        self._counting = {
            check: frozenset(line.roles)
            for check, line in standard.content.checks.items()
            if line.counts_from is None or on >= line.counts_from
        }

    def same_as(self, other: Measure) -> bool:
        return self.standard.content == other.standard.content and self._counting == other._counting

    def asks(self, check: str, role: Role) -> bool:
        """Whether the check counts for such an endpoint."""
        return role in self._counting.get(check, ())

    def own(self, finding: Finding | None, device: Device | None) -> Weighed | None:
        """What a finding of its own audit counts; None where it is not among those that count."""
        if finding is None or device is None or not finding.counts:
            return None
        return finding.check, device.role, finding.severity, finding.effective

    def other(self, finding: Finding | None, device: Device | None) -> Weighed | None:
        """What a finding of the other audit would count under this standard: the same answer, as old as it was there.

        A waiver keeps the place in the sum that it had.
        """
        if finding is None or device is None or not finding.counts or not self.asks(finding.check, device.role):
            return None
        severity = self.standard.severity(finding.check, device.role, device.platform)
        value = settled(finding, self.standard, self._as_of, self._zone).effective
        return finding.check, device.role, severity, value
