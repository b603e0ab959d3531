"""Audits of made-up fleets for tests of the plan, and the cheapest road found by trying every set of work."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations
from types import MappingProxyType
from typing import Any

from scorecard.describing import describe
from scorecard.model import OPEN, ExceptionKind, Finding, Mark, Platform, Role, Status
from scorecard.plan.hours import ASK_AGAIN, FIND
from scorecard.result import Audit, Device, Scorecard
from scorecard.score import score, settle
from scorecard.standard import LETTERS, Content, Standard
from tests.fleet import NOW, REGISTRY, STANDARD, ZONE, device, finding, last

# A few checks of every capped area, so that small fleets get every letter.
FEW_CHECKS = (
    "disk-encryption.system-volume",
    "disk-encryption.method",
    "antivirus.protected",
    "antivirus.recent-scan",
    "patching.security-updates",
    "patching.reboot-pending",
    "os-support.supported",
)
CAPPED = ("disk-encryption.system-volume", "antivirus.protected", "patching.security-updates", "os-support.supported")

Action = tuple[frozenset[tuple[str, str]], frozenset[str], int]  # findings that pass, checks prepared, minutes for each


def changed_standard(change: Mapping[str, Any], checks: Sequence[str] = FEW_CHECKS) -> Standard:
    """The usual standard with these checks alone and some keys replaced."""
    raw: dict[str, Any] = copy.deepcopy(dict(STANDARD.raw))
    raw["checks"] = {check: line for check, line in raw["checks"].items() if check in checks}
    raw["promises"] = [p for p in raw["promises"] if set(p["checks"]) <= set(checks)]
    raw.update(change)
    return Standard(Content.model_validate(raw), raw, True, "test")


def audit_of(
    found: Sequence[Finding],
    devices: Sequence[Device],
    standard: Standard = STANDARD,
    *,
    client_since: datetime | None = None,
    scope: str = "",
) -> Audit:
    settled = settle(found, standard, NOW, ZONE)
    card = score(settled, devices, standard, as_of=NOW, client_since=client_since, time_zone=ZONE, scope=scope)
    return Audit(
        id="0001",
        client="Harbour Dental",
        time_zone=ZONE,
        as_of=NOW,
        started_at=NOW,
        finished_at=NOW,
        tool_version="0",
        standard=MappingProxyType(standard.document()),
        scorecard=card,
        devices=tuple(devices),
        findings=settled,
        checks=MappingProxyType({check: describe(REGISTRY.checks[check], standard) for check in standard.content.checks}),
        client_since=client_since,
        scope=scope,
    )


def minutes(audit: Audit, check: str) -> tuple[int, int]:
    described: Any = audit.checks[check]
    return described["effort"]["once_min"], described["effort"]["each_min"]


def actions(audit: Audit) -> Iterator[Action]:
    missing: dict[str, list[Finding]] = {}
    for one in audit.findings:
        if one.status in OPEN and one.counts:
            yield frozenset({(one.check, one.endpoint)}), frozenset({one.check}), minutes(audit, one.check)[1]
        elif one.status is Status.UNKNOWN and one.counts and not one.is_stated:
            missing.setdefault(one.endpoint, []).append(one)
    seen = {one.name for one in audit.devices if one.seen}
    for name, found in missing.items():
        again = frozenset(one.check for one in found if one.last is not None and one.last.status in OPEN)
        each = (ASK_AGAIN if name in seen else FIND).each_min + sum(minutes(audit, check)[1] for check in again)
        yield frozenset((one.check, name) for one in found), again, each


def regraded(audit: Audit, keys: frozenset[tuple[str, str]], standard: Standard) -> Scorecard:
    """Once these pass; what had left the sum brings no points, as the road counts it."""
    changed = [
        replace(
            one,
            verdict=replace(one.verdict, status=Status.PASS),
            effective=None if one.effective is None else standard.values[Status.PASS],
            carried_from=None,
        )
        if (one.check, one.endpoint) in keys
        else one
        for one in audit.findings
    ]
    return score(changed, audit.devices, standard, as_of=NOW, client_since=audit.client_since, time_zone=ZONE)


def tried(audit: Audit, letter: str, standard: Standard) -> int | None:
    """The fewest minutes of all sets of work that reach the letter; None: none does."""
    found = list(actions(audit))
    sets: list[tuple[int, frozenset[tuple[str, str]]]] = []
    for size in range(len(found) + 1):
        for some in combinations(found, size):
            checks = frozenset().union(*(one[1] for one in some))
            cost = sum(one[2] for one in some) + sum(minutes(audit, check)[0] for check in checks)
            sets.append((cost, frozenset().union(*(one[0] for one in some))))
    everything = frozenset().union(*(one[0] for one in found))
    if not _reaches(regraded(audit, everything, standard), letter):
        return None
    return next(
        cost
        for cost, keys in sorted(sets, key=lambda one: (one[0], len(one[1])))
        if _reaches(regraded(audit, keys, standard), letter)
    )


def _reaches(card: Scorecard, letter: str) -> bool:
    return card.letter is not None and LETTERS.index(card.letter) <= LETTERS.index(letter)


def small_case(seed: int) -> tuple[Audit, Standard]:
    """A few machines with a few faults, old answers, exceptions and newcomers, under standards of every strictness."""
    chance = random.Random(seed)
    standard = changed_standard(_strictness(chance))
    roles = chance.choice([[Role.LAPTOP], [Role.LAPTOP, Role.SERVER], list(Role)])
    devices = [
        replace(
            device(f"m{number}", chance.choice(roles), seen=chance.random() > chance.choice([0, 0.2])),
            managed=chance.random() > 0.1,
            expected_since=NOW - timedelta(days=chance.choice([5, 400, 400, 400])),
        )
        for number in range(chance.randint(2, 7))
    ]
    most, capped, unsure = chance.randint(1, 9), chance.random(), chance.choice([0.0, 0.1, 0.4])
    found = [
        finding(check, one, Status.PASS if one.seen else Status.UNKNOWN, standard)
        for one in devices
        for check in standard.content.checks
    ]
    wanted = [i for i, one in enumerate(found) if (one.check in CAPPED) == (chance.random() < capped)]
    for index in chance.sample(wanted, min(most, len(wanted))):
        old = found[index]
        status = Status.UNKNOWN if chance.random() < unsure else chance.choice([Status.FAIL, Status.FAIL, Status.WARN])
        if old.status is not Status.UNKNOWN:
            found[index] = replace(old, verdict=replace(old.verdict, status=status))
    since = chance.choice([None, NOW - timedelta(days=100)])
    return audit_of([_storied(one, chance) for one in found], devices, standard, client_since=since), standard


def broken_areas_case(seed: int) -> tuple[Audit, Standard]:
    """A few machines most of which are broken in several areas, so that the rule on those holds the letter."""
    chance = random.Random(seed)
    areas, machines = chance.choice([(2, 2), (2, 3), (3, 3)])
    standard = changed_standard({"broken_areas": {"areas": areas, "endpoints": machines, "letter": "D"}})
    roles = chance.choice([[Role.LAPTOP], [Role.LAPTOP, Role.SERVER]])
    devices = [device(f"m{number}", chance.choice(roles), Platform.WINDOWS) for number in range(chance.randint(3, 6))]
    places = [(one.name, check) for one in devices for check in CAPPED]
    broken = set(chance.sample(places, min(len(places), chance.randint(6, 9))))
    found = [
        finding(check, one, Status.FAIL if (one.name, check) in broken else Status.PASS, standard)
        for one in devices
        for check in standard.content.checks
    ]
    return audit_of(found, devices, standard), standard


def _strictness(chance: random.Random) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    if chance.random() < 0.5:
        raw["broken_areas"] = {"areas": chance.choice([2, 3]), "endpoints": chance.choice([2, 3]), "letter": "D"}
    if chance.random() < 0.3:
        raw["coverage"] = {
            "capped": {"below": 0.97, "letter": "B"},
            "provisional": {"below": 0.9, "letter": "C"},
            "not_graded": {"below": 0.3},
        }
    if chance.random() < 0.3:
        raw["unknown_in_capped_check"] = {"letter": chance.choice(["B", "C"])}
    return raw


def _storied(one: Finding, chance: random.Random) -> Finding:
    if one.status is Status.UNKNOWN and chance.random() < 0.5:
        answers = [Status.PASS, Status.FAIL, Status.WARN, Status.NOT_APPLICABLE]
        one = replace(one, last=last(chance.choice(answers), chance.choice([1, 14, 21, 40, 60, 120])))
    if chance.random() > 0.15:
        return one
    if one.status is Status.UNKNOWN:
        return replace(one, exception=Mark("told", ExceptionKind.STATED))
    if one.status is Status.FAIL:
        mark = Mark("agreed", ExceptionKind.WAIVED, covered=chance.random() > 0.4)
        return replace(one, exception=mark if chance.random() > 0.3 else Mark("refused", ExceptionKind.DECLINED))
    return one
