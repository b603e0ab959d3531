"""The nested sums that scores are made of (design section 8): endpoints into checks, those into categories, those into one.

For endpoint h with weight w, check c, severity weight s and value v: a check's result is r(c) = sum(w s v) / sum(w s) over
the endpoints where it has a value, and its own weight s(c) = sum(w s) / sum(w) over all endpoints that are asked it,
whatever they answer: else what one machine answers would move how much the check counts on the others, and hiding a machine
could pay. A category is R(k) = sum(s(c) r(c)) / sum(s(c)), and the score 100 sum(W R) / sum(W) over the categories with a
check that has a value somewhere. Sums are correctly rounded, so order does not matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum

from scorecard.model import Finding, Severity
from scorecard.result import Device
from scorecard.standard import Category, Standard

# What a finding is worth from 0 to 1; None leaves the sum. It looks at status, effective, carried_from and exception alone.
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
        by_check: dict[str, _Column] = defaultdict(_Column)
        for finding in findings:
            self._by_endpoint[finding.endpoint].append(finding)
            by_check[finding.check].add(finding, self._roles[finding.endpoint], self._severities[finding.severity])
        self._by_check = {check: by_check[check] for check in sorted(by_check)}
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
        earned: dict[str, list[float]] = defaultdict(list)
        offered: dict[str, list[float]] = defaultdict(list)
        for finding in self._by_endpoint[name]:
            worth = value(finding)
            if worth is not None:
                category, severity = self._standard.category(finding.check).id, self._severities[finding.severity]
                earned[category].append(severity * worth)
                offered[category].append(severity)
        return _points({category: fsum(earned[category]) / fsum(offered[category]) for category in earned}, self._standard)

    def weight(self, finding: Finding) -> float:
        """w s: what it counts within its check."""
        return self._roles[finding.endpoint] * self._severities[finding.severity]


class _Column:
    """One check on all endpoints. Findings that are alike in all that a value may look at are counted and not kept."""

    def __init__(self) -> None:
        self._counts: dict[Hashable, int] = defaultdict(int)
        self._alike: dict[Hashable, tuple[float, Finding]] = {}
        self._roles: dict[float, int] = defaultdict(int)

    def add(self, finding: Finding, role: float, severity: float) -> None:
        mark = finding.exception
        key = (
            *(role, severity, finding.effective, finding.verdict.status, finding.carried_from is None),
            mark and mark.kind,
        )
        if key not in self._counts:
            self._alike[key] = (role * severity, finding)
        self._counts[key] += 1
        self._roles[role] += 1

    def sum(self, value: Value) -> CheckSum:
        parts = [(self._counts[key] * severe, value(finding)) for key, (severe, finding) in self._alike.items()]
        whole = fsum(role * count for role, count in self._roles.items())
        return CheckSum(
            earned=fsum(part * worth for part, worth in parts if worth is not None),
            offered=fsum(part for part, worth in parts if worth is not None),
            weight=fsum(part for part, _ in parts) / whole,
        )


def total(checks: Mapping[str, CheckSum], standard: Standard) -> float | None:
    """The score from 0 to 100; None where no check has a value."""
    grouped: dict[str, list[CheckSum]] = defaultdict(list)
    for check in sorted(checks):
        grouped[standard.category(check).id].append(checks[check])
    return _points(
        {id_: result for id_, sums in grouped.items() if (result := _category(sums)) is not None},
        standard,
    )


def _category(checks: Iterable[CheckSum]) -> float | None:
    valued = [check for check in checks if check.offered]
    return _ratio([(check.weight * (check.earned / check.offered), check.weight) for check in valued])


def _points(categories: Mapping[str, float], standard: Standard) -> float | None:
    """From 0 to 100, of the results of categories from 0 to 1."""
    weights = standard.category_weights
    ratio = _ratio([(weights[id_] * result, weights[id_]) for id_, result in categories.items()])
    return None if ratio is None else 100 * ratio


def _ratio(pairs: Sequence[tuple[float, float]]) -> float | None:
    whole = fsum(weight for _, weight in pairs)
    return min(fsum(earned for earned, _ in pairs) / whole, 1.0) if whole else None
