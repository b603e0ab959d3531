"""The grades beside the letter, each a sentence: the provider's own, and the one under the standard as it is shipped.

One letter only is shown as a letter (reports.md 2.1). What makes the difference is listed (design sections 7 and 8).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scorecard.result import Audit, Leaver, Partner

from . import grades_words, hygiene, labels, numbers
from .agreed import Agreed
from .rows import Rows
from .standing import Link


@dataclass(frozen=True, slots=True)
class Apart:
    """What one grade has and the other has not. `check` is empty where a machine leaves as a whole."""

    machine: Link
    check: str
    why: str


@dataclass(frozen=True, slots=True)
class Grades:
    """Sentences are empty where there is nothing to say; `own_letter` None: our part has no letter."""

    own: str = ""
    own_letter: str | None = None
    own_score: float | None = None
    apart: tuple[Apart, ...] = ()
    shipped: str = ""
    shipped_letter: str = ""
    differences: tuple[str, ...] = ()


def build(audit: Audit, agreed: Agreed, rows: Rows) -> Grades:
    card = audit.scorecard
    if card.letter is None or audit.scope:
        return Grades()
    own, shipped = card.partner, card.shipped
    return Grades(
        own=_own(own, card.letter, card.score, agreed) if own else "",
        own_letter=own.letter if own else None,
        own_score=own.score if own else None,
        apart=tuple(_apart(own.leavers, agreed, rows)) if own else (),
        shipped=grades_words.shipped(shipped.letter, hygiene.name(shipped.version), len(shipped.differences))
        if shipped
        else "",
        shipped_letter=hygiene.name(shipped.letter or labels.NOT_GRADED) if shipped else "",
        differences=tuple(map(hygiene.line, shipped.differences)) if shipped else (),
    )


def _own(own: Partner, letter: str, score: float | None, agreed: Agreed) -> str:
    """Said where it differs from the grade above it, even in the points alone."""
    machines = len({leaver.endpoint for leaver in own.leavers if leaver.check is None})
    works = len({(leaver.check, leaver.endpoint) for leaver in own.leavers if leaver.check is not None})
    without = grades_words.without(machines, works)
    if own.letter is None or own.score is None:
        return grades_words.no_own(without)
    shown = numbers.points(own.score, agreed.bands)
    same = own.letter == letter and (score is None or shown == numbers.points(score, agreed.bands))
    return "" if same else grades_words.own(own.letter, shown, without)


def _apart(leavers: Iterable[Leaver], agreed: Agreed, rows: Rows) -> Iterable[Apart]:
    for leaver in leavers:
        machine = Link(hygiene.name(leaver.endpoint), rows.ids.get(leaver.endpoint, ""), is_name=True)
        title = agreed.check(leaver.check).title if leaver.check else ""
        yield Apart(machine, title, grades_words.DECLINED if leaver.check else grades_words.NOT_MANAGED)
