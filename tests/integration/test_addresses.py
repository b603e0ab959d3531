"""From a name to a connection: several addresses, both kinds of them, dead ones among them, and those with a zone."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scorecard.bundle import Bundle
from scorecard.errors import FailureKind, TransportError
from scorecard.transports.sockets import Target, connect, look_up
from scorecard.transports.ssh import SshTransport
from scorecard.transports.watchdog import Deadline
from tests.rig.sshd import Sshd, free_port, key_credential, keygen, need_root, no_secrets

NAME = "files.test"
Listen = Callable[[str], socket.socket]


@pytest.fixture
def port() -> int:
    """One that is free on every address of this test's."""
    return free_port("127.0.7.31")


@pytest.fixture
def listen(port: int) -> Iterator[Listen]:
    with ExitStack() as stack:

        def opened(address: str) -> socket.socket:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            return stack.enter_context(socket.create_server((address, port), family=family))

        yield opened


@pytest.fixture
def swallow(port: int) -> Iterator[Listen]:
    """Listeners whose queue is full: whoever calls hears nothing, until somebody takes a call from the queue."""
    with ExitStack() as stack:

        def opened(address: str) -> socket.socket:
            hole = stack.enter_context(socket.create_server((address, port), backlog=0))
            for _ in range(2):
                sock = stack.enter_context(socket.socket())
                sock.setblocking(False)
                sock.connect_ex((address, port))
            return hole

        yield opened


def targets(port: int, *addresses: str) -> tuple[Target, ...]:
    return tuple(
        Target(socket.AF_INET6, (address, port, 0, 0)) if ":" in address else Target(socket.AF_INET, (address, port))
        for address in addresses
    )


def reached(found: tuple[Target, ...], port: int, limit_s: float = 20) -> str:
    """The address that answered first."""
    with connect(found, NAME, port, limit_s) as sock:
        return str(sock.getpeername()[0])


def failure(found: tuple[Target, ...], port: int, limit_s: float) -> TransportError:
    with pytest.raises(TransportError) as caught:
        connect(found, NAME, port, limit_s)
    return caught.value


def test_the_first_that_answers_is_taken_and_no_other_is_called(listen: Listen, port: int) -> None:
    second = listen("127.0.7.32")
    listen("127.0.7.31")
    assert reached(targets(port, "127.0.7.31", "127.0.7.32"), port) == "127.0.7.31"
    second.setblocking(False)
    with pytest.raises(BlockingIOError):
        second.accept()


def test_one_that_refuses_costs_nothing(listen: Listen, port: int) -> None:
    listen("127.0.7.33")
    assert reached(targets(port, "127.0.7.31", "127.0.7.32", "127.0.7.33"), port) == "127.0.7.33"


def test_dead_ones_are_overtaken(listen: Listen, swallow: Listen, port: int) -> None:
    for last in range(40, 50):
        swallow(f"127.0.7.{last}")
    listen("127.0.7.33")
    dead = [f"127.0.7.{last}" for last in range(40, 50)]
    assert reached(targets(port, *dead, "127.0.7.33"), port) == "127.0.7.33"


def test_a_slow_one_is_still_waited_for(swallow: Listen, port: int) -> None:
    """It answers a second later, long after the next one had its turn."""
    slow = swallow("127.0.7.31")
    swallow("127.0.7.32")

    def wake() -> None:
        while True:
            try:
                slow.accept()[0].close()
            except OSError:
                return

    waker = threading.Timer(0.6, wake)
    waker.start()
    assert reached(targets(port, "127.0.7.31", "127.0.7.32"), port) == "127.0.7.31"
    slow.shutdown(socket.SHUT_RDWR)
    waker.join()


def test_the_kinds_of_address_take_turns(listen: Listen, swallow: Listen, port: int) -> None:
    """A whole network that is dead costs one head start, not one for each of its addresses."""
    dead = [f"127.0.7.{last}" for last in range(40, 48)]
    for address in dead:
        swallow(address)
    six = listen("::1")
    late = listen("127.0.7.33")
    assert reached(targets(port, *dead, "127.0.7.33", "::1"), port) == "::1"
    six.accept()[0].close()
    late.setblocking(False)
    with pytest.raises(BlockingIOError):
        late.accept()


