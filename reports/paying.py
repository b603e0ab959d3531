"""Who pays for each task, and what lies beyond the hours of the contract (reports.md 2.3, 2.6 and 5.8).

The hours of one month go to the provider's tasks in the order of the plan. One in which they end is paid by both. What lies
beyond is found by one rule everywhere, the workbook's formula included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from scorecard.plan.tasks import Task
from scorecard.plan.work import Owner
from scorecard.result import Contract

from . import numbers

# Up to so many minutes beyond the month are nothing: they would be shown as 0.0 hours. Estimates are whole minutes, so sums
# never come so near to it that two programs could differ.
NOTHING_MIN = 3.5


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
    these as well, as shown (empty where there are no points). `lifts`: some of it lifts what holds the letter. `price`: in
    the contract's currency; None where it names none for an hour."""

    hours: float
    price: float | None
    within: str
    after: str
    lifts: bool


def beyond(ours: float, month_hours: float) -> float:
    """Hours of the provider's work that one month of the contract does not hold."""
    over = ours - month_hours
    return over if _is_some(over) else 0.0


def _is_some(hours: float) -> bool:
    return 60 * hours > NOTHING_MIN


def ours(tasks: Sequence[Task]) -> float:
    """Hours of what the provider does, as far as they are estimated."""
    return sum(task.hours.likely for task in tasks if task.owner is Owner.PROVIDER and task.hours is not None)


def payers(tasks: Sequence[Task], month_hours: float | None) -> Iterator[Paid]:
    """For each task. `month_hours` is None without a contract."""
    done = 0.0
    for task in tasks:
        if task.owner is not Owner.PROVIDER:
            yield Paid(Payer.CLIENT if task.owner is Owner.CLIENT else Payer.VENDOR)
        elif month_hours is None:
            yield Paid(Payer.PROVIDER)
        elif task.hours is None:
            yield Paid(Payer.OPEN)
        else:
            before, done = done, done + task.hours.likely
            yield _paid(before, done, month_hours)


def _paid(before: float, done: float, month_hours: float) -> Paid:
    """By the hours of all tasks before it, and with it. What is beyond adds up to what all tasks have beyond."""
    over = beyond(done, month_hours) - beyond(before, month_hours)
    if not over:
        return Paid(Payer.PLAN)
    return Paid(Payer.PARTLY if _is_some(month_hours - before) else Payer.EXTRA, over)


def extra(
    tasks: Sequence[Task], paid: Sequence[Paid], contract: Contract, start: float | None, bands: Mapping[str, float]
) -> Extra | None:
    """None where the contract's month holds all of the work."""
    hours = beyond(ours(tasks), contract.hours_per_month)
    if not hours:
        return None
    both = list(zip(tasks, paid, strict=True))

    def reached(*ways: Payer) -> str:
        if start is None:
            return ""
        return numbers.points(min(start + sum(task.points for task, one in both if one.by in ways), 100.0), bands)

    return Extra(
        hours=hours,
        price=None if contract.rate is None else contract.rate * hours,
        within=reached(Payer.PLAN),
        after=reached(Payer.PLAN, Payer.PARTLY, Payer.EXTRA),
        lifts=any(task.lifts for task, one in both if one.beyond),
    )
