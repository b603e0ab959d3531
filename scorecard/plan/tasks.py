"""Every open finding as a task: one check's fix over its endpoints, with hours, gain, owner and place in the order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from scorecard.model import Severity
from scorecard.plan.gains import Gains
from scorecard.plan.hours import Hours, hours
from scorecard.plan.limits import is_better
from scorecard.plan.work import ANSWERING, Answers, Fix, Owner, Work, by_kind, title_of, work_of
from scorecard.result import Audit, Cap
from scorecard.standard import standard_of

_SEVERITIES = tuple(Severity)
_OWNERS = tuple(Owner)
ASSUMED = "if they pass"


@dataclass(frozen=True, slots=True)
class Task:
    """One check's fix over the endpoints of one owner, or finding and asking machines that owe answers.

    `id` stays the same from month to month. `hours` is None where nobody estimated the check; the preparation, which a
    client pays once, is in the first task of a check alone. `lifts`: the caps holding the letter that it helps to lift.
    `note` is ASSUMED where the points rest on answers that are not there yet. `score_after`: with this task and all
    before it done; None where there is no score.
    """

    id: str
    check: str | None
    title: str
    fix: tuple[str, ...]
    owner: Owner
    risk: Severity | None
    endpoints: tuple[str, ...]
    declined: tuple[str, ...]
    hours: Hours | None
    points: float
    lifts: tuple[str, ...]
    note: str = ""
    score_after: float | None = None

    @property
    def points_per_hour(self) -> float | None:
        """None where nobody estimated the hours."""
        return self.points / self.hours.likely if self.hours is not None and self.hours.likely else None


@dataclass(frozen=True, slots=True)
class Plan:
    """`tasks`: what lifts a cap that holds the letter, then the rest, both by points per hour.

    `hours` is the sum of the `estimated` tasks. `agreed`: findings that an exception took out of the sum; they are no task.
    """

    tasks: tuple[Task, ...]
    hours: Hours
    points: float
    estimated: int
    agreed: int

    @property
    def pinned(self) -> tuple[Task, ...]:
        return tuple(task for task in self.tasks if task.lifts)


def plan(audit: Audit, work: Work | None = None) -> Plan:
    """`work`: that of the audit, where it is at hand. Raises StandardError where its standard cannot be read."""
    builder = _Builder(audit, work)
    tasks = tuple(_running(sorted(builder.tasks(), key=_order), audit.scorecard.score))
    estimated = [task.hours.likely for task in tasks if task.hours is not None]
    return Plan(
        tasks=tasks,
        hours=hours(60 * sum(estimated)),
        points=sum(task.points for task in tasks),
        estimated=len(estimated),
        agreed=sum(fix.waived for fix in builder.work.fixes),
    )


class _Builder:
    def __init__(self, audit: Audit, work: Work | None) -> None:
        standard = standard_of(audit)
        self.work = work or work_of(audit, Gains(audit, standard))
        self._audit = audit
        self._capped = {line.check for line in standard.content.caps}
        self._severities = {(finding.check, finding.endpoint): finding.severity for finding in audit.findings}
        before = audit.scorecard.letter_before_caps
        self._holding = [cap for cap in audit.scorecard.caps if before is not None and is_better(before, cap.letter)]

    def tasks(self) -> Iterator[Task]:
        by_task: dict[tuple[str, int], list[Fix]] = defaultdict(list)
        for fix in self.work.fixes:
            if not fix.waived:
                by_task[fix.check, _OWNERS.index(fix.owner)].append(fix)
        prepared: set[str] = set()
        for (check, owner), fixes in sorted(by_task.items()):
            yield self._fixing(check, _OWNERS[owner], fixes, check in prepared)
            prepared.add(check)
        for id_, answers in by_kind(self.work.answers):
            yield from self._answering(id_, answers)

    def _fixing(self, check: str, owner: Owner, fixes: Sequence[Fix], prepared: bool) -> Task:
        effort = self.work.efforts.get(check)
        once = 0 if effort is None or prepared else effort.once_min
        names = tuple(fix.endpoint for fix in fixes)
        steps = self._audit.described(check).get("fix")
        return Task(
            id=f"{check}/{owner}",
            check=check,
            title=title_of(self._audit, check),
            fix=tuple(str(step) for step in steps) if isinstance(steps, list) else (),
            owner=owner,
            risk=min((self._severities[check, name] for name in names), key=_SEVERITIES.index),
            endpoints=names,
            declined=tuple(fix.endpoint for fix in fixes if fix.declined),
            hours=None if effort is None else hours(once + effort.each_min * len(fixes)),
            points=sum(fix.points for fix in fixes),
            lifts=self._lifted({(check, name) for name in names}),
        )

    def _answering(self, id_: str, answers: Iterable[Answers]) -> Iterator[Task]:
        """The preparation of what may have to be fixed again there is not in it: most of it another task has."""
        for owner in _OWNERS:
            mine = [one for one in answers if one.owner is owner]
            if mine:
                yield Task(
                    id=f"{id_}/{owner}",
                    check=None,
                    title=ANSWERING[id_],
                    fix=(),
                    owner=owner,
                    risk=None,
                    endpoints=tuple(one.endpoint for one in mine),
                    declined=(),
                    hours=hours(sum(one.each_min for one in mine)),
                    points=sum(one.points for one in mine),
                    lifts=self._lifted({(check, one.endpoint) for one in mine for check in one.checks}, answering=True),
                    note=ASSUMED,
                )

    def _lifted(self, keys: set[tuple[str, str]], *, answering: bool = False) -> tuple[str, ...]:
        """The caps that hold the letter for one of these findings, as (check, endpoint)."""
        found: dict[str, None] = {}
        for cap in self._holding:
            names = set(cap.endpoints)
            if any(name in names and self._is_about(cap, check, answering) for check, name in keys):
                found[cap.id] = None
        return tuple(found)

    def _is_about(self, cap: Cap, check: str, answering: bool) -> bool:
        """A cap without a check is about coverage, or about whole areas: about any check that has a cap."""
        if cap.check is not None:
            return cap.check == check
        return answering if cap.id == "coverage" else check in self._capped


def _order(task: Task) -> tuple[bool, bool, float, int, str]:
    rate = task.points_per_hour
    risk = len(_SEVERITIES) if task.risk is None else _SEVERITIES.index(task.risk)
    return (not task.lifts, rate is None, -(rate or 0.0), risk, task.id)


def _running(tasks: Iterable[Task], score: float | None) -> Iterator[Task]:
    done = 0.0
    for task in tasks:
        done += task.points
        yield replace(task, score_after=None if score is None else min(score + done, 100.0))
