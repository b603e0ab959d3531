"""`scorecard demo` as a user runs it, and every command that it prints."""

from __future__ import annotations

import csv
import shlex
import signal
import subprocess
import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from scorecard.cli.demo import commands
from tests.e2e.commands import scorecard, started

UNTIL = "2026-11-21"
NOTE = "Made up: no such client and none of these machines exists."


@dataclass(frozen=True)
class Demonstration:
    home: Path
    folder: Path
    done: subprocess.CompletedProcess[str]

    def commands(self) -> list[list[str]]:
        """The lines under "What to try next:", without the program's name."""
        lines = self.done.stdout.partition("What to try next:\n")[2].splitlines()
        words = [shlex.split(line) for line in lines]
        assert {line[0] for line in words} == {"scorecard"}
        return [line[1:] for line in words]


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    place = tmp_path_factory.mktemp("demo")
    home, folder = place / "home", place / "a folder"
    return Demonstration(home, folder, scorecard("demo", "--out", folder, "--until", UNTIL, home=home))


def test_it_builds_a_store_of_its_own_and_leaves_the_users_alone(demonstration: Demonstration) -> None:
    assert demonstration.done.returncode == 0, demonstration.done.stderr
    assert (demonstration.folder / "history.db").is_file()
    assert not (demonstration.home / "history.db").exists()


def test_each_printed_command_works_and_says_that_it_is_made_up(demonstration: Demonstration) -> None:
    lines = demonstration.commands()
    assert {line[0] for line in lines} >= {
        *("compare", "exceptions", "frameworks", "history", "outlook", "plan", "rejudge", "report", "verify"),
    }
    for line in lines:
        done = scorecard(*line, home=demonstration.home)
        assert done.returncode == 0, (line, done.stderr)
        assert "(made up)" in done.stdout or line[0] == "report", line
        if line[0] not in ("history", "report"):  # one has a row a client, the other names files
            assert NOTE in done.stdout, line
        if line[0] == "verify":
            assert "nothing differs" in done.stdout
    assert (demonstration.folder / "portfolio/index.html").is_file()
    assert {path.stem.rpartition("_")[2] for path in (demonstration.folder / "editions").iterdir()} == {
        "engineer",
        "prospect",
    }


def test_without_the_document_nothing_is_offered_to_verify() -> None:
    with_it, without = (
        [*commands(Path("d"), "sqlite:///d", date(2026, 11, 21), document=there)] for there in (True, False)
    )
    assert [line for line in with_it if line not in without] == ["scorecard verify d/audit.json"]


def test_every_file_says_that_it_is_made_up(demonstration: Demonstration) -> None:
    folder, home = demonstration.folder, demonstration.home
    store = f"sqlite:///{folder / 'history.db'}"
    again = folder / "again"
    written = scorecard("report", "--store", store, "--out", again, "--format", "csv,json", "--evidence", home=home)
    assert written.returncode == 0, written.stderr
    assert (again / "audit.json").read_bytes() == (folder / "audit.json").read_bytes()
    files = {path.suffix: path for place in (folder, again) for path in place.iterdir() if path.is_file()}
    page = files[".html"].read_text(encoding="utf-8")
    assert NOTE in page
    assert '<body class="made-up">' in page
    assert '"made_up": true' in files[".json"].read_text(encoding="utf-8")
    with files[".csv"].open(encoding="utf-8-sig", newline="") as file:
        assert {row["client"] for row in csv.DictReader(file)} == {"Larkspur & Moor (made up)"}
    with zipfile.ZipFile(files[".xlsx"]) as package:
        sheets = [name for name in package.namelist() if name.startswith("xl/worksheets/sheet")]
        assert len(sheets) > 5
        for name in sheets:
            assert "(made up) | " in package.read(name).decode(), name  # at the head of every printed sheet
        assert NOTE in package.read("xl/worksheets/sheet1.xml").decode()


def test_a_history_that_is_there_is_left_alone(demonstration: Demonstration) -> None:
    database = demonstration.folder / "history.db"
    before = database.stat().st_mtime_ns
    done = scorecard("demo", "--out", demonstration.folder, home=demonstration.home)
    assert done.returncode == 2
    assert "is there already" in done.stderr
    assert database.stat().st_mtime_ns == before


def test_a_run_that_is_stopped_leaves_no_half_history(tmp_path: Path) -> None:
    with started("demo", "--out", tmp_path / "demo", home=tmp_path, stderr=subprocess.PIPE) as begun:
        assert begun.stderr is not None
        assert begun.stderr.readline().startswith(b"Audit 1 of ")
        begun.send_signal(signal.SIGINT)
        begun.communicate()
    assert begun.returncode == 130
    assert not list((tmp_path / "demo").glob("*.db"))


def test_a_day_of_another_time_is_refused(tmp_path: Path) -> None:
    done = scorecard("demo", "--out", tmp_path / "demo", "--until", "2020-01-01", home=tmp_path)
    assert done.returncode == 2
    assert "2026-10-15 to 2026-12-31" in done.stderr
    assert not (tmp_path / "demo").exists()
