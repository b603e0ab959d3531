"""An audit of a fleet on a bad day, by the command line as a user runs it: how long until everybody is named."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

from bench.figures import Figure
from bench.process import ROOT
from bench.recording import MARKER
from tests.rig import measured
from tests.rig.broken_fleet import BrokenFleet

_DELAY_S = 0.03
_LIMIT_S = 240.0


def measure(folder: Path, reply: bytes, count: int, deadline_s: float) -> list[Figure]:
    """All are asked at the same time; `reply` is what a good one answers."""
    command = [sys.executable, "-P", "-m", "scorecard", "audit"]
    options = ["--json", "--concurrency", str(count), "--deadline", f"{deadline_s:g}"]
    with BrokenFleet(folder, count, reply, MARKER, _DELAY_S) as fleet:
        home = {"SCORECARD_HOME": str(folder / "home")}
        done = measured.run([*command, fleet.inventory(), *options], environment=home, cwd=ROOT, limit_s=_LIMIT_S)
        machines = fleet.machines
    if done.code not in (0, 3):
        raise RuntimeError(f"the audit ended with code {done.code}: {done.stderr[-2000:]}")
    told = {entry["name"]: (entry["failure"] or {"kind": None})["kind"] for entry in json.loads(done.stdout)["endpoints"]}
    there = Counter(machine.kind for machine in machines)
    right = Counter(machine.kind for machine in machines if told[machine.name] == machine.kind)
    named = ", ".join(f"{right[kind]} of {there[kind]} {kind or 'seen'}" for kind in there)
    bad = len(machines) - there[None]
    what = f"{count} endpoints over SSH, {2000 * _DELAY_S:.0f} ms there and back, {bad} of them dead or hanging"
    return [
        Figure(
            f"{what}, deadline {deadline_s:g} s: the whole audit", f"{done.wall_s:.1f} s", f"at most {1.3 * deadline_s:g} s"
        ),
        Figure("the same: named as what they are", named, "all"),
        Figure("the same: CPU of the whole command, memory, peak", f"{done.cpu_s:.1f} s, {done.peak_mib:.0f} MiB"),
    ]
