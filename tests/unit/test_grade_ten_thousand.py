"""What no fleet may break (grade_properties.py), on 10,000 fleets from one seeded generator."""

from __future__ import annotations

import random

import pytest

from tests.unit.grade_properties import PROPERTIES, fleet_of

_FLEETS = 10_000
_BLOCKS = 10


@pytest.mark.parametrize("block", range(_BLOCKS))
def test_ten_thousand_fleets(block: int) -> None:
    """All properties on each. A failure names the seed of its fleet."""
    for seed in range(block * _FLEETS // _BLOCKS, (block + 1) * _FLEETS // _BLOCKS):
        fleet, chance = fleet_of(seed, most=1 + seed % 4), random.Random(seed)
        for holds in PROPERTIES:
            try:
                holds(fleet, chance)
            except AssertionError as error:
                raise AssertionError(f"{holds.__name__} breaks on fleet {seed}: {error}") from error
