"""A comparison of two audits as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from scorecard.document_writing import time_text
from scorecard.history.bridge import Bridge
from scorecard.history.compare import Comparison, Endpoints, Movement, StandardChange
from scorecard.history.fixing import FixTime, fix_times
from scorecard.history.trend import Month, Year
from scorecard.model import Severity
from scorecard.result import Audit

_DIGITS = 2


def document(found: Comparison, bridged: Bridge, year: Year | None) -> dict[str, Any]:
    return {
        "client": found.newer.client,
        "older": _audit(found.older),
        "newer": _audit(found.newer),
        "bridge": _bridge(bridged),
        "open_before": found.open_before,
        "open_now": found.open_now,
        "ended": {way.value: _movements(lines) for way, lines in found.ended.items()},
        "opened": {way.value: _movements(lines) for way, lines in found.opened.items()},
        "still_open": _movements(found.still_open),
        "worse": _movements(found.worse),
        "better": _movements(found.better),
        "exceptions_begun": _movements(found.exceptions_begun),
        "exceptions_ended": _movements(found.exceptions_ended),
        "endpoints": _endpoints(found.endpoints),
        "standard": _standard(found.standard),
        "days_to_fix": _days(fix_times(found.fixes)),
        "year": year and {"months": [_month(month) for month in year.months], "days_to_fix": _days(year.days_to_fix)},
    }


def _audit(audit: Audit) -> dict[str, Any]:
    card = audit.scorecard
    return {
        "id": audit.id,
        "as_of": time_text(audit.as_of),
        "score": card.score,
        "letter": card.letter,
        "coverage": card.coverage,
        "endpoints": len(audit.devices),
    }


def _bridge(bridged: Bridge) -> dict[str, Any]:
    """`points` are exact; `shown` are rounded so that they add up to the difference of the scores at two digits."""
    return {
        "before": bridged.before,
        "after": bridged.after,
        "missing": bridged.missing,
        "parts": [
            {
                "cause": part.cause.value,
                "points": part.points,
                "shown": float(shown),
                "findings": part.findings,
                "endpoints": list(part.endpoints),
                "checks": list(part.checks),
            }
            for part, shown in bridged.shown(_DIGITS)
        ],
    }


def _movements(lines: Iterable[Movement]) -> list[dict[str, Any]]:
    return [
        {
            "check": line.check,
            "endpoint": line.endpoint,
            "severity": line.severity.value,
            "was": line.was and line.was.value,
            "is": line.is_ and line.is_.value,
            "opened_at": time_text(line.opened_at),
            "ended_at": time_text(line.ended_at),
            "days_open": line.days_open,
            "exception": line.exception and {"id": line.exception.id, "kind": line.exception.kind.value},
        }
        for line in lines
    ]


def _endpoints(found: Endpoints) -> dict[str, Any]:
    return {
        "joined": list(found.joined),
        "retired": [{"name": one.name, "on": one.on.isoformat(), "reason": one.reason} for one in found.retired],
        "vanished": list(found.vanished),
        "missing": list(found.missing),
        "no_longer_seen": list(found.no_longer_seen),
        "seen_again": list(found.seen_again),
        "role_changed": list(found.role_changed),
    }


def _standard(change: StandardChange | None) -> dict[str, Any] | None:
    if change is None:
        return None
    return {
        "before": change.before,
        "after": change.after,
        "added": list(change.added),
        "removed": list(change.removed),
        "judged_otherwise": list(change.judged_otherwise),
    }


def _days(times: Mapping[Severity, FixTime | None]) -> dict[str, Any]:
    return {
        severity.value: found and {"fixes": found.fixes, "mean_days": found.mean_days, "median_days": found.median_days}
        for severity, found in times.items()
    }


def _month(month: Month) -> dict[str, Any]:
    point = month.point
    return {
        "month": f"{month.first:%Y-%m}",
        "audit": point and point.audit,
        "score": point and point.score,
        "letter": point and point.letter,
        "coverage": point and point.coverage,
        "categories": point and dict(point.categories),
        "standard": point and point.standard,
    }
