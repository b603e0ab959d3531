"""Through a proxy, SOCKS5 and HTTP, to real servers over SSH and to the rig's over WinRM; and every way it can fail."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from scorecard.bundle import Bundle
from scorecard.doctor import Step, examine, over_winrm
from scorecard.errors import FailureKind, TransportError
from scorecard.model import Connection, Endpoint, Jump, Proxy, ProxyKind
from scorecard.transports.ssh import SshTransport
from scorecard.transports.winrm import WinrmTransport
from tests.integration import winrm_kit
from tests.rig.proxies import Fault, Kind, ProxyServer
from tests.rig.sshd import Sshd, free_port, key_credential, keygen, no_secrets
from tests.rig.wsman.server import Tls, Wsman

pytestmark = pytest.mark.waits

KINDS: tuple[Kind, ...] = ("socks5", "http")
NAME = "files.inside"  # which nobody but the proxy can look up


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return keygen(tmp_path_factory.mktemp("key") / "key")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, key: Path) -> Iterator[Sshd]:
    with Sshd(tmp_path_factory.mktemp("server"), address="127.0.7.21", authorized=[key]) as server:
        yield server


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """It names proxies that are not there, and which are never used."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.9.99:1")


def to(server: Sshd, key: Path, proxy: Proxy | None, address: str = "", connect_timeout_s: float = 10.0) -> Endpoint:
    """The server as the inventory has it; its host key is known under the address that is given."""
    address = address or server.address
    known = server.folder / f"known-{address}"
    known.write_text(server.known_hosts_line(name=f"[{address}]:{server.port}"))
    connection = Connection(known_hosts=(str(known),), proxy=proxy, connect_timeout_s=connect_timeout_s)
    return replace(server.endpoint(key_credential(key)), address=address, connection=connection)


def failure(endpoint: Endpoint, deadline_s: float = 60) -> TransportError:
    transport = SshTransport(no_secrets)
    with pytest.raises(TransportError) as caught:
        transport.ask(endpoint, Bundle(()), deadline_s)
    transport.close()
    assert caught.value.next_step
    assert "\n" not in caught.value.message
    return caught.value


# --- SSH -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("address", ["127.0.7.21", NAME])
def test_ssh_goes_through_and_leaves_names_to_the_proxy(server: Sshd, key: Path, kind: Kind, address: str) -> None:
    transport = SshTransport(no_secrets)
    with ProxyServer(kind, names={NAME: server.address}) as proxy:
        assert transport.ask(to(server, key, proxy.proxy, address), Bundle(()), 60).complete
        transport.close()
        assert proxy.asked == [(address, server.port)]


