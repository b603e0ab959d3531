"""Who pays for each task, and what lies beyond the hours of the contract (reports.md 2.3, 2.6 and 5.8).

The hours of one month go to the provider's tasks in the order of the plan. One in which they end is paid by both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from scorecard.plan.tasks import Task
from scorecard.plan.work import Owner

from . import numbers

_LEAST_HOURS = 0.05  # what would be shown as 0.0 is nothing


class Payer(StrEnum):
    """What nobody estimated may be in the plan or extra: nobody can tell."""

    PLAN = "plan"
    PARTLY = "partly"  # the plan's hours end within it
    EXTRA = "extra"
    OPEN = "open"
    CLIENT = "client"
    VENDOR = "vendor"
    PROVIDER = "provider"  # there is no contract to hold the hours against


@dataclass(frozen=True, slots=True)
class Paid:
    """`beyond`: hours of the task that the contract's month does not hold."""

    by: Payer
    beyond: float = 0.0


@dataclass(frozen=True, slots=True)
class Extra:
    """The hours beyond one month of the contract, and what they buy: the points with the month's hours alone and with
    these as well, as shown (empty where there are no points). `lifts`: some of it lifts what holds the letter."""

    hours: float
    within: str
    after: str
    lifts: bool


def payers(tasks: Sequence[Task], month_hours: float | None) -> Iterator[Paid]:
    """For each task. `month_hours` is None without a contract."""
    left = month_hours or 0.0
    for task in tasks:
        if task.owner is not Owner.PROVIDER:
            yield Paid(Payer.CLIENT if task.owner is Owner.CLIENT else Payer.VENDOR)
        elif month_hours is None:
            yield Paid(Payer.PROVIDER)
        elif task.hours is None:
            yield Paid(Payer.OPEN)
        else:
            within = min(task.hours.likely, left)
            left -= within
            yield _split(within, task.hours.likely - within)


def _split(within: float, beyond: float) -> Paid:
    if beyond < _LEAST_HOURS:
        return Paid(Payer.PLAN)
    return Paid(Payer.PARTLY if within >= _LEAST_HOURS else Payer.EXTRA, beyond)


def extra(tasks: Sequence[Task], paid: Sequence[Paid], start: float | None, bands: Mapping[str, float]) -> Extra | None:
    """None where the contract's month holds all of the work."""
    hours = sum(one.beyond for one in paid)
    if hours < _LEAST_HOURS:
        return None
    both = list(zip(tasks, paid, strict=True))

    def reached(*ways: Payer) -> str:
        if start is None:
            return ""
        return numbers.points(min(start + sum(task.points for task, one in both if one.by in ways), 100.0), bands)

    return Extra(
        hours=hours,
        within=reached(Payer.PLAN),
        after=reached(Payer.PLAN, Payer.PARTLY, Payer.EXTRA),
        lifts=any(task.lifts for task, one in both if one.beyond),
    )
