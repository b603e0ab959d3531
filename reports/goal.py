"""The letter that provider and client agreed to reach: how far it is, and what the chart draws of it (reports.md 5.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, tzinfo

from scorecard.plan.limits import is_better
from scorecard.result import Audit

from . import goal_words, numbers
from .agreed import Agreed


@dataclass(frozen=True, slots=True)
class AgreedGoal:
    """`start`: the points that the letter begins with. `sentence`: how far it is; empty where nothing is graded."""

    letter: str
    start: float
    label: str
    sentence: str


def build(audit: Audit, agreed: Agreed, zone: tzinfo) -> AgreedGoal | None:
    """None where none was agreed, or on a letter that the standard has not."""
    goal = audit.preferences.goal
    if goal is None or goal.letter not in agreed.bands:
        return None
    start = agreed.bands[goal.letter]
    label = goal_words.label(goal.letter, f"{start:g}")
    card = audit.scorecard
    if audit.scope or card.letter is None or card.score is None:
        return AgreedGoal(goal.letter, start, label, "")
    head = goal_words.head(goal.letter, numbers.day(goal.by) if goal.by else "")
    if not is_better(goal.letter, card.letter):
        return AgreedGoal(goal.letter, start, label, f"{head} {goal_words.REACHED}")
    away = goal_words.away(max(start - card.score, 0.0))
    late = goal_words.LATE if goal.by and _is_over(goal.by, audit, zone) else ""
    return AgreedGoal(goal.letter, start, label, " ".join(filter(None, (head, away, late))))


def _is_over(day: date, audit: Audit, zone: tzinfo) -> bool:
    return audit.as_of.astimezone(zone).date() > day
