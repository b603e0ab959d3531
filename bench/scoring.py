"""Grades of made-up fleets, each in its own process: `python -m bench.scoring COUNT CHECKS` prints the cost as JSON."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from bench.figures import Figure
from bench.process import Numbers, cpu_ms, numbers_of, peak_mib
from scorecard.history.bridge import bridge
from scorecard.model import Finding, Status
from scorecard.result import Audit, Scorecard
from scorecard.score import score, settle
from scorecard.standard import Standard, standard_of
from tests.unit.plan_fleet import made_up

CHECKS = 40
_AIMED_AT = 10_000
_MOST_S, _MOST_MIB = 2, 500
_DAYS = 30
_CHANGED = 0.05  # of the answers, from one audit to the next
_SAME_SCORE = 1e-6


def measure(counts: Iterable[int]) -> list[Figure]:
    """From the smallest fleet to the largest. Raises where a bridge does not add up."""
    found: list[Figure] = []
    before: tuple[int, Numbers] | None = None
    for count in sorted(counts):
        cost = numbers_of("bench.scoring", count, CHECKS)
        what = f"{count:,} endpoints, {CHECKS} checks each"
        aimed = count == _AIMED_AT
        graded = f"{cost['score_s']:.2f} s, {cost['score_mib']:.0f} MiB"
        found.append(
            Figure(f"{what}: settled and graded", graded, f"at most {_MOST_S} s, {_MOST_MIB} MiB" if aimed else "")
        )
        found.append(
            Figure("the same: bridge from the audit before", f"{cost['bridge_s']:.2f} s, {cost['bridge_mib']:.0f} MiB")
        )
        if before is not None:
            fewer, less = before
            grown = [cost[key] / less[key] for key in ("score_s", "bridge_s")]
            said = f"{grown[0]:.1f} x, {grown[1]:.1f} x"
            found.append(
                Figure(
                    f"the same: grade and bridge beside those of {fewer:,} endpoints",
                    said,
                    f"at most {count / fewer:.3g} x",
                )
            )
        before = (count, cost)
    return found


def _cost(count: int, checks: int) -> Numbers:
    newer = made_up(count, checks)
    older = _earlier(newer)
    standard = standard_of(newer)
    measured = [_as_judged(finding, standard) for finding in newer.findings]
    started = cpu_ms()
    card = _graded(measured, newer)[1]
    score_ms, score_mib = cpu_ms() - started, peak_mib()
    if card != newer.scorecard:
        raise RuntimeError("the grade is not the same again")
    del measured
    started = cpu_ms()
    moved = bridge(older, newer)
    bridge_ms = cpu_ms() - started
    if moved.missing or moved.before is None or moved.after is None:
        raise RuntimeError(f"there is no bridge: {moved.missing}")
    if abs(sum(part.points for part in moved.parts) - (moved.after - moved.before)) > _SAME_SCORE:
        raise RuntimeError("the parts of the bridge do not add up")
    return {
        "score_s": score_ms / 1000,
        "score_mib": score_mib,
        "bridge_s": bridge_ms / 1000,
        "bridge_mib": peak_mib(),
    }


def _as_judged(finding: Finding, standard: Standard) -> Finding:
    """As it comes out of the rules, before it is settled."""
    return replace(finding, effective=standard.values[finding.status], carried_from=None)


def _graded(findings: Iterable[Finding], audit: Audit) -> tuple[tuple[Finding, ...], Scorecard]:
    standard = standard_of(audit)
    settled = settle(tuple(findings), standard, audit.as_of, audit.time_zone)
    return settled, score(settled, audit.devices, standard, as_of=audit.as_of, client_since=None)


def _earlier(audit: Audit) -> Audit:
    """The audit before: a hundredth of the machines had not joined yet, and some answers were otherwise."""
    chance = random.Random(2)
    devices = audit.devices[max(1, len(audit.devices) // 100) :]
    names = {device.name for device in devices}
    found = (_before(finding, chance) for finding in audit.findings if finding.endpoint in names)
    moment = audit.as_of - timedelta(days=_DAYS)
    before = replace(audit, id="before", as_of=moment, started_at=moment, finished_at=moment, devices=devices)
    findings, card = _graded(found, before)
    return replace(before, findings=findings, scorecard=card)


def _before(finding: Finding, chance: random.Random) -> Finding:
    if chance.random() > _CHANGED:
        return finding
    status = chance.choice([status for status in Status if status is not finding.status])
    return replace(finding, verdict=replace(finding.verdict, status=status, reason="another answer"))


if __name__ == "__main__":
    print(json.dumps(_cost(int(sys.argv[1]), int(sys.argv[2]))))
