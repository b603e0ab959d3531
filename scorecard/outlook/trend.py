"""How fast something grows: the median of the slopes between all pairs of points (Theil-Sen), with their quartiles.

One odd point among many, such as an archive that lay on a disk for a week, moves it little or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

Point = tuple[float, float]  # when, in days, and how much


@dataclass(frozen=True, slots=True)
class Trend:
    """Change per day: the median of all slopes, and a quarter of them below `low`, a quarter above `high`."""

    low: float
    median: float
    high: float


def trend(points: Sequence[Point]) -> Trend | None:
    """None where no two points differ in time. The order of the points does not matter."""
    slopes = sorted((b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(sorted(points), 2) if b[0] > a[0])
    if not slopes:
        return None
    return Trend(quantile(slopes, 0.25), quantile(slopes, 0.5), quantile(slopes, 0.75))


def quantile(ordered: Sequence[float], share: float) -> float:
    """Of values in rising order; between two of them, by the straight line from one to the other."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    # Clamped: rounding may carry the sum a hair past its neighbours, and then low would not be below median.
    value = ordered[below] + (ordered[above] - ordered[below]) * (place - below)
    return min(max(value, ordered[below]), ordered[above])
