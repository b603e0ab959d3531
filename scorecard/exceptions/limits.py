"""How long an exception may run (design section 7). The first and the last day both count."""

from __future__ import annotations

from datetime import date, timedelta

from scorecard.exceptions.entries import Entry
from scorecard.model import ExceptionKind, Severity
from scorecard.standard import ExceptionLimits


def run_days(entry: Entry) -> int:
    """Of an entry with a last day."""
    return ((entry.until or entry.since) - entry.since).days + 1


def longest_days(entry: Entry, limits: ExceptionLimits) -> int | None:
    """The longest that it may run whatever the finding; None: without end."""
    if entry.kind is ExceptionKind.DECLINED:
        return None
    if entry.kind is ExceptionKind.STATED:
        return limits.stated_days
    return limits.covered_days if entry.covered else max(limits.critical_days, limits.other_days)


def last_day(entry: Entry, severity: Severity | None, limits: ExceptionLimits) -> date | None:
    """The last day that it holds on a finding of this severity; None: without end, or none is known."""
    most = longest_days(entry, limits)
    if entry.kind is ExceptionKind.WAIVED and not entry.covered and severity is not None:
        most = limits.critical_days if severity is Severity.CRITICAL else limits.other_days
    if most is None:
        return entry.until
    allowed = entry.since + timedelta(days=most - 1)
    return allowed if entry.until is None else min(entry.until, allowed)
