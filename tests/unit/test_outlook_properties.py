"""What must hold of every outlook, whatever the audits look like."""

from __future__ import annotations

import random
import tracemalloc
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorecard.outlook import DiskOutlook, Outlook, Standing, outlook, snapshot
from scorecard.outlook.disks import HORIZON_DAYS
from scorecard.outlook.trend import trend
from scorecard.result import Audit
from tests.fleet import NOW
from tests.outlook_kit import audit, line, machine, supported

HISTORY = st.lists(
    st.tuples(st.integers(0, 400), st.floats(0, 100), st.sampled_from([100.0, 104.0, 200.0])), min_size=1, max_size=9
)
HOURS = st.integers(0, 240_000).map(lambda hours: hours / 24)


def audits_of(history: list[tuple[int, float, float]], mount: str = "/") -> list[Audit]:
    """Of (days back, free GB, size GB); machine "b" is seen every other time."""
    made = []
    for number, (back, free, size) in enumerate(history):
        at = NOW - timedelta(days=back, minutes=number)
        owners = [
            machine("a", at, line((mount, free, size))),
            machine("b", at, line(("D:", free, size)), seen=number % 2 == 0),
        ]
        made.append(audit(at, owners, [supported(owners[0])], id=f"{number:08}"))
    return made


def ahead(audits: list[Audit]) -> Outlook:
    return outlook([snapshot(one) for one in audits])


@settings(max_examples=300, deadline=None)
@given(history=HISTORY, seed=st.integers())
def test_the_order_of_snapshots_does_not_matter(history: list[tuple[int, float, float]], seed: int) -> None:
    shots = [snapshot(one) for one in audits_of(history)]
    shuffled = shots.copy()
    random.Random(seed).shuffle(shuffled)
    assert outlook(shuffled) == outlook(shots)
    assert outlook([*shots, *shuffled]) == outlook(shots)


@settings(max_examples=300, deadline=None)
@given(history=HISTORY)
def test_every_warning_has_dates_in_order_and_within_its_bounds(history: list[tuple[int, float, float]]) -> None:
    found = ahead(audits_of(history))
    assert [warning.on for warning in found.warnings] == sorted(warning.on for warning in found.warnings)
    for warning in found.warnings:
        assert found.day <= warning.on <= found.until
        assert warning.days == (warning.on - found.day).days
        assert warning.earliest is not None
        assert warning.earliest <= warning.on
        assert warning.latest is None or warning.on <= warning.latest
        assert warning.sentence.endswith(".")
        assert warning.sentence.isprintable()
    for disk in found.disks:
        consistent(disk)
    shown = {(disk.endpoint, disk.mount) for disk in found.disks}
    assert {(one.endpoints[0], one.what) for one in found.warnings if one.kind == "disk"} <= shown


def consistent(disk: DiskOutlook) -> None:
    if disk.standing is Standing.FILLING:
        assert disk.audits >= 3
        assert disk.growth_bytes_per_day is not None
        assert disk.growth_bytes_per_day > 0
        assert disk.free_bytes / disk.growth_bytes_per_day <= HORIZON_DAYS
    elif disk.standing is Standing.FULL:
        assert disk.days == 0
    else:
        assert (disk.on, disk.earliest, disk.latest, disk.days) == (None, None, None, None)
    if disk.standing is Standing.NEEDS_AUDITS:
        assert disk.audits < 3
    if disk.standing is Standing.NOT_FILLING:
        assert disk.growth_bytes_per_day is not None
        assert disk.growth_bytes_per_day <= 0


def _last_day(found: Outlook) -> float:
    """When the disk is full, for comparisons: never is later than any day."""
    (disk,) = (disk for disk in found.disks if disk.endpoint == "a")
    return float("inf") if disk.days is None else disk.days


@settings(max_examples=300, deadline=None)
@given(
    frees=st.lists(st.floats(2, 100), min_size=3, max_size=8),
    step=st.integers(1, 60),
    less=st.floats(0.01, 60),
)
def test_less_free_space_now_is_never_a_later_day(frees: list[float], step: int, less: float) -> None:
    history = [(step * back, free, 100.0) for back, free in zip(range(len(frees) - 1, -1, -1), frees, strict=True)]
    lower = [*history[:-1], (0, max(history[-1][1] - less, 0.0), 100.0)]
    assert _last_day(ahead(audits_of(lower))) <= _last_day(ahead(audits_of(history)))


@settings(max_examples=300, deadline=None)
@given(
    start=st.floats(0, 50),
    growth=st.floats(0.0001, 5),
    days=st.lists(st.integers(0, 1000), min_size=3, max_size=10, unique=True),
)
def test_a_straight_line_is_found_exactly(start: float, growth: float, days: list[int]) -> None:
    found = trend([(float(day), start + growth * day) for day in days])
    assert found is not None
    assert found.low == pytest.approx(growth, rel=1e-4)
    assert found.median == pytest.approx(growth, rel=1e-4)
    assert found.high == pytest.approx(growth, rel=1e-4)


@settings(max_examples=300, deadline=None)
@given(points=st.lists(st.tuples(HOURS, st.floats(-1e12, 1e12)), max_size=12), seed=st.integers())
def test_a_trend_is_ordered_and_blind_to_order(points: list[tuple[float, float]], seed: int) -> None:
    shuffled = points.copy()
    random.Random(seed).shuffle(shuffled)
    found = trend(points)
    assert trend(shuffled) == found
    if found is not None:
        assert found.low <= found.median <= found.high


@settings(max_examples=100, deadline=None)
@given(mount=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_any_name_of_a_disk_comes_through(mount: str) -> None:
    found = ahead(audits_of([(60, 90.0, 100.0), (30, 80.0, 100.0), (0, 70.0, 100.0)], mount))
    assert [(disk.mount, disk.days) for disk in found.disks if disk.endpoint == "a"] == [(mount, 210)]


def test_a_snapshot_keeps_a_small_part_of_its_audit() -> None:
    """So that thirteen audits of ten thousand machines fit: a few numbers a machine, and no name twice."""
    owners = [machine(f"pc-{number}", NOW, line(("/", 50, 100), ("/srv", 5, 100))) for number in range(300)]
    made = [audit(NOW - timedelta(days=back), owners, [supported(owner) for owner in owners]) for back in range(4)]
    tracemalloc.start()
    try:
        kept = [snapshot(one) for one in made]
        used_bytes = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert used_bytes / (len(kept) * len(owners)) < 1000
