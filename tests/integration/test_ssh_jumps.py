"""Jump hosts, with real servers: one connection for all endpoints behind one, made anew when it drops, tried once."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest

from scorecard.bundle import HOST_PART, Bundle
from scorecard.errors import FailureKind, TransportError
from scorecard.model import (
    Connection,
    Credential,
    Endpoint,
    HostKeyPolicy,
    Identity,
    Jump,
    Outcome,
    SecretRef,
)
from scorecard.transports import ssh_links
from scorecard.transports.ssh import SshTransport
from scorecard.transports.ssh_tunnel import Tunnel
from tests.rig.sshd import Account, Sshd, always, free_port, key_credential, keygen, need_root, no_secrets

pytestmark = pytest.mark.waits

PASSWORD = "a rather good one"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return keygen(tmp_path_factory.mktemp("key") / "key")


@pytest.fixture(scope="module")
def end(tmp_path_factory: pytest.TempPathFactory, key: Path) -> Iterator[Sshd]:
    with Sshd(tmp_path_factory.mktemp("end"), address="127.0.7.4", authorized=[key], log_level="INFO") as server:
        yield server


@pytest.fixture
def transport() -> Iterator[SshTransport]:
    transport = SshTransport(no_secrets)
    yield transport
    transport.close()


def behind(jumps: list[Sshd], end: Sshd, key: Path, credential: Credential | None = None) -> Endpoint:
    """The endpoint at the end of a chain; every host key on the way is known. `credential`: for each jump."""
    known = jumps[0].folder / "known-behind"
    known.write_text("".join(server.known_hosts_line() for server in (*jumps, end)))
    way = tuple(Jump(jump.address, jump.port, credential) for jump in jumps)
    return replace(end.endpoint(key_credential(key)), connection=Connection(jumps=way, known_hosts=(str(known),)))


def many(endpoint: Endpoint, count: int) -> list[Endpoint]:
    return [replace(endpoint, name=f"{endpoint.name}-{number}") for number in range(count)]


def ask(transport: SshTransport, endpoint: Endpoint, bundle: Bundle | None = None, deadline_s: float = 120) -> str:
    """ "answer", or the failure with its sentence."""
    try:
        answer = transport.ask(endpoint, bundle or Bundle(()), deadline_s)
    except TransportError as error:
        return f"{error.kind}: {error.message}" if error.next_step else "no next step"
    assert answer.observations[HOST_PART].outcome is Outcome.OK
    return "answer" if answer.complete else "cut"


def together(transport: SshTransport, endpoints: list[Endpoint], deadline_s: float = 120) -> Counter[str]:
    """All at once, each in a thread of its own."""
    gate = threading.Barrier(len(endpoints))

    def one(endpoint: Endpoint) -> str:
        gate.wait(60)
        return ask(transport, endpoint, deadline_s=deadline_s)

    with ThreadPoolExecutor(max_workers=len(endpoints)) as pool:
        return Counter(pool.map(one, endpoints))


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not true():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.02)


# --- one for all ---------------------------------------------------------------------------------------------------


def test_fifty_at_once_share_one_connection(transport: SshTransport, end: Sshd, key: Path, tmp_path: Path) -> None:
    with Sshd(tmp_path / "jump", authorized=[key]) as jump:
        endpoints = many(behind([jump], end, key), 50)
        assert together(transport, endpoints) == {"answer": 50}
        assert together(transport, endpoints[:5]) == {"answer": 5}  # it is kept to the end of the run
        assert jump.connections() == 1
        assert jump.login_requests().count("publickey") <= 2  # the question and the proof
        assert jump.serving()
        transport.close()
        wait_until(lambda: not jump.serving())


def test_more_than_fit_open_another(
    transport: SshTransport, end: Sshd, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh_links, "SEATS", 4)
    with (
        Sshd(tmp_path / "jump", authorized=[key]) as jump,
        Sshd(tmp_path / "slow", authorized=[key], address="127.0.7.5", options=("ForceCommand sleep 3; sh -s",)) as slow,
    ):
        assert together(transport, many(behind([jump], slow, key), 12)) == {"answer": 12}
        assert jump.connections() == 3


def test_chains_share_what_they_have_in_common(transport: SshTransport, end: Sshd, key: Path, tmp_path: Path) -> None:
    with (
        Sshd(tmp_path / "one", address="127.0.7.2", authorized=[key]) as one,
        Sshd(tmp_path / "two", address="127.0.7.3", authorized=[key]) as two,
        Sshd(tmp_path / "three", address="127.0.7.5", authorized=[key]) as three,
    ):
        known = tmp_path / "known"
        known.write_text("".join(server.known_hosts_line() for server in (one, two, three, end)))
        through = replace(behind([one, two], end, key), name="through two")
        other = replace(behind([one, three], end, key), name="through three")
        endpoints = [
            replace(endpoint, connection=replace(endpoint.connection, known_hosts=(str(known),)))
            for endpoint in (*many(through, 10), *many(other, 10), *many(behind([one], end, key), 10))
        ]
        assert together(transport, endpoints) == {"answer": 30}
        assert [server.connections() for server in (one, two, three)] == [1, 1, 1]


def test_what_differs_is_not_shared(transport: SshTransport, end: Sshd, key: Path, tmp_path: Path) -> None:
    """Another client, another proof, another rule: each a connection of its own, with its own login."""
    second = keygen(tmp_path / "second")
    with Sshd(tmp_path / "jump", authorized=[key, second]) as jump:
        plain = behind([jump], end, key)
        ways = plain.connection.jumps
        others = [
            plain,
            replace(plain, client="another"),
            replace(
                plain, connection=replace(plain.connection, jumps=(replace(ways[0], credential=key_credential(second)),))
            ),
            replace(plain, connection=replace(plain.connection, host_key_policy=HostKeyPolicy.ACCEPT_NEW)),
        ]
        for endpoint in others:
            assert ask(transport, endpoint) == "answer"
        assert jump.connections() == len(others)


def test_a_jump_that_was_new_leaves_nobody_behind_it_proven(
    transport: SshTransport, end: Sshd, key: Path, tmp_path: Path
) -> None:
    with Sshd(tmp_path / "jump", authorized=[key]) as jump:
        endpoint = behind([jump], end, key)
        Path(endpoint.connection.known_hosts[0]).write_text(end.known_hosts_line())
        endpoint = replace(endpoint, connection=replace(endpoint.connection, host_key_policy=HostKeyPolicy.ACCEPT_NEW))
        for _ in range(2):
            answer = transport.ask(endpoint, Bundle(()), 120)
            assert answer.identity is Identity.NOT_PROVEN
            assert f"{jump.address} port {jump.port} was accepted on first contact" in " ".join(answer.notes)
        assert jump.connections() == 1


# --- it drops ------------------------------------------------------------------------------------------------------


def test_a_dropped_connection_is_made_anew_once(transport: SshTransport, end: Sshd, key: Path, tmp_path: Path) -> None:
    with Sshd(tmp_path / "jump", authorized=[key]) as jump:
        endpoints = many(behind([jump], end, key), 20)
        assert together(transport, endpoints) == {"answer": 20}
        jump.signal_connections(signal.SIGKILL)
        assert together(transport, endpoints) == {"answer": 20}
        assert jump.connections() == 2


def test_killed_under_those_who_use_it(transport: SshTransport, key: Path, tmp_path: Path) -> None:
    """Who was in the middle is told what broke, not that the machine is at fault; who comes after is answered."""
    with (
        Sshd(tmp_path / "jump", authorized=[key]) as jump,
        Sshd(tmp_path / "slow", address="127.0.7.5", authorized=[key], options=("ForceCommand sleep 60",)) as slow,
        Sshd(tmp_path / "end", address="127.0.7.6", authorized=[key]) as end,
    ):
        hanging = behind([jump], slow, key)
        known = Path(hanging.connection.known_hosts[0])
        known.write_text(known.read_text() + end.known_hosts_line())
        quick = replace(hanging, name="quick", port=end.port, address=end.address)
        with ThreadPoolExecutor(max_workers=10) as pool:
            asked = [pool.submit(ask, transport, endpoint) for endpoint in many(hanging, 10)]
            wait_until(lambda: slow.log().count("Starting session") == 10)
            jump.signal_connections(signal.SIGKILL)
            said = Counter(one.result() for one in asked)
        where = f"{slow.address} port {slow.port} (through {jump.address})"
        assert said == {f"unreachable: The connection to {where} broke before the answer was complete": 10}
        assert together(transport, many(quick, 10)) == {"answer": 10}
        assert jump.connections() == 2


def test_deadlines_outlive_a_connection_that_was_closed(
    transport: SshTransport, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One thread looks after connections and deadlines alike: a look at what is closed by then must not end it."""
    monkeypatch.setattr(ssh_links, "LOOK_EVERY_S", 3.0)
    with (
        Sshd(tmp_path / "jump", authorized=[key]) as jump,
        Sshd(tmp_path / "slow", address="127.0.7.5", authorized=[key], options=("ForceCommand sleep 60",)) as slow,
        Sshd(tmp_path / "end", address="127.0.7.6", authorized=[key]) as end,
    ):
        hanging = behind([jump], slow, key)
        known = Path(hanging.connection.known_hosts[0])
        known.write_text(known.read_text() + end.known_hosts_line())
        quick = replace(hanging, name="quick", port=end.port, address=end.address)
        assert ask(transport, quick) == "answer"
        looked_at = time.monotonic() + 3
        jump.signal_connections(signal.SIGKILL)
        wait_until(lambda: not jump.serving())
        time.sleep(0.5)  # until our side has seen it too
        assert ask(transport, quick) == "answer"  # over a new one; the first is closed
        assert jump.connections() == 2
        time.sleep(max(0.0, looked_at + 0.5 - time.monotonic()))
        assert ask(transport, hanging, deadline_s=2).startswith("deadline: ")


