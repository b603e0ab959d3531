"""Figures that the workbook sets side by side: the parts of the grade with their machines, and the hours of the plan.

Nothing is graded here: points and weights are the scorecard's, machines are counted by the answers of the matrix.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, tzinfo

from scorecard.reporting import ReportContext
from scorecard.result import Answer, Audit, CategoryScore

from . import hygiene, tally, words
from .agreed import Agreed
from .rows import OTHER, WORST_FIRST, Rows, State
from .tasks import Tasks

_OTHER_ANSWERS = {
    State.NO: words.ANSWERS[Answer.NO],
    State.NOT_CHECKED: words.ANSWERS[Answer.NOT_YET],
    State.EXCUSED: words.ANSWERS[Answer.YES_EXCEPT],
    State.YES: words.ANSWERS[Answer.YES],
}


@dataclass(frozen=True, slots=True)
class Pillar:
    """A column of the matrix with its part of the grade.

    `weight`: share of the grade, 0 to 1; None where it has none. `points`: None where no category, or more than one, tells.
    """

    title: str
    weight: float | None
    counts: Mapping[State, int]
    points: float | None
    last: float | None  # the same at the audit before
    answer: str

    @property
    def machines(self) -> int:
        return sum(self.counts.values())

    @property
    def rate(self) -> float | None:
        """The share of the machines to which it applies that meet it."""
        of = self.machines - self.counts[State.NOT_APPLICABLE]
        return self.counts[State.YES] / of if of else None

    @property
    def change(self) -> float | None:
        return None if self.points is None or self.last is None else self.points - self.last


@dataclass(frozen=True, slots=True)
class Gone:
    """A machine that is no longer on the list."""

    name: str
    on: date
    reason: str


@dataclass(frozen=True, slots=True)
class Pillars:
    """`today`: the day of the check in the client's zone. `rate`: the price of an hour beyond the contract's; None where
    none is agreed."""

    today: date
    parts: tuple[Pillar, ...]
    rate: float | None
    currency: str
    gone: tuple[Gone, ...]


@dataclass(frozen=True, slots=True)
class PlanHours:
    """`ours`: of the work that the provider does; `extra`: those beyond one month of the contract; `money`: what these
    cost, None where no price is agreed."""

    ours: float
    extra: float
    money: float | None


def build(audit: Audit, context: ReportContext, agreed: Agreed, rows: Rows, zone: tzinfo) -> Pillars:
    return Pillars(
        today=audit.as_of.astimezone(zone).date(),
        parts=tuple(_pillars(audit, context, agreed, rows)),
        rate=audit.contract.rate if audit.contract else None,
        currency=hygiene.name(audit.contract.currency) if audit.contract else "",
        gone=tuple(Gone(hygiene.name(one.name), one.on, hygiene.line(one.reason)) for one in audit.retired),
    )


def plan_hours(tasks: Tasks, pillars: Pillars) -> PlanHours | None:
    """None without a contract."""
    if tasks.contract_hours is None:
        return None
    if tasks.extra is None:
        return PlanHours(tasks.ours, 0.0, None if pillars.rate is None else 0.0)
    return PlanHours(tasks.ours, tasks.extra.hours, tasks.extra.price)


def _pillars(audit: Audit, context: ReportContext, agreed: Agreed, rows: Rows) -> list[Pillar]:
    """A part with two promises has its points and weight beside the first of them."""
    answers = {hygiene.name(promise.id): words.ANSWERS[promise.answer] for promise in audit.scorecard.promises}
    part_of = {category.id: category.part for category in agreed.categories}
    promised = {rule.part for rule in agreed.promises.values()}
    taken: set[str] = set()
    pillars = []
    for column, counted in zip(rows.columns, tally.by_part(rows), strict=True):
        rule = agreed.promises.get(column.id)
        parts = {rule.part} if rule else {part_of.get(one.id, one.id) for one in audit.scorecard.categories} - promised
        parts -= taken
        taken |= parts
        mine = [one for one in audit.scorecard.categories if part_of.get(one.id, one.id) in parts and one.score is not None]
        pillars.append(
            Pillar(
                title=column.title,
                weight=_weight(mine, audit),
                counts=counted.counts,
                points=mine[0].score if len(mine) == 1 else None,
                last=_last(mine[0], context) if len(mine) == 1 else None,
                answer=_other(counted.counts) if column.id == OTHER else answers.get(column.id, words.DASH),
            )
        )
    return pillars


def _weight(mine: list[CategoryScore], audit: Audit) -> float | None:
    total = sum(category.weight for category in audit.scorecard.categories if category.score is not None)
    return sum(category.weight for category in mine) / total if mine and total else None


def _last(category: CategoryScore, context: ReportContext) -> float | None:
    before = context.before
    if before is None:
        return None
    return next((one.score for one in before.scorecard.categories if one.id == category.id), None)


def _other(counts: Mapping[State, int]) -> str:
    """The checks in no promise make none; said is the worst that a machine has, as for a promise."""
    return next((_OTHER_ANSWERS[state] for state in WORST_FIRST if counts[state] and state in _OTHER_ANSWERS), words.DASH)
