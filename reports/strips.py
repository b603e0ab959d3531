"""The history strips of a machine's details: a square an audit, the newest at the right (reports.md 2.8 and 5.5).

Many strips are alike, so each is drawn once and shown by its id. What it shows stands beside it in words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby

from scorecard.reporting import ReportContext
from scorecard.strips import Square

from . import strips_words
from .evidence import wanted
from .rows import DeviceRow

STEP_PX, SIDE_PX = 12, 10  # from one square to the next, and of each
# By the letter: the ending of the class that fills such squares.
FILLS: Mapping[Square, str] = {
    Square.MET: "met",
    Square.SHORT: "short",
    Square.EXCUSED: "excused",
    Square.UNKNOWN: "unknown",
    Square.APART: "apart",
}


@dataclass(frozen=True, slots=True)
class Drawing:
    """`paths`: fill and the squares that have it, as the data of a path. Fills repeat every STEP_PX."""

    id: str
    paths: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Strip:
    drawing: str  # its id
    said: str


@dataclass(frozen=True, slots=True)
class Strips:
    """Nothing where no audit came before, or nothing is known of any."""

    drawings: tuple[Drawing, ...] = ()
    of: Mapping[str, Strip] = field(default_factory=dict)  # by finding id
    legend: tuple[tuple[Drawing, str], ...] = ()  # the kinds of squares that there are, with their words


def build(devices: Iterable[DeviceRow], context: ReportContext) -> Strips:
    """Of the findings that are shown with their proof."""
    if context.strips is None:
        return Strips()
    drawn: dict[str, Drawing] = {}
    found: dict[str, Strip] = {}
    for device in devices:
        for finding in wanted(device):
            letters = context.strips.of(device.place, finding.asked)
            if letters not in drawn:
                drawn[letters] = Drawing(f"h{len(drawn) + 1}", _paths(letters))
            found[finding.id] = Strip(drawn[letters].id, _said(letters))
    there = set("".join(drawn))
    kinds = ((square, fill) for square, fill in FILLS.items() if square in there)
    legend = tuple((Drawing(f"k-{fill}", _paths(square)), strips_words.SQUARES[square]) for square, fill in kinds)
    return Strips(tuple(drawn.values()), found, legend)


def _paths(letters: str) -> tuple[tuple[str, str], ...]:
    runs: dict[str, list[str]] = {}
    place = 0
    for letter, alike in groupby(letters):
        count = len(tuple(alike))
        if letter != Square.GAP:
            left, width = place * STEP_PX, (count - 1) * STEP_PX + SIDE_PX
            runs.setdefault(FILLS[Square(letter)], []).append(f"M{left} 0h{width}v{SIDE_PX}h-{width}z")
        place += count
    return tuple((fill, "".join(squares)) for fill, squares in runs.items())


def _said(letters: str) -> str:
    counts = Counter(Square(letter) for letter in letters if letter != Square.GAP)
    return strips_words.said(Square(letters[-1]), counts, len(letters))
