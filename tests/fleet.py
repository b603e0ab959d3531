"""Made-up fleets for tests of judging, grading and storing: devices and findings with a given status each."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from scorecard.errors import FailureKind
from scorecard.model import (
    OPEN,
    ExceptionKind,
    Failure,
    Finding,
    Identity,
    Last,
    Mark,
    Platform,
    Role,
    Status,
    Verdict,
)
from scorecard.registry import Registry
from scorecard.result import Device, Scorecard, System
from scorecard.score import score, settle
from scorecard.standard import Standard, load

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
ZONE = "Europe/London"
REGISTRY = Registry.load()
STANDARD = load("it-partner", REGISTRY.checks)

_AGES_DAYS = (1, 14, 15, 21, 28, 30, 42, 45, 90, 91, 900)  # on both sides of every shelf life's ends

Pick = Callable[[str, Device], Status]


def device(name: str, role: Role = Role.LAPTOP, platform: Platform | None = Platform.LINUX, *, seen: bool = True) -> Device:
    failure = None if seen else Failure(FailureKind.UNREACHABLE, f"{name} does not answer", "Switch it on.")
    return Device(
        name=name,
        address=f"{name}.example.com",
        site="Depot",
        role=role,
        role_from="inventory",
        managed=True,
        expected_because="inventory",
        platform=platform,
        os=System("Debian GNU/Linux 12 (bookworm)", "12", "6.1.0-42-amd64"),
        seen=seen,
        identity=Identity.PROVEN if seen else Identity.NOT_CONTACTED,
        failure=failure,
        last_seen_at=NOW if seen else None,
        first_seen_at=NOW if seen else None,
        expected_since=NOW,
    )


def finding(check: str, owner: Device, status: Status, standard: Standard = STANDARD) -> Finding:
    reason = "It was not seen" if status in (Status.UNKNOWN, Status.NOT_APPLICABLE) else None
    return Finding(
        check=check,
        endpoint=owner.name,
        verdict=Verdict(status, "measured", "expected", MappingProxyType({}), reason),
        severity=standard.severity(check, owner.role, owner.platform),
        observed_at=NOW if owner.seen else None,
        effective=standard.values[status],
    )


def findings(devices: Sequence[Device], pick: Pick, standard: Standard = STANDARD) -> list[Finding]:
    """One for each check of the standard on each device; an unseen device is unknown in all."""
    return [
        finding(check, owner, pick(check, owner) if owner.seen else Status.UNKNOWN, standard)
        for owner in devices
        for check in standard.checks_for(owner.role)
    ]


def grade(found: Sequence[Finding], devices: Sequence[Device], *, client_since: datetime | None = None) -> Scorecard:
    settled = settle(found, STANDARD, NOW, ZONE)
    return score(settled, devices, STANDARD, as_of=NOW, client_since=client_since, time_zone=ZONE)


def passing(_check: str, _owner: Device) -> Status:
    return Status.PASS


def except_for(faults: Mapping[tuple[str, str], Status]) -> Pick:
    """All pass but (endpoint, check) as given."""
    return lambda check, owner: faults.get((owner.name, check), Status.PASS)


def turned(found: Sequence[Finding], index: int, status: Status) -> list[Finding]:
    """The same findings with one status changed."""
    changed = list(found)
    old = found[index]
    verdict = replace(old.verdict, status=status, reason="changed" if status is Status.UNKNOWN else old.verdict.reason)
    changed[index] = replace(old, verdict=verdict, effective=STANDARD.values[status])
    return changed


def random_fleet(seed: int, most: int = 12) -> tuple[list[Device], list[Finding]]:
    """Roles, platforms and statuses at random, some endpoints unseen."""
    chance = random.Random(seed)
    devices = [
        device(
            f"m{number:03}",
            chance.choice(list(Role)),
            chance.choice([*Platform, None]),
            seen=chance.random() > 0.15,
        )
        for number in range(chance.randint(1, most))
    ]
    weights = [chance.random() ** 2 + 0.01 for _ in Status]
    statuses = list(Status)
    return devices, findings(devices, lambda _check, _owner: chance.choices(statuses, weights)[0])


def storied_fleet(seed: int, most: int = 12) -> tuple[list[Device], list[Finding]]:
    """A random fleet with all that may have befallen it: older answers, exceptions, machines that somebody else manages."""
    chance = random.Random(seed)
    devices, found = random_fleet(seed, most)
    devices = [
        replace(
            one,
            managed=chance.random() > 0.1,
            expected_since=NOW - timedelta(days=chance.choice([0, 5, 13, 14, 40, 400])),
        )
        for one in devices
    ]
    forgetful, indulgent = chance.random(), chance.random() * 0.5
    return devices, [_storied(entry, chance, forgetful, indulgent) for entry in found]


def _storied(entry: Finding, chance: random.Random, forgetful: float, indulgent: float) -> Finding:
    if entry.status is Status.UNKNOWN and chance.random() > forgetful:
        answers = [status for status in Status if status is not Status.UNKNOWN]
        entry = replace(
            entry, last=last(chance.choice(answers), chance.choice([1, 14, 15, 21, 28, 30, 42, 45, 90, 91, 900]))
        )
    if chance.random() > indulgent:
        return entry
    if entry.status is Status.UNKNOWN:
        return replace(entry, exception=Mark("told", ExceptionKind.STATED))
    if entry.status in OPEN and chance.random() > 0.3:
        mark = Mark("agreed", ExceptionKind.WAIVED, covered=chance.random() > 0.5)
        return replace(entry, exception=mark)
    return replace(entry, exception=Mark("refused", ExceptionKind.DECLINED)) if entry.status in OPEN else entry


def last(status: Status, days_ago: int) -> Last:
    moment = NOW - timedelta(days=days_ago)
    return Last(status, moment, moment)


def unseen(entry: Finding, days_ago: int | None = None) -> Finding:
    """The finding once nobody answers any more; its answer was given so many days ago, never where none are named."""
    verdict = Verdict(Status.UNKNOWN, "Not known", reason="It was not seen")
    before = entry.last
    if days_ago is not None and entry.status is not Status.UNKNOWN:
        before = last(entry.status, days_ago)
    mark = entry.exception if entry.status is Status.UNKNOWN else None
    return replace(entry, verdict=verdict, effective=None, last=before, exception=mark)
