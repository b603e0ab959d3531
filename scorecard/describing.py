"""Checks as the audit document and the reports print them, and the count that no finding is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from scorecard.errors import ScorecardError
from scorecard.model import Finding, Json
from scorecard.registry import Registry
from scorecard.result import Device
from scorecard.standard import Standard
from scorecard.topic import Check


class Missing(ScorecardError):
    """Findings are not endpoints x checks: our own fault, and never passed over. `where`: a check on an endpoint."""

    def __init__(self, where: str) -> None:
        super().__init__(f"internal error: the findings are not complete, see {where}; please report it")
        self.where = where


def count(devices: Sequence[Device], findings: Sequence[Finding], standard: Standard) -> None:
    """Findings = endpoints x checks of the standard for their role: nothing goes missing, nothing comes twice.

    Raises Missing.
    """
    wanted = Counter((device.name, check) for device in devices for check in standard.checks_for(device.role))
    found = Counter((finding.endpoint, finding.check) for finding in findings if finding.check in standard.content.checks)
    if wanted != found:
        (endpoint, check), _ = next(iter(((wanted - found) + (found - wanted)).items()))
        raise Missing(f"{check} on {endpoint}")


def described(registry: Registry, standard: Standard) -> Mapping[str, Json]:
    """By check id: those of the standard in its own order, then loaded checks that it does not name."""
    return MappingProxyType({check.id: describe(check, standard) for check in _checks(registry, standard)})


def _checks(registry: Registry, standard: Standard) -> Iterator[Check]:
    for check_id in standard.content.checks:
        yield registry.checks[check_id]
    for check_id, check in sorted(registry.checks.items()):
        if check_id not in standard.content.checks:
            yield check


def describe(check: Check, standard: Standard) -> dict[str, Json]:
    """With the values that this standard gives it."""
    graded = check.id in standard.content.checks
    category = standard.category_of_topic.get(check.topic)
    values = standard.parameters(check).values
    parameters: dict[str, Json] = {
        parameter.name: {
            "value": _plain(values[parameter.name]),
            "unit": parameter.unit,
            "meaning": parameter.meaning,
        }
        for parameter in check.parameters
    }
    return {
        "title": check.title,
        "task": check.task or check.title,
        "why": check.why,
        "fix": list(check.fix),
        "effort": {"once_min": check.effort.once_min, "each_min": check.effort.each_min},
        "topic": check.topic,
        "category": category.id if category else None,
        "severity": check.severity.value,
        "parameters": parameters,
        "stable": list(check.stable),
        "graded": graded,
    }


def _plain(value: object) -> Json:
    if isinstance(value, tuple):
        return list(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a parameter is {type(value).__name__}")
