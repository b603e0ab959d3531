"""Sentences of the history strips, in English (reports.md 3)."""

from __future__ import annotations

from collections.abc import Mapping

from scorecard.strips import Square

from . import words

LABEL = "Last checks"
LEGEND = "Each square under “Last checks” is one check, the newest at the right. They mean:"
GAP = "No square: not asked then, or not kept."
ALONE = "Nothing earlier is known of it."
SQUARES = {
    Square.MET: "as agreed",
    Square.SHORT: "fell short",
    Square.EXCUSED: "excused",
    Square.UNKNOWN: "no answer",
    Square.APART: "could not apply",
}


def said(now: Square, counts: Mapping[Square, int], audits: int) -> str:
    """ "Fell short in 5 of the last 12 checks, no answer in 2." The rest was as agreed.

    `counts`: audits by what they said; `audits`: all of them, those of which nothing is known as well.
    """
    total = sum(counts.values())
    if total == 1:
        return ALONE
    of = f"the last {total}" if total == audits else str(total)
    share = f"each of {of}" if counts[now] == total else f"{counts[now]} of {of}"
    others = (kind for kind in SQUARES if kind not in (now, Square.MET))
    rest = [f"{SQUARES[kind]} in {count}" for kind in others if (count := counts.get(kind, 0))]
    lead = SQUARES[now]
    return words.listing(f"{lead[:1].upper()}{lead[1:]} in {share} checks", *rest) + "."
