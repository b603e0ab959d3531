"""Is it getting better? The sentence, the points of the chart, and the months behind it (reports.md 2.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, tzinfo

from scorecard.model import OPEN
from scorecard.reporting import Moved, Past, ReportContext
from scorecard.result import Audit

from . import charts, hygiene, numbers, trend_words, words
from .agreed import Agreed
from .charts import Chart, Point
from .goal import AgreedGoal
from .moves import Moves

_SLOTS = 12
_COVERAGE_SHIFT = 0.05
_A_YEAR_DAYS = 330


@dataclass(frozen=True, slots=True)
class Trend:
    """`detail`: a change of the coverage; `beside`: the same, empty where the sentence tells it already."""

    sentence: str
    detail: str = ""
    beside: str = ""
    chart: Chart | None = None
    points: tuple[Point, ...] = ()


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
    now = _now(audit, moved)
    earlier = (past for past in context.history if past.id != audit.id and past.as_of < audit.as_of)
    whole = [*earlier] if audit.scope else [*earlier, now]
    by_month = {past.as_of.astimezone(zone).date().replace(day=1): past for past in whole}
    if not by_month:
        return ()
    last, first = max(by_month), min(by_month)
    count = min((last.year - first.year) * 12 + last.month - first.month + 1, _SLOTS)
    firsts = [_month(last.year * 12 + last.month - 1 - back) for back in range(count - 1, -1, -1)]
    return tuple(_filled(day, by_month.get(day)) for day in firsts)


def _now(audit: Audit, moved: Moves) -> Past:
    """The audit itself as the newest of its history."""
    card = audit.scorecard
    return Past(
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


def build(
    audit: Audit, context: ReportContext, agreed: Agreed, moved: Moves, zone: tzinfo, goal: AgreedGoal | None = None
) -> Trend:
    """The audit and those before it. A check of a part of the client is compared with nothing."""
    now = _point(_now(audit, moved), agreed, zone)
    earlier = [_point(past, agreed, zone) for past in context.history if past.id != audit.id and past.as_of < audit.as_of]
    if audit.scope or now.score is None:
        return Trend(words.NOT_COMPARABLE)
    scored = [point for point in earlier if point.score is not None]
    if not scored:
        return Trend(words.FIRST_CHECK)
    slots = _slots((*earlier, now))
    detail, because = _detail(now, scored[-1]), _because(audit, context.before, now, scored[-1])
    return Trend(
        sentence=_sentence(now, scored, because),
        detail=detail,
        beside="" if because else detail,
        chart=charts.score_chart(slots, agreed.bands, goal),
        points=tuple(filter(None, slots)),
    )


def _point(past: Past, agreed: Agreed, zone: tzinfo) -> Point:
    here = past.as_of.astimezone(zone)
    shown = words.DASH if past.score is None else numbers.points(past.score, agreed.bands)
    label = numbers.short_month(here)
    return Point(here, label, past.score, past.coverage, shown, numbers.share(past.coverage), past.devices, past.moved)


def _sentence(now: Point, scored: Sequence[Point], because: str) -> str:
    last = scored[-1]
    year = [point for point in scored if (now.moment - point.moment).days <= 366]
    first = year[0] if year else last
    long_ago = (now.moment - first.moment).days
    since = "in a year" if long_ago >= _A_YEAR_DAYS else f"since {numbers.short_month(first.moment)}"
    longer = _change(now, first) if first is not last else None
    return trend_words.movement(_change(now, last), _since(now, last), longer, since, because)


def _since(now: Point, last: Point) -> str:
    recent = (now.moment - last.moment).days < _A_YEAR_DAYS
    return numbers.short_day(last.moment) if recent else numbers.day(last.moment)


def _change(now: Point, then: Point) -> float:
    return (now.score or 0.0) - (then.score or 0.0)


def _detail(now: Point, last: Point) -> str:
    if abs(now.coverage - last.coverage) < _COVERAGE_SHIFT:
        return ""
    return trend_words.coverage_moved(last.checked, now.checked)


def _because(audit: Audit, before: Audit | None, now: Point, last: Point) -> str:
    """Machines that came into sight or went out of it, where the points went the same way."""
    if before is None or before.as_of != last.moment or abs(now.coverage - last.coverage) < _COVERAGE_SHIFT:
        return ""
    more = sum(device.seen for device in audit.devices) - sum(device.seen for device in before.devices)
    change = _change(now, last)
    if not more or abs(change) < 1 or (more > 0) != (change > 0):
        return ""
    return trend_words.partly_because(more)


def _slots(points: Sequence[Point]) -> list[Point | None]:
    """A slot a month, the last audit of each; None for a month without one. All within one month: a slot an audit."""
    months = {(point.moment.year, point.moment.month): point for point in points}
    if len(months) == 1:
        return [replace(point, label=numbers.short_day(point.moment)) for point in points[-_SLOTS:]]
    last, first = max(months), min(months)
    count = min((last[0] - first[0]) * 12 + last[1] - first[1] + 1, _SLOTS)
    keys = [divmod(last[0] * 12 + last[1] - 1 - back, 12) for back in range(count - 1, -1, -1)]
    return [months.get((year, month + 1)) for year, month in keys]
