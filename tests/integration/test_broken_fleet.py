"""A fleet of 200 on a bad day: everything ends, each bad machine is named by its kind, each good one seen, none twice."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from scorecard.errors import FailureKind
from tests.rig import measured
from tests.rig.broken_fleet import BrokenFleet
from tests.rig.recorded import need_programs, own_reply

WORDS = {
    # What is left of the deadline once the name is resolved: on a busy machine a little less than all of it.
    FailureKind.UNREACHABLE: r"did not answer within (10|9\.\d|9) seconds",
    FailureKind.DEADLINE: "was not done within 10 seconds; the time ran out while it answered",
}


def test_a_broken_fleet_ends_and_everybody_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At the deadline of 10 s that the figure is measured with (`make bench`), fewer at a time: machines may be busy."""
    need_programs()
    command = [sys.executable, "-P", "-m", "scorecard", "audit"]
    with BrokenFleet(tmp_path, 200, own_reply()) as fleet:
        options = ["--json", "--concurrency", "50", "--deadline", "10"]
        done = measured.run([*command, fleet.inventory(), *options], environment={"SCORECARD_HOME": str(tmp_path / "home")})
        asked = Counter(fleet.asked())
    spent = f"{done.wall_s:.1f} s, {done.cpu_s:.1f} s of CPU, {done.peak_mib:.0f} MiB"
    with capsys.disabled():
        print(f"\na broken fleet of 200, 50 at a time: {spent}")
    assert done.code == 3, done.stderr
    document = json.loads(done.stdout)
    endpoints = {entry["name"]: entry for entry in document["endpoints"]}
    assert len(document["endpoints"]) == len(endpoints) == 200
    expected = {machine.name: machine.kind for machine in fleet.machines}
    assert {name: (entry["failure"] or {"kind": None})["kind"] for name, entry in endpoints.items()} == expected
    assert Counter(expected.values()) == {None: 186, FailureKind.UNREACHABLE: 10, FailureKind.DEADLINE: 4}
    for machine in fleet.machines:
        entry = endpoints[machine.name]
        assert entry["seen"] is (machine.kind is None)
        if machine.kind:
            assert re.search(WORDS[machine.kind], entry["failure"]["message"])
            assert machine.address in entry["failure"]["message"]
            assert entry["failure"]["next_step"]
    assert asked == Counter(machine.address for machine in fleet.machines if machine.kind is None)
    lines = [line.partition("] ")[2].partition(":")[0] for line in done.stderr.splitlines() if line.startswith("[")]
    assert Counter(lines) == Counter(list(expected))
    found = Counter((finding["endpoint"], finding["check"]) for finding in document["findings"])
    assert set(found.values()) == {1}
    judged = {finding["endpoint"] for finding in document["findings"] if finding["status"] != "unknown"}
    assert judged <= {name for name, kind in expected.items() if kind is None}
