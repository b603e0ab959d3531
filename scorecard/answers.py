"""The newest answer of every check on an endpoint, kept from audit to audit: what counts when nobody answers any more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scorecard.model import OPEN, Finding, Last, Status

Answers = Mapping[str, Last]  # by check


def remember(finding: Finding, last: Last | None, came_back_within: timedelta) -> Finding:
    """The finding with what earlier audits know of it. `last`: the answer before, if there was one."""
    if finding.status is Status.UNKNOWN:
        return replace(finding, last=last)
    opened = finding.status in OPEN
    if last is not None and last.open == opened:
        return replace(finding, first_seen=last.since, came_back=last.came_back if opened else None)
    came_back = None
    if opened and last is not None and last.fixed_at is not None and finding.observed_at is not None:
        came_back = last.fixed_at if finding.observed_at - last.fixed_at <= came_back_within else None
    return replace(finding, first_seen=finding.observed_at, came_back=came_back)


def after(findings: Iterable[Finding], before: Answers) -> dict[str, Last]:
    """What is known once these findings are in: unknown ones take nothing away."""
    known = dict(before)
    for finding in findings:
        if finding.status is Status.UNKNOWN or finding.observed_at is None:
            continue
        last = before.get(finding.check)
        fixed_at = last.fixed_at if last else None
        if last is not None and last.open and finding.status not in OPEN:
            fixed_at = finding.observed_at
        since = finding.first_seen or finding.observed_at
        known[finding.check] = Last(finding.status, finding.observed_at, since, fixed_at, finding.came_back)
    return known


def dumps(answers: Answers) -> str:
    """As compact text, times as whole seconds since 1970."""
    return json.dumps({check: _row(last) for check, last in sorted(answers.items())}, separators=(",", ":"))


def loads(text: str) -> dict[str, Last]:
    """Raises ValueError, TypeError or LookupError for what `dumps` did not write."""
    return {check: _last(*row) for check, row in json.loads(text).items()} if text else {}


def _row(last: Last) -> list[str | int | None]:
    moments = (last.observed_at, last.since, last.fixed_at, last.came_back)
    return [last.status.value, *(None if moment is None else int(moment.timestamp()) for moment in moments)]


def _last(status: str, observed_at: int, since: int, fixed_at: int | None, came_back: int | None) -> Last:
    return Last(Status(status), _moment(observed_at), _moment(since), _maybe(fixed_at), _maybe(came_back))


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _maybe(seconds: int | None) -> datetime | None:
    return None if seconds is None else _moment(seconds)
