"""What each finding is worth in the score once older answers and exceptions are taken in (design sections 7, 8). Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from scorecard.model import Finding, Last, Status
from scorecard.standard import Standard


def settled(finding: Finding, standard: Standard, as_of: datetime, zone: ZoneInfo) -> Finding:
    """The finding with its `effective` and `carried_from`."""
    value, carried_from = _worth(finding, standard, as_of, zone)
    if value == finding.effective and carried_from == finding.carried_from:
        return finding  # as most are: copying them would take longer than all else here
    return replace(finding, effective=value, carried_from=carried_from)


def _worth(finding: Finding, standard: Standard, as_of: datetime, zone: ZoneInfo) -> tuple[float | None, datetime | None]:
    """What it is worth, and when the older answer was given that makes it so."""
    if not finding.counts:
        return None, None
    status = finding.status
    if status is not Status.UNKNOWN:
        return (None if finding.left_the_sum else standard.values[status]), None
    if finding.last is not None and (lives := shelf_lives(finding.check, finding.last, standard, as_of, zone)) <= 2:
        value = standard.values[finding.last.status]
        if lives == 1:
            return value, finding.last.observed_at
        if value is not None:
            return standard.content.carried.then * value, finding.last.observed_at
    return _unanswered(finding, standard), None


def _unanswered(finding: Finding, standard: Standard) -> float | None:
    return standard.content.exceptions.stated_value if finding.is_stated else standard.values[Status.UNKNOWN]


def shelf_lives(check: str, last: Last, standard: Standard, as_of: datetime, zone: ZoneInfo) -> int:
    """Which shelf life of its check an answer is in: 1 counts in full, 2 in part, from 3 on it is none any more.

    In calendar days of the client's time zone. An answer from the future is as little to be trusted as one from the past:
    whoever's clock was wrong.
    """
    days = abs((as_of.astimezone(zone).date() - last.observed_at.astimezone(zone).date()).days)
    life = standard.content.checks[check].shelf_life_days
    return 1 if days <= life else 2 if days <= 2 * life else 3
