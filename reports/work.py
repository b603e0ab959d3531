"""The parts of the grade (reports.md 2.4)."""

from __future__ import annotations

from dataclasses import dataclass

from scorecard.model import Status
from scorecard.result import Audit, CategoryScore

from . import hygiene, numbers, words
from .agreed import Agreed
from .rows import Rows

_BAR_WIDTH = 180.0


@dataclass(frozen=True, slots=True)
class Card:
    """A part of the grade. One category gives the part its figure; of several, each is listed with its own."""

    id: str
    title: str
    points: str
    weight: str
    score: float
    possible: float
    categories: tuple[tuple[str, str], ...]  # title, points
    lost: str
    column: str  # the matrix column that its link filters

    @property
    def bar(self) -> tuple[float, float]:
        """Widths in the drawing: what was earned, and what might be if every missing answer were good."""
        return round(_BAR_WIDTH * self.score / 100, 1), round(_BAR_WIDTH * self.possible / 100, 1)


@dataclass(frozen=True, slots=True)
class Work:
    cards: tuple[Card, ...]
    omitted: str
    ungraded: int  # findings that fall short in checks that do not count


def build(audit: Audit, agreed: Agreed, rows: Rows) -> Work:
    return Work(
        cards=() if audit.scope else _cards(audit, agreed, rows),
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


def _card(id: str, title: str, inside: list[CategoryScore], total: float, agreed: Agreed, rows: Rows) -> Card:
    single = inside[0] if len(inside) == 1 else None
    score = single.score or 0.0 if single else 0.0
    possible = score if single is None or single.possible is None else single.possible
    weight = sum(category.weight for category in inside)
    column = next((rule.id for rule in agreed.promises.values() if rule.part == id), "other")
    return Card(
        id=id,
        title=title,
        points=numbers.points(score, agreed.bands) if single else "",
        weight=words.counts_for(numbers.share(weight / total)) if total else "",
        score=score,
        possible=possible,
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
    if not lost:
        return words.lost_on_unknown(len(silent)) if silent else words.NOTHING_LOST
    worst = max(sorted(lost), key=lambda check: (lost[check], heavy[check]))
    if lost_silent > lost[worst]:
        return words.lost_mostly_unknown(len(silent))
    return words.lost_most(sum(row.falls_short for row in mine if row.check == worst), agreed.check(worst).title)
