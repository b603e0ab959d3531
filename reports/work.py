"""The parts of the grade (reports.md 2.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from scorecard.model import Status
from scorecard.reporting import ReportContext
from scorecard.result import Audit, CategoryScore

from . import hygiene, numbers, words
from .agreed import Agreed
from .rows import Rows
from .trend import Month

_SPARK_WIDTH, _SPARK_HEIGHT, _SPARK_EDGE, _SPARK_LEAST = 180.0, 44.0, 4.0, 4


@dataclass(frozen=True, slots=True)
class Card:
    """A part of the grade. One category gives the part its figure; of several, each is listed with its own."""

    id: str
    title: str
    points: str
    weight: str
    score: float
    categories: tuple[tuple[str, str], ...]  # title, points
    lost: str
    column: str  # the matrix column that its link filters
    was: str = ""  # its points at the check before, in a sentence
    was_score: float | None = None
    spark: tuple[str, ...] = ()  # a year of its points: the unbroken pieces of a line in a drawing of 180 x 44
    spark_end: tuple[float, float] | None = None  # where it is now


@dataclass(frozen=True, slots=True)
class Work:
    cards: tuple[Card, ...]
    omitted: str
    ungraded: int  # findings that fall short in checks that do not count


def build(audit: Audit, context: ReportContext, agreed: Agreed, rows: Rows, months: Sequence[Month], zone: tzinfo) -> Work:
    return Work(
        cards=()
        if audit.scope
        else tuple(_dated(card, context, agreed, months, zone) for card in _cards(audit, agreed, rows)),
        omitted=_omitted(audit),
        ungraded=sum(row.falls_short and not row.graded for row in rows.findings),
    )


def _omitted(audit: Audit) -> str:
    """What is not in the grade, and why: categories without a check, and those that apply to no machine."""
    unchecked = [hygiene.line(title).lower() for title in audit.scorecard.omitted_categories]
    beside = [hygiene.line(category.title).lower() for category in audit.scorecard.categories if category.score is None]
    pieces = (
        words.parts_not_applying(words.listed(beside)) if beside and audit.devices else "",
        words.omitted_parts(words.listed(unchecked)) if unchecked else "",
    )
    return " ".join(filter(None, pieces))


def _cards(audit: Audit, agreed: Agreed, rows: Rows) -> tuple[Card, ...]:
    scored = [category for category in audit.scorecard.categories if category.score is not None]
    total = sum(category.weight for category in scored)
    part_of = {category.id: category.part for category in agreed.categories}
    parts = agreed.parts or tuple((category.id, hygiene.line(category.title)) for category in scored)
    cards = []
    for part, title in parts:
        inside = [category for category in scored if part_of.get(category.id, category.id) == part]
        if inside:
            cards.append(_card(part, title, inside, total, agreed, rows))
    return tuple(cards)


def _dated(card: Card, context: ReportContext, agreed: Agreed, months: Sequence[Month], zone: tzinfo) -> Card:
    """The card of a single category with its past."""
    inside = [category.id for category in agreed.categories if category.part == card.id]
    before = context.before
    if before is None or card.categories:
        return card
    scores = {category.id: category.score for category in before.scorecard.categories if category.id in inside}
    known = [score for score in scores.values() if score is not None]
    if len(known) != 1:
        return card
    mine = next(id_ for id_, score in scores.items() if score is not None)
    was = words.was(numbers.points(known[0], agreed.bands), numbers.short_day(before.as_of.astimezone(zone)))
    lines, end = _spark([month.categories.get(mine) for month in months])
    return replace(card, was=was, was_score=known[0], spark=lines, spark_end=end)


def _spark(scores: Sequence[float | None]) -> tuple[tuple[str, ...], tuple[float, float] | None]:
    """On an axis from 0 to 100, a month without points a gap; nothing where there are too few to draw a year from."""
    if sum(score is not None for score in scores) < _SPARK_LEAST:
        return (), None
    step = (_SPARK_WIDTH - 2 * _SPARK_EDGE) / max(len(scores) - 1, 1)
    pieces: list[list[tuple[float, float]]] = [[]]
    for place, score in enumerate(scores):
        if score is None:
            pieces.append([])
        else:
            y = _SPARK_EDGE + (_SPARK_HEIGHT - 2 * _SPARK_EDGE) * (1 - score / 100)
            pieces[-1].append((round(_SPARK_EDGE + step * place, 1), round(y, 1)))
    end = pieces[-1][-1] if pieces[-1] else None
    return tuple(" ".join(f"{x},{y}" for x, y in piece) for piece in pieces if len(piece) > 1), end


def _card(id: str, title: str, inside: list[CategoryScore], total: float, agreed: Agreed, rows: Rows) -> Card:
    single = inside[0] if len(inside) == 1 else None
    score = single.score or 0.0 if single else 0.0
    weight = sum(category.weight for category in inside)
    column = next((rule.id for rule in agreed.promises.values() if rule.part == id), "other")
    return Card(
        id=id,
        title=title,
        points=numbers.points(score, agreed.bands) if single else "",
        weight=words.counts_for(numbers.share(weight / total)) if total else "",
        score=score,
        categories=()
        if single
        else tuple(
            (hygiene.line(category.title), numbers.points(category.score or 0.0, agreed.bands)) for category in inside
        ),
        lost=_lost({category.id for category in inside}, agreed, rows),
        column=column,
    )


def _lost(categories: set[str], agreed: Agreed, rows: Rows) -> str:
    """One plain line on what lost the points: the check with the most weight times machines."""
    mine = [row for row in rows.findings if row.graded and agreed.check(row.check).category in categories]
    lost: dict[str, float] = {}
    heavy: dict[str, float] = {}
    for row in mine:
        if row.falls_short:
            heavy[row.check] = agreed.severity_weight(row.severity)
            lost[row.check] = lost.get(row.check, 0.0) + heavy[row.check] * (1 - (row.effective or 0.0))
    silent = [row for row in mine if row.status is Status.UNKNOWN]
    lost_silent = sum(agreed.severity_weight(row.severity) * (1 - (row.effective or 0.0)) for row in silent)
    if silent and len(silent) == len(mine):
        return words.nothing_seen(len(silent), carried=any(row.effective for row in silent))
    if not lost:
        excused = sum(row.excused for row in rows.findings if agreed.check(row.check).category in categories)
        said = words.nothing_else_lost(excused) if excused else words.NOTHING_LOST
        return words.lost_on_unknown(len(silent), excused=bool(excused)) if silent else said
    worst = max(sorted(lost), key=lambda check: (lost[check], heavy[check]))
    if lost_silent > lost[worst]:
        return words.lost_mostly_unknown(len(silent))
    return words.lost_most(sum(row.falls_short for row in mine if row.check == worst), agreed.check(worst).title)
