"""Audits of a made-up client for tests of the outlook: a few machines with disks, support and ages, day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from scorecard.describing import described
from scorecard.disk_space import GB, Space, write
from scorecard.model import Finding, Json, Status, Verdict
from scorecard.outlook.snapshot import DISKS
from scorecard.result import Audit, Device, Scorecard
from tests.fleet import NOW, REGISTRY, STANDARD, ZONE, device, finding

_CARD = Scorecard(
    score=None,
    possible=None,
    coverage=1.0,
    letter=None,
    letter_before_caps=None,
    worst_case=None,
    provisional=False,
    not_graded=None,
    caps=(),
    promises=(),
    categories=(),
    endpoint_scores={},
)


def line(*disks: tuple[str, float, float]) -> str:
    """Disks as (mount, free GB, size GB)."""
    return write(Space(mount, round(size * GB), round(free * GB)) for mount, free, size in disks)


def machine(
    name: str, at: datetime = NOW, disks: str | None = None, *, seen: bool = True, last: datetime | None = None
) -> Device:
    facts: Mapping[str, Json] = MappingProxyType({DISKS: disks}) if seen else MappingProxyType({})
    return replace(device(name, seen=seen), facts=facts, last_seen_at=at if seen else last)


def told(check: str, owner: Device, status: Status, measured: str = "measured", **evidence: Any) -> Finding:
    reason = "nobody knows" if status is Status.UNKNOWN else None
    verdict = Verdict(status, measured, "expected", MappingProxyType(evidence), reason)
    return replace(finding(check, owner, status), verdict=verdict)


def supported(owner: Device, ends: str = "2027-06-30", name: str = "Debian 12 bookworm", kind: str = "standard") -> Finding:
    evidence = {
        "product": "debian",
        "release": "12",
        "ends": ends,
        "kind": kind,
        "source": "a table",
        "as_of": "2026-08-22",
    }
    return told("os-support.supported", owner, Status.PASS, f"{name}: supported until {ends}", **evidence)


def audit(
    at: datetime, machines: Sequence[Device], findings: Sequence[Finding] = (), *, id: str = "", time_zone: str = ZONE
) -> Audit:
    return Audit(
        id=id or f"{at:%Y%m%d-%H%M%S}",
        client="Example Ltd",
        time_zone=time_zone,
        as_of=at,
        started_at=at - timedelta(minutes=5),
        finished_at=at,
        tool_version="test",
        standard=MappingProxyType(STANDARD.document()),
        scorecard=_CARD,
        devices=tuple(machines),
        findings=tuple(findings),
        checks=described(REGISTRY, STANDARD),
    )


def monthly(frees: Sequence[float], size: float = 100.0, *, step_days: int = 30, end: datetime = NOW) -> list[Audit]:
    """One machine with one disk, an audit every so many days, the last one now."""
    times = [end - timedelta(days=step_days * back) for back in range(len(frees) - 1, -1, -1)]
    return [audit(at, [machine("srv-1", at, line(("/", free, size)))]) for at, free in zip(times, frees, strict=True)]
