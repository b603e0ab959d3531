"""The sheet Scorecard: the parts of the grade, their machines counted from the sheet Devices as the reader looks on.

A formula has the view's figure beside it, and `Check` compares what the formulas come to with those figures.
"""

from __future__ import annotations

from collections.abc import Sequence

from scorecard.result import Answer

from . import sheets_words, words
from .pillars import Pillar
from .rows import State
from .sheets import state_titles
from .sheets_kinds import Formula, Go, Heading, Kind, Table, Value, quoted
from .view import View

# Columns of the sheet from D on, in order.
COUNTED = (
    (State.YES, words.STATES["yes"]),
    (State.NO, words.STATES["no"]),
    (State.NOT_CHECKED, words.STATES["not-checked"]),
    (State.EXCUSED, words.STATES["excused"]),
    (State.NOT_APPLICABLE, words.NOT_APPLICABLE),
)
POINTS_COLUMN = 9  # counted from 0, for the chart
_COUNT_LETTERS = "CDEFGH"  # machines, then COUNTED


def table(view: View) -> Table:
    headings = (
        Heading("Part", widest=40),
        Heading("Counts", Kind.PERCENT),
        Heading("Machines", Kind.WHOLE),
        *(Heading(word, Kind.WHOLE) for _, word in COUNTED),
        Heading("Share of Yes", Kind.SHARE),
        Heading("Points", Kind.TENTH),
        Heading("Points last time", Kind.TENTH_PLAIN),
        Heading("Change", Kind.SIGNED),
        Heading("Answer", Kind.STATUS, choices=tuple(words.ANSWERS[answer] for answer in Answer)),
        Heading("Check", Kind.STATUS),
        Heading("Machines behind it"),
    )
    titles = state_titles(view)
    rows = [_row(one, title, line) for line, (one, title) in enumerate(zip(view.pillars.parts, titles, strict=True), 2)]
    return Table(sheets_words.SCORECARD, "tblScorecard", headings, rows, 1)


def _row(one: Pillar, title: str, line: int) -> tuple[Value, ...]:
    """`line`: the row of the sheet, counted from 1, that its formulas look along."""
    counts = [one.counts[state] for state, _ in COUNTED]
    shown = [
        Formula(f"COUNTIFS(tblDevices[{title}],{quoted(word)})", count)
        for (_, word), count in zip(COUNTED, counts, strict=True)
    ]
    return (
        one.title,
        one.weight,
        Formula('COUNTIFS(tblDevices[Device id],"?*")', one.machines),
        *shown,
        Formula(f'IFERROR(D{line}/(C{line}-H{line}),"")', one.rate),
        one.points,
        one.last,
        None if one.change is None else Formula(f"J{line}-K{line}", one.change),
        one.answer,
        Formula(_check((one.machines, *counts), line), sheets_words.OK),
        Go(sheets_words.SEE_MACHINES, sheets_words.DEVICES),
    )


def _check(counts: Sequence[int], line: int) -> str:
    """OK where every count is that of the view and they add up; the figures of the view stand in it as numbers."""
    tests = [f"{letter}{line}={count}" for letter, count in zip(_COUNT_LETTERS, counts, strict=True)]
    found = quoted(sheets_words.OK)
    for test in (f"C{line}=SUM(D{line}:H{line})", *reversed(tests)):
        found = f"IF({test},{found},{quoted(sheets_words.DIFF)})"
    return found
