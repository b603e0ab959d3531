"""Numbers as shown: the rule of spreadsheets, so that a cell and a sentence never differ by the last digit."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.rounding import as_shown, percentage


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (0.25, 1, "0.3"),
        (0.15, 1, "0.2"),
        (1.35, 1, "1.4"),
        (10.05 - 10, 1, "0.1"),
        (192.5, 0, "193"),
        (-0.25, 1, "-0.3"),
        (2.675, 2, "2.68"),
        (72.25, 1, "72.3"),
        (89.0 + 1 / 3, 1, "89.3"),
        (0.04, 1, "0.0"),
        (0, 1, "0.0"),
        (1e15, 0, "1000000000000000"),
        (1e300, 0, f"{1e300:.0f}"),
        (math.inf, 1, "Infinity"),
    ],
)
def test_halves_go_away_from_zero(value: float, digits: int, shown: str) -> None:
    assert str(as_shown(value, digits)) == shown


@given(st.floats(-1e9, 1e9), st.integers(0, 3))
def test_nothing_moves_by_more_than_half_of_the_last_digit(value: float, digits: int) -> None:
    assert abs(as_shown(value, digits) - Decimal(value)) <= Decimal("0.5000001") * Decimal(1).scaleb(-digits)


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0, "0%"), (1, "100%"), (0.285, "29%"), (0.954, "95%"), (0.996, "99.6%"), (0.99999, "99.9%"), (0.0001, "0.1%")],
)
def test_all_and_nothing_are_said_only_when_exact(share: float, shown: str) -> None:
    assert percentage(share) == shown
