"""Findings of two audits by kind: those of which everything is the same that decides what they count, and why."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from scorecard.history.pairs import sides
from scorecard.model import Finding, Status
from scorecard.result import Audit, Device


@dataclass(frozen=True, slots=True)
class Kind:
    """One check on many endpoints of one sort, with the same answer then and the same now.

    `then`, `now`, `old` and `new` are those of one of them; None where an audit has no such endpoint or finding.
    """

    check: str
    then: Device | None
    now: Device | None
    old: Finding | None
    new: Finding | None
    endpoints: list[str] = field(default_factory=list)


def kinds(older: Audit, newer: Audit) -> Iterable[Kind]:
    """Every check on every endpoint of either audit is in one of them.

    A fleet has few: thousands of machines, and few ways to answer. What is done for each kind need not be fast.
    """
    devices_then = {device.name: device for device in older.devices}
    devices_now = {device.name: device for device in newer.devices}
    found: dict[Hashable, Kind] = {}
    for endpoint, before, after in sides(older, newer):
        then, now = devices_then.get(endpoint), devices_now.get(endpoint)
        sort = (_sort(then), _sort(now))
        for check in before.keys() | after.keys():
            old, new = before.get(check), after.get(check)
            key = (check, sort, _answer(old), _answer(new))
            kind = found.get(key)
            if kind is None:
                kind = found[key] = Kind(check, then, now, old, new)
            kind.endpoints.append(endpoint)
    return found.values()


def _sort(device: Device | None) -> Hashable:
    return None if device is None else (device.role, device.platform)


def _answer(finding: Finding | None) -> Hashable:
    if finding is None:
        return None
    status = finding.verdict.status
    said = (status, finding.severity, finding.effective, finding.counts, finding.exception)
    return (*said, finding.carried_from, finding.last) if status is Status.UNKNOWN else said
