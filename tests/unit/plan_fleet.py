"""Audits of made-up fleets of any size, for tests and figures of the plan."""

from __future__ import annotations

import json
import random
from itertools import cycle
from types import MappingProxyType
from typing import Any

from scorecard.describing import describe
from scorecard.model import Finding, Identity, Platform, Role, Status, Verdict
from scorecard.registry import Registry
from scorecard.result import Audit, Device, System
from scorecard.score import score, settle
from scorecard.standard import DEFAULT, Content, Standard, load
from tests.fleet import NOW


def made_up(count: int, checks: int, seed: int = 1, poor: float = 0.3) -> Audit:
    """An audit of laptops, workstations and servers under the usual standard, whose checks are repeated under other names.

    `poor`: the share of answers that are not in order; 4 of 100 machines are not seen.
    """
    chance = random.Random(seed)
    registry = Registry.load()
    standard, described = _widened(registry, checks, chance)
    devices = [_device(number, chance) for number in range(count)]
    bad = {check: poor * chance.random() for check in standard.content.checks}
    found = [
        _finding(check, device, _status(chance, bad[check]) if device.seen else Status.UNKNOWN, standard)
        for device in devices
        for check in standard.content.checks
    ]
    settled = settle(found, standard, NOW, "UTC")
    card = score(settled, devices, standard, as_of=NOW, client_since=None)
    return Audit(
        id="bench",
        client="Bench",
        time_zone="UTC",
        as_of=NOW,
        started_at=NOW,
        finished_at=NOW,
        tool_version="0",
        standard=MappingProxyType(standard.document()),
        scorecard=card,
        devices=tuple(devices),
        findings=settled,
        checks=MappingProxyType(described),
    )


def _widened(registry: Registry, count: int, chance: random.Random) -> tuple[Standard, dict[str, Any]]:
    """So many checks, and for each what a report prints of it, with an effort of its own."""
    usual = load(DEFAULT, registry.checks)
    raw: dict[str, Any] = json.loads(json.dumps(dict(usual.raw)))
    same = {check: check for check in raw["checks"]}
    for number, check in zip(range(count - len(same)), cycle(tuple(same)), strict=False):
        raw["checks"][f"{check}-{number}"] = raw["checks"][check]
        same[f"{check}-{number}"] = check
    described: dict[str, Any] = {}
    for check, like in same.items():
        effort = {"once_min": chance.choice([0, 15, 30, 60, 90]), "each_min": chance.choice([5, 10, 15, 20, 40, 120])}
        described[check] = {**describe(registry.checks[like], usual), "effort": effort}
    return Standard(Content.model_validate(raw), raw, True, "bench"), described


def _device(number: int, chance: random.Random) -> Device:
    return Device(
        name=f"m{number:05}",
        address=f"m{number:05}.example.com",
        site="",
        role=chance.choices(list(Role), [3, 5, 1])[0],
        role_from="inventory",
        managed=True,
        expected_because="inventory",
        platform=chance.choice(list(Platform)),
        os=System(),
        seen=chance.random() > 0.04,
        identity=Identity.PROVEN,
        failure=None,
    )


def _status(chance: random.Random, bad: float) -> Status:
    return chance.choices([Status.PASS, Status.FAIL, Status.WARN], [1 - bad, 0.7 * bad, 0.3 * bad])[0]


def _finding(check: str, device: Device, status: Status, standard: Standard) -> Finding:
    severity = standard.severity(check, device.role, device.platform)
    verdict = Verdict(status, "measured", reason=None if device.seen else "It was not seen")
    return Finding(check, device.name, verdict, severity, NOW if device.seen else None, None)
