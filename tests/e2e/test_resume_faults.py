"""What may happen to an audit between its beginning and its reports: a full disk, a server that is restarted, a kill while
reports are written, a window that is left, another standard."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.commands import command, scorecard, started
from tests.e2e.kills import committed, fleet, kill_somewhere
from tests.e2e.recordings import inventory, refusing, replayed
from tests.rig.postgres import Postgres


def history(home: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(scorecard("history", "--json", home=home).stdout)
    return found


def test_an_audit_that_ended_without_reports_gets_them_and_asks_nobody(tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "out"
    file = inventory(tmp_path / "inventory.yaml", "Acme", [replayed(tmp_path / "machines", "web1")])
    out.mkdir()
    (out / "audit.json").mkdir()  # a folder stands where the file must go
    assert scorecard("audit", file, "--out", out, "--format", "json", home=home).returncode == 1
    (out / "audit.json").rmdir()
    before = committed(home)
    done = scorecard("audit", file, "--out", out, "--format", "json", "--resume", home=home)
    assert done.returncode == 0, done.stderr
    assert "Acme: was audited before the run was broken off, so only its reports are written" in done.stderr
    assert committed(home) == before
    (entry,) = history(home)
    assert json.loads((out / "audit.json").read_text(encoding="utf-8"))["id"] == entry["id"]
    again = scorecard("audit", file, "--out", out, "--format", "json", "--resume", home=home)
    assert "nothing was broken off, so everyone is asked" in again.stderr
    assert len(history(home)) == 2


def test_with_another_standard_everyone_is_asked_again(tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "out"
    file = fleet(tmp_path, 40)
    assert kill_somewhere(started("audit", file, "--out", out, "--concurrency", "2", home=home), home, 5, random.Random(2))
    standard = tmp_path / "mine.yaml"
    shipped = scorecard("standards", "show", "it-partner", home=home).stdout
    standard.write_text(shipped.replace('version: "', 'version: "mine-'), encoding="utf-8")
    words: list[str | Path] = ["audit", file, "--out", out, "--format", "json", "--standard", standard, "--resume"]
    done = scorecard(*words, home=home)
    assert done.returncode == 0, done.stderr
    assert "Acme: the standard, the checks or this tool are not what they were when the audit was begun" in done.stderr
    document = json.loads((out / "audit.json").read_text(encoding="utf-8"))
    assert all(entry["seen"] for entry in document["endpoints"])
    entries = history(home)
    assert [entry["finished_at"] is None for entry in entries] == [True, False]
    assert "(not ended)" in scorecard("history", home=home).stdout
    assert "nothing was broken off" in scorecard(*words, home=home).stderr


def whole(file: Path) -> bool:
    if file.suffix == ".json":
        return bool(json.loads(file.read_text(encoding="utf-8"))["findings"])
    if file.suffix == ".xlsx":
        with zipfile.ZipFile(file) as archive:
            return archive.testzip() is None
    return file.read_text(encoding="utf-8").rstrip().endswith("</html>")


def test_reports_are_whole_or_not_there_whenever_the_program_is_killed(tmp_path: Path) -> None:
    home, out, dice = tmp_path / "home", tmp_path / "out", random.Random(4)
    assert scorecard("audit", fleet(tmp_path, 30), "--json", home=home).returncode == 0
    begun = time.monotonic()
    assert scorecard("report", "--out", tmp_path / "first", home=home).returncode == 0
    took_s = time.monotonic() - begun
    left: set[Path] = set()
    for _ in range(5):
        process = started("report", "--out", out, home=home)
        time.sleep(took_s * dice.uniform(0.3, 1.0))
        process.kill()
        process.wait()
        for file in out.glob("*"):
            if file.name.startswith("."):
                left.add(file)
                assert file.stat().st_mode & 0o777 == 0o600
            else:
                assert whole(file), file
    for file in left:
        os.utime(file, (0, 0))
    assert scorecard("report", "--out", out, home=home).returncode == 0
    assert sorted(file.suffix for file in out.iterdir()) == [".html", ".json", ".xlsx"]  # and nothing is left lying about
    assert all(map(whole, out.iterdir()))


def test_a_disk_that_is_full_costs_nothing_that_was_committed(tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "out"
    file = fleet(tmp_path, 60)
    words: list[str | Path] = ["audit", file, "--out", out, "--concurrency", "2"]
    done = subprocess.run(
        command(*words),
        capture_output=True,
        text=True,
        check=False,
        # No bytecode: cut short by the limit it would spoil every process that finds it.
        env={**os.environ, "SCORECARD_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000)),
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "Acme: what was committed is kept; put that right and go on with --resume" in done.stderr
    before = committed(home)
    assert 0 < len(before) < 60
    again = scorecard(*words, "--resume", home=home)
    assert again.returncode == 0, again.stderr
    after = committed(home)
    assert before.items() <= after.items()
    assert len(after) == 60
    with closing(sqlite3.connect(home / "history.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_ctrl_c_ends_the_waiting_of_a_window_at_once_and_resume_goes_on_with_it(tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "out"
    with socket.create_server(("127.0.0.1", 0)) as taken:  # nobody listens there once it is closed
        port = taken.getsockname()[1]
    endpoints = [replayed(tmp_path / "machines", "web1"), refusing("away", port=port)]
    file = inventory(tmp_path / "inventory.yaml", "Acme", endpoints)
    words: list[str | Path] = ["audit", file, "--out", out, "--format", "json", "--window", "1h"]  # tries are minutes apart
    process = started(*words, home=home)
    until = time.monotonic() + 120
    while len(committed(home)) < 2:
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 130
    document = json.loads((out / "audit.json").read_text(encoding="utf-8"))
    assert document["interrupted"]
    assert [entry["interrupted"] for entry in history(home)] == [True]
    assert "(stopped early)" in scorecard("history", home=home).stdout
    done = scorecard(*words, "--resume", "--max-time", "3s", home=home)
    assert done.returncode == 3, done.stderr
    assert "Acme: going on with the audit of" in done.stderr
    assert "2 of 2 endpoints had been asked" in done.stderr
    assert [entry["id"] for entry in history(home)] == [document["id"]]


@pytest.fixture
def server() -> Iterator[Postgres]:
    with Postgres() as running:
        yield running


def test_a_database_server_that_is_restarted_in_the_middle_costs_nothing(tmp_path: Path, server: Postgres) -> None:
    home, out, url = tmp_path / "home", tmp_path / "out", server.url()
    file = fleet(tmp_path, 120)
    restarted = threading.Event()

    def restart() -> None:
        server.stop()
        time.sleep(0.5)
        server.start()
        restarted.set()

    words = ["audit", str(file), "--out", str(out), "--concurrency", "2", "--format", "json"]
    process = started(*words, "--store", url, "--processes", "1", home=home, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = ""
    late = threading.Thread(target=restart)
    for line in process.stderr:
        said += line.decode()
        if b"[10/120]" in line:
            late.start()
    process.communicate()
    late.join()
    assert restarted.is_set()
    assert process.returncode == 0, said
    document = json.loads((out / "audit.json").read_text(encoding="utf-8"))
    assert all(entry["seen"] for entry in document["endpoints"])
    assert len(document["endpoints"]) == 120
    assert "it is tried again for 5 minutes" in said
