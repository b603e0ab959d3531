"""`make bench` works: what it counts is asserted, what it times is not."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rig.required import cannot_run
from tests.rig.sshd import SSHD

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_small_measurement_counts_one_connection_and_one_command() -> None:
    for program in (SSHD, "ssh", "perl", "apt-get"):
        if not shutil.which(program):
            cannot_run(f"the benchmarks need {program}")
    before = PAGE.read_bytes()
    done = bench("--small")
    assert done.returncode == 0, done.stderr
    machine, _, table = done.stdout.partition("\n\n")
    assert re.match(r"\d+ cores .*Python 3\.\d+\.\d+, OpenSSH \S+, paramiko ", machine)
    rows = list(map(cells, table.strip().splitlines()))[2:]
    named = {row[0]: row[1:] for row in rows}
    assert named["connections an endpoint"] == ["1", "exactly 1"]
    assert named["commands an endpoint"] == ["1", "exactly 1"]
    assert all(re.search(r"\d", measured) for _, measured, _ in rows)
    ours = [measured for _, measured, aim in rows if "at most 1.3 x the fewest" in aim]
    requests = [re.findall(r"\b(\d requests) \(1\.00 x the fewest\)", measured) for measured in ours]
    assert requests == [["7 requests"], ["7 requests"], ["6 requests"], ["6 requests"]]
    others = [measured for what, measured, _ in rows if re.search(r": (pypsrp|pywinrm)$", what)]
    assert all(re.search(r"\d ms.*, \d requests \(1\.\d\d x the fewest\), \d+ MiB", measured) for measured in others)
    assert len(others) == 3
    assert PAGE.read_bytes() == before


def test_a_small_measurement_is_not_written_down() -> None:
    done = bench("--small", "--write")
    assert done.returncode == 2
    assert "--write needs the full measurement" in done.stderr


@pytest.mark.parametrize("name", sorted(file.stem for file in (ROOT / "bench").glob("[a-z]*.py")))
def test_every_module_is_imported_without_measuring(name: str) -> None:
    code = f"import bench.{name}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_the_page_explains_every_figure_that_it_shows() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.count("<!-- figures: begin -->") == text.count("<!-- figures: end -->") == 1
    table = text.partition("<!-- figures: begin -->")[2].partition("<!-- figures: end -->")[0]
    assert len(re.findall(r"^\| .* \|.*\|.*\|$", table, re.MULTILINE)) > 10