def test_a_jump_that_breaks_under_every_login_is_given_up(transport: SshTransport, key: Path, tmp_path: Path) -> None:
    """The endpoint is at no fault, and is not blamed."""
    with Sshd(tmp_path / "jump", authorized=[key]) as jump, socket.create_server(("127.0.7.5", 0)) as silent:
        endpoint = replace(behind([jump], jump, key), address="127.0.7.5", port=silent.getsockname()[1])
        silent.settimeout(0.1)
        with ThreadPoolExecutor(max_workers=1) as pool:
            asked = pool.submit(ask, transport, endpoint)
            while not asked.done():
                with suppress(TimeoutError), silent.accept()[0] as connection:
                    connection.settimeout(20)
                    assert connection.recv(4) == b"SSH-"
                    jump.signal_connections(signal.SIGKILL)
        assert 2 <= jump.connections() <= 4
    target = f"127.0.7.5 port {endpoint.port}"
    assert (
        asked.result()
        == f"unreachable: The connection to the jump host {jump.address} broke again and again on the way to {target}"
    )


def test_one_endpoints_deadline_costs_the_others_nothing(transport: SshTransport, key: Path, tmp_path: Path) -> None:
    with (
        Sshd(tmp_path / "jump", authorized=[key]) as jump,
        Sshd(tmp_path / "slow", address="127.0.7.5", authorized=[key], options=("ForceCommand sleep 4; sh -s",)) as slow,
    ):
        endpoint = behind([jump], slow, key)
        with ThreadPoolExecutor(max_workers=10) as pool:
            whole = [pool.submit(ask, transport, one) for one in many(endpoint, 5)]
            short = [pool.submit(ask, transport, one, None, 2.0) for one in many(endpoint, 5)]
            assert [one.result() for one in whole] == ["answer"] * 5
            assert all(one.result().startswith("deadline: ") for one in short)
        assert jump.connections() == 1


