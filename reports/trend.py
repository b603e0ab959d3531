"""Is it getting better? The sentence and the geometry of the chart (reports.md 2.2, 5.1 and 5.2). Drawn by the template."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

from scorecard.model import OPEN
from scorecard.reporting import Moved, Past, ReportContext
from scorecard.result import Audit

from . import hygiene, numbers, words
from .agreed import Agreed
from .moves import Moves

_LEFT, _RIGHT, _TOP, _BOTTOM = 34.0, 486.0, 14.0, 150.0
_SLOTS = 12
_COVER_TOP, _COVER_HEIGHT, _COVER_WIDTH = 170.0, 22.0, 22.0
_COVERAGE_SHIFT = 0.05
_A_YEAR_DAYS = 330


@dataclass(frozen=True, slots=True)
class Point:
    """One audit that has a score, in its slot of the chart."""

    moment: datetime
    label: str
    score: float | None
    coverage: float
    shown: str
    checked: str


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
class Chart:
    title: str
    description: str
    stripes: tuple[Stripe, ...]
    lines: tuple[str, ...]  # points of the unbroken pieces
    dots: tuple[Dot, ...]
    first: tuple[Dot, str] | None
    last: tuple[Dot, str] | None
    bars: tuple[Bar, ...]
    coverage: str


@dataclass(frozen=True, slots=True)
class Trend:
    sentence: str
    detail: str
    chart: Chart | None
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the client's history, with its last audit; without one all else is empty. Categories by id."""

    first: date
    audit: str = ""
    score: float | None = None
    letter: str = ""
    coverage: float | None = None
    categories: Mapping[str, float | None] = field(default_factory=dict)
    machines: int | None = None
    open_findings: int | None = None
    moved: Moved | None = None


def months(audit: Audit, context: ReportContext, moved: Moves, zone: tzinfo) -> tuple[Month, ...]:
    """From the first month known to that of the audit, a year at most; a month without an audit stays in as a gap."""
    card = audit.scorecard
    now = Past(
        id=audit.id,
        as_of=audit.as_of,
        score=card.score,
        letter=card.letter,
        coverage=card.coverage,
        devices=len(audit.devices),
        open_findings=sum(finding.status in OPEN and finding.counts for finding in audit.findings),
        categories={category.id: category.score for category in card.categories},
        moved=None if moved.missing else Moved(moved.fixed, moved.new, moved.came_back),
    )
    earlier = (past for past in context.history if past.id != audit.id and past.as_of < audit.as_of)
    whole = [*earlier] if audit.scope else [*earlier, now]
    by_month = {past.as_of.astimezone(zone).date().replace(day=1): past for past in whole}
    if not by_month:
        return ()
    last, first = max(by_month), min(by_month)
    count = min((last.year - first.year) * 12 + last.month - first.month + 1, _SLOTS)
    firsts = [_month(last.year * 12 + last.month - 1 - back) for back in range(count - 1, -1, -1)]
    return tuple(_filled(day, by_month.get(day)) for day in firsts)


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def _filled(first: date, past: Past | None) -> Month:
    if past is None:
        return Month(first)
    return Month(
        first,
        hygiene.name(past.id),
        past.score,
        hygiene.name(past.letter or ""),
        past.coverage,
        past.categories,
        past.devices,
        past.open_findings,
        past.moved,
    )


def build(audit: Audit, context: ReportContext, agreed: Agreed, zone: tzinfo) -> Trend:
    """The audit and those before it. A check of a part of the client is compared with nothing."""
    now = _point(audit.as_of, audit.scorecard.score, audit.scorecard.coverage, agreed, zone)
    earlier = [
        _point(past.as_of, past.score, past.coverage, agreed, zone)
        for past in context.history
        if past.id != audit.id and past.as_of < audit.as_of
    ]
    if audit.scope or now.score is None:
        return Trend(words.NOT_COMPARABLE, "", None, ())
    scored = [point for point in earlier if point.score is not None]
    if not scored:
        return Trend(words.FIRST_CHECK, "", None, ())
    slots = _slots((*earlier, now))
    return Trend(_sentence(now, scored), _detail(now, scored[-1]), _chart(slots, agreed.bands), tuple(filter(None, slots)))