def test_all_of_them_fail(swallow: Listen, port: int) -> None:
    """All within one limit; a machine that refuses is there, and that says more than silence."""
    refused = failure(targets(port, "127.0.7.31", "::1"), port, 5)
    assert (refused.kind, refused.message) == (FailureKind.REFUSED, f"{NAME} port {port} refused the connection")
    dead = [f"127.0.7.{last}" for last in range(40, 45)]
    for address in dead:
        swallow(address)
    silent = failure(targets(port, *dead), port, 0.5)
    assert (silent.kind, silent.message) == (
        FailureKind.UNREACHABLE,
        f"{NAME} port {port} did not answer within 0.5 seconds",
    )
    assert failure(targets(port, *dead, "127.0.7.31"), port, 2).kind is FailureKind.REFUSED
    assert failure(targets(port, "127.0.7.40"), port, 0).kind is FailureKind.UNREACHABLE


def test_nothing_stays_open(listen: Listen, swallow: Listen, port: int) -> None:
    swallow("127.0.7.40")
    listen("127.0.7.33")
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(3):
        reached(targets(port, "127.0.7.40", "127.0.7.33"), port)
        failure(targets(port, "127.0.7.40", "127.0.7.31"), port, 0.3)
    assert len(list(Path("/dev/fd").iterdir())) == before


# --- names ---------------------------------------------------------------------------------------------------------


def test_a_name_with_ipv6_alone_and_one_with_a_dead_address(
    tmp_path: Path, swallow: Listen, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way over SSH; the system's resolver is told two names that it does not know."""
    key = keygen(tmp_path / "key")
    swallow("127.0.7.40")
    addresses = {"six.test": ["::1"], "both.test": ["127.0.7.40", "::1"]}
    system = socket.getaddrinfo

    def told(host: str, *more: Any, **named: Any) -> list[Any]:
        return [found for address in addresses.get(host, [host]) for found in system(address, *more, **named)]

    monkeypatch.setattr(socket, "getaddrinfo", told)
    transport = SshTransport(no_secrets)
    with Sshd(tmp_path / "server", address="::1", port=port, authorized=[key], listen="::1") as server:
        for name in addresses:
            known = tmp_path / name
            known.write_text(server.known_hosts_line(name=f"[{name}]:{port}"))
            endpoint = replace(server.endpoint(key_credential(key), known_hosts=(str(known),)), address=name)
            assert transport.ask(endpoint, Bundle(()), 60).complete
    transport.close()


def test_an_address_with_a_zone_is_looked_up_on_that_interface() -> None:
    (found,) = look_up("fe80::1%lo", 22, Deadline(5))
    assert found.address == ("fe80::1", 22, 0, socket.if_nametoindex("lo"))
    with pytest.raises(TransportError, match="This computer has no network interface 'eth99' to look for fe80::1 on"):
        look_up("fe80::1%eth99", 22, Deadline(5))


ASK_LINK_LOCAL = """
import socket
from scorecard.transports.sockets import connect, look_up
from scorecard.transports.watchdog import Deadline
found = look_up("fe80::5%lo", 2222, Deadline(5))
with socket.create_server(found[0].address, family=socket.AF_INET6), connect(found, "fe80::5%lo", 2222, 5) as sock:
    print(*sock.getpeername())
"""


def test_a_machine_on_the_local_link_is_reached() -> None:
    """In a network namespace that has one."""
    need_root()
    made = "ip link set lo up && ip -6 address add fe80::5/64 dev lo nodad"
    command = ["unshare", "-n", "sh", "-c", f'{made} && exec "$@"', "sh", sys.executable, "-c", ASK_LINK_LOCAL]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("fe80::5 2222 0 1", "")
