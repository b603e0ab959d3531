"""An audit of hosts that misbehave in every way there is: each is named by its kind, and the audit ends in time."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.rig import measured
from tests.rig.faults_ssh import FAULTS, FaultHosts
from tests.rig.recorded import need_programs

pytestmark = pytest.mark.waits

MOST_MIB = 400


def test_every_fault_is_named_and_the_audit_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What hangs over there hangs on until the rig ends, so that the program has ended without waiting for it."""
    need_programs()
    command = [sys.executable, "-P", "-m", "scorecard", "audit"]
    with FaultHosts(tmp_path) as hosts:
        inventory = hosts.inventory(connect_timeout_s=2)
        done = measured.run(
            [*command, inventory, "--json", "--deadline", "10"],
            environment={"SCORECARD_HOME": str(tmp_path / "home")},
            limit_s=120,
        )
        addresses = {fault.name: hosts.address(fault.name) for fault in FAULTS}
    spent = f"{done.wall_s:.1f} s, {done.cpu_s:.1f} s of CPU, {done.peak_mib:.0f} MiB"
    with capsys.disabled():
        print(f"\nan audit of {len(FAULTS)} faults: {spent}")
    assert done.code == 3, done.stderr
    assert "Traceback" not in done.stderr
    document = json.loads(done.stdout)
    endpoints = {entry["name"]: entry for entry in document["endpoints"]}
    assert len(document["endpoints"]) == len(endpoints) == len(FAULTS)
    told = {name: (entry["failure"] or {"kind": None})["kind"] for name, entry in endpoints.items()}
    assert told == {fault.name: fault.kind for fault in FAULTS}
    assert {name for name, entry in endpoints.items() if entry["seen"]} == {fault.name for fault in FAULTS if fault.seen}
    for fault in FAULTS:
        failure = endpoints[fault.name]["failure"]
        if failure is not None:
            assert fault.words in failure["message"]
            assert addresses[fault.name] in failure["message"]
            assert failure["next_step"]
    judged = {finding["endpoint"] for finding in document["findings"] if finding["status"] != "unknown"}
    assert judged <= {fault.name for fault in FAULTS if fault.seen}
    assert done.peak_mib < MOST_MIB