def _point(moment: datetime, score: float | None, coverage: float, agreed: Agreed, zone: tzinfo) -> Point:
    here = moment.astimezone(zone)
    shown = words.DASH if score is None else numbers.points(score, agreed.bands)
    return Point(here, numbers.short_month(here), score, coverage, shown, numbers.share(coverage))


def _sentence(now: Point, scored: Sequence[Point]) -> str:
    last = scored[-1]
    year = [point for point in scored if (now.moment - point.moment).days <= 366]
    first = year[0] if year else last
    long_ago = (now.moment - first.moment).days
    since = "in a year" if long_ago >= _A_YEAR_DAYS else f"since {numbers.short_month(first.moment)}"
    return words.movement(_change(now, last), _since(now, last), _change(now, first) if first is not last else None, since)


def _since(now: Point, last: Point) -> str:
    recent = (now.moment - last.moment).days < _A_YEAR_DAYS
    return numbers.short_day(last.moment) if recent else numbers.day(last.moment)


def _change(now: Point, then: Point) -> float:
    return (now.score or 0.0) - (then.score or 0.0)


def _detail(now: Point, last: Point) -> str:
    if abs(now.coverage - last.coverage) < _COVERAGE_SHIFT:
        return ""
    return words.coverage_moved(last.checked, now.checked)


def _slots(points: Sequence[Point]) -> list[Point | None]:
    """A slot a month, the last audit of each; None for a month without one. All within one month: a slot an audit."""
    months = {(point.moment.year, point.moment.month): point for point in points}
    if len(months) == 1:
        return [_relabelled(point) for point in points[-_SLOTS:]]
    last, first = max(months), min(months)
    count = min((last[0] - first[0]) * 12 + last[1] - first[1] + 1, _SLOTS)
    keys = [divmod(last[0] * 12 + last[1] - 1 - back, 12) for back in range(count - 1, -1, -1)]
    return [months.get((year, month + 1)) for year, month in keys]


def _relabelled(point: Point) -> Point:
    return Point(point.moment, numbers.short_day(point.moment), point.score, point.coverage, point.shown, point.checked)


def _chart(slots: Sequence[Point | None], bands: Mapping[str, float]) -> Chart:
    scores = [slot.score for slot in slots if slot and slot.score is not None]
    floor = 0.0 if min(scores) < 50 else 50.0
    step = (_RIGHT - _LEFT) / (len(slots) - 1) if len(slots) > 1 else 0.0

    def y(score: float) -> float:
        return round(_BOTTOM - (_BOTTOM - _TOP) * (score - floor) / (100 - floor), 1)

    def x(place: int) -> float:
        return round(_LEFT + step * place, 1) if step else _RIGHT

    dots = [Dot(x(place), y(slot.score)) if slot and slot.score is not None else None for place, slot in enumerate(slots)]
    drawn = [(dot, slot.shown) for dot, slot in zip(dots, slots, strict=True) if dot and slot]
    known = [slot for slot in slots if slot]
    first, last = known[0], known[-1]
    return Chart(
        title=words.chart_title(first.label, last.label),
        description=words.chart_description(first.shown, first.label, last.shown, last.label, first.checked, last.checked),
        stripes=_stripes(bands, floor, y),
        lines=_lines(dots),
        dots=tuple(dot for dot, _ in drawn[:-1]),
        first=drawn[0] if len(drawn) > 1 else None,
        last=drawn[-1],
        bars=tuple(_bar(place, slot, x(place), slots) for place, slot in enumerate(slots)),
        coverage=last.checked,
    )


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
