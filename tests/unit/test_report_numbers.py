"""How numbers, dates and durations are written (reports.md 4)."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

numbers = importlib.import_module("scorecard.reports.numbers")
BANDS = {"A": 90.0, "B": 80.0, "C": 70.0, "D": 60.0}


@pytest.mark.parametrize(
    ("score", "shown"),
    [
        (85.0, "85"),
        (85.4, "85"),
        (84.5, "85"),
        (89.6, "89.6"),
        (89.96, "89.9"),
        (90.0, "90"),
        (79.5, "79.5"),
        (0.0, "0"),
        (100.0, "100"),
    ],
)
def test_rounding_never_carries_a_score_over_a_band(score: float, shown: str) -> None:
    assert numbers.points(score, BANDS) == shown


def test_a_hundred_points_are_all_of_them() -> None:
    assert numbers.points(99.96, BANDS) == "99.9"
    assert numbers.points(100.0, BANDS) == "100"


@given(st.floats(min_value=0, max_value=100))
def test_the_band_of_what_is_shown_is_the_band_of_the_score(score: float) -> None:
    shown = float(numbers.points(score, BANDS))
    assert all((shown >= start) == (score >= start) for start in BANDS.values())


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.0, "100%"),
        (0.9999, "99.9%"),
        (0.996, "99.6%"),
        (0.951, "95%"),
        (0.0, "0%"),
        (0.0001, "0.1%"),
        (0.004, "0.4%"),
        (0.5, "50%"),
    ],
)
def test_all_and_none_are_only_said_when_exact(value: float, shown: str) -> None:
    assert numbers.share(value) == shown


def test_a_small_fleet_is_counted_not_measured() -> None:
    assert numbers.percent_of(18, 19) == ""
    assert numbers.percent_of(118, 124) == " (95%)"


def test_dates_do_not_follow_the_computer() -> None:
    moment = datetime(2026, 11, 4, 7, 2, tzinfo=UTC)
    assert numbers.day(moment) == "4 Nov 2026"
    assert numbers.month(moment) == "November 2026"
    assert numbers.stamp(moment.astimezone(numbers.zone("Europe/London"))) == "4 Nov 2026, 07:02 GMT"
    assert numbers.stamp(moment.astimezone(numbers.zone("Mars/Olympus"))) == "4 Nov 2026, 07:02 UTC"


def test_a_span_says_each_thing_once() -> None:
    first, last = datetime(2026, 11, 12, tzinfo=UTC), datetime(2026, 11, 14, tzinfo=UTC)
    assert numbers.span(first, first) == "on 12 Nov"
    assert numbers.span(first, last) == "between 12 and 14 Nov"
    assert numbers.span(datetime(2026, 10, 30, tzinfo=UTC), last) == "between 30 Oct and 14 Nov"
    assert numbers.span(datetime(2025, 12, 30, tzinfo=UTC), last) == "between 30 Dec 2025 and 14 Nov 2026"


def test_hours_have_one_decimal() -> None:
    assert numbers.hours(90) == "1.5"
    assert numbers.hours(0) == "0.0"