@pytest.mark.parametrize("kind", KINDS)
def test_ssh_to_and_over_ipv6(tmp_path: Path, key: Path, kind: Kind) -> None:
    transport = SshTransport(no_secrets)
    port = free_port("127.0.0.1")
    with (
        Sshd(tmp_path, address="::1", port=port, authorized=[key], listen="::1") as six,
        ProxyServer(kind, address="::1") as proxy,
    ):
        assert transport.ask(to(six, key, proxy.proxy), Bundle(()), 60).complete
        transport.close()
        assert proxy.asked == [("::1", port)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", ["together", "pieces"])
def test_nothing_is_lost_behind_the_proxys_answer(server: Sshd, key: Path, kind: Kind, fault: Fault) -> None:
    """An SSH server speaks first, so that its greeting may come with the proxy's answer; or that comes in pieces."""
    transport = SshTransport(no_secrets)
    with ProxyServer(kind, names={NAME: server.address}, fault=fault) as proxy:
        assert transport.ask(to(server, key, proxy.proxy, NAME), Bundle(()), 60).complete
    transport.close()


@pytest.mark.parametrize("kind", KINDS)
def test_it_leads_to_the_first_jump_and_no_further(tmp_path: Path, server: Sshd, key: Path, kind: Kind) -> None:
    transport = SshTransport(no_secrets)
    with (
        Sshd(tmp_path / "jump", address="127.0.7.22", authorized=[key]) as jump,
        ProxyServer(kind, names={"gate.inside": jump.address}) as proxy,
        ThreadPoolExecutor(max_workers=10) as pool,
    ):
        endpoint = to(server, key, proxy.proxy)
        known = Path(endpoint.connection.known_hosts[0])
        known.write_text(known.read_text() + jump.known_hosts_line(name=f"[gate.inside]:{jump.port}"))
        connection = replace(endpoint.connection, jumps=(Jump("gate.inside", jump.port),))
        endpoints = [replace(endpoint, name=f"pc-{number}", connection=connection) for number in range(10)]
        answers = pool.map(lambda one: transport.ask(one, Bundle(()), 60), endpoints)
        assert all(answer.complete for answer in answers)
        transport.close()
        assert proxy.asked == [("gate.inside", jump.port)]


# --- WinRM ---------------------------------------------------------------------------------------------------------


@contextmanager
def winrm(server: Wsman) -> Iterator[WinrmTransport]:
    way = winrm_kit.way_to(server)
    transport = WinrmTransport(
        winrm_kit.secret_of, lambda endpoint: replace(way(endpoint), proxy=endpoint.connection.proxy)
    )
    try:
        yield transport
    finally:
        transport.close()


def windows(server: Wsman, proxy: Proxy | None, address: str = "") -> Endpoint:
    endpoint = winrm_kit.endpoint(server)
    return replace(endpoint, address=address or server.address, connection=Connection(proxy=proxy))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("tls", "address"), [(None, NAME), (None, ""), ("good", "")])
def test_winrm_goes_through(tmp_path: Path, kind: Kind, tls: Tls | None, address: str) -> None:
    with (
        Wsman(tmp_path, winrm_kit.MACHINE, "127.0.9.61", tls=tls) as server,
        ProxyServer(kind, names={NAME: server.address}) as proxy,
        winrm(server) as transport,
    ):
        before = dict(os.environ)
        answer = transport.ask(windows(server, proxy.proxy, address), winrm_kit.BUNDLE, 60)
        assert answer.complete
        assert set(proxy.asked) == {(address or server.address, server.port)}
        assert dict(os.environ) == before
        assert server.open_shells == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_machine_behind_the_proxy_that_does_not_listen(tmp_path: Path, kind: Kind) -> None:
    with Wsman(tmp_path, winrm_kit.MACHINE, "127.0.9.61") as server, ProxyServer(kind) as proxy, winrm(server) as transport:
        endpoint = replace(windows(server, proxy.proxy), port=free_port(server.address))
        with pytest.raises(TransportError) as caught:
            transport.ask(endpoint, winrm_kit.BUNDLE, 60)
    assert str(proxy.proxy) in caught.value.message
    assert caught.value.kind is (FailureKind.REFUSED if kind == "socks5" else FailureKind.UNREACHABLE)


def test_a_dead_proxy_is_not_taken_for_a_dead_windows_machine(tmp_path: Path) -> None:
    dead = Proxy(ProxyKind.SOCKS5, "127.0.7.20", free_port("127.0.7.20"))
    with Wsman(tmp_path, winrm_kit.MACHINE, "127.0.9.61") as server, winrm(server) as transport:
        with pytest.raises(TransportError, match=f"The proxy {dead} on the way to") as caught:
            transport.ask(windows(server, dead), winrm_kit.BUNDLE, 60)
        assert not server.requests
    assert caught.value.kind is FailureKind.UNREACHABLE


# --- what can be wrong with a proxy --------------------------------------------------------------------------------

UNREACHABLE, DENIED, PROTOCOL = FailureKind.UNREACHABLE, FailureKind.PERMISSION_DENIED, FailureKind.PROTOCOL


