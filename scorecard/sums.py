"""The nested sums that scores are made of (design section 8): endpoints into checks, those into categories, those into one.

For endpoint h with weight w, check c, severity weight s and value v: a check's result is r(c) = sum(w s v) / sum(w s) over
the endpoints where it has a value, and its own weight s(c) = sum(w s) / sum(w) over all endpoints that are asked it,
whatever they answer: else what one machine answers would move how much the check counts on the others, and hiding a machine
could pay. A category is R(k) = sum(s(c) r(c)) / sum(s(c)), and the score 100 sum(W R) / sum(W) over the categories with a
check that has a value somewhere. Sums are correctly rounded, so order does not matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum

from scorecard.model import Finding, Severity
from scorecard.result import Device
from scorecard.standard import Category, Standard

# What a finding is worth from 0 to 1; None leaves the sum.
Value = Callable[[Finding], float | None]


@dataclass(frozen=True, slots=True)
class CheckSum:
    """One check over all endpoints: `earned` of `offered` (w s v and w s where it has a value), and its own weight s(c)."""

    earned: float
    offered: float
    weight: float


class Sums:
    """The sums over the findings that count, for any value that a finding may be given."""

    def __init__(self, findings: Iterable[Finding], devices: Mapping[str, Device], standard: Standard) -> None:
        self._standard = standard
        self._severities = {severity: standard.severity_weight(severity) for severity in Severity}
        self._roles = {name: standard.role_weight(device.role) for name, device in devices.items()}
        self._by_endpoint: dict[str, list[Finding]] = defaultdict(list)
        by_check: dict[str, list[Finding]] = defaultdict(list)
        for finding in findings:
            by_check[finding.check].append(finding)
            self._by_endpoint[finding.endpoint].append(finding)
        self._by_check = {check: self._column(by_check[check]) for check in sorted(by_check)}
        self._known: dict[Value, dict[str, CheckSum]] = {}

    def total(self, value: Value) -> float | None:
        return total(self.checks(value), self._standard)

    def checks(self, value: Value) -> Mapping[str, CheckSum]:
        if value not in self._known:
            self._known[value] = {check: column.sum(value) for check, column in self._by_check.items()}
        return self._known[value]

    def of_category(self, category: Category, value: Value) -> float | None:
        """From 0 to 1; None where none of its checks has a value."""
        sums = self.checks(value)
        return _category(sums[check] for check in sums if self._standard.category(check).id == category.id)

    def of_endpoint(self, name: str, value: Value) -> float | None:
        """The same sum over one endpoint alone, where its weight cancels out."""
        own: dict[str, CheckSum] = {}
        for finding in self._by_endpoint[name]:
            severity, worth = self._severities[finding.severity], value(finding)
            own[finding.check] = CheckSum(severity * (worth or 0.0), 0.0 if worth is None else severity, severity)
        return total(own, self._standard)

    def weight(self, finding: Finding) -> float:
        """w s: what it counts within its check."""
        return self._roles[finding.endpoint] * self._severities[finding.severity]

    def _column(self, findings: list[Finding]) -> _Column:
        severe = [self.weight(finding) for finding in findings]
        return _Column(findings, severe, fsum(severe) / fsum(self._roles[finding.endpoint] for finding in findings))


@dataclass(frozen=True, slots=True)
class _Column:
    """One check on all endpoints; `severe`: w s of each."""

    findings: list[Finding]
    severe: list[float]
    weight: float

    def sum(self, value: Value) -> CheckSum:
        pairs = [(part, value(finding)) for part, finding in zip(self.severe, self.findings, strict=True)]
        return CheckSum(
            earned=fsum(part * worth for part, worth in pairs if worth is not None),
            offered=fsum(part for part, worth in pairs if worth is not None),
            weight=self.weight,
        )


def total(checks: Mapping[str, CheckSum], standard: Standard) -> float | None:
    """The score from 0 to 100; None where no check has a value."""
    grouped: dict[str, list[CheckSum]] = defaultdict(list)
    for check in sorted(checks):
        grouped[standard.category(check).id].append(checks[check])
    weights = {category.id: category.weight for category in standard.content.categories}
    results = {id_: result for id_, sums in grouped.items() if (result := _category(sums)) is not None}
    ratio = _ratio([(weights[id_] * result, weights[id_]) for id_, result in results.items()])
    return None if ratio is None else 100 * ratio


def _category(checks: Iterable[CheckSum]) -> float | None:
    valued = [check for check in checks if check.offered]
    return _ratio([(check.weight * (check.earned / check.offered), check.weight) for check in valued])


def _ratio(pairs: Sequence[tuple[float, float]]) -> float | None:
    whole = fsum(weight for _, weight in pairs)
    return min(fsum(earned for earned, _ in pairs) / whole, 1.0) if whole else None
