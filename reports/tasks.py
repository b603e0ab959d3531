"""What to fix first: the plan's tasks with hours and points, the road to the next letter, the contract (reports.md 2.6).

Every figure is the plan's. A part of the client has no points: its tasks show hours alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from scorecard.errors import InputError
from scorecard.plan.contract import Clearance, clearance
from scorecard.plan.hours import Hours
from scorecard.plan.planned import Planned
from scorecard.plan.road import NoRoad, Road, Step
from scorecard.plan.tasks import Plan, Task
from scorecard.plan.work import ANSWERING, FIND_AND_CHECK, Owner
from scorecard.reporting import ReportContext
from scorecard.result import Audit
from scorecard.standard import LETTERS

from . import hygiene, numbers, tasks_words, words
from .agreed import Agreed
from .paying import Extra, Paid, Payer, beyond, extra, ours, payers
from .rows import Rows
from .standing import Link

_NAMES_SHOWN = 4
_BAR_WIDTH, _BAR_LEAST = 120.0, 2.0
_HOURS_WIDTH = 600.0


@dataclass(frozen=True, slots=True)
class Bar:
    """From the score before a task to that after it; `next`: where the next letter begins, None: nowhere on the bar."""

    x: float
    width: float
    next: float | None


@dataclass(frozen=True, slots=True)
class TaskRow:
    """`points`, `rate` and `after` are None where there is no score, `hours` and `rate` where nobody estimated it."""

    number: int
    id: str
    title: str
    why: str
    steps: tuple[str, ...]
    part: str
    severity: str
    machines: int
    names: tuple[Link, ...]
    more: int
    declined: int
    hours: Hours | None
    points: float | None
    rate: float | None
    after: float | None
    bar: Bar | None
    owner: Owner
    paid_by: Payer
    holds: bool
    note: str
    finds: bool  # its machines are those of the section of what was not checked

    @property
    def payer(self) -> str:
        return tasks_words.PAYERS[self.paid_by]

    @property
    def is_extra(self) -> bool:
        """Whether any of its hours are beyond those of the contract."""
        return self.paid_by in (Payer.EXTRA, Payer.PARTLY)


@dataclass(frozen=True, slots=True)
class RoadStep:
    title: str
    machines: int
    hours: float
    points: float
    notes: str


@dataclass(frozen=True, slots=True)
class RoadLine:
    """The road in a sentence, with its steps; `assumed` says what it takes for granted."""

    sentence: str
    steps: tuple[RoadStep, ...] = ()
    assumed: str = ""
    hours: Hours | None = None
    letter: str = ""


@dataclass(frozen=True, slots=True)
class HoursBar:
    """The contract's hours of one month, then what is beyond, on one scale."""

    month: float
    within: float
    beyond: float
    label: str


@dataclass(frozen=True, slots=True)
class Total:
    """The foot of the list. `hours`: of what was estimated, as shown."""

    title: str
    machines: int
    hours: str
    points: float
    rate: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Tasks:
    """`missing`: why there is no plan. `scored`: the tasks have points. `ours`: hours of what the provider does."""

    missing: str = ""
    rows: tuple[TaskRow, ...] = ()
    scored: bool = False
    hours: Hours | None = None
    points: float = 0.0
    start: float | None = None
    total: str = ""
    foot: Total | None = None
    scale: str = ""
    agreed: str = ""
    road: RoadLine | None = None
    contract: str = ""
    bar: HoursBar | None = None
    contract_hours: float | None = None
    ours: float = 0.0
    extra: Extra | None = None

    @property
    def holding(self) -> tuple[TaskRow, ...]:
        return tuple(row for row in self.rows if row.holds)

    @property
    def others(self) -> tuple[TaskRow, ...]:
        return tuple(row for row in self.rows if not row.holds)


def build(audit: Audit, context: ReportContext, agreed: Agreed, rows: Rows, planned: Planned) -> Tasks:
    try:
        found = planned.plan
        way = None if audit.scope else planned.road()
    except InputError as error:
        return Tasks(missing=hygiene.line(tasks_words.no_plan(str(error))))
    score = None if audit.scope else audit.scorecard.score
    ahead = None if audit.contract is None else clearance(found, audit.contract, context.inflow_hours)
    month_hours = audit.contract.hours_per_month if audit.contract else None
    paid = tuple(payers(found.tasks, month_hours))
    builder = _Builder(agreed, rows, score, {row.id: n for n, row in enumerate(rows.devices)})
    return Tasks(
        rows=tuple(builder.rows_of(found, paid)),
        scored=score is not None,
        hours=found.hours,
        points=found.points,
        start=score,
        total=tasks_words.total(found.hours, found.points if score is not None else None, found.estimated, len(found.tasks))
        if found.tasks
        else "",
        foot=_foot(found, score) if found.tasks else None,
        scale=tasks_words.scale(f"{_low(score):.0f}", _next_letter(score, agreed)) if score is not None else "",
        agreed=tasks_words.left_out(found.agreed) if found.agreed else "",
        road=None if way is None or way.start == LETTERS[0] else _road(way, agreed),
        contract=_contract(ahead) if ahead else "",
        bar=_hours_bar(ahead) if ahead else None,
        contract_hours=month_hours,
        ours=ours(found.tasks),
        extra=extra(found.tasks, paid, audit.contract, score, agreed.bands) if audit.contract else None,
    )


