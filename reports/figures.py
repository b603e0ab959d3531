"""Smaller figures (reports.md 5.3, 5.9 and 5.10): parts then and now, promises by site, how old open failures are.

Counts and points are those of the cards and rows; here they only get places in a drawing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scorecard.rounding import as_shown

from . import figures_words, numbers
from .rows import OTHER, Rows, State
from .work import Card

_TOP, _BOTTOM, _APART = 16.0, 150.0, 20.0
_LABEL = 31  # characters of a title that have room on a narrow screen
_BAR_WIDTH, _BAR_LEAST = 120.0, 2.0
_AGE_HEIGHT, _AGE_BASE, _AGE_STEP = 84.0, 110.0, 90.0
_SITES_SHOWN = 12
# The last day of each, in days open; the last has no end.
_AGES: tuple[tuple[int | None, str], ...] = (
    (7, figures_words.AGE_WEEK),
    (30, figures_words.AGE_MONTH),
    (90, figures_words.AGE_QUARTER),
    (None, figures_words.AGE_OLDER),
)


@dataclass(frozen=True, slots=True)
class SlopeLine:
    """A part from `y1` to `y2`; its labels keep apart from those of others at `label1` and `label2`."""

    title: str
    label: str  # the title, or its beginning
    then: str
    now: str
    change: str
    y1: float
    y2: float
    label1: float
    label2: float
    down: bool


@dataclass(frozen=True, slots=True)
class Slope:
    description: str
    lines: tuple[SlopeLine, ...]


@dataclass(frozen=True, slots=True)
class SiteBar:
    site: str
    met: int
    of: int
    width: float


@dataclass(frozen=True, slots=True)
class SitePart:
    """A promise at each site, the worst first. `description` is its message."""

    key: str  # for ids in the page
    title: str
    description: str
    bars: tuple[SiteBar, ...]
    height: float


@dataclass(frozen=True, slots=True)
class Sites:
    parts: tuple[SitePart, ...]
    more: int  # sites that are not drawn


@dataclass(frozen=True, slots=True)
class AgeBar:
    title: str
    count: int
    x: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Ages:
    description: str
    bars: tuple[AgeBar, ...]


def slope(cards: Sequence[Card], then: str) -> Slope | None:
    """Parts with one figure at both checks; None for fewer than two. `then`: the day of the check before."""
    both = [(card, card.was_score) for card in cards if card.was_score is not None]
    if len(both) < 2:
        return None
    values = [value for card, was in both for value in (was, card.score)]
    low = min(*values, 95.0) // 5 * 5
    scale = (_BOTTOM - _TOP) / (100.0 - low)

    def y(score: float) -> float:
        return round(_BOTTOM - scale * (score - low), 1)

    first = _apart([y(was) for _, was in both])
    last = _apart([y(card.score) for card, _ in both])
    lines = tuple(
        SlopeLine(
            title=card.title,
            label=card.title if len(card.title) <= _LABEL else f"{card.title[: _LABEL - 1].rstrip()}…",
            then=numbers.tenth(was),
            now=numbers.tenth(card.score),
            change=numbers.signed(as_shown(card.score, 1) - as_shown(was, 1)),
            y1=y(was),
            y2=y(card.score),
            label1=label1,
            label2=label2,
            down=as_shown(card.score, 1) < as_shown(was, 1),
        )
        for (card, was), label1, label2 in zip(both, first, last, strict=True)
    )
    up = sum(as_shown(card.score, 1) > as_shown(was, 1) for card, was in both)
    return Slope(figures_words.slope_message(then, up, sum(line.down for line in lines), len(lines)), lines)


def _apart(wanted: Sequence[float]) -> list[float]:
    """Places for labels as near to these as can be, in their order, none on another."""
    placed = [0.0] * len(wanted)
    above = -_APART
    for index in sorted(range(len(wanted)), key=lambda index: (wanted[index], index)):
        above = placed[index] = max(wanted[index], above + _APART)
    over = max(placed) - _BOTTOM
    if over > 0:
        below = _BOTTOM + _APART
        for index in sorted(range(len(wanted)), key=lambda index: -placed[index]):
            below = placed[index] = min(placed[index], below - _APART)
    return [round(place, 1) for place in placed]


def sites(rows: Rows) -> Sites | None:
    """None for fewer than two sites, and where there is no promise."""
    names = sorted({row.site for row in rows.devices if row.site}, key=str.casefold)
    columns = [column for column in rows.columns if column.id != OTHER]
    if len(names) < 2 or not columns:
        return None
    found: dict[tuple[str, str], Counter[State]] = {}
    for row in rows.devices:
        for cell in row.cells:
            found.setdefault((cell.column, row.site), Counter())[cell.state] += 1
    parts = [_site_part(f"s{n}", column.id, column.title, names, found) for n, column in enumerate(columns, 1)]
    return Sites(tuple(part for part in parts if part.bars), max(len(names) - _SITES_SHOWN, 0))


def _site_part(
    key: str, column: str, title: str, names: Sequence[str], found: Mapping[tuple[str, str], Counter[State]]
) -> SitePart:
    bars = []
    for name in names:
        counts = found.get((column, name), Counter())
        of = sum(count for state, count in counts.items() if state is not State.NOT_APPLICABLE)
        if of:
            width = _BAR_WIDTH * counts[State.YES] / of
            bars.append(SiteBar(name, counts[State.YES], of, round(max(width, _BAR_LEAST), 1) if width else 0.0))
    bars.sort(key=lambda bar: (bar.met / bar.of, bar.site.casefold()))
    shown = tuple(bars[:_SITES_SHOWN])
    message = figures_words.site_message(shown[0].site, shown[0].met, shown[0].of) if shown else ""
    return SitePart(key, title, message, shown, 22.0 * len(shown))


def ages(rows: Rows) -> Ages | None:
    """Graded results that fall short, by the days that they have been open; None where there are none."""
    counts = [0] * len(_AGES)
    for row in rows.findings:
        if row.graded and row.falls_short and row.days_open is not None:
            days = row.days_open
            counts[next(place for place, (last, _) in enumerate(_AGES) if last is None or days <= last)] += 1
    most = max(counts)
    if not most:
        return None
    bars = []
    for place, (count, (_, title)) in enumerate(zip(counts, _AGES, strict=True)):
        height = round(max(_AGE_HEIGHT * count / most, _BAR_LEAST) if count else 0.0, 1)
        bars.append(AgeBar(title, count, _AGE_STEP * place + 20, round(_AGE_BASE - height, 1), height))
    return Ages(figures_words.ages_message(sum(counts), counts[-1]), tuple(bars))
