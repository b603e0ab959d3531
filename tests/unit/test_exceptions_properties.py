"""What holds for exceptions whatever the fleet, the file and the order of things."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType

from hypothesis import given, settings
from hypothesis import strategies as st

from scorecard.exceptions import Applied, Entry, Exceptions, Kept, apply, exceptions_from, kept_before
from scorecard.exceptions.entries import Fingerprint
from scorecard.exceptions.fingerprint import is_worse
from scorecard.model import ExceptionKind, Finding, Json, Status, Verdict
from scorecard.result import Device
from scorecard.score import effective, settle
from scorecard.sums import Sums
from tests.fleet import NOW, REGISTRY, STANDARD, ZONE, random_fleet, unseen

STABLE = {check.id: check.stable for check in REGISTRY.checks.values()}
SEEDS = st.integers(0, 10**9)
LIMITS = STANDARD.content.exceptions


@dataclass(frozen=True)
class Case:
    devices: list[Device]
    findings: list[Finding]
    entries: list[Entry]


def case(seed: int) -> Case:
    """A random fleet with evidence, and entries of all kinds that do not get in each other's way."""
    chance = random.Random(seed)
    devices, found = random_fleet(seed, most=14)
    found = [replace(f, verdict=_evident(f, chance)) for f in found]
    entries: list[Entry] = []
    for number, f in enumerate(chance.sample(found, k=min(len(found), chance.randint(0, 25)))):
        kind = chance.choices(list(ExceptionKind), [6, 1, 1])[0]
        first = NOW.date() - timedelta(days=chance.randint(-1, 40))
        last = None if kind is ExceptionKind.DECLINED else first + timedelta(days=chance.randint(0, 60))
        names = (f.endpoint.upper() if chance.random() < 0.2 else f.endpoint,)
        covered = kind is ExceptionKind.WAIVED and chance.random() < 0.3
        entries.append(Entry(f"e{number}", kind, (f.check,), names, first, last, covered, {"reason": "x"}))
    return Case(devices, found, entries)


def _evident(f: Finding, chance: random.Random) -> Verdict:
    listed = list[Json](sorted(chance.sample("abcd", chance.randint(0, 3))))
    return replace(f.verdict, evidence=MappingProxyType(dict.fromkeys(STABLE[f.check], listed)))


def done(
    made: Case, entries: Sequence[Entry] | None = None, found: Sequence[Finding] | None = None, kept: Sequence[Kept] = ()
) -> Applied:
    return apply(
        Exceptions(tuple(made.entries if entries is None else entries)),
        made.findings if found is None else found,
        made.devices,
        STANDARD,
        kept,
        as_of=NOW,
        time_zone=ZONE,
        stable=STABLE,
    )


def leavers(applied: Applied) -> set[tuple[str, str]]:
    return {(f.check, f.endpoint) for f in applied.findings if f.marked(ExceptionKind.WAIVED)}


def placed(applied: Applied) -> set[tuple[str, str]]:
    return {(one.check, one.endpoint) for one in applied.kept if one.placed_at is not None and one.ended_at is None}


def weights(applied: Applied, devices: Sequence[Device]) -> dict[str, tuple[list[float], float]]:
    """By category: of each that leaves the sum, and of all that was answered."""
    sums = Sums(applied.findings, {device.name: device for device in devices}, STANDARD)
    found: dict[str, tuple[list[float], float]] = {}
    for f in applied.findings:
        if f.status in (Status.PASS, Status.WARN, Status.FAIL):
            left, whole = found.get(STANDARD.category(f.check).id, ([], 0.0))
            mine = [sums.weight(f)] if (f.check, f.endpoint) in leavers(applied) else []
            found[STANDARD.category(f.check).id] = ([*left, *mine], whole + sums.weight(f))
    return found


@settings(max_examples=150, deadline=None)
@given(SEEDS)
def test_never_more_than_the_share_leaves_but_for_one_finding(seed: int) -> None:
    made = case(seed)
    applied = done(made)
    for category, (left, whole) in weights(applied, made.devices).items():
        assert len(left) <= 1 or sum(left) <= LIMITS.share * whole + 1e-6, category


@settings(max_examples=150, deadline=None)
@given(SEEDS, st.integers(0, 10**6))
def test_with_the_places_kept_an_unknown_makes_no_new_place(seed: int, index: int) -> None:
    made = case(seed)
    first = done(made)
    hidden = list(made.findings)
    hidden[index % len(hidden)] = unseen(hidden[index % len(hidden)])
    later = done(made, found=hidden, kept=first.kept)
    assert leavers(later) <= leavers(first)
    assert placed(later) == placed(first)
    # Nor with a whole machine that does not answer.
    name = made.devices[index % len(made.devices)].name
    dark = [unseen(f) if f.endpoint == name else f for f in made.findings]
    assert leavers(done(made, found=dark, kept=first.kept)) <= leavers(first)


