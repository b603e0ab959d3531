"""The chart of the points over a year, with what was seen below it (reports.md 5.1 and 5.2): geometry alone.

Fixed axis from 50 to 100, or from 0 where any value is lower. A missed month is a gap. The template draws it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from scorecard.reporting import Moved

from . import goal_words, trend_words
from .goal import AgreedGoal

_LEFT, _RIGHT, _TOP, _BOTTOM = 34.0, 486.0, 14.0, 138.0
_COVER_TOP, _COVER_HEIGHT, _COVER_WIDTH = 158.0, 22.0, 22.0
# What is written into the chart keeps clear of the line: half its width and its height, for the larger letters of a
# narrow screen.
_TEXT_HALF, _TEXT_HEIGHT, _LINE_ROOM = 62.0, 16.0, 7.0
_TURN = 3.0  # a change by fewer points is no turn that needs a word
_EVENTS = 2
_COVERAGE_SHIFT = 0.05
_LEAST_JOINED, _JOINED_SHARE = 3, 0.05


@dataclass(frozen=True, slots=True)
class Point:
    """One audit in its slot of the chart. `score` is None where it has none."""

    moment: datetime
    label: str
    score: float | None
    coverage: float
    shown: str
    checked: str
    machines: int = 0
    moved: Moved | None = None


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Stripe:
    letter: str
    y: float
    height: float
    middle: float
    shaded: bool


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    height: float
    label: str
    label_x: float
    last: bool
    second: bool  # every second label hides on a narrow screen
    present: bool


@dataclass(frozen=True, slots=True)
class Goal:
    """Where the agreed letter begins, or the next one: a line at `y`, its label at `x` and `text_y` (its end: `end`)."""

    y: float
    label: str
    x: float
    text_y: float
    end: bool


@dataclass(frozen=True, slots=True)
class Event:
    """What goes with a turn of the line, as a fact: at `dot`, its text centred at `x`, `y`."""

    dot: Dot
    x: float
    y: float
    text: str
    line_to: float


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    description: str
    stripes: tuple[Stripe, ...]
    lines: tuple[str, ...]  # points of the unbroken pieces
    dots: tuple[Dot, ...]
    first: tuple[Dot, str] | None
    last: tuple[Dot, str]
    bars: tuple[Bar, ...]
    coverage: str
    goal: Goal | None
    events: tuple[Event, ...]


def score_chart(slots: Sequence[Point | None], bands: Mapping[str, float], agreed_goal: AgreedGoal | None = None) -> Chart:
    """`slots`: months or audits from the oldest to the newest, None where there was no audit. The newest has a score."""
    scores = [slot.score for slot in slots if slot and slot.score is not None]
    floor = 0.0 if min(scores) < 50 else 50.0
    step = (_RIGHT - _LEFT) / (len(slots) - 1) if len(slots) > 1 else 0.0

    def y(score: float) -> float:
        return round(_BOTTOM - (_BOTTOM - _TOP) * (score - floor) / (100 - floor), 1)

    def x(place: int) -> float:
        return round(_LEFT + step * place, 1) if step else _RIGHT

    dots = [Dot(x(place), y(slot.score)) if slot and slot.score is not None else None for place, slot in enumerate(slots)]
    drawn = [(dot, slot) for dot, slot in zip(dots, slots, strict=True) if dot and slot]
    known = [slot for slot in slots if slot]
    first, last = known[0], known[-1]
    taken = [dot for dot, _ in drawn]
    goal = _goal(agreed_goal, last.score or 0.0, bands, y, [*taken, _first_value(taken[0])])
    events = tuple(_events(drawn, goal))
    return Chart(
        title=trend_words.chart_title(first.label, last.label),
        description=" ".join(
            (
                trend_words.chart_description(
                    first.shown, first.label, last.shown, last.label, first.checked, last.checked
                ),
                *((goal_words.drawn(agreed_goal.letter, f"{agreed_goal.start:g}"),) if agreed_goal else ()),
                *(trend_words.chart_event(label, event.text) for label, event in _labelled(events, drawn)),
            )
        ),
        stripes=_stripes(bands, floor, y),
        lines=_lines(dots),
        dots=tuple(taken[:-1]),
        first=(drawn[0][0], drawn[0][1].shown) if len(drawn) > 1 else None,
        last=(drawn[-1][0], drawn[-1][1].shown),
        bars=tuple(_bar(place, slot, x(place), slots) for place, slot in enumerate(slots)),
        coverage=last.checked,
        goal=goal,
        events=events,
    )


def _goal(
    wanted: AgreedGoal | None,
    score: float,
    bands: Mapping[str, float],
    y: Callable[[float], float],
    taken: Sequence[Dot],
) -> Goal | None:
    """What was agreed; else the next letter above the points, and where there is none, the letter that they have."""
    if not bands:
        return None
    if wanted is None:
        above = [(start, letter) for letter, start in bands.items() if start > score]
        start, letter = min(above) if above else max((start, letter) for letter, start in bands.items())
        label = trend_words.letter_from(letter, f"{start:g}")
    else:
        start, label = wanted.start, wanted.label
    line = y(start)
    places = [
        (x, text_y, end)
        for text_y in (line - 5, line + 14)
        for x, end in ((_LEFT + 2, False), (_RIGHT - 6, True))
        if _TOP <= text_y <= _BOTTOM
    ]
    x, text_y, end = max(
        places, key=lambda place: _room(place[0] + (-_TEXT_HALF if place[2] else _TEXT_HALF), place[1], taken)
    )
    return Goal(line, label, x, round(text_y, 1), end)


def _first_value(dot: Dot) -> Dot:
    """Where the first value is written: below its dot."""
    return Dot(dot.x + 10, dot.y + 15)


def _room(x: float, text_y: float, taken: Sequence[Dot]) -> float:
    """How far a text centred there stays from the line."""
    near = [abs(dot.y - (text_y - _TEXT_HEIGHT / 3)) for dot in taken if abs(dot.x - x) <= _TEXT_HALF]
    return min(near, default=_BOTTOM)


def _events(drawn: Sequence[tuple[Dot, Point]], goal: Goal | None) -> Iterator[Event]:
    """The largest turns that a fact goes with, where there is room to say it."""
    turns = [
        (abs((now.score or 0.0) - (then.score or 0.0)), dot, text)
        for (_, then), (dot, now) in pairwise(drawn)
        if (text := _event(then, now))
    ]
    taken = [dot for dot, _ in drawn]
    taken.append(_first_value(taken[0]))
    if goal is not None:  # its label stands beside its line
        taken.append(Dot(goal.x - _TEXT_HALF if goal.end else goal.x + _TEXT_HALF, goal.text_y - 4))
    for _, dot, text in sorted(turns, key=lambda turn: -turn[0])[:_EVENTS]:
        x = min(max(dot.x, _LEFT + _TEXT_HALF), _RIGHT - _TEXT_HALF)
        room, y = max((_room(x, place, taken), place) for place in (_BOTTOM - 4, _TOP + 9))
        if room >= _TEXT_HEIGHT:
            below = y > dot.y
            yield Event(dot, x, y, text, y - 12 if below else y + 4)
            taken.append(Dot(x, y - 4))


def _event(then: Point, now: Point) -> str:
    """A fact that goes the same way as the points; empty where there is none. It is no proof of a cause."""
    change = (now.score or 0.0) - (then.score or 0.0)
    if abs(change) < _TURN:
        return ""
    joined, seen = now.machines - then.machines, now.coverage - then.coverage
    worse = now.moved.new + now.moved.came_back if now.moved else 0
    if change < 0:
        if joined >= max(_LEAST_JOINED, _JOINED_SHARE * then.machines):
            return trend_words.event_joined(joined)
        if seen <= -_COVERAGE_SHIFT:
            return trend_words.EVENT_FEWER_ANSWERS
        return trend_words.event_worse(worse) if now.moved and worse > now.moved.fixed else ""
    if seen >= _COVERAGE_SHIFT:
        return trend_words.EVENT_MORE_ANSWERS
    return trend_words.event_fixed(now.moved.fixed) if now.moved and now.moved.fixed > worse else ""


def _labelled(events: Sequence[Event], drawn: Sequence[tuple[Dot, Point]]) -> Iterator[tuple[str, Event]]:
    labels = {dot: point.label for dot, point in drawn}
    for event in sorted(events, key=lambda event: event.dot.x):
        yield labels[event.dot], event


def _lines(dots: Sequence[Dot | None]) -> tuple[str, ...]:
    pieces: list[list[str]] = [[]]
    for dot in dots:
        if dot is None:
            pieces.append([])
        else:
            pieces[-1].append(f"{dot.x},{dot.y}")
    return tuple(" ".join(piece) for piece in pieces if len(piece) > 1)


def _stripes(bands: Mapping[str, float], floor: float, y: Callable[[float], float]) -> tuple[Stripe, ...]:
    edges = sorted(((start, letter) for letter, start in bands.items()), reverse=True)
    stripes, top = [], 100.0
    for place, (start, letter) in enumerate((*edges, (0.0, "F"))):
        bottom = max(start, floor)
        if bottom < top:
            upper, lower = y(top), y(bottom)
            stripes.append(
                Stripe(letter, upper, round(lower - upper, 1), round((upper + lower) / 2 + 4, 1), place % 2 == 1)
            )
        top = bottom
    return tuple(stripes)


def _bar(place: int, slot: Point | None, x: float, slots: Sequence[Point | None]) -> Bar:
    last = place == len(slots) - 1
    height = round(_COVER_HEIGHT * slot.coverage, 1) if slot else 0.0
    label = slot.label.removesuffix(f" {slot.moment.year}") if slot else ""
    second = (len(slots) - 1 - place) % 2 == 1
    return Bar(
        round(x - _COVER_WIDTH / 2, 1),
        round(_COVER_TOP + _COVER_HEIGHT - height, 1),
        height,
        label,
        x,
        last,
        second,
        slot is not None,
    )
