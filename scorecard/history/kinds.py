"""Findings of two audits by kind: those of which everything is the same that decides what they count, and why."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import attrgetter

from scorecard.history.pairs import sides, zone_of
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
    answer_then, answer_now = _Answers(older), _Answers(newer)
    found: dict[Hashable, Kind] = {}
    for endpoint, before, after in sides(older, newer):
        then, now = devices_then.get(endpoint), devices_now.get(endpoint)
        sort = (_sort(then), _sort(now))
        for check in after if before.keys() == after.keys() else {**before, **after}:
            old, new = before.get(check), after.get(check)
            was = None if old is None else _SAID(old)
            is_ = None if new is None else _SAID(new)
            if old is not None and old.verdict.status is Status.UNKNOWN:
                was = (was, answer_then.last(old), new is not None and _is_later(old, new))
            if new is not None and new.verdict.status is Status.UNKNOWN:
                is_ = (is_, answer_now.last(new))
            key = (check, sort, was, is_)
            kind = found.get(key)
            if kind is None:
                kind = found[key] = Kind(check, then, now, old, new)
            kind.endpoints.append(endpoint)
    return found.values()


_SAID = attrgetter("verdict.status", "severity", "effective", "counts", "exception")


def _sort(device: Device | None) -> Hashable:
    return None if device is None else (device.role, device.platform)


def _is_later(old: Finding, new: Finding) -> bool:
    """Whether the older answer that counts is a newer one now."""
    return old.carried_from is not None and new.carried_from is not None and new.carried_from > old.carried_from


class _Answers:
    """The older answers behind the unknown findings of an audit. Their age is what counts, and that is counted in days."""

    def __init__(self, audit: Audit) -> None:
        self._zone = zone_of(audit)
        self._days: dict[datetime, date] = {}

    def last(self, finding: Finding) -> Hashable:
        last = finding.last
        if last is None:
            return None
        if last.observed_at not in self._days:
            self._days[last.observed_at] = last.observed_at.astimezone(self._zone).date()
        return last.status, self._days[last.observed_at], finding.carried_from is None