@pytest.mark.parametrize(
    ("kind", "fault", "expected", "words"),
    [
        ("socks5", "silent", UNREACHABLE, "took the connection and did not answer within 1 seconds"),
        ("http", "silent", UNREACHABLE, "did not connect us to {target} within 1 seconds"),
        ("socks5", "mute", UNREACHABLE, "did not connect us to {target} within 1 seconds"),
        ("http", "mute", UNREACHABLE, "did not connect us to {target} within 1 seconds"),
        ("http", "drips", UNREACHABLE, "did not connect us to {target} within 1 seconds"),
        ("socks5", "closes", UNREACHABLE, "closed the connection without an answer"),
        ("http", "closes", UNREACHABLE, "closed the connection without an answer"),
        ("socks5", "garbage", PROTOCOL, "does not speak SOCKS5"),
        ("http", "garbage", PROTOCOL, "does not speak HTTP"),
        ("socks5", "endless", PROTOCOL, "does not speak SOCKS5"),
        ("http", "endless", PROTOCOL, "does not speak HTTP"),
        ("socks5", "odd", PROTOCOL, "does not speak SOCKS5"),
        ("http", "odd", PROTOCOL, "passes no connections on to {target} (404 Not Found)"),
        ("socks5", "login", DENIED, "wants a login, and none is given to proxies"),
        ("http", "login", DENIED, "wants a login, and none is given to proxies"),
        ("socks5", "forbids", DENIED, "does not allow connections to {target}"),
        ("http", "forbids", DENIED, "does not allow connections to {target} (403 Forbidden)"),
        ("socks5", "no-route", UNREACHABLE, "has no way to the network of {target}"),
        ("http", "no-route", UNREACHABLE, "could not connect us to {target} (502 Bad Gateway)"),
    ],
)
def test_a_bad_proxy_is_named(server: Sshd, key: Path, kind: Kind, fault: Fault, expected: FailureKind, words: str) -> None:
    before = server.connections()
    with ProxyServer(kind, fault=fault) as proxy:
        error = failure(to(server, key, proxy.proxy, connect_timeout_s=1))
    target = f"{server.address} port {server.port}"
    assert (error.kind, error.message) == (expected, f"The proxy {proxy.proxy} {words.format(target=target)}")
    assert server.connections() == before


@pytest.mark.parametrize("kind", KINDS)
def test_the_two_kinds_are_not_mixed_up(server: Sshd, key: Path, kind: Kind) -> None:
    with ProxyServer(kind) as proxy:
        other = replace(proxy.proxy, kind=ProxyKind.HTTP if kind == "socks5" else ProxyKind.SOCKS5)
        error = failure(to(server, key, other))
    assert str(other) in error.message
    assert "socks5:// or http://" in error.next_step


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_proxy_says_of_the_machine(server: Sshd, key: Path, kind: Kind) -> None:
    with ProxyServer(kind) as proxy:
        nameless = failure(to(server, key, proxy.proxy, NAME))
        refused = failure(replace(to(server, key, proxy.proxy), port=free_port(server.address)))
    assert nameless.kind is FailureKind.UNREACHABLE
    assert f"{NAME} port {server.port}" in nameless.message
    assert refused.kind is (FailureKind.REFUSED if kind == "socks5" else FailureKind.UNREACHABLE)
    assert str(proxy.proxy) in refused.message


@pytest.mark.parametrize("address", ["fe80::1%lo", "a" * 300, "two words", "name\r\nX-Header: y", "-\udcff"])
@pytest.mark.parametrize("kind", KINDS)
def test_addresses_that_no_proxy_can_take(server: Sshd, key: Path, kind: Kind, address: str) -> None:
    with ProxyServer(kind) as proxy:
        error = failure(replace(to(server, key, proxy.proxy), address=address))
        assert proxy.asked == []
    assert error.kind is FailureKind.NAME_NOT_FOUND


@pytest.mark.parametrize("kind", ProxyKind)
def test_a_proxy_that_is_not_there(server: Sshd, key: Path, kind: ProxyKind) -> None:
    refusing = Proxy(kind, "127.0.7.20", free_port("127.0.7.20"))
    error = failure(to(server, key, refusing))
    assert error.kind is FailureKind.UNREACHABLE
    assert error.message.startswith(f"The proxy {refusing} on the way to {server.address} port {server.port}: ")
    assert error.message.endswith("refused the connection")
    nameless = failure(to(server, key, Proxy(kind, "no-such-proxy.invalid", 1080)))
    assert nameless.kind is FailureKind.NAME_NOT_FOUND
    assert "no-such-proxy.invalid" in nameless.message
    assert "proxy" in nameless.next_step


