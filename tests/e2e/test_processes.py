"""An audit in several processes comes to the same as in one, and none of them outlives it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.commands import scorecard
from tests.e2e.recordings import inventory, raw_reply, refusing, replayed

PATIENCE_S = 240


def fleet(folder: Path, machines: int) -> Path:
    one = replayed(folder / "machines", "m0")
    odd = [refusing("off"), raw_reply(folder / "machines", "garbage", b"\x00\xff" * 500)]
    return inventory(folder / "inventory.yaml", "Acme", [*({**one, "name": f"m{n}"} for n in range(machines)), *odd])


def command(file: Path, out: Path) -> list[str]:
    words = ["audit", str(file), "--processes", "2", "--out", str(out)]
    return [sys.executable, "-P", "-m", "scorecard", *words]


def document(file: Path, home: Path, *more: str) -> dict[str, Any]:
    done = scorecard("audit", file, "--json", *more, home=home)
    assert done.returncode == 3, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def told(found: dict[str, Any]) -> dict[str, Any]:
    """What does not depend on the moment."""
    findings = sorted((f["endpoint"], f["check"], f["status"], f["measured"], f["reason"]) for f in found["findings"])
    failures = {e["name"]: e["failure"] and (e["failure"]["kind"], e["failure"]["message"]) for e in found["endpoints"]}
    return {"score": found["scorecard"]["score"], "findings": findings, "failures": failures}


def children(parent: int) -> set[int]:
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text(errors="replace").rpartition(")")[2].split()[1]) == parent:
                found.add(int(stat.parent.name))
        except (OSError, ValueError, IndexError):
            continue
    return found


def is_alive(pid: int) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return False


def test_two_processes_find_what_one_finds(tmp_path: Path) -> None:
    file = fleet(tmp_path, 30)
    one = document(file, tmp_path / "one", "--processes", "1")
    two = document(file, tmp_path / "two", "--processes", "2")
    assert told(one) == told(two)
    assert len(two["endpoints"]) == 32
    (entry,) = json.loads(scorecard("history", "--json", home=tmp_path / "two").stdout)
    assert entry["id"] == two["id"]


def test_a_check_module_of_ones_own_and_a_secret_reach_every_process(tmp_path: Path) -> None:
    """The recording says the secret; whichever process reads it must know it to hide it."""
    one = replayed(tmp_path / "machines", "m0", host={"hostname": "planted-hunter22-secret"})
    entries = [{**one, "name": f"m{n}", "credential": "c"} for n in range(8)]
    content = {
        "client": "Acme",
        "credentials": {"c": {"user": "audit", "password": "env:PLANTED"}},
        "endpoints": entries,
    }
    file = tmp_path / "inventory.yaml"
    file.write_text(json.dumps(content), encoding="utf-8")
    done = scorecard(
        *("audit", file, "--json", "--evidence", "--processes", "2"),
        home=tmp_path / "home",
        environment={"PLANTED": "planted-hunter22-secret"},
    )
    assert done.returncode == 0, done.stderr
    assert "hunter22" not in done.stdout + done.stderr
    assert "[redacted]" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_an_audit_that_is_stopped(tmp_path: Path, number: signal.Signals) -> None:
    home = tmp_path / "home"
    process = subprocess.Popen(
        command(fleet(tmp_path, 80), tmp_path / "out"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "SCORECARD_HOME": str(home)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stderr is not None
    line = b""
    while b"[5/" not in line:
        line = process.stderr.readline()
        assert line, "it ended before"
    asking = children(process.pid)
    assert len(asking) >= 2
    process.send_signal(number)
    process.communicate()
    assert process.wait(PATIENCE_S) == (-number if number is signal.SIGKILL else 130)
    until = time.monotonic() + 30
    while any(map(is_alive, asking)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(is_alive, asking))
    done = scorecard("audit", tmp_path / "inventory.yaml", "--out", tmp_path / "out", "--resume", home=home)
    assert "going on with the audit of" in done.stderr
    assert len(json.loads((tmp_path / "out" / "audit.json").read_text(encoding="utf-8"))["endpoints"]) == 82


def test_a_process_that_dies_costs_what_it_was_asking(tmp_path: Path) -> None:
    process = subprocess.Popen(
        command(fleet(tmp_path, 80), tmp_path / "out"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "SCORECARD_HOME": str(tmp_path / "home")},
    )
    assert process.stderr is not None
    line = b""
    while b"[5/" not in line:
        line = process.stderr.readline()
        assert line, "it ended before"
    victim = max(pid for pid in children(process.pid) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(victim, signal.SIGKILL)
    said = process.communicate()[1].decode()
    assert process.wait(PATIENCE_S) == 3, said
    assert "Traceback" not in said
    found = json.loads((tmp_path / "out" / "audit.json").read_text(encoding="utf-8"))
    kinds = [entry["failure"]["kind"] for entry in found["endpoints"] if entry["failure"]]
    assert len(found["endpoints"]) == 82
    assert 0 < kinds.count("internal") <= 50  # no more than were under way at a time
