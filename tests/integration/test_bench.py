"""`make bench` works: what it counts is asserted, what it times is not."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.rig.required import cannot_run
from tests.rig.sshd import SSHD

if TYPE_CHECKING:
    from bench.shells import Shells

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"


@pytest.fixture
def checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmarks are not installed: they are there for whoever is in the checkout."""
    monkeypatch.syspath_prepend(ROOT)


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
    machine, table, beside, versions = done.stdout.split("\n\n")
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
    clients = list(map(cells, beside.strip().splitlines()))
    connections = clients[0].index("Connections an endpoint")
    for row in clients[2:]:
        assert row[1] == "5"
        assert re.fullmatch(r"\d+\.\d ms", row[2]), row
        assert row[connections] == "1"
    assert [row[0].partition(",")[0] for row in clients[2:]] == ["scorecard", "ssh under xargs", "Ansible raw"]
    assert re.fullmatch(r"ansible-core \S+\.\n", versions)
    assert PAGE.read_bytes() == before


def test_a_client_that_leaves_an_endpoint_out_is_marked_as_failed(tmp_path: Path, checkout: None) -> None:
    from bench import peers
    from bench.clients import Client

    for program in (SSHD, "ssh"):
        if not shutil.which(program):
            cannot_run(f"the benchmarks need {program}")

    def only_the_first(fleet: Shells, addresses: Sequence[str], _programs: Path) -> list[str]:
        return ["ssh", "-n", "-F", str(fleet.ssh_config), addresses[0], fleet.probe]

    lazy = Client("lazy", "", only_the_first, lambda _: {}, least=4)
    failing = Client("failing", "", lambda *_: ["sh", "-c", "echo wrong | tr w W; exit 3"], lambda _: {})
    found = peers.measure(tmp_path, peers.Peers((lazy, failing), Path("/usr/bin"), {}), (2,), 1, 0, lambda _: None)
    rows = {row[0]: row for row in map(cells, found.splitlines())}
    assert rows[peers.OURS][2].endswith(" ms")
    assert rows["lazy"][2].startswith("failed: 1 of 2 answered")
    assert rows["failing"][2] == "failed: 0 of 2 answered, exit code 3: Wrong"
    assert not any("".join(rows[name][3:]) for name in ("lazy", "failing"))


_LEAVES_ONE_BEHIND = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    sum(range(5_000_000))
    used = os.times()
    with open("used.part", "w") as file:
        file.write(f"{os.getpid()} {(used.user + used.system) * 1000}")
    os.rename("used.part", "used")
    time.sleep(600)
while not os.path.exists("used"):
    time.sleep(0.01)
sys.exit(7)
"""


def test_what_a_client_leaves_behind_is_ended_and_counted(tmp_path: Path, checkout: None) -> None:
    from bench import tree

    cost = tree.run(tree.Task([sys.executable, "-c", _LEAVES_ONE_BEHIND], {}, str(tmp_path), 60), tmp_path / "printed")
    process, used_ms = (tmp_path / "used").read_text().split()
    assert (cost.exit_code, cost.left_behind) == (7, 1)
    assert cost.cpu_ms > float(used_ms) > 0
    assert not Path("/proc", process).exists()


def test_a_client_that_does_not_end_is_ended(tmp_path: Path, checkout: None) -> None:
    from bench import tree

    task = tree.Task(["sh", "-c", "echo began; sleep 600 & sleep 600"], {}, str(tmp_path), limit_s=1)
    cost = tree.run(task, tmp_path / "printed")
    assert cost.exit_code is None
    assert cost.left_behind >= 2
    assert (tmp_path / "printed").read_text() == "began\n"


def test_the_clients_beside_ours_are_pinned_with_hashes() -> None:
    lock = ROOT / "bench" / "requirements.txt"
    text = lock.read_text(encoding="utf-8")
    pinned = re.findall(r"^([a-z0-9-]+)==\S+", text, re.MULTILINE)
    asked = lock.with_suffix(".in").read_text(encoding="utf-8").split()
    assert set(asked) <= set(pinned)
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", block) for block in blocks)
    assert "://" not in text


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
