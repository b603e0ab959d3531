"""Fair shares of a difference that several causes made together (Shapley value), and shares that add up when rounded.

L. S. Shapley, "A Value for n-Person Games", 1953. Causes act upon one another: what a repaired machine adds depends on how
many machines joined meanwhile. Taking one cause after the other would make each share depend on an order that nobody can
justify; leaving each out in turn gives shares that do not add up. The Shapley value takes the mean of a cause's effect over
all orders. It is the only rule whose shares add up to the whole difference, that treats causes with the same effect alike,
gives nothing to one without effect, and adds over games.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal
from math import factorial, fsum

from scorecard.rounding import as_shown


def shares(worth: Sequence[float]) -> list[float]:
    """Of n causes, each one's share of worth[-1] - worth[0].

    `worth` has 2^n values: entry m is the worth when those causes have happened whose bit is set in m. With weight
    |S|! (n - |S| - 1)! / n! for a set S without the cause, its share is the weighted sum of worth(S + cause) - worth(S).
    """
    causes = len(worth).bit_length() - 1
    if len(worth) != 1 << causes:
        raise ValueError("expected a worth for every set of causes")
    weights = [factorial(size) * factorial(causes - size - 1) / factorial(causes) for size in range(causes)]
    return [
        fsum(weights[m.bit_count()] * (worth[m | bit] - worth[m]) for m in range(len(worth)) if not m & bit)
        for bit in (1 << cause for cause in range(causes))
    ]


def rounded(parts: Sequence[float], before: float, after: float, digits: int) -> list[Decimal]:
    """The parts to so many digits, adding up to the difference of the two ends as these are shown (largest remainder).

    A part that is exactly nothing stays so.
    """
    unit = Decimal(1).scaleb(-digits)
    there = [index for index, part in enumerate(parts) if part]
    exact = {index: Decimal(parts[index]) / unit for index in there}
    whole = {index: exact[index].to_integral_value(ROUND_FLOOR) for index in there}
    missing = int((as_shown(after, digits) - as_shown(before, digits)) / unit - sum(whole.values()))
    by_remainder = sorted(there, key=lambda index: (whole[index] - exact[index], index))
    for index in by_remainder[: max(missing, 0)]:
        whole[index] += 1
    for index in by_remainder[len(by_remainder) + min(missing, 0) :]:
        whole[index] -= 1
    return [whole[index] * unit if index in whole else unit * 0 for index in range(len(parts))]
