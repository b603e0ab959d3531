"""What a prospect's edition says instead of a plan with hours: the worst findings, and what a good letter takes.

Reports.md 13: what was found, what it means, what it takes. Effort in bands, no prices, nothing that was agreed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo

from scorecard.errors import InputError
from scorecard.plan.planned import Planned
from scorecard.plan.road import NoRoad, Road, Step
from scorecard.plan.work import ANSWERING, FIND_AND_CHECK
from scorecard.standard import LETTERS

from . import first_look_words as said
from . import hygiene, numbers, words
from .agreed import Agreed
from .rows import FindingRow, Rows
from .tally import CheckCount
from .tasks import TaskRow, Tasks

GOAL = LETTERS[1]
TOP = 5
# Likely hours of hands-on work up to which effort is called small and medium (a working day).
_SMALL_HOURS, _MEDIUM_HOURS = 2.0, 8.0


@dataclass(frozen=True, slots=True)
class TopFinding:
    """`sample`: what one of the machines showed."""

    title: str
    severity: str
    count: str  # "12 of 40 machines"
    why: str
    sample: str


@dataclass(frozen=True, slots=True)
class RoadLine:
    title: str
    machines: int
    effort: str


@dataclass(frozen=True, slots=True)
class TaskLine:
    title: str
    why: str
    machines: int
    effort: str


@dataclass(frozen=True, slots=True)
class FirstLook:
    label: str
    top: tuple[TopFinding, ...]
    goal: str  # what it takes to reach the goal, in a sentence
    steps: tuple[RoadLine, ...]
    tasks: tuple[TaskLine, ...]
    efforts: str  # how many pieces of work there are of each band


def build(
    planned: Planned, agreed: Agreed, rows: Rows, tasks: Tasks, checks: Iterable[CheckCount], zone: tzinfo
) -> FirstLook:
    audit = planned.audit
    seen = sum(device.seen for device in rows.devices)
    goal, steps = _goal(planned, agreed)
    lines = tuple(_tasks(tasks))
    return FirstLook(
        label=said.label(seen, len(rows.devices), numbers.day(audit.as_of.astimezone(zone))),
        top=tuple(_top(agreed, rows, checks)),
        goal=goal,
        steps=steps,
        tasks=lines,
        efforts=said.efforts(Counter(line.effort for line in lines)) if lines else "",
    )


def band(hours: float | None) -> str:
    """Effort in a word."""
    if hours is None:
        return words.NOT_ESTIMATED
    return said.SMALL if hours <= _SMALL_HOURS else said.MEDIUM if hours <= _MEDIUM_HOURS else said.LARGE


def _tasks(tasks: Tasks) -> Iterable[TaskLine]:
    """What the plan has in several pieces, such as what holds the letter and the rest, is one piece of work here."""
    alike: dict[str, list[TaskRow]] = {}
    for row in tasks.rows:
        alike.setdefault(row.id.partition("/")[0], []).append(row)
    for rows in alike.values():
        hours = [row.hours.likely for row in rows if row.hours]
        effort = band(sum(hours) if len(hours) == len(rows) else None)
        machines = sum(row.machines for row in rows)
        title = words.find_and_check(machines) if rows[0].finds else rows[0].title
        yield TaskLine(title, rows[0].why, machines, effort)


def _top(agreed: Agreed, rows: Rows, checks: Iterable[CheckCount]) -> Iterable[TopFinding]:
    """The checks that fall short, in their own order: the heaviest with the most machines first."""
    worst = [line for line in checks if line.graded and line.short][:TOP]
    samples: dict[str, FindingRow] = {}
    for row in rows.findings:
        if row.falls_short:
            samples.setdefault(row.check, row)
    for line in worst:
        sample = samples[line.check]
        yield TopFinding(
            title=agreed.check(line.check).title,
            severity=line.severity,
            count=said.of_machines(line.short, line.of),
            why=agreed.check(line.check).why,
            sample=said.sample(sample.device, sample.measured),
        )


def _goal(planned: Planned, agreed: Agreed) -> tuple[str, tuple[RoadLine, ...]]:
    audit = planned.audit
    letter = audit.scorecard.letter
    if audit.scope or letter is None:
        return said.no_goal(GOAL), ()
    if LETTERS.index(letter) <= LETTERS.index(GOAL):
        return said.reached(GOAL), ()
    try:
        way = planned.road(GOAL)
    except InputError as error:
        return hygiene.line(said.no_road(GOAL, str(error))), ()
    if isinstance(way, NoRoad):
        return hygiene.line(said.no_road(GOAL, way.reason)), ()
    return _sentence(way), tuple(_line(step, agreed) for step in way.steps)


def _sentence(way: Road) -> str:
    return said.goal(way.letter, len(way.steps), band(way.hours.likely), assumed=len(way.assumed))


def _line(step: Step, agreed: Agreed) -> RoadLine:
    count = len(step.endpoints)
    if step.id == FIND_AND_CHECK:
        title = words.find_and_check(count)
    else:
        title = hygiene.line(step.title) if step.id in ANSWERING else agreed.check(step.id).task
    return RoadLine(title, count, band(step.hours.likely))
