"""An audit that was broken off goes on where it was: nothing committed is lost, nobody is asked or counted twice."""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.commands import scorecard, started
from tests.e2e.kills import fleet, kill_somewhere, killed_again_and_again
from tests.e2e.recordings import inventory, refusing, replayed

MACHINES = 200
KILLS = 10


def test_an_audit_that_is_killed_again_and_again_ends_with_one_result_each(tmp_path: Path) -> None:
    survived = killed_again_and_again(tmp_path, MACHINES, KILLS, random.Random(20261122))
    assert survived.kills == KILLS
    assert not survived.lost
    assert not survived.changed  # nobody was asked again
    assert not survived.torn
    assert "going on with the audit of" in survived.said
    names = sorted(f"m{number}" for number in range(MACHINES))
    assert sorted(survived.results) == names
    assert sorted(entry["name"] for entry in survived.document["endpoints"]) == names
    assert all(entry["seen"] for entry in survived.document["endpoints"])
    (entry,) = json.loads(scorecard("history", "--json", home=tmp_path / "home").stdout)
    assert entry["id"] == survived.document["id"]
    assert not survived.document["interrupted"]


def test_the_same_grade_as_without_a_break(tmp_path: Path) -> None:
    home = tmp_path / "broken"
    file = fleet(tmp_path, 60)
    process = started("audit", file, "--out", tmp_path / "out", "--concurrency", "2", home=home)
    assert kill_somewhere(process, home, 10, random.Random(1))
    grades = []
    for place, extra in ((home, ["--resume"]), (tmp_path / "whole", [])):
        done = scorecard("audit", file, "--json", *extra, home=place)
        assert done.returncode == 0, done.stderr
        document = json.loads(done.stdout)
        grades.append((document["scorecard"]["score"], document["scorecard"]["letter"], len(document["findings"])))
    assert grades[0] == grades[1]


def test_what_was_ended_is_not_done_again(tmp_path: Path) -> None:
    home = tmp_path / "home"
    clients = [{"client": name, "endpoints": [replayed(tmp_path / name, "web1")]} for name in ("A", "B")]
    file = tmp_path / "both.yaml"
    file.write_text(json.dumps({"clients": clients}), encoding="utf-8")
    assert scorecard("audit", file, "--out", tmp_path / "out", home=home).returncode == 0
    with closing(sqlite3.connect(home / "history.db")) as database, database:
        database.execute("UPDATE audits SET finished_at = NULL, document = NULL WHERE client = 'B'")
        database.execute("DELETE FROM results WHERE audit_id IN (SELECT id FROM audits WHERE client = 'B')")
    shutil.rmtree(tmp_path / "out")
    done = scorecard("audit", file, "--out", tmp_path / "out", "--resume", home=home)
    assert done.returncode == 0, done.stderr
    assert "A: was audited before the run was broken off" in done.stderr
    assert "B: going on with the audit of" in done.stderr
    assert len(list((tmp_path / "out").glob("*/audit.json"))) == 2
    assert len(json.loads(scorecard("history", "--json", home=home).stdout)) == 2
    again = scorecard("audit", file, "--out", tmp_path / "out", "--resume", home=home)
    assert "nothing was broken off" in again.stderr
    assert len(json.loads(scorecard("history", "--json", home=home).stdout)) == 4


def test_answers_that_are_too_old_are_not_gone_on_with(tmp_path: Path) -> None:
    home = tmp_path / "home"
    file = inventory(tmp_path / "inventory.yaml", "Acme", [replayed(tmp_path / "machines", "web1")])
    assert scorecard("audit", file, "--out", tmp_path / "out", home=home).returncode == 0
    with closing(sqlite3.connect(home / "history.db")) as database, database:
        database.execute("UPDATE audits SET finished_at = NULL, document = NULL, started_at = '2026-01-02 03:04:05'")
    done = scorecard("audit", file, "--out", tmp_path / "out", "--resume", home=home)
    assert done.returncode == 0
    assert "what was begun on 2026-01-02 is too old to go on with" in done.stderr
    assert len(json.loads(scorecard("history", "--json", home=home).stdout)) == 2


def test_the_second_audit_of_a_client_stops_before_anybody_is_asked(tmp_path: Path) -> None:
    home = tmp_path / "home"
    file = inventory(tmp_path / "inventory.yaml", "Acme", [replayed(tmp_path / "machines", "web1"), refusing("x")])
    assert scorecard("audit", file, "--out", tmp_path / "out", home=home).returncode == 3
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, f"sqlite:///{home / 'history.db'}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "SCORECARD_HOME": str(home)},
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    done = scorecard("audit", file, "--out", tmp_path / "out", home=home)
    assert done.returncode == 2
    assert "Acme: another audit is running" in done.stderr
    assert len(json.loads(scorecard("history", "--json", home=home).stdout)) == 1
    holder.kill()  # however it ends, the way is free
    holder.communicate()
    assert scorecard("audit", file, "--out", tmp_path / "out", home=home).returncode == 3


_HOLD = """
import sys
from scorecard.store import Store
with Store.open(sys.argv[1]).auditing(["acme"]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_time_of_a_run_is_used_up_and_the_rest_is_counted(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes connections and never says a word
        hanging = refusing("hang", port=mute.getsockname()[1])
        clients = [
            {"client": "A", "endpoints": [replayed(tmp_path / "machines", "web1"), hanging]},
            {"client": "B", "endpoints": [replayed(tmp_path / "machines", "web2")]},
        ]
        file = tmp_path / "both.yaml"
        file.write_text(json.dumps({"clients": clients}), encoding="utf-8")
        done = scorecard("audit", file, "--out", tmp_path / "out", "--deadline", "3600", "--max-time", "6s", home=home)
    assert done.returncode == 3, done.stderr
    assert "the 6 seconds of this run are used up" in done.stderr
    seen = {}
    for document in (tmp_path / "out").glob("*/audit.json"):
        for entry in json.loads(document.read_text(encoding="utf-8"))["endpoints"]:
            seen[entry["name"]] = entry["failure"]["kind"] if entry["failure"] else "seen"
    assert seen["hang"] == seen["web2"] == "deadline"
    again = scorecard("audit", file, "--out", tmp_path / "out", "--deadline", "2", "--resume", home=home)
    assert again.returncode == 3
    assert "A: going on with the audit of" in again.stderr
    assert "B: going on with the audit of" in again.stderr
    assert "nothing to fix" in again.stderr  # web2, which had not been asked


@pytest.mark.parametrize("wrong", ["7", "0s", "-1h", "1w", "61d", "7 d", "1e3s"])
def test_a_time_span_that_is_none_is_one_line(wrong: str, tmp_path: Path) -> None:
    done = scorecard("audit", "--local", "--window", wrong, home=tmp_path)
    assert done.returncode == 2
    assert "is not a time span; expected such as 20s, 90m, 12h or 7d" in done.stderr
