"""What changed since the audit before: what moved the points, and what became of every finding (reports.md 2.2 and 2.5).

The figures are history's: the parts of the bridge add up to the difference of the two scores as shown, and the terms of
the sum to what is open now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from decimal import Decimal

from scorecard.errors import InputError
from scorecard.history.bridge import Bridge, bridge
from scorecard.history.compare import Comparison, Ended, Movement, Opened, compare
from scorecard.history.fixing import fix_times
from scorecard.history.words import CAUSES, became
from scorecard.reporting import ReportContext
from scorecard.result import Audit
from scorecard.rounding import as_shown

from . import hygiene, moves_words, numbers, words
from .agreed import Agreed
from .rows import Rows
from .standing import Link

SHOWN = 5
_BAR_WIDTH, _BAR_LEAST, _MARGIN = 220.0, 2.0, 1.0
# A list for each, in this order; what came back first (reports.md 2.5).
_LISTED = (
    ("came-back", Opened.CAME_BACK),
    ("new", Opened.NEW),
    ("seen-again", Opened.SEEN_AGAIN),
    ("joined", Opened.JOINED),
    ("fixed", Ended.FIXED),
    ("no-longer-seen", Ended.NO_LONGER_SEEN),
)


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the bridge. `grey` and `x`, `width`: its bar, from the points before it to those after."""

    title: str
    points: Decimal
    shown: str
    findings: int
    machines: int
    after: Decimal
    x: float
    width: float

    @property
    def up(self) -> bool:
        return self.points > 0


@dataclass(frozen=True, slots=True)
class Line:
    """A finding that moved. `age`: since when, or after how many days."""

    machine: Link
    check: str
    age: str


@dataclass(frozen=True, slots=True)
class List:
    key: str
    title: str
    lines: tuple[Line, ...]

    @property
    def first(self) -> tuple[Line, ...]:
        return self.lines[:SHOWN]

    @property
    def rest(self) -> tuple[Line, ...]:
        return self.lines[SHOWN:]


@dataclass(frozen=True, slots=True)
class Term:
    """A line of the sum: signed, but for the first and the last."""

    count: int
    shown: str
    text: str


@dataclass(frozen=True, slots=True)
class DaysToFix:
    severity: str
    fixes: int
    mean_days: float
    median_days: float


@dataclass(frozen=True, slots=True)
class Moves:
    """`missing`: why there is nothing to tell; then all else is empty. `no_steps`: why there is no bridge.

    `states`: by check and endpoint, what became of the finding, in a word.
    """

    missing: str = ""
    since: str = ""
    steps: tuple[Step, ...] = ()
    before: Decimal | None = None  # the scores as shown
    after: Decimal | None = None
    together: str = ""
    no_steps: str = ""
    fixed: int = 0
    new: int = 0
    came_back: int = 0
    still_open: int = 0
    open_before: int = 0
    open_now: int = 0
    terms: tuple[Term, ...] = ()
    lists: tuple[List, ...] = ()
    days: tuple[DaysToFix, ...] = ()
    machines: tuple[str, ...] = ()
    standard: str = ""
    states: Mapping[tuple[str, str], str] = field(default_factory=dict)


def build(audit: Audit, context: ReportContext, agreed: Agreed, rows: Rows, zone: tzinfo) -> Moves:
    before = context.before
    if audit.scope:
        return Moves(missing=words.NOT_COMPARABLE)
    if before is None:
        first = audit.client_since is None and not context.history
        return Moves(missing=words.FIRST_CHECK if first else moves_words.NOT_AT_HAND)
    try:
        found, bridged = compare(before, audit), bridge(before, audit)
    except InputError as error:
        return Moves(missing=hygiene.line(moves_words.not_comparable(str(error))))
    times = fix_times(found.fixes)
    return Moves(
        since=numbers.day(before.as_of.astimezone(zone)),
        steps=_steps(bridged),
        before=_end(bridged, bridged.before),
        after=_end(bridged, bridged.after),
        together=_together(bridged),
        no_steps=hygiene.line(moves_words.no_bridge(bridged.missing)) if bridged.missing else "",
        fixed=len(found.ended[Ended.FIXED]),
        new=len(found.opened[Opened.NEW]),
        came_back=len(found.opened[Opened.CAME_BACK]),
        still_open=len(found.still_open),
        open_before=found.open_before,
        open_now=found.open_now,
        terms=tuple(_terms(found)),
        lists=_lists(found, agreed, rows, zone),
        days=tuple(
            DaysToFix(words.SEVERITIES[severity.value], time.fixes, time.mean_days, time.median_days)
            for severity, time in times.items()
            if time is not None
        ),
        machines=tuple(_machines(found)),
        standard=_standard(found, agreed),
        states=_states(found),
    )


