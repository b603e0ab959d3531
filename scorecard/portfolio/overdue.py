"""What is overdue: one rule for what the store keeps of an audit, and for what a portfolio names."""

from __future__ import annotations

from datetime import datetime

from scorecard.model import OPEN, Finding
from scorecard.portfolio.model import OVERDUE_DAYS


def is_overdue(finding: Finding, as_of: datetime) -> bool:
    """Open for over OVERDUE_DAYS on that day, graded, and nothing agreed about it."""
    return (
        finding.status in OPEN
        and finding.counts
        and finding.exception is None
        and finding.first_seen is not None
        and (as_of - finding.first_seen).days > OVERDUE_DAYS
    )
