"""What no fleet may break (grade_properties.py), on what hypothesis finds; and what a fleet's size may change."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.model import Status
from tests.fleet import Pick, findings, grade
from tests.fleet import device as made_up
from tests.unit.grade_properties import PROPERTIES, Fleet, fleet_of, rank


@pytest.mark.parametrize("holds", PROPERTIES)
@given(seed=st.integers(0, 2**32), choice=st.integers(0, 2**32))
def test_fleets_that_are_looked_for(holds: Callable[[Fleet, random.Random], None], seed: int, choice: int) -> None:
    holds(fleet_of(seed, most=8), random.Random(choice))


def with_chance(quality: float, chance: random.Random) -> Pick:
    return lambda _check, _owner: Status.PASS if chance.random() < quality else Status.FAIL


@pytest.mark.parametrize("quality", [0.5, 0.8, 0.9, 0.97, 0.995])
def test_equal_quality_means_nearly_equal_letters_whatever_the_size(quality: float) -> None:
    """8. In the median of many fleets of that quality, 10 to 400 machines differ by one letter at most."""
    medians = []
    for size, fleets in ((10, 41), (40, 21), (150, 9), (400, 5)):
        ranks = []
        for seed in range(fleets):
            chance = random.Random(f"{quality} {size} {seed}")
            devices = [made_up(f"m{number}") for number in range(size)]
            found = findings(devices, with_chance(quality, chance))
            ranks.append(rank(grade(found, devices).letter))
        medians.append(statistics.median(ranks))
    assert max(medians) - min(medians) <= 1
