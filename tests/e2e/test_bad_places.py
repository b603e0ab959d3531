"""Stores and disks that are damaged, locked, full or not there: nothing is lost, nothing is left half written."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.clear import refused
from tests.e2e.commands import scorecard
from tests.e2e.recordings import inventory, replayed
from tests.rig.required import cannot_run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return inventory(tmp_path / "good.yaml", "Acme", [replayed(tmp_path / "machines", "web1")])


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "expected a URL such as sqlite:////path/history.db"),
        ("redis://localhost/1", "expected a URL such as"),
        ("postgresql://me:swordfish@localhost:port/db", "expected a URL such as"),
        ("sqlite:////dev/null/history.db", "cannot be opened"),
        ("sqlite:////proc/none/history.db", "cannot be opened"),
    ],
)
def test_a_store_that_is_none_is_told_before_contact(url: str, words: str, good: Path, tmp_path: Path, home: Path) -> None:
    done = scorecard("audit", good, "--store", url, "--out", tmp_path / "out", home=home)
    refused(done, "scorecard: store ", words)
    assert "swordfish" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_damaged_store_is_told_and_left_as_it_is(good: Path, tmp_path: Path, home: Path) -> None:
    home.mkdir()
    damaged = home / "history.db"
    damaged.write_bytes(b"not a database at all, but somebody may want it back" * 100)
    before = damaged.read_bytes()
    for command in (["audit", good, "--out", tmp_path / "out"], ["history"], ["report"]):
        refused(scorecard(*command, home=home), "file is not a database", "--store")
    assert damaged.read_bytes() == before
    assert not (tmp_path / "out").exists()


def test_what_is_damaged_inside_a_store_is_one_line(good: Path, tmp_path: Path, home: Path) -> None:
    assert scorecard("audit", good, "--json", home=home).returncode == 0
    with sqlite3.connect(home / "history.db") as database:
        database.execute("update audits set document = x'00ff00ff'")
        database.execute("update observations set text = x'00ff00ff'")
    database.close()
    refused(scorecard("report", home=home), "the store is damaged", code=1)


def test_a_locked_store_is_told_before_contact(good: Path, tmp_path: Path, home: Path) -> None:
    assert scorecard("audit", good, "--json", home=home).returncode == 0
    database = sqlite3.connect(home / "history.db", isolation_level=None)
    database.execute("begin exclusive")
    try:
        done = scorecard("audit", good, "--out", tmp_path / "out", home=home)
    finally:
        database.execute("rollback")
        database.close()
    assert (done.returncode, done.stdout) == (2, "")
    assert re.search(r"(?m)^scorecard: store .*: database is locked; .* try again", done.stderr), done.stderr
    assert not (tmp_path / "out").exists()
    assert len(json.loads(scorecard("history", "--json", home=home).stdout)) == 1


def test_a_folder_that_cannot_be_written_to_is_told_before_contact(good: Path, tmp_path: Path, home: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    for out in (file / "inside", Path("/proc/none"), Path("/dev/null/x")):
        refused(scorecard("audit", good, "--out", out, home=home), f"scorecard: {out}: cannot be ")
    taken = scorecard("audit", good, "--out", file, home=home)
    assert taken.returncode == 2
    assert "is a file" in taken.stderr
    assert file.read_text(encoding="utf-8") == "mine"
    assert not home.exists()


def test_reports_that_cannot_be_written_cost_one_client_and_no_audit(tmp_path: Path, home: Path) -> None:
    """A folder stands where a file must go. The older files stay, the other client's come, the store has both."""
    machine = replayed(tmp_path / "machines", "web1")
    file, out = tmp_path / "inventory.yaml", tmp_path / "out"
    file.write_text(json.dumps({"clients": [{"client": name, "endpoints": [machine]} for name in ("A", "B")]}))
    (out / "a" / "audit.json").mkdir(parents=True)
    (out / "a" / "older.html").write_text("older", encoding="utf-8")
    done = scorecard("audit", file, "--out", out, "--format", "json", home=home)
    assert done.returncode == 1
    assert "audit.json: cannot be written: Is a directory" in done.stderr
    kept = re.search(r"the audit of A is kept in the store; `scorecard report ([0-9a-f]{8})`", done.stderr)
    assert kept
    assert sorted(path.name for path in (out / "a").iterdir()) == ["audit.json", "older.html"]
    assert json.loads((out / "b" / "audit.json").read_text(encoding="utf-8"))["client"] == "B"
    again = scorecard("report", kept[1], "--json", home=home)
    assert json.loads(again.stdout)["client"] == "A"


_SMALL_DISK = """
mount -t tmpfs -o size=$1 tmpfs "$2"
shift 2
"$@"
code=$?
find "$OUT" -type f -printf '%f %s %m\\n' >"$LISTING"
exit $code
"""


def on_small_disk(
    size: str, place: Path, *arguments: str | Path, home: Path
) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run the command line with a small disk at `place`, and list what is on it at the end: name, size, mode."""
    if os.geteuid() != 0 or sys.platform != "linux":
        cannot_run("a small disk needs root on Linux to be mounted")
    place.mkdir(exist_ok=True)
    listing = place.parent / "listing"
    command = [sys.executable, "-P", "-m", "scorecard", *map(str, arguments)]
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-uc", _SMALL_DISK, "sh", size, str(place), *command],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "SCORECARD_HOME": str(home), "NO_COLOR": "1", "OUT": str(place), "LISTING": str(listing)},
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert listing.exists(), done.stderr
    return done, listing.read_text(encoding="utf-8")


@pytest.mark.rig
@pytest.mark.parametrize("form", ["json", "html", "xlsx", "csv"])
def test_a_full_disk_leaves_nothing_half_written(form: str, good: Path, tmp_path: Path, home: Path) -> None:
    done, listing = on_small_disk(
        "4k", tmp_path / "out", "audit", good, "--out", tmp_path / "out", "--format", form, home=home
    )
    assert done.returncode == 1, done.stderr
    assert "cannot be written: No space left on device" in done.stderr
    assert "the audit of Acme is kept in the store" in done.stderr
    assert not [line for line in done.stderr.splitlines() if not line.startswith(("scorecard: ", "Acme: ", "[1/1] "))]
    assert listing == ""
    assert "Acme: grade A" in done.stdout
    assert len(json.loads(scorecard("history", "--json", home=home).stdout)) == 1


@pytest.mark.rig
def test_a_full_disk_under_the_store_is_one_line(good: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    done, _ = on_small_disk("180k", home, "audit", good, "--json", home=home)
    assert done.returncode in (1, 2), done.stderr
    assert done.stdout == ""
    assert "scorecard: store " in done.stderr
    assert "make room and try again" in done.stderr or "see whether the disk is full" in done.stderr


def test_output_that_nobody_takes_is_no_crash(good: Path, home: Path) -> None:
    assert scorecard("audit", good, "--json", home=home).returncode == 0
    command = [sys.executable, "-P", "-m", "scorecard", "report", "--json", "--evidence"]
    environment = {**os.environ, "SCORECARD_HOME": str(home)}
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (1, "scorecard: the output cannot be written: No space left on device\n")
    piped = ["bash", "-c", '"$@" | true; exit "${PIPESTATUS[0]}"', "bash", *command]
    done = subprocess.run(piped, capture_output=True, text=True, env=environment, check=False)
    assert done.stderr == ""
    assert done.returncode == 1
    plain = subprocess.run(command, capture_output=True, env={**environment, "PYTHONIOENCODING": "ascii"}, check=False)
    assert plain.returncode == 0, plain.stderr
    assert json.loads(plain.stdout)["client"] == "Acme"
