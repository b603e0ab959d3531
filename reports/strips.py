"""The history strips of a machine's details: a square an audit, the newest at the right (reports.md 2.8 and 5.5).

Many strips are alike, so each is drawn once and shown by its id. What it shows stands beside it in words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scorecard.reporting import ReportContext
from scorecard.strips import Square

from . import strips_words
from .evidence import wanted
from .rows import DeviceRow

_STEP_PX, _SIDE_PX = 12, 10  # from one square to the next, and of each
# By the letter: the ending of the class that fills such squares, and so far inside them runs the line around it, in pixels.
_FILLS: Mapping[Square, tuple[str, float]] = {
    Square.MET: ("met", 0.5),
    Square.SHORT: ("short", 0),
    Square.EXCUSED: ("excused", 1),
    Square.UNKNOWN: ("unknown", 0.5),
    Square.APART: ("apart", 0),
}


@dataclass(frozen=True, slots=True)
class Drawing:
    """`paths`: fill and the squares that have it, as the data of a path."""

    id: str
    width_px: int
    paths: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Strip:
    drawing: Drawing
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
                drawn[letters] = _drawing(f"h{len(drawn) + 1}", letters)
            found[finding.id] = Strip(drawn[letters], _said(letters))
    there = set("".join(drawn))
    kinds = ((square, fill) for square, (fill, _) in _FILLS.items() if square in there)
    legend = tuple((_drawing(f"k-{fill}", square), strips_words.SQUARES[square]) for square, fill in kinds)
    return Strips(tuple(drawn.values()), found, legend)


def _drawing(id_: str, letters: str) -> Drawing:
    """Without patterns where it can be: many viewers of PDF draw those badly."""
    squares: dict[str, list[str]] = {}
    for place, letter in enumerate(letters):
        if letter != Square.GAP:
            fill, inset = _FILLS[Square(letter)]
            squares.setdefault(fill, []).append(_square(fill, place * _STEP_PX, inset))
    return Drawing(id_, len(letters) * _STEP_PX - (_STEP_PX - _SIDE_PX), tuple((f, "".join(p)) for f, p in squares.items()))


def _square(fill: str, left: int, inset: float) -> str:
    if fill == "apart":
        return f"M{left + 2} 5h6"
    side = f"{_SIDE_PX - 2 * inset:g}"
    return f"M{left + inset:g} {inset:g}h{side}v{side}h-{side}z"


def _said(letters: str) -> str:
    counts = Counter(Square(letter) for letter in letters if letter != Square.GAP)
    return strips_words.said(Square(letters[-1]), counts, len(letters))
