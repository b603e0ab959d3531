"""Many endpoints at once: nothing is left over, whatever happens to each."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from scorecard.bundle import Bundle
from scorecard.errors import TransportError
from scorecard.model import Connection, Endpoint, Jump
from scorecard.transports.ssh import SshTransport
from scorecard.transports.watchdog import Deadline, Watchdog
from tests.rig.sshd import Sshd, key_credential, keygen, no_secrets


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def settle(threads: int) -> None:
    """The far ends of our connections close a moment after us; threads that end do so soon."""
    until = time.monotonic() + 20
    while threading.active_count() > threads and time.monotonic() < until:
        time.sleep(0.05)


def test_nothing_is_left_after_many_connections_of_every_kind(tmp_path: Path) -> None:
    key = keygen(tmp_path / "key")
    stranger = keygen(tmp_path / "stranger")
    with (
        Sshd(tmp_path / "good", authorized=[key]) as good,
        Sshd(tmp_path / "hang", authorized=[key], options=("ForceCommand sleep 60",)) as hang,
        Sshd(tmp_path / "flood", authorized=[key], options=("ForceCommand yes",)) as flood,
        socket.create_server(("127.0.7.9", 0)) as silent,
    ):
        ours = key_credential(key)
        other = tmp_path / "other-hosts"
        other.write_text(hang.known_hosts_line(name=f"[{good.address}]:{good.port}"))
        both = tmp_path / "both"
        both.write_text(good.known_hosts_line() + hang.known_hosts_line())
        through = Connection(jumps=(Jump(good.address, good.port),), known_hosts=(str(both),))
        quiet = Connection(known_hosts=("/dev/null",), connect_timeout_s=0.2)
        cases: dict[str, tuple[Endpoint, float]] = {
            "answer": (good.endpoint(ours), 120),
            "auth-failed": (good.endpoint(key_credential(stranger)), 120),
            "host-key-changed": (good.endpoint(ours, known_hosts=(str(other),)), 120),
            "deadline": (hang.endpoint(ours), 2),
            "deadline through a jump": (replace(hang.endpoint(ours), connection=through), 3),
            "output-too-large": (flood.endpoint(ours), 60),
            "protocol": (Endpoint("e", "c", "127.0.7.9", port=silent.getsockname()[1], connection=quiet), 120),
            "refused": (Endpoint("e", "c", "127.0.7.9", port=1, connection=quiet), 120),
        }
        work = [*(["answer"] * 20), *(["auth-failed"] * 10), *(["host-key-changed"] * 10), *(["deadline"] * 4)]
        work += [*(["deadline through a jump"] * 2), "output-too-large", *(["protocol"] * 4), *(["refused"] * 4)]
        transport = SshTransport(no_secrets)

        def ask(name: str) -> tuple[str, str]:
            endpoint, deadline_s = cases[name]
            try:
                answer = transport.ask(endpoint, Bundle(()), deadline_s)
            except TransportError as error:
                return name, str(error.kind)
            return name, "answer" if answer.complete else "cut"

        threads, files = threading.active_count(), open_files()
        with ThreadPoolExecutor(max_workers=16) as pool:
            got = Counter(pool.map(ask, work))
        transport.close()
        settle(threads)
        assert got == Counter((name, name.partition(" ")[0]) for name in work)
        assert threading.active_count() == threads
        assert open_files() == files


def test_two_hundred_in_flight(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also measures what an endpoint costs us (performance.md: at most 5.5 ms of CPU); printed, not asserted."""
    key = keygen(tmp_path / "key")
    with Sshd(tmp_path / "server", authorized=[key], log_level="INFO") as server:
        endpoint = server.endpoint(key_credential(key), connect_timeout_s=60)
        transport = SshTransport(no_secrets)
        transport.ask(endpoint, Bundle(()), 60)  # imports, the key and the known hosts are paid for once
        gate = threading.Barrier(200)

        def ask(_: int) -> bool:
            gate.wait(60)
            return transport.ask(endpoint, Bundle(()), 300).complete

        threads, before = threading.active_count(), os.times()
        with ThreadPoolExecutor(max_workers=200) as pool:
            whole = list(pool.map(ask, range(200)))
        after = os.times()
        transport.close()
        settle(threads - 1)
    assert whole == [True] * 200
    cpu_ms = (after.user - before.user + after.system - before.system) * 1000 / 200
    with capsys.disabled():
        print(f"\n200 endpoints in flight over SSH: {cpu_ms:.1f} ms of CPU each, {after.elapsed - before.elapsed:.1f} s")


# --- the watchdog --------------------------------------------------------------------------------------------------


def test_the_watchdog_fires_in_order_and_only_what_is_held() -> None:
    watchdog = Watchdog()
    fired: list[str] = []
    done = threading.Event()
    guards = {
        name: watchdog.guard(Deadline(seconds)) for name, seconds in (("c", 0.3), ("a", 0.05), ("b", 0.1), ("x", 0.15))
    }
    for name, guard in guards.items():
        guard.watch(partial(fired.append, name))
    guards["x"].release()
    watchdog.guard(Deadline(0.5)).watch(done.set)
    assert done.wait(20)
    assert fired == ["a", "b", "c"]
    assert [name for name, guard in guards.items() if guard.fired] == ["c", "a", "b"]
    watchdog.close()
    assert "scorecard-watchdog" not in [thread.name for thread in threading.enumerate()]


def test_a_deadline_that_has_passed_acts_at_once() -> None:
    watchdog = Watchdog()
    guard = watchdog.guard(Deadline(0))
    until = time.monotonic() + 20
    while not guard.fired and time.monotonic() < until:
        time.sleep(0.01)
    acted: list[bool] = []
    guard.watch(lambda: acted.append(True))
    assert acted == [True]
    watchdog.close()


def test_closing_the_watchdog_lets_nothing_wait_for_ever() -> None:
    watchdog = Watchdog()
    acted: list[bool] = []
    watchdog.guard(Deadline(3600)).watch(lambda: acted.append(True))
    watchdog.close()
    assert acted == [True]
    with watchdog.guard(Deadline(3600)) as guard:  # and it can be used again
        assert not guard.fired
    watchdog.close()
