"""Made-up fleets for tests of judging, grading and storing: devices and findings with a given status each."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

from scorecard.errors import FailureKind
from scorecard.model import Failure, Finding, Identity, Platform, Role, Status, Verdict
from scorecard.registry import Registry
from scorecard.result import Device, Scorecard, System
from scorecard.score import score
from scorecard.standard import Standard, load

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
REGISTRY = Registry.load()
STANDARD = load("it-partner", REGISTRY.checks)

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
        effective=standard.value(status),
    )


def findings(devices: Sequence[Device], pick: Pick, standard: Standard = STANDARD) -> list[Finding]:
    """One for each check of the standard on each device; an unseen device is unknown in all."""
    return [
        finding(check, owner, pick(check, owner) if owner.seen else Status.UNKNOWN, standard)
        for owner in devices
        for check in standard.checks_for(owner.role)
    ]


def grade(found: Sequence[Finding], devices: Sequence[Device], *, client_since: datetime | None = None) -> Scorecard:
    return score(found, devices, STANDARD, as_of=NOW, client_since=client_since)


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
    changed[index] = replace(old, verdict=verdict, effective=STANDARD.value(status))
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
