"""Who may leave the sum: the share of a category that waived findings may take up (design section 7).

In units of role weight x severity weight, as in the score. The share is of what this audit answered of the category. Who
has a place keeps it until the entry ends, whatever today's answers are, and counts against the share; the oldest entries
fill what is left. Where nobody has a place yet, one may have it however little the share is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from math import fsum

from scorecard.model import Finding, Status
from scorecard.result import Device
from scorecard.standard import Standard

_SLACK = 1e-9
_NO_ANSWER = (Status.UNKNOWN, Status.NOT_APPLICABLE)

Key = tuple[str, str]  # check and endpoint


@dataclass(frozen=True, slots=True)
class Wish:
    """A waived finding that has a place, or would like one."""

    category: str
    since: date
    key: Key
    weight: float


def weigher(devices: Iterable[Device], standard: Standard) -> Callable[[Finding], float]:
    """What a finding weighs within its category."""
    weights = {device.name: standard.role_weight(device.role) for device in devices}
    return lambda finding: weights[finding.endpoint] * standard.severity_weight(finding.severity)


def rooms(findings: Iterable[Finding], standard: Standard, weight: Callable[[Finding], float]) -> dict[str, float]:
    """By category, how much may leave the sum."""
    answered: dict[str, list[float]] = defaultdict(list)
    for finding in findings:
        if finding.counts and finding.status not in _NO_ANSWER:
            answered[standard.category(finding.check).id].append(weight(finding))
    return {category: standard.content.exceptions.share * fsum(weights) for category, weights in answered.items()}


def given(held: Iterable[Wish], wishes: Iterable[Wish], room: Mapping[str, float]) -> frozenset[Key]:
    """Which of the wishes get a place."""
    weights: dict[str, list[float]] = defaultdict(list)
    for wish in held:
        weights[wish.category].append(wish.weight)
    taken = {category: fsum(mine) for category, mine in weights.items()}
    lucky: set[Key] = set()
    for wish in sorted(wishes, key=lambda one: (one.since, one.key)):
        used = taken.get(wish.category)
        if used is None or used + wish.weight <= room.get(wish.category, 0.0) + _SLACK:
            taken[wish.category] = (used or 0.0) + wish.weight
            lucky.add(wish.key)
    return frozenset(lucky)
