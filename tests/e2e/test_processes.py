"""An audit in several processes comes to the same as in one, and none of them outlives it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.commands import scorecard, started
from tests.e2e.kills import committed
from tests.e2e.modules import topic
from tests.e2e.recordings import inventory, raw_reply, refusing, replayed

PATIENCE_S = 240


def fleet(folder: Path, machines: int, *more: dict[str, Any]) -> Path:
    one = replayed(folder / "machines", "m0")
    odd = [refusing("off"), raw_reply(folder / "machines", "garbage", b"\x00\xff" * 500)]
    entries = [*({**one, "name": f"m{n}"} for n in range(machines)), *odd, *more]
    return inventory(folder / "inventory.yaml", "Acme", entries, defaults={"connect_timeout_s": 60})


def begun(file: Path, home: Path, *, own_group: bool = False) -> subprocess.Popen[bytes]:
    """An audit by two processes; what it tells its user can be read. Its reports go beside the inventory."""
    words: list[str | Path] = ["audit", file, "--processes", "2", "--out", file.parent / "out"]
    return started(*words, home=home, stderr=subprocess.PIPE, own_group=own_group)


def wait_for_answers(process: subprocess.Popen[bytes], count: int) -> None:
    assert process.stderr is not None
    line = b""
    while b"[%d/" % count not in line:
        line = process.stderr.readline()
        assert line, "it ended before"


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


def asking_for(process: subprocess.Popen[bytes]) -> set[int]:
    """The processes that ask; beside them there is one that tidies up after all of them."""
    found = set()
    for pid in children(process.pid):
        with suppress(OSError):
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.add(pid)
    return found


def inherited(pid: int) -> set[signal.Signals]:
    """The signals that a program would not hear which this process starts: those it ignores or holds back."""
    said = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    deaf = int(said["SigIgn"], 16) | int(said["SigBlk"], 16)
    return {number for number in (signal.SIGINT, signal.SIGTERM) if deaf & 1 << number - 1}


def all_end(processes: Iterable[int]) -> bool:
    until = time.monotonic() + 30
    while any(map(is_alive, processes)) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(map(is_alive, processes))


def kinds(found: Mapping[str, Any]) -> list[str]:
    """How the failures of an audit are called, each as often as there were."""
    return [entry["failure"]["kind"] for entry in found["endpoints"] if entry["failure"]]


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


@pytest.mark.parametrize("asked_for", [True, False])
def test_what_goes_wrong_in_any_process_is_printed_where_it_is_asked_for(tmp_path: Path, asked_for: bool) -> None:
    one = replayed(tmp_path / "machines", "m0", parts={"coffee.level": "crash"})
    file = inventory(tmp_path / "inventory.yaml", "Acme", [one])
    words: list[str | Path] = [
        "audit",
        file,
        "--checks",
        topic(tmp_path / "coffee"),
        "--processes",
        "2",
        "--out",
        tmp_path / "out",
    ]
    process = started(*(["--debug"] if asked_for else []), *words, home=tmp_path / "home", stderr=subprocess.PIPE)
    said = process.communicate(timeout=PATIENCE_S)[1].decode()
    assert process.returncode == 0, said
    assert said.count("check coffee.full crashed\nTraceback") == asked_for


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_an_audit_that_is_stopped(tmp_path: Path, number: signal.Signals) -> None:
    home = tmp_path / "home"
    process = begun(fleet(tmp_path, 80), home)
    wait_for_answers(process, 5)
    asking = children(process.pid)
    assert len(asking) >= 2
    process.send_signal(number)
    process.communicate()
    assert process.wait(PATIENCE_S) == (-number if number is signal.SIGKILL else 130)
    assert all_end(asking)
    done = scorecard("audit", tmp_path / "inventory.yaml", "--out", tmp_path / "out", "--resume", home=home)
    assert "going on with the audit of" in done.stderr
    assert len(json.loads((tmp_path / "out" / "audit.json").read_text(encoding="utf-8"))["endpoints"]) == 82


def wait_for_processes(process: subprocess.Popen[bytes]) -> None:
    """Until both that ask are there, which is not yet to say that they listen."""
    until = time.monotonic() + PATIENCE_S
    while len(asking_for(process)) < 2:
        assert process.poll() is None, "it ended before"
        assert time.monotonic() < until, "they never came"
        time.sleep(0.005)


@pytest.mark.parametrize(("number", "answers"), [(signal.SIGINT, 0), (signal.SIGTERM, 12)])
def test_a_signal_to_all_processes_is_one_to_the_first(tmp_path: Path, number: signal.Signals, answers: int) -> None:
    """A terminal sends Ctrl-C to every process of a command, and systemd SIGTERM to every one of a service."""
    home, out = tmp_path / "home", tmp_path / "out"
    with socket.create_server(("127.0.0.1", 0)) as mute:  # the kernel takes connections, and nobody ever says a word
        hanging = [refusing(f"hang{n}", port=mute.getsockname()[1]) for n in range(6)]
        file = fleet(tmp_path, 10, *hanging)
        process = begun(file, home, own_group=True)
        wait_for_processes(process)
        if answers:
            wait_for_answers(process, answers)
            assert not set().union(*map(inherited, asking_for(process)))
        time.sleep(0.2)  # until the first has nothing to do but wait for the others
        asking = children(process.pid)
        os.killpg(process.pid, number)
        said = process.communicate()[1].decode()
    assert process.returncode == 130, said
    assert "scorecard: stopping; what came in is kept" in said
    assert "Traceback" not in said
    assert all_end(asking)
    before, kept = json.loads((out / "audit.json").read_text(encoding="utf-8")), committed(home)
    assert before["interrupted"]
    assert "internal" not in kinds(before)
    assert len(kept) == answers
    done = scorecard("audit", file, "--out", out, "--resume", home=home)
    assert done.returncode == 3, done.stderr
    after = json.loads((out / "audit.json").read_text(encoding="utf-8"))
    assert Counter(kinds(after)) == {"refused": 7, "permission-denied": 1}
    assert (after["id"], len(after["endpoints"])) == (before["id"], 18)
    assert len(committed(home)) == 18
    assert kept.items() <= committed(home).items()


def test_a_process_that_dies_costs_what_it_was_asking(tmp_path: Path) -> None:
    process = begun(fleet(tmp_path, 80), tmp_path / "home")
    wait_for_answers(process, 5)
    os.kill(max(asking_for(process)), signal.SIGKILL)
    said = process.communicate()[1].decode()
    assert process.wait(PATIENCE_S) == 3, said
    assert "Traceback" not in said
    found = json.loads((tmp_path / "out" / "audit.json").read_text(encoding="utf-8"))
    assert len(found["endpoints"]) == 82
    assert 0 < kinds(found).count("internal") <= 50  # no more than were under way at a time