def test_the_deadline_holds_while_a_proxy_keeps_us_waiting(server: Sshd, key: Path) -> None:
    with ProxyServer("http", fault="drips") as proxy:
        error = failure(to(server, key, proxy.proxy, connect_timeout_s=600), deadline_s=1)
    assert error.kind is FailureKind.DEADLINE


def test_a_dead_proxy_before_a_jump_is_asked_once_for_all(server: Sshd, key: Path) -> None:
    with ProxyServer("socks5", fault="silent") as proxy, ThreadPoolExecutor(max_workers=20) as pool:
        endpoint = to(server, key, proxy.proxy, connect_timeout_s=1)
        connection = replace(endpoint.connection, jumps=(Jump("gate.inside", 22),))
        endpoints = [replace(endpoint, name=f"pc-{number}", connection=connection) for number in range(40)]
        transport = SshTransport(no_secrets)

        def ask(one: Endpoint) -> str:
            with pytest.raises(TransportError) as caught:
                transport.ask(one, Bundle(()), 60)
            return caught.value.message

        said = set(pool.map(ask, endpoints))
        transport.close()
        assert proxy.connections == 1
    assert said == {
        f"No way through the jump host gate.inside: The proxy {proxy.proxy} took the connection and did not answer "
        "within 1 seconds"
    }


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def test_nothing_is_left_over(server: Sshd, key: Path) -> None:
    threads, files = threading.active_count(), open_files()
    for fault in ("", "silent", "garbage", "closes", "forbids"):
        with ProxyServer("http", fault=fault) as proxy:
            transport = SshTransport(no_secrets)
            endpoint = to(server, key, proxy.proxy, connect_timeout_s=1 if fault else 10)
            if fault:
                failure(endpoint)
            else:
                assert transport.ask(endpoint, Bundle(()), 60).complete
            transport.close()
    until = time.monotonic() + 20
    while (threading.active_count(), open_files()) != (threads, files) and time.monotonic() < until:
        time.sleep(0.05)
    assert (threading.active_count(), open_files()) == (threads, files)


# --- scorecard doctor ----------------------------------------------------------------------------------------------


def said_by(steps: list[Step]) -> dict[str, str]:
    assert all(step.ok for step in steps), steps[-1]
    return {step.name: step.said for step in steps}


def test_the_doctor_names_the_proxy(tmp_path: Path, server: Sshd, key: Path) -> None:
    with ProxyServer("socks5", names={NAME: server.address}) as proxy:
        said = said_by(list(examine(to(server, key, proxy.proxy, NAME), no_secrets, 60)))
        assert said["name"] == f"{NAME} is looked up by the proxy {proxy.proxy}"
        assert said["port"] == f"{NAME} port {server.port} (through the proxy {proxy.proxy}) accepts connections"
        with Wsman(tmp_path, winrm_kit.MACHINE, "127.0.9.61") as machine:
            way = winrm_kit.way_to(machine)
            transport = WinrmTransport(
                winrm_kit.secret_of, lambda endpoint: replace(way(endpoint), proxy=endpoint.connection.proxy)
            )
            said = said_by(list(over_winrm(transport, windows(machine, proxy.proxy), 60)))
    assert said["name"] == f"{machine.address} is looked up by the proxy {proxy.proxy}"
    assert said["port"].endswith(f"(through the proxy {proxy.proxy}) takes connections")


def test_the_doctor_stops_at_a_proxy_that_hangs(server: Sshd, key: Path) -> None:
    with socket.create_server(("127.0.7.20", 0)) as silent:
        proxy = Proxy(ProxyKind.SOCKS5, "127.0.7.20", silent.getsockname()[1])
        steps = list(examine(to(server, key, proxy, connect_timeout_s=0.5), no_secrets, 60))
    assert [(step.name, step.ok) for step in steps] == [("name", True), ("port", False)]
    assert str(proxy) in steps[-1].said
