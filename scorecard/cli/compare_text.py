"""A comparison of two audits on a screen, in 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from textwrap import shorten, wrap

from scorecard.history.bridge import Bridge
from scorecard.history.compare import Comparison, Ended, Movement, Opened
from scorecard.history.fixing import FixTime, fix_times
from scorecard.history.pairs import zone_of
from scorecard.history.trend import Year
from scorecard.history.words import CAUSES, ENDED, OPENED, became
from scorecard.model import Severity
from scorecard.result import Audit
from scorecard.rounding import as_shown

_WIDTH = 80
_LINES = 5


def text(found: Comparison, bridged: Bridge, year: Year | None) -> str:
    """Plain text, ending without a line feed."""
    sections = [
        _head(found, bridged),
        _standard(found),
        _parts(bridged),
        _sum(found),
        *_lists(found),
        _endpoints(found),
        _days("Days to fix", fix_times(found.fixes)),
        *([_months(year), _days("Days to fix, 12 months", year.days_to_fix)] if year else []),
    ]
    return "\n\n".join("\n".join(lines) for section in sections if (lines := list(section)))


def _head(found: Comparison, bridged: Bridge) -> Iterator[str]:
    then, now = found.older, found.newer
    yield shorten(f"{now.client}: {_day(then.as_of, then)} to {_day(now.as_of, now)}", _WIDTH, placeholder="…")
    change = ""
    if bridged.before is not None and bridged.after is not None:
        change = f"  ({as_shown(bridged.after, 1) - as_shown(bridged.before, 1):+})"
    yield f"Grade   {_grade(then)} -> {_grade(now)}{change}"
    yield f"Seen    {_seen(then)} -> {_seen(now)}"
    yield f"Answers {_answers(then)} -> {_answers(now)} of what is asked"


def _grade(audit: Audit) -> str:
    card = audit.scorecard
    score = "no score" if card.score is None else f"{card.score:.1f}"
    return f"{card.letter or 'none'} {score}"


def _seen(audit: Audit) -> str:
    return f"{sum(device.seen for device in audit.devices)} of {_count(len(audit.devices), 'machine')}"


def _answers(audit: Audit) -> str:
    """Never rounded up to what is not there."""
    return f"{int(audit.scorecard.coverage * 100 + 1e-9)}%"


def _day(moment: datetime, audit: Audit) -> str:
    return _date(moment.astimezone(zone_of(audit)).date())


def _date(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _standard(found: Comparison) -> Iterator[str]:
    change = found.standard
    if change is None:
        return
    yield "Graded by another standard"
    yield f"  {change.before} -> {change.after}"
    for said, checks in (
        ("asked now", change.added),
        ("no longer asked", change.removed),
        ("other parameters", change.judged_otherwise),
    ):
        if checks:
            yield from _named(said, checks)


def _parts(bridged: Bridge) -> Iterator[str]:
    yield "What moved the score"
    if bridged.missing is not None:
        yield from _paragraph(f"Cannot be told: {bridged.missing}.")
        return
    shown = [(part, points) for part, points in bridged.shown(1) if part.points]
    if not shown:
        yield "  Nothing."
        return
    for part, points in shown:
        about = ""
        if part.findings:
            about = f"   {_count(part.findings, 'finding')} on {_count(len(part.endpoints), 'machine')}"
        yield f"  {CAUSES[part.cause]:<32}{_signed(points):>6}{about}"
    yield f"  {'Together':<32}{_signed(sum(points for _, points in shown)):>6}"


def _signed(points: object) -> str:
    said = f"{points:+}"
    return said if said.strip("+-0.") else "0.0"


def _sum(found: Comparison) -> Iterator[str]:
    """Each line a term of the sum."""
    yield "Open findings"
    yield f"  {found.open_before:>7} before"
    for way in ENDED:
        if lines := found.ended[way]:
            yield f"  {-len(lines):>7} {became(way, len(lines))}"
    for opened in OPENED:
        if lines := found.opened[opened]:
            yield f"  {'+' + str(len(lines)):>7} {became(opened, len(lines))}"
    worse, better = len(found.worse), len(found.better)
    changed = [f"{count} {said}" for count, said in ((worse, "worse"), (better, "better")) if count]
    still = f"; {len(found.still_open)} still open" + (f" ({', '.join(changed)})" if changed else "")
    yield f"  {found.open_now:>7} now{still}"


def _lists(found: Comparison) -> Iterable[Iterable[str]]:
    yield _list("Came back", found.opened[Opened.CAME_BACK], found.newer)
    yield _list("New", found.opened[Opened.NEW], found.newer)
    yield _list("Worse", found.worse, found.newer)
    yield _list("Fixed", found.ended[Ended.FIXED], found.newer)
    yield _list("No longer seen, and open when last seen", found.ended[Ended.NO_LONGER_SEEN], found.newer)
    yield _list("Still open", found.still_open, found.newer)
    yield _list("Exceptions began", found.exceptions_begun, found.newer)
    yield _list("Exceptions ended", found.exceptions_ended, found.newer)


def _list(title: str, lines: Sequence[Movement], audit: Audit) -> Iterator[str]:
    if not lines:
        return
    yield f"{title}: {len(lines)}"
    for line in lines[:_LINES]:
        yield f"  {_cut(line.endpoint, 24):<24} {_cut(line.check, 34):<34} {_age(line, audit)}".rstrip()
    if len(lines) > _LINES:
        yield f"  and {len(lines) - _LINES} more; --json has all"


def _age(line: Movement, audit: Audit) -> str:
    if line.opened_at is None or line.days_open is None:
        return ""
    if line.ended_at is not None:
        return f"after {_count(line.days_open, 'day')}"
    return f"since {_day(line.opened_at, audit)}"


def _cut(said: str, width: int) -> str:
    return said if len(said) <= width else said[: width - 1] + "…"


def _endpoints(found: Comparison) -> Iterator[str]:
    moved = found.endpoints
    lines = [
        *_named("joined", moved.joined),
        *(
            line
            for one in moved.retired
            for line in _paragraph(f"retired on {_date(one.on)}: {one.name}{f' ({one.reason})' if one.reason else ''}")
        ),
        *_named("left the inventory without being retired", moved.vanished),
        *_named("no longer expected, and not retired", moved.missing),
        *_named("no longer seen", moved.no_longer_seen),
        *_named("seen again", moved.seen_again),
        *_named("another kind of machine", moved.role_changed),
    ]
    if lines:
        yield "Machines"
        yield from lines


def _named(said: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - _LINES} more" if len(names) > _LINES else ""
    return _paragraph(f"{said}: {', '.join(names[:_LINES])}{more}")


def _days(title: str, times: Mapping[Severity, FixTime | None]) -> Iterator[str]:
    yield f"{title:<26}{'fixes':>6}{'mean':>8}{'median':>8}"
    for severity, found in times.items():
        figures = f"{0:>6}{'-':>8}{'-':>8}"
        if found is not None:
            figures = f"{found.fixes:>6}{found.mean_days:>8.1f}{found.median_days:>8.1f}"
        yield f"  {severity.value:<24}{figures}"


def _months(year: Year) -> Iterator[str]:
    """A row a month; a category is a column, headed by its number where all do not fit by name."""
    names = list(dict.fromkeys(name for month in year.months if month.point for name in month.point.categories))
    yield "Month by month"
    yield f"  {'':<8} {'grade':>5} {'score':>6} {'seen':>5}" + "".join(f" {_cut(name, 9):>9}" for name in names[:5])
    for month in year.months:
        point = month.point
        if point is None:
            yield f"  {month.first:%b %Y} no audit"
            continue
        figures = "".join(f" {_points(point.categories.get(name)):>9}" for name in names[:5])
        seen = f"{int(point.coverage * 100 + 1e-9)}%"
        yield f"  {month.first:%b %Y} {point.letter or '-':>5} {_points(point.score):>6} {seen:>5}{figures}"
    if len(names) > 5:
        yield from _named("not shown here, but with --json", names[5:])


def _points(score: float | None) -> str:
    return "-" if score is None else f"{score:.1f}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _paragraph(said: str) -> list[str]:
    return wrap(said, _WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