def test_a_line_that_takes_nothing_any_more_is_cut(
    transport: SshTransport, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever sends over it would wait for as long as TCP hopes, deadline or not."""
    monkeypatch.setattr(ssh_links, "STUCK_S", 1.0)
    monkeypatch.setattr(ssh_links, "LOOK_EVERY_S", 0.1)
    with Sshd(tmp_path / "jump", authorized=[key]) as jump, socket.create_server(("127.0.7.5", 0)) as silent:
        endpoint = replace(behind([jump], jump, key), address="127.0.7.5", port=silent.getsockname()[1])
        passages = [transport._links.passage(endpoint, *transport._means(endpoint, 60)) for _ in range(12)]
        tunnels = [passage.open_tunnel("127.0.7.5", endpoint.port or 0, 20) for passage in passages]
        jump.signal_connections(signal.SIGSTOP)

        def push(tunnel: Tunnel) -> str:
            """More than a window and all buffers on the way hold."""
            tunnel.settimeout(1)
            while True:
                try:
                    tunnel.send(bytes(32768))
                except TimeoutError:
                    continue
                except (OSError, EOFError, paramiko.SSHException) as error:
                    return type(error).__name__

        with ThreadPoolExecutor(max_workers=12) as pool:
            ended = list(pool.map(push, tunnels))
        assert all(passage.lost for passage in passages)
        jump.signal_connections(signal.SIGKILL)
        for tunnel, passage in zip(tunnels, passages, strict=True):
            tunnel.close()
            passage.close()
    assert len(ended) == 12


def test_idle_connections_are_closed(
    transport: SshTransport, end: Sshd, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh_links, "IDLE_S", 0.5)
    monkeypatch.setattr(ssh_links, "LOOK_EVERY_S", 0.1)
    with Sshd(tmp_path / "jump", authorized=[key]) as jump:
        endpoint = behind([jump], end, key)
        assert ask(transport, endpoint) == "answer"
        wait_until(lambda: not jump.serving())
        assert ask(transport, endpoint) == "answer"
        assert jump.connections() == 2


def test_nothing_that_one_does_ends_it_for_the_others(transport: SshTransport, key: Path, tmp_path: Path) -> None:
    """Floods, and deadlines at every moment: what is sent for a tunnel after its end would have sshd hang up on all."""
    with (
        Sshd(tmp_path / "jump", authorized=[key]) as jump,
        Sshd(tmp_path / "flood", address="127.0.7.5", authorized=[key], options=("ForceCommand yes",)) as flood,
        Sshd(tmp_path / "slow", address="127.0.7.6", authorized=[key], options=("ForceCommand sleep 5; sh -s",)) as slow,
        ThreadPoolExecutor(max_workers=40) as pool,
    ):
        endpoint = behind([jump], slow, key)
        known = Path(endpoint.connection.known_hosts[0])
        known.write_text(known.read_text() + flood.known_hosts_line())
        loud = replace(endpoint, address=flood.address, port=flood.port)
        assert ask(transport, endpoint) == "answer"
        patient = [pool.submit(ask, transport, one) for one in many(endpoint, 8)]
        floods = [pool.submit(ask, transport, one) for one in many(loud, 4)]
        hurried = [
            pool.submit(ask, transport, one, None, 0.2 + 0.05 * number) for number, one in enumerate(many(endpoint, 80))
        ]
        assert all(one.result().startswith("output-too-large: ") for one in floods)
        assert {one.result().partition(":")[0] for one in hurried} == {"deadline"}
        assert [one.result() for one in patient] == ["answer"] * 8
        assert jump.connections() == 1


def test_a_tunnel_that_opens_too_late_is_closed(transport: SshTransport, key: Path, tmp_path: Path) -> None:
    """Nobody here waits for it any more, and it must not stand open over there for the rest of the run."""
    with Sshd(tmp_path / "jump", authorized=[key]) as jump, socket.create_server(("127.0.7.5", 0), backlog=0) as late:
        endpoint = replace(behind([jump], jump, key), address="127.0.7.5", port=late.getsockname()[1])
        with socket.socket() as first, socket.socket() as second:
            for filler in (first, second):
                filler.setblocking(False)
                filler.connect_ex(late.getsockname())
            hurried = replace(endpoint, connection=replace(endpoint.connection, connect_timeout_s=0.5))
            said = ask(transport, hurried)
            assert said.startswith(f"unreachable: {jump.address} did not connect us to 127.0.7.5")
            ours = {filler.getsockname() for filler in (first, second)}
            late.settimeout(30)
            taken, peer = late.accept()
            while peer in ours:  # they filled the queue
                taken.close()
                taken, peer = late.accept()
            with taken:
                taken.settimeout(20)
                assert taken.recv(1) == b""
        assert jump.connections() == 1


# --- it cannot be reached, or lets nobody in -----------------------------------------------------------------------


@pytest.mark.parametrize("count", [100])
def test_a_dead_jump_is_tried_once_for_all(transport: SshTransport, key: Path, tmp_path: Path, count: int) -> None:
    """A black hole: a queue of connections that is full. Every endpoint names it, and none waits for it a second time."""
    with socket.create_server(("127.0.7.9", 0), backlog=0) as hole, socket.socket() as filler, socket.socket() as more:
        for sock in (filler, more):
            sock.setblocking(False)
            sock.connect_ex(hole.getsockname())
        address, port = hole.getsockname()
        connection = Connection(jumps=(Jump(address, port),), known_hosts=("/dev/null",), connect_timeout_s=2)
        endpoint = Endpoint("e", "c", "192.0.2.1", credential=key_credential(key), connection=connection)
        began = time.monotonic()
        with ThreadPoolExecutor(max_workers=10) as pool:
            said = Counter(pool.map(lambda one: ask(transport, one), many(endpoint, count)))
        took_s = time.monotonic() - began
    reason = f"{address} port {port} did not answer within 2 seconds"
    assert said == {f"unreachable: No way through the jump host {address}: {reason}": count}
    assert took_s < 2 * count / 10  # what it would take if each waited, ten at a time


def test_a_jump_that_comes_back_is_tried_again(
    transport: SshTransport, end: Sshd, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port("127.0.7.2")
    jump = Sshd(tmp_path / "jump", address="127.0.7.2", port=port, authorized=[key])
    endpoint = behind([jump], end, key)
    refused = f"refused: No way through the jump host 127.0.7.2: 127.0.7.2 port {port} refused the connection"
    assert ask(transport, endpoint) == refused
    with jump:
        assert ask(transport, endpoint) == refused  # remembered
        assert jump.connections() == 0
        monkeypatch.setattr(ssh_links, "REMEMBERED_S", 0.0)
        assert ask(transport, endpoint) == "answer"


def test_a_jump_that_hangs_costs_the_deadline(transport: SshTransport, key: Path, tmp_path: Path) -> None:
    """It takes connections and greets, and then nothing."""
    with Sshd(tmp_path / "jump", authorized=[key]) as jump:
        endpoint = behind([jump], jump, key)
        with socket.create_server(("127.0.7.5", 0)) as silent:
            way = (Jump("127.0.7.5", silent.getsockname()[1]),)
            endpoint = replace(endpoint, connection=replace(endpoint.connection, jumps=way))
            said = together(transport, many(endpoint, 20), deadline_s=2)
            silent.setblocking(False)
            silent.accept()[0].close()
            with pytest.raises(BlockingIOError):
                silent.accept()  # one connection for all
    assert all(one.startswith("deadline: ") for one in said)


def test_a_wrong_password_at_the_jump_is_sent_once(end: Sshd, key: Path, tmp_path: Path) -> None:
    need_root()
    transport = SshTransport(always("wrong"))
    password = Credential("gate", "client", "pat", password=SecretRef("env", "GATE"))
    options = ("PasswordAuthentication yes",)
    with Sshd(tmp_path / "jump", options=options, accounts=[Account("pat", PASSWORD)]) as jump:
        endpoints = many(behind([jump], end, key, password), 20)
        first, second = together(transport, endpoints), together(transport, endpoints)
        transport.close()
        assert jump.login_requests().count("password") == 1
        assert jump.connections() == 1
    reason = f"{jump.address} port {jump.port} refused the login of pat with the password"
    assert [sum(said.values()) for said in (first, second)] == [20, 20]
    for said in (*first, *second):
        assert said.startswith(f"auth-failed: No way through the jump host {jump.address}: {reason}")


def test_a_refused_key_at_the_second_jump_is_tried_once(
    transport: SshTransport, end: Sshd, key: Path, tmp_path: Path
) -> None:
    with (
        Sshd(tmp_path / "one", address="127.0.7.2", authorized=[key]) as one,
        Sshd(tmp_path / "two", address="127.0.7.3") as two,
    ):
        said = together(transport, many(behind([one, two], end, key), 20))
        assert [one.connections(), two.connections()] == [1, 1]
        (words,) = said
    assert words.startswith(f"auth-failed: No way through the jump host {two.address}: {two.address} port {two.port}")


def test_a_wrong_host_key_at_the_jump_ends_it_there(transport: SshTransport, end: Sshd, key: Path, tmp_path: Path) -> None:
    with Sshd(tmp_path / "jump", authorized=[key]) as jump:
        endpoint = behind([jump], end, key)
        Path(endpoint.connection.known_hosts[0]).write_text(
            end.known_hosts_line(name=f"[{jump.address}]:{jump.port}") + end.known_hosts_line()
        )
        said = together(transport, many(endpoint, 10))
        assert jump.connections() == 1
        assert jump.login_requests() == []
    (words,) = said
    assert words.startswith(f"host-key-changed: No way through the jump host {jump.address}: ")


def test_each_dead_endpoint_behind_a_jump_has_its_own_reason(
    transport: SshTransport, end: Sshd, key: Path, tmp_path: Path
) -> None:
    """What the jump says of one must not be told of another, however many are opened at once."""
    with Sshd(tmp_path / "jump", authorized=[key]) as jump:
        good = behind([jump], end, key)
        bad = [
            replace(good, address="127.0.7.8", port=free_port("127.0.7.8")),
            replace(good, address="no-such-host.invalid"),
        ]
        endpoints = [one for pair in zip(*(many(kind, 15) for kind in (good, *bad)), strict=True) for one in pair]
        said = together(transport, endpoints)
        assert jump.connections() == 1
    kinds = Counter({words.partition(":")[0]: count for words, count in said.items()})
    assert kinds == {"answer": 15, FailureKind.REFUSED: 15, FailureKind.NAME_NOT_FOUND: 15}


def test_nothing_is_left_over(end: Sshd, key: Path, tmp_path: Path) -> None:
    """Neither threads nor connections, whatever the jumps were doing when the run ended."""
    threads = threading.active_count()
    with Sshd(tmp_path / "jump", authorized=[key]) as jump, socket.create_server(("127.0.7.5", 0)) as silent:
        transport = SshTransport(no_secrets)
        good = behind([jump], end, key)
        stuck = replace(good.connection, jumps=(Jump("127.0.7.5", silent.getsockname()[1]),))
        waiting = threading.Thread(target=ask, args=(transport, replace(good, connection=stuck)))
        waiting.start()
        connection, _ = silent.accept()
        assert ask(transport, good) == "answer"
        transport.close()
        waiting.join(30)
        assert not waiting.is_alive()
        wait_until(lambda: not jump.serving())
        connection.close()
    wait_until(lambda: threading.active_count() == threads)
