"""Fair shares: the formula over sets against the mean over all orders, and rounding that adds up."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from math import fsum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorecard.history.shapley import rounded, shares
from scorecard.rounding import as_shown

worths = st.integers(0, 5).flatmap(
    lambda causes: st.lists(st.floats(-100, 100, allow_nan=False), min_size=1 << causes, max_size=1 << causes)
)


def over_orders(worth: list[float]) -> list[float]:
    """The definition: each cause's effect when its turn comes, on average over all orders."""
    causes = len(worth).bit_length() - 1
    effects: list[list[float]] = [[] for _ in range(causes)]
    for order in permutations(range(causes)):
        done = 0
        for cause in order:
            effects[cause].append(worth[done | 1 << cause] - worth[done])
            done |= 1 << cause
    return [fsum(found) / len(found) for found in effects]


@given(worths)
@settings(max_examples=300, deadline=None)
def test_the_formula_over_sets_is_the_mean_over_all_orders(worth: list[float]) -> None:
    assert shares(worth) == pytest.approx(over_orders(worth), abs=1e-9)


@given(worths)
@settings(max_examples=300, deadline=None)
def test_shares_add_up_to_the_whole(worth: list[float]) -> None:
    assert fsum(shares(worth)) == pytest.approx(worth[-1] - worth[0], abs=1e-9)


def test_shares_by_hand() -> None:
    """Two causes: alone 10 and 20, together 50."""
    assert shares([0, 10, 20, 50]) == [20, 30]


def test_a_cause_without_effect_gets_nothing_and_causes_with_the_same_effect_get_the_same() -> None:
    worth = [float(10 * (m & 1) + 10 * (m >> 1 & 1) + 7 * (m & 3 == 3)) for m in range(8)]
    assert shares(worth) == pytest.approx([13.5, 13.5, 0.0])


def test_no_cause_no_share() -> None:
    assert shares([81.5]) == []


def test_a_worth_for_every_set_is_needed() -> None:
    with pytest.raises(ValueError, match="every set"):
        shares([1.0, 2.0, 3.0])


@given(st.floats(0, 100), st.lists(st.floats(-40, 40).filter(bool), min_size=1, max_size=12), st.integers(0, 2))
@settings(max_examples=300, deadline=None)
def test_rounded_parts_add_up_to_the_difference_as_shown(before: float, parts: list[float], digits: int) -> None:
    after = before + fsum(parts)
    shown = rounded(parts, before, after, digits)
    assert sum(shown) == as_shown(after, digits) - as_shown(before, digits)
    unit = Decimal(1).scaleb(-digits)
    for part, one in zip(parts, shown, strict=True):
        assert abs(Decimal(part) - one) <= unit


def test_rounding_gives_the_rest_to_the_largest_remainder() -> None:
    """0.17 + 0.16 = 0.33: 70.0 to 70.3 is 0.3 as shown, and 0.17 lost more."""
    assert rounded([0.16, 0.17], 70.0, 70.33, 1) == [Decimal("0.1"), Decimal("0.2")]


def test_rounding_takes_from_the_smallest_remainder() -> None:
    """Shares are sums of floats: one may be a little more than the scores' difference, which 70.8 to 71.2 shows as 0.4."""
    assert rounded([0.5], 70.75, 71.2499999999999, 1) == [Decimal("0.4")]


def test_a_part_of_nothing_stays_so() -> None:
    assert rounded([0.0, 0.06, 0.0], 70.0, 70.06, 1) == [Decimal(0), Decimal("0.1"), Decimal(0)]