def _steps(bridged: Bridge) -> tuple[Step, ...]:
    """With a bar each, on one scale that holds all of them."""
    shown = [(part, points) for part, points in bridged.shown(1) if points]
    if bridged.before is None or not shown:
        return ()
    heights = [as_shown(bridged.before, 1)]
    for _, points in shown:
        heights.append(heights[-1] + points)
    low = float(min(heights)) - _MARGIN
    scale = _BAR_WIDTH / (float(max(heights)) + _MARGIN - low)

    def x(height: Decimal) -> float:
        return (float(height) - low) * scale

    return tuple(
        Step(
            title=CAUSES[part.cause],
            points=points,
            shown=numbers.signed(points),
            findings=part.findings,
            machines=len(part.endpoints),
            after=after,
            x=round(min(x(start), x(after)), 1),
            width=round(max(abs(x(after) - x(start)), _BAR_LEAST), 1),
        )
        for (part, points), start, after in zip(shown, heights[:-1], heights[1:], strict=True)
    )


def _end(bridged: Bridge, score: float | None) -> Decimal | None:
    return None if score is None or bridged.missing else as_shown(score, 1)


def _together(bridged: Bridge) -> str:
    before, after = _end(bridged, bridged.before), _end(bridged, bridged.after)
    if before is None or after is None:
        return ""
    return moves_words.together(numbers.signed(after - before), str(before), str(after))


def _terms(found: Comparison) -> list[Term]:
    ended = [Term(-len(lines), "", became(way, len(lines))) for way in Ended if (lines := found.ended[way])]
    opened = [Term(len(lines), "", became(way, len(lines))) for way in Opened if (lines := found.opened[way])]
    moved = [Term(term.count, numbers.signed(Decimal(term.count)), term.text) for term in (*ended, *opened)]
    return [
        Term(found.open_before, f"{found.open_before:,}", moves_words.OPEN_BEFORE),
        *moved,
        Term(found.open_now, f"{found.open_now:,}", moves_words.open_now(found.open_now)),
    ]


def _lists(found: Comparison, agreed: Agreed, rows: Rows, zone: tzinfo) -> tuple[List, ...]:
    made = []
    for key, way in _LISTED:
        movements = found.opened[way] if isinstance(way, Opened) else found.ended[way]
        if movements:
            made.append(
                List(
                    key,
                    moves_words.listed(way, len(movements)),
                    tuple(_line(line, agreed, rows, zone) for line in movements),
                )
            )
    return tuple(made)


def _line(line: Movement, agreed: Agreed, rows: Rows, zone: tzinfo) -> Line:
    age = ""
    if line.days_open is not None and line.opened_at is not None:
        ended = line.ended_at is not None
        since = numbers.day(line.opened_at.astimezone(zone))
        age = moves_words.after(line.days_open) if ended else moves_words.since(since, line.days_open)
    machine = Link(hygiene.name(line.endpoint), rows.ids.get(line.endpoint, ""), is_name=True)
    return Line(machine, agreed.check(line.check).title, age)


def _machines(found: Comparison) -> list[str]:
    moved = found.endpoints
    retired = [one.name for one in moved.retired]
    groups: tuple[tuple[str, Sequence[str]], ...] = (
        (moves_words.MACHINES_JOINED, moved.joined),
        (moves_words.MACHINES_RETIRED, retired),
        (moves_words.MACHINES_VANISHED, moved.vanished),
        (moves_words.MACHINES_MISSING, moved.missing),
        (moves_words.MACHINES_NOT_SEEN, moved.no_longer_seen),
        (moves_words.MACHINES_AGAIN, moved.seen_again),
        (moves_words.MACHINES_OTHER_ROLE, moved.role_changed),
    )
    return [moves_words.named(said, [hygiene.name(name) for name in names]) for said, names in groups if names]


def _standard(found: Comparison, agreed: Agreed) -> str:
    change = found.standard
    if change is None:
        return ""
    titles = [
        (said, [agreed.check(check).title for check in checks])
        for said, checks in (
            (moves_words.ASKED_NOW, change.added),
            (moves_words.NO_LONGER_ASKED, change.removed),
            (moves_words.OTHER_LIMITS, change.judged_otherwise),
        )
        if checks
    ]
    return moves_words.standard(hygiene.line(change.before), hygiene.line(change.after), titles)


def _states(found: Comparison) -> Mapping[tuple[str, str], str]:
    """What is open is in one of these; of what ended, only what was fixed has a word."""
    states = {(line.check, line.endpoint): moves_words.STATE_OPEN for line in found.still_open}
    states |= {(line.check, line.endpoint): moves_words.STATE_FIXED for line in found.ended[Ended.FIXED]}
    for way, lines in found.opened.items():
        word = moves_words.STATE_CAME_BACK if way is Opened.CAME_BACK else moves_words.STATE_NEW
        states |= {(line.check, line.endpoint): word for line in lines}
    return states
