"""The bridge on thousands of made-up pairs: it adds up, does not depend on any order, and is what its definition says."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from math import fsum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorecard.history.bridge import bridge
from scorecard.history.causes import Cause
from scorecard.history.compare import compare
from scorecard.model import Finding, Status
from scorecard.result import Audit
from scorecard.rounding import as_shown
from scorecard.score import effective
from scorecard.sums import Sums
from tests.history_fleets import KEPT, SMALL, live_on, random_client, random_pair

VOLUME = "disk-encryption.system-volume"
PAIRS, CHUNKS = 10_000, 20


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_ten_thousand_pairs_add_up(chunk: int) -> None:
    met: set[Cause] = set()
    for seed in range(chunk * PAIRS // CHUNKS, (chunk + 1) * PAIRS // CHUNKS):
        older, newer = random_pair(seed)
        found = bridge(older, newer)
        moved = compare(older, newer)
        ended, opened = (sum(map(len, ways.values())) for ways in (moved.ended, moved.opened))
        assert moved.open_before - ended + opened == moved.open_now == len(moved.still_open) + opened, seed
        if found.before is None or found.after is None:
            assert found.missing, seed
            continue
        assert found.missing is None, seed
        assert fsum(part.points for part in found.parts) == pytest.approx(found.after - found.before, abs=1e-9), seed
        for digits in (1, 2):
            shown = sum((points for _, points in found.shown(digits)), Decimal(0))
            assert shown == as_shown(found.after, digits) - as_shown(found.before, digits), seed
        met.update(part.cause for part in found.parts)
    assert met == set(Cause)


@given(st.integers(0, 10**9))
@settings(max_examples=100, deadline=None)
def test_no_order_matters(seed: int) -> None:
    older, newer = random_pair(seed)
    chance = random.Random(seed)

    def shuffled(audit: Audit) -> Audit:
        devices, findings = list(audit.devices), list(audit.findings)
        chance.shuffle(devices)
        chance.shuffle(findings)
        return replace(audit, devices=tuple(devices), findings=tuple(findings))

    assert bridge(shuffled(older), shuffled(newer)) == bridge(older, newer)


@given(st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_parts_are_the_mean_over_all_orders_in_which_causes_happen(seed: int) -> None:
    """Without the bridge's own sums: every set of causes is scored as an audit of its own, by sums.py."""
    chance = random.Random(seed)
    client = random_client(chance, 3)
    for machine in client.machines.values():
        machine.marks = {}
    older = client.audit()
    client.wait(7)
    for machine in client.machines.values():
        for check in (check for check in KEPT if machine.answers[check] in _READ):
            machine.answers[check] = chance.choice(_READ)
    client.add("joined").answers[VOLUME] = Status.FAIL
    newer = client.audit()
    found = bridge(older, newer)
    if found.before is None:
        return
    start = found.before
    was = {(finding.endpoint, finding.check): finding for finding in older.findings}
    devices = {device.name: device for device in newer.devices}

    def scored(done: set[Cause]) -> float:
        there = []
        for finding in newer.findings:
            old = was.get((finding.endpoint, finding.check))
            here = old if (old and old.status is finding.status) or _cause(old, finding) not in done else finding
            there += [here] if here else []
        total = Sums(there, devices, SMALL).total(effective)
        return start if total is None else total

    causes = [part.cause for part in found.parts]
    effects: dict[Cause, list[float]] = {cause: [] for cause in causes}
    for order in permutations(causes):
        for index, cause in enumerate(order):
            effects[cause].append(scored(set(order[: index + 1])) - scored(set(order[:index])))
    assert {part.cause: part.points for part in found.parts} == pytest.approx(
        {cause: fsum(some) / len(some) for cause, some in effects.items()}, abs=1e-9
    )


_READ = (Status.PASS, Status.WARN, Status.FAIL, Status.NOT_APPLICABLE)


def _cause(old: Finding | None, new: Finding) -> Cause:
    """Where nothing went out of sight and nothing was agreed."""
    if old is None:
        return Cause.JOINED
    if Status.NOT_APPLICABLE in (old.status, new.status):
        return Cause.APPLIES
    return Cause.FIXED if _READ.index(new.status) < _READ.index(old.status) else Cause.BROKE


def test_the_year_of_a_client_adds_up_whichever_audits_are_compared() -> None:
    chance = random.Random(11)
    client = random_client(chance)
    client.add("always")
    audits = []
    for _ in range(13):
        audits.append(client.audit())
        live_on(client, chance)
    for first in range(0, 13, 4):
        for second in range(first + 1, 13, 3):
            found = bridge(audits[first], audits[second])
            assert found.missing is None
            difference = (found.after or 0) - (found.before or 0)
            assert fsum(part.points for part in found.parts) == pytest.approx(difference, abs=1e-9)
