"""What one finding adds to the score by passing.

The score is linear in the values of its findings as long as none enters or leaves a sum (sums.py): each finding that is in
the sum has a fixed gain, whatever else is fixed, and gains add up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from scorecard.model import Finding, Status
from scorecard.result import Audit
from scorecard.score import answered, effective
from scorecard.standard import Standard
from scorecard.sums import CheckSum, Sums


class Gains:
    """Points of the score (0 to 100) and shares of coverage (0 to 1) that findings bring when they pass."""

    def __init__(self, audit: Audit, standard: Standard) -> None:
        counted = [finding for finding in audit.findings if finding.counts]
        sums = Sums(counted, {device.name: device for device in audit.devices}, standard)
        self._standard = standard
        self._roles = {device.name: standard.role_weight(device.role) for device in audit.devices}
        self._best = standard.values[Status.PASS] or 0.0
        self._points = _rates(sums.checks(effective), standard)
        self._shares = _rates(sums.checks(answered), standard)

    def points(self, finding: Finding) -> float:
        """Nothing for what counts not or has left the sum: it would enter it at its best, which never lowers the score."""
        if not finding.counts or finding.effective is None:
            return 0.0
        return 100 * self._points[finding.check] * self._weight(finding) * max(self._best - finding.effective, 0.0)

    def coverage(self, finding: Finding) -> float:
        if not finding.counts or finding.status is not Status.UNKNOWN:
            return 0.0
        return self._shares[finding.check] * self._weight(finding)

    def _weight(self, finding: Finding) -> float:
        return self._roles[finding.endpoint] * self._standard.severity_weight(finding.severity)


def _rates(checks: Mapping[str, CheckSum], standard: Standard) -> dict[str, float]:
    """By check: the part of the whole that one unit of w s v is."""
    offering: dict[str, dict[str, CheckSum]] = defaultdict(dict)
    for check, found in checks.items():
        if found.offered:
            offering[standard.category(check).id][check] = found
    weights = {category.id: category.weight for category in standard.content.categories if category.id in offering}
    whole = sum(weights.values())
    rates = dict.fromkeys(checks, 0.0)
    for category, mine in offering.items():
        inside = sum(found.weight for found in mine.values())
        for check, found in mine.items():
            rates[check] = weights[category] / whole * found.weight / inside / found.offered
    return rates


def can_be_asked(finding: Finding) -> bool:
    """Unknown, and not what somebody stated because no probe can see it."""
    return finding.counts and finding.status is Status.UNKNOWN and not finding.is_stated


def passing(finding: Finding, standard: Standard) -> Finding:
    """The finding once it is in order. An answer that last said "does not apply" stays out of the sum."""
    stays_out = finding.status is Status.UNKNOWN and finding.effective is None
    return replace(
        finding,
        verdict=replace(finding.verdict, status=Status.PASS, reason=None),
        effective=None if stays_out or not finding.counts else standard.values[Status.PASS],
        carried_from=None,
        came_back=None,
    )


def passed_all(findings: Iterable[Finding], keys: frozenset[tuple[str, str]], standard: Standard) -> list[Finding]:
    """The findings with those of `keys` (check, endpoint) in order."""
    return [passing(f, standard) if (f.check, f.endpoint) in keys else f for f in findings]
