"""The computer's clock is set while an audit runs: limits are kept by another clock, and what is written makes sense."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.commands import scorecard
from tests.e2e.recordings import inventory, refusing, replayed
from tests.rig.clock import clock

DAYS = 3
ENDS_BY_ITSELF_S = 120


def test_the_clock_of_a_program_jumps(tmp_path: Path) -> None:
    """The rig itself: the calendar moves, and what measures time does not."""
    moved = clock(tmp_path)
    moved.jump(86_400 * DAYS)
    code = "import datetime, time; print(datetime.datetime.now(datetime.UTC).timestamp(), time.time(), time.monotonic())"
    environment = {**os.environ, **moved.environment}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    calendar, seconds, monotonic = map(float, done.stdout.split())
    ours = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert abs(calendar - float(ours[0]) - 86_400 * DAYS) < 3600
    assert abs(seconds - calendar) < 3600
    assert abs(monotonic - float(ours[2])) < 3600


@pytest.mark.parametrize("days", [DAYS, -DAYS])
def test_deadlines_hold_while_the_clock_jumps(tmp_path: Path, days: int) -> None:
    """With a deadline of 3 s: were it kept by the calendar, it would end at once, or in three days."""
    moved, home, out = clock(tmp_path), tmp_path / "home", tmp_path / "out"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        file = inventory(
            tmp_path / "inventory.yaml",
            "Acme",
            [replayed(tmp_path / "machines", "web1"), refusing("mute", port=port)],
            defaults={"connect_timeout_s": 60},
        )
        command = [
            sys.executable,
            "-P",
            "-m",
            "scorecard",
            "audit",
            file,
            "--out",
            out,
            "--deadline",
            "3",
            "--max-time",
            "1h",
        ]
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "SCORECARD_HOME": str(home), **moved.environment},
        )
        listener.settimeout(ENDS_BY_ITSELF_S)
        connection, _ = listener.accept()
        with connection:
            moved.jump(86_400 * days)
            _, stderr = process.communicate(timeout=ENDS_BY_ITSELF_S)
    assert process.returncode == 3, stderr
    assert "Traceback" not in stderr
    assert {path.suffix for path in out.iterdir()} == {".html", ".xlsx", ".json"}
    document = json.loads((out / "audit.json").read_text(encoding="utf-8"))
    endpoints = {entry["name"]: entry for entry in document["endpoints"]}
    assert {name: entry["seen"] for name, entry in endpoints.items()} == {"web1": True, "mute": False}
    assert endpoints["mute"]["failure"]["kind"] == "deadline"
    assert 2000 <= endpoints["mute"]["duration_ms"] < ENDS_BY_ITSELF_S * 1000
    started, finished = (datetime.fromisoformat(document[key]) for key in ("started_at", "finished_at"))
    told = datetime.now(UTC) + timedelta(days=max(days, 0))  # no audit ends before it began
    assert abs(finished - told) < timedelta(hours=1)
    assert finished >= started
    stored = scorecard("report", document["id"], "--json", home=home)
    assert json.loads(stored.stdout) == document
