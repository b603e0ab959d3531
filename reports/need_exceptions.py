"""What is asked about exceptions that end within a month, and about those that have ended (reports.md 2.3 and 2.9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from scorecard.exceptions.listing import Group
from scorecard.model import ExceptionKind

from . import need_words
from .exempt import Exempt
from .need_kit import Asking, Decision, about, listed


def decisions(asking: Asking) -> Iterator[Decision]:
    """One at most: where some are about to end, those that have ended are named beside them."""
    ended = _ended(asking)
    ending = [row for row in asking.exceptions if row.group is Group.ENDING and row.until]
    if ending:
        yield _renew(asking, ending, _count(ended))
    elif ended:
        yield _decide(asking, ended)


def _count(rows: Sequence[Exempt]) -> int:
    return len({row.id for row in rows})


def _ended(asking: Asking) -> Sequence[Exempt]:
    """Waivers that have run out while what they covered still falls short."""
    short = {(row.check, row.device) for row in asking.rows.findings if row.falls_short and row.graded}
    over = [row for row in asking.exceptions if row.group is Group.OVER and row.kind is ExceptionKind.WAIVED]
    return [row for row in over if any((check, name) in short for check in row.checks for name in row.names)]


def _renew(asking: Asking, ending: Sequence[Exempt], ended: int) -> Decision:
    first = min(ending, key=lambda row: (row.until or date.max, row.id))
    return Decision(
        title=need_words.renew(_count(ending)),
        amount=need_words.NO_COST,
        by=need_words.on(asking.day(first.until or date.max)),
        why=(
            need_words.ends_first(about(first)),
            *listed(first.machines, first.more),
            f". {need_words.more_ended(ended)}" if ended else ".",
        ),
        target="exceptions",
    )


def _decide(asking: Asking, ended: Sequence[Exempt]) -> Decision:
    """The newest end is named."""
    count = _count(ended)
    newest = max(ended, key=lambda row: (row.until or asking.today, row.id))
    return Decision(
        title=need_words.ended(count),
        amount=need_words.NO_COST,
        by=asking.by(),
        why=(
            need_words.ended_last(about(newest), count),
            *listed(newest.machines, newest.more),
            f". {need_words.counts_again(count)}",
        ),
        target="exceptions",
    )
