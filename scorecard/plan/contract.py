"""The hours that a contract holds each month against the work that is open and what comes in anew. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from scorecard.model import OPEN
from scorecard.plan.hours import Hours, effort_of, hours
from scorecard.plan.tasks import Plan
from scorecard.plan.work import Owner, owner_of
from scorecard.result import Audit, Contract
from scorecard.rounding import as_shown

# Below so many audits nothing is said about what comes in: one bad month would look like a rule.
FEWEST_AUDITS = 3
_MONTH_DAYS = 365.25 / 12


@dataclass(frozen=True, slots=True)
class Clearance:
    """How long the provider's open work takes out of the contract's hours. Months are None where they have no end.

    `inflow_hours`: new work a month, None where fewer than FEWEST_AUDITS audits tell. `money`: what the open work costs at
    the contract's rate; None where the inventory gives none.
    """

    contract: Contract
    open_hours: Hours
    tasks: int
    estimated: int
    months: float | None
    inflow_hours: float | None
    months_with_inflow: float | None
    money: tuple[float, float, float] | None

    @property
    def never(self) -> bool:
        """Whether as much comes in as the contract's hours can clear, or more."""
        return self.open_hours.likely > 0 and self.inflow_hours is not None and self.months_with_inflow is None


def clearance(plan: Plan, contract: Contract, inflow_hours: float | None = None) -> Clearance:
    """What the client or a vendor does is not paid from the contract and not in it."""
    ours = [task for task in plan.tasks if task.owner is Owner.PROVIDER]
    estimated = [task.hours.likely for task in ours if task.hours is not None]
    work, bucket = hours(60 * sum(estimated)), contract.hours_per_month
    rate = contract.rate
    return Clearance(
        contract=contract,
        open_hours=work,
        tasks=len(ours),
        estimated=len(estimated),
        months=_months(work.likely, bucket),
        inflow_hours=inflow_hours,
        months_with_inflow=None if inflow_hours is None else _months(work.likely, bucket - inflow_hours),
        money=None if rate is None else (rate * work.low, rate * work.likely, rate * work.high),
    )


def _months(work: float, each_month: float) -> float | None:
    if work == 0:
        return 0.0
    return work / each_month if each_month > 0 else None


def inflow(audits: Sequence[Audit]) -> float | None:
    """Likely hours of new work a month, from the audits of a whole client, oldest first; None where there are too few.

    New is what has been open since after the audit before. A check's preparation counts where nothing was open in it then.
    """
    if len(audits) < FEWEST_AUDITS:
        return None
    days = (audits[-1].as_of - audits[0].as_of).total_seconds() / 86_400
    if days <= 0:
        return None
    minutes = sum(_new_minutes(before, audit) for before, audit in pairwise(audits))
    return minutes / 60 / (days / _MONTH_DAYS)


def _new_minutes(before: Audit, audit: Audit) -> int:
    managed = {device.name for device in audit.devices if device.managed}
    was_open = {finding.check for finding in before.findings if finding.counts and finding.status in OPEN}
    minutes = 0
    for finding in audit.findings:
        if not finding.counts or finding.status not in OPEN or finding.endpoint not in managed:
            continue
        check = audit.described(finding.check)
        effort = effort_of(check)
        is_new = finding.first_seen is not None and finding.first_seen > before.as_of
        if is_new and effort is not None and owner_of(check) is Owner.PROVIDER:
            minutes += effort.each_min + (0 if finding.check in was_open else effort.once_min)
            was_open.add(finding.check)
    return minutes


def said(found: Clearance) -> str:
    """In a sentence or two for a person."""
    contract, work = found.contract, found.open_hours
    estimate = f"; {found.estimated} of {found.tasks} tasks estimated" if found.estimated < found.tasks else ""
    spread = f"between {as_shown(work.low, 0)} and {as_shown(work.high, 0)} h"
    cost = f", {_money(found)}" if found.money is not None else ""
    start = f"Open work {as_shown(work.likely, 1)} h ({spread}{cost}{estimate})"
    if work.likely == 0:
        return f"{start}: nothing to clear"
    bucket = f"{contract.hours_per_month:g} contract hours a month"
    plain = f"{bucket} clear it in {_rounded(found.months)} if nothing else breaks"
    if found.inflow_hours is None:
        return f"{start}; {plain}"
    if found.months_with_inflow is None:
        return f"{start}; {plain}, and never at the present inflow of {as_shown(found.inflow_hours, 1)} h a month"
    return (
        f"{start}; {plain}, and in {_rounded(found.months_with_inflow)} at the present inflow of "
        f"{as_shown(found.inflow_hours, 1)} h a month"
    )


def _rounded(months: float | None) -> str:
    return "never" if months is None else f"{as_shown(months, 1)} months"


def _money(found: Clearance) -> str:
    likely = found.money[1] if found.money is not None else 0.0
    return f"about {found.contract.currency} {as_shown(likely, 0):,}"