@settings(max_examples=100, deadline=None)
@given(SEEDS, st.integers(0, 10**6))
def test_with_the_places_kept_an_unknown_never_raises_the_score(seed: int, index: int) -> None:
    made = case(seed)
    index %= len(made.findings)
    hidden = list(made.findings)
    hidden[index] = unseen(hidden[index])
    kept = done(made).kept
    applied = [done(made, kept=kept), done(made, found=hidden, kept=kept)]
    told = applied[1].findings[index].exception
    if told is not None and told.kind is ExceptionKind.STATED:
        return  # somebody answers in writing, which counts half
    devices = {device.name: device for device in made.devices}
    before, after = (Sums(settle(one.findings, STANDARD, NOW, ZONE), devices, STANDARD).total(effective) for one in applied)
    if before is not None:  # else nothing applied at all
        assert after is not None
        assert after <= before + 1e-6


@settings(max_examples=100, deadline=None)
@given(SEEDS, st.randoms(use_true_random=False))
def test_order_does_not_matter(seed: int, chance: random.Random) -> None:
    made = case(seed)
    first = done(made)
    assert done(made) == first
    entries, devices, found = list(made.entries), list(made.devices), list(made.findings)
    for listed in (entries, devices, found):
        chance.shuffle(listed)
    other = done(Case(devices, found, entries))
    assert (other.records, other.kept) == (first.records, first.kept)
    assert {(f.check, f.endpoint): f for f in other.findings} == {(f.check, f.endpoint): f for f in first.findings}


@settings(max_examples=100, deadline=None)
@given(SEEDS, st.integers(0, 10**6))
def test_the_records_alone_give_the_same_again(seed: int, other: int) -> None:
    """Through JSON, as the document holds them: on a first audit, with what one weeks or no second before remembers."""
    made = case(seed)
    for kept in ((), _weeks_before(made, other), done(made).kept):
        first = done(made, kept=kept)
        records = json.loads(json.dumps([dict(record) for record in first.records]))
        before = tuple(kept_before(records, NOW))
        again = done(made, exceptions_from(records).entries, kept=before)
        assert again.records == tuple(map(MappingProxyType, records))
        assert again.findings == first.findings
        mine = {(one.check, one.endpoint, one.since) for one in again.kept}
        assert {one for one in map(_hashed, first.kept) if one[:3] in mine} == set(map(_hashed, again.kept))


def _hashed(one: Kept) -> tuple[object, ...]:
    return one.check, one.endpoint, one.since, one.exception, one.begun_at, one.first.text, one.placed_at, one.ended_at


def _weeks_before(made: Case, seed: int) -> tuple[Kept, ...]:
    """What an audit remembers that found other statuses and other evidence."""
    chance = random.Random(seed)
    statuses = list(Status)
    found = [
        replace(f, verdict=replace(_evident(f, chance), status=chance.choice(statuses), reason="x")) for f in made.findings
    ]
    kept = apply(
        Exceptions(tuple(made.entries)),
        found,
        made.devices,
        STANDARD,
        (),
        as_of=NOW - timedelta(days=20),
        time_zone=ZONE,
        stable=STABLE,
    ).kept
    # Some were out of the file for a while, and lost their place.
    return tuple(replace(one, placed_at=None) if chance.random() < 0.3 else one for one in kept)


@settings(max_examples=100, deadline=None)
@given(SEEDS, st.integers(0, 10**6))
def test_unknowns_are_never_excused_and_only_open_findings_leave(seed: int, other: int) -> None:
    made = case(seed)
    for f in done(made, kept=_weeks_before(made, other)).findings:
        if f.exception is not None and f.exception.kind is ExceptionKind.WAIVED:
            assert f.status in (Status.WARN, Status.FAIL)
        if f.exception is not None and f.exception.kind is ExceptionKind.STATED:
            assert f.status is Status.UNKNOWN


plain = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.text("abC é\ud800", max_size=3))
values = st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner))
evidence = st.dictionaries(st.sampled_from(["open", "missing"]), values)


@settings(max_examples=300, deadline=None)
@given(evidence, evidence)
def test_fingerprints_compare(one: dict[str, Json], other: dict[str, Json]) -> None:
    first, second = Fingerprint(Status.FAIL, one), Fingerprint(Status.FAIL, other)
    assert not is_worse(first, first)
    assert len(first.sha256) == 71
    assert (first.text == second.text) == (first.sha256 == second.sha256)
    if first.text == second.text:
        assert not is_worse(first, second)
    kept = Fingerprint(Status(json.loads(first.text)["status"]), json.loads(first.text)["evidence"])
    assert is_worse(second, kept) == is_worse(second, first)
    assert not is_worse(replace(first, status=Status.PASS), second)
    assert is_worse(first, replace(second, status=Status.WARN))
    if one:
        key = sorted(one)[0]
        fewer = {name: value for name, value in one.items() if name != key}
        assert not is_worse(Fingerprint(Status.FAIL, fewer), first)
        assert is_worse(first, Fingerprint(Status.FAIL, fewer))
