"""The local transport runs the real script on this computer."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from scorecard.bundle import HOST_PART, Bundle
from scorecard.doctor import examine
from scorecard.errors import FailureKind, TransportError
from scorecard.model import Endpoint, Identity, Outcome, Platform, Probe
from scorecard.transports import make
from scorecard.transports.base import MAX_OUTPUT_BYTES, Answer
from scorecard.transports.local import LocalTransport
from tests.rig.sshd import no_secrets

HERE = Endpoint("here", "client", "localhost", transport="local")
PLATFORM = Platform.MACOS if os.uname().sysname == "Darwin" else Platform.LINUX


def part(name: str, text: str, limit_s: int = 60, size_bytes: int = 200_000) -> Probe:
    return Probe(name, PLATFORM, text, limit_s, size_bytes)


def ask(*probes: Probe, deadline_s: float = 60) -> Answer:
    return make("local", no_secrets).ask(HERE, Bundle(probes), deadline_s)


def shell(tmp_path: Path, text: str) -> LocalTransport:
    file = tmp_path / "shell"
    file.write_text("#!/bin/sh\n" + text)
    file.chmod(0o755)
    return LocalTransport(str(file))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and ") Z" in stat.read_text())


def wait_until_gone(pid: int) -> bool:
    until = time.monotonic() + 20
    while is_alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    return not is_alive(pid)


def test_this_computer_answers_whole() -> None:
    answer = ask(part("t.one", "echo one\n"), part("t.two", "echo two; exit 77\n"))
    assert answer.complete
    assert answer.cut is None
    assert answer.identity is Identity.PROVEN
    assert answer.account
    assert answer.as_of.tzinfo is not None
    assert answer.observations[HOST_PART].outcome is Outcome.OK
    assert answer.observations["t.one"].text == "one"
    assert answer.observations["t.two"].outcome is Outcome.DENIED


def test_the_deadline_keeps_whole_frames_and_ends_every_process(tmp_path: Path) -> None:
    """Also those that the part's own limit moved into a process group of their own."""
    pids = tmp_path / "pids"
    slow = part("t.slow", f"echo $$ >{pids}; sleep 300 & echo $! >>{pids}; wait\n", limit_s=300)
    answer = ask(part("t.quick", "echo here\n"), slow, part("t.never", "echo never\n"), deadline_s=6)
    assert not answer.complete
    assert answer.cut is not None
    assert answer.cut.kind is FailureKind.DEADLINE
    assert answer.observations["t.quick"].text == "here"
    assert answer.observations["t.slow"].outcome is Outcome.TRUNCATED
    assert "t.never" not in answer.observations
    written = [int(pid) for pid in pids.read_text().split()]
    assert len(written) == 2
    assert all(wait_until_gone(pid) for pid in written)


def test_closing_ends_what_still_runs(tmp_path: Path) -> None:
    """As when an audit is stopped: nobody waits for the answer any more."""
    pids = tmp_path / "pids"
    slow = part("t.slow", f"echo $$ >{pids}; sleep 300 & echo $! >>{pids}; wait\n", limit_s=300)
    transport = LocalTransport()
    answers: list[Answer] = []
    asking = threading.Thread(target=lambda: answers.append(transport.ask(HERE, Bundle((slow,)), 200)))
    asking.start()
    until = time.monotonic() + 60
    while (not pids.exists() or len(pids.read_text().split()) < 2) and time.monotonic() < until:
        time.sleep(0.05)
    transport.close()
    asking.join(60)
    written = [int(pid) for pid in pids.read_text().split()]
    assert len(written) == 2
    assert all(wait_until_gone(pid) for pid in written)
    assert not answers[0].complete


def test_nothing_at_all_by_the_deadline_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(TransportError) as caught:
        shell(tmp_path, "trap '' TERM\nsleep 300\n").ask(HERE, Bundle(()), 1)
    assert caught.value.kind is FailureKind.DEADLINE
    assert "1 seconds" in caught.value.message


def test_a_flood_is_cut_and_what_was_whole_is_kept(tmp_path: Path) -> None:
    flood = part(
        "t.flood", f"head -c {MAX_OUTPUT_BYTES + 1000} /dev/zero | tr '\\000' x\n", size_bytes=2 * MAX_OUTPUT_BYTES
    )
    answer = ask(part("t.quick", "echo here\n"), flood)
    assert answer.cut is not None
    assert answer.cut.kind is FailureKind.OUTPUT_TOO_LARGE
    assert answer.observations["t.quick"].text == "here"
    with pytest.raises(TransportError) as caught:
        shell(tmp_path, "exec yes\n").ask(HERE, Bundle(()), 60)
    assert caught.value.kind is FailureKind.OUTPUT_TOO_LARGE


def test_a_flood_on_standard_error_does_no_harm(tmp_path: Path) -> None:
    answer = shell(tmp_path, "head -c 30000000 /dev/zero >&2\nexec sh -s\n").ask(HERE, Bundle(()), 60)
    assert answer.complete


def test_what_is_left_running_does_not_hold_us(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    answer = shell(tmp_path, f"sleep 300 &\necho $! >{pid}\nexec sh -s\n").ask(HERE, Bundle(()), 60)
    assert answer.complete
    os.kill(int(pid.read_text()), 9)


def test_a_shell_that_does_not_read_the_script(tmp_path: Path) -> None:
    with pytest.raises(TransportError) as caught:
        shell(tmp_path, "echo 'nothing for you'; exit 3\n").ask(HERE, Bundle(()), 60)
    assert caught.value.kind is FailureKind.PERMISSION_DENIED
    assert "nothing for you" in caught.value.message
    assert "exit code 3" in caught.value.message


def test_a_script_that_dies_in_the_middle_says_so(tmp_path: Path) -> None:
    bundle = Bundle((part("t.quick", "echo here\n"), part("t.last", "echo last\n")))
    answer = shell(tmp_path, "sh -s | sed '/ begin t.last$/q'\n").ask(HERE, bundle, 60)
    assert not answer.complete
    assert answer.cut is not None
    assert answer.cut.kind is FailureKind.PROTOCOL
    assert answer.observations["t.quick"].text == "here"
    assert answer.observations["t.last"].outcome is Outcome.TRUNCATED


def test_a_computer_without_a_shell() -> None:
    with pytest.raises(TransportError) as caught:
        LocalTransport("/no/such/sh").ask(HERE, Bundle(()), 10)
    assert caught.value.kind is FailureKind.INTERNAL
    assert "/no/such/sh" in caught.value.message


def test_many_at_once_leave_nothing(tmp_path: Path) -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    answers: list[Answer] = []
    threads = [threading.Thread(target=lambda: answers.append(ask(part("t.one", "echo one\n")))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.complete for answer in answers] == [True] * 8
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_the_doctor_walks_this_computer() -> None:
    steps = list(examine(HERE, no_secrets))
    assert [step.name for step in steps] == ["shell", "privilege", "probe"]
    assert all(step.ok for step in steps)