def _foot(found: Plan, score: float | None) -> Total:
    """A machine with several tasks is counted once."""
    hours = found.hours.likely
    return Total(
        title=tasks_words.all_together(len(found.tasks), found.estimated),
        machines=len({name for task in found.tasks for name in task.endpoints}),
        hours=numbers.tenth(hours) if found.estimated else words.NOT_ESTIMATED,
        points=found.points,
        rate=found.points / hours if hours and found.estimated == len(found.tasks) else None,
        after=None if score is None else found.tasks[-1].score_after,
    )


def _low(score: float | None) -> float:
    """Where the bars begin, so that a step of a point can be seen: the ten below the score."""
    return max((score or 0.0) // 10 * 10 - 10, 0.0)


def _next_letter(score: float | None, agreed: Agreed) -> str:
    """Empty where the points are in the best band."""
    above = [(start, letter) for letter, start in agreed.bands.items() if start > (score or 0.0)]
    return min(above)[1] if above else ""


@dataclass(frozen=True, slots=True)
class _Builder:
    agreed: Agreed
    rows: Rows
    score: float | None
    order: dict[str, int]  # device id -> place in the list of machines

    def rows_of(self, found: Plan, paid: Sequence[Paid]) -> Iterable[TaskRow]:
        scores = list(accumulate((task.points for task in found.tasks), initial=self.score or 0.0))
        for number, (task, one, before) in enumerate(zip(found.tasks, paid, scores, strict=False), 1):
            yield self._row(number, task, one, before)

    def _row(self, number: int, task: Task, paid: Paid, before: float) -> TaskRow:
        info = self.agreed.check(task.check) if task.check else None
        scored = self.score is not None
        finds = task.id.startswith(f"{FIND_AND_CHECK}/")
        ids = sorted((self.order.get(self.rows.ids.get(name, ""), -1), name) for name in task.endpoints)
        shown = ids if len(ids) <= _NAMES_SHOWN else ids[: _NAMES_SHOWN - 1]
        return TaskRow(
            number=number,
            id=hygiene.name(task.id),
            title=words.find_and_check(len(ids)) if finds else info.task if info else hygiene.line(task.title),
            why=info.why if info else "",
            steps=info.fix if info else (),
            part=self.agreed.category_title(info.category) if info else "",
            severity=words.SEVERITIES[task.risk.value] if task.risk else words.DASH,
            machines=len(ids),
            names=tuple(Link(hygiene.name(name), self.rows.ids.get(name, ""), is_name=True) for _, name in shown),
            more=len(ids) - len(shown),
            declined=len(task.declined),
            hours=task.hours,
            points=task.points if scored else None,
            rate=task.points_per_hour if scored else None,
            after=task.score_after if scored else None,
            bar=self._bar(before, task.score_after) if scored and task.score_after is not None else None,
            owner=task.owner,
            paid_by=paid.by,
            holds=bool(task.lifts),
            note=tasks_words.if_they_pass(len(task.endpoints)) if task.note else "",
            finds=finds,
        )

    def _bar(self, before: float, after: float) -> Bar:
        """All on one scale, up to 100."""
        low = _low(self.score)
        scale = _BAR_WIDTH / (100.0 - low)
        bounds = [start for start in self.agreed.bands.values() if start > (self.score or 0.0)]
        x = (min(before, 100.0) - low) * scale
        return Bar(
            x=round(min(x, _BAR_WIDTH - _BAR_LEAST), 1),
            width=round(max((after - min(before, 100.0)) * scale, _BAR_LEAST), 1),
            next=round((min(bounds) - low) * scale, 1) if bounds else None,
        )


def _road(way: Road | NoRoad, agreed: Agreed) -> RoadLine:
    if isinstance(way, NoRoad):
        return RoadLine(hygiene.line(tasks_words.no_road(way.reason)))
    return RoadLine(
        sentence=tasks_words.road(way.start, way.letter, way.hours, way.score, way.score_after, way.least_hours),
        steps=tuple(_road_step(step, agreed) for step in way.steps),
        assumed=tasks_words.assumed(tuple(map(hygiene.name, way.assumed)), only_unknown=way.only_unknown)
        if way.assumed
        else "",
        hours=way.hours,
        letter=way.letter,
    )


def _road_step(step: Step, agreed: Agreed) -> RoadStep:
    title = hygiene.line(step.title) if step.id in ANSWERING else agreed.check(step.id).task
    title = words.find_and_check(len(step.endpoints)) if step.id == FIND_AND_CHECK else title
    notes = tasks_words.step_notes(
        by_client=len(step.by_client),
        declined=len(step.declined),
        waived=len(step.waived),
        assumed=len(step.endpoints) if step.id in ANSWERING else 0,
    )
    return RoadStep(title, len(step.endpoints), step.hours.likely, step.points, notes)


def _contract(ahead: Clearance) -> str:
    contract, work = ahead.contract, ahead.open_hours
    return hygiene.line(
        tasks_words.contract(contract.hours_per_month, work, ahead.months, ahead.inflow_hours, ahead.months_with_inflow)
        + tasks_words.unestimated(ahead.estimated, ahead.tasks)
    )


def _hours_bar(ahead: Clearance) -> HoursBar | None:
    """None where there is nothing to draw."""
    hours, work = ahead.contract.hours_per_month, ahead.open_hours.likely
    most = max(hours, work)
    if not work or not most:
        return None
    within, over = min(hours, work), beyond(work, hours)
    return HoursBar(
        round(_HOURS_WIDTH * hours / most, 1),
        round(_HOURS_WIDTH * within / most, 1),
        round(_HOURS_WIDTH * over / most, 1),
        tasks_words.hours_bar(numbers.tenth(within), numbers.tenth(over), hours, numbers.tenth(work)),
    )
