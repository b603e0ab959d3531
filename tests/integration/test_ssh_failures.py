"""Every way in which an endpoint can fail to answer over SSH, each for real: its kind, its words, and nothing left over."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scorecard.bundle import HOST_PART, Bundle
from scorecard.errors import FailureKind
from scorecard.model import Connection, Endpoint, Outcome, Platform, Probe
from scorecard.transports.base import MAX_OUTPUT_BYTES
from scorecard.transports.sockets import shut
from scorecard.transports.ssh import SshTransport
from tests.integration.ssh_kit import ADDRESS, Peer, failure, until_closed
from tests.rig.sshd import Account, Sshd, free_port, key_credential, keygen, need_root, no_secrets

pytestmark = pytest.mark.waits


@pytest.fixture
def transport() -> Iterator[SshTransport]:
    transport = SshTransport(no_secrets)
    yield transport
    transport.close()


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return keygen(tmp_path_factory.mktemp("key") / "key")


# --- before SSH ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["no-such-host.invalid", "x" * 80 + ".example", "two..dots"])
def test_a_name_that_is_none(transport: SshTransport, address: str) -> None:
    assert failure(transport, Endpoint("e", "c", address)).kind is FailureKind.NAME_NOT_FOUND


def test_a_port_where_nobody_listens(transport: SshTransport) -> None:
    error = failure(transport, Endpoint("e", "c", ADDRESS, port=free_port(ADDRESS)))
    assert error.kind is FailureKind.REFUSED


def test_a_machine_that_does_not_answer(transport: SshTransport) -> None:
    """A full queue of connections looks like a machine that is switched off: the kernel drops what comes."""
    with socket.create_server((ADDRESS, 0), backlog=0) as listener:
        where = listener.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(where)
        connection = Connection(known_hosts=("/dev/null",), connect_timeout_s=0.6)
        error = failure(transport, Endpoint("e", "c", ADDRESS, port=where[1], connection=connection))
        for filler in fillers:
            filler.close()
    assert error.kind is FailureKind.UNREACHABLE
    assert "0.6 seconds" in error.message


ASK_ALONE = """
from scorecard.bundle import Bundle
from scorecard.errors import TransportError
from scorecard.model import Connection, Endpoint
from scorecard.transports.ssh import SshTransport
endpoint = Endpoint("e", "c", "192.0.2.1", connection=Connection(known_hosts=("/dev/null",)))
try:
    SshTransport(None).ask(endpoint, Bundle(()), 10)
except TransportError as error:
    print(error.kind, error.message)
"""


def test_no_way_to_a_network() -> None:
    """In a network namespace without any route."""
    need_root()
    done = subprocess.run(["unshare", "-n", sys.executable, "-c", ASK_ALONE], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("unreachable There is no way from here to 192.0.2.1 port 22")


def test_all_addresses_of_a_name_are_tried(transport: SshTransport, tmp_path: Path, key: Path) -> None:
    """localhost is ::1 and 127.0.0.1 on most machines; the server listens on the second only."""
    with Sshd(tmp_path, address="127.0.0.1", authorized=[key]) as server:
        known = tmp_path / "known"
        known.write_text(server.known_hosts_line(name=f"[localhost]:{server.port}"))
        endpoint = replace(server.endpoint(key_credential(key), known_hosts=(str(known),)), address="localhost")
        assert transport.ask(endpoint, Bundle(()), 120).complete


# --- peers that do not shake hands ---------------------------------------------------------------------------------


def leave(sock: socket.socket) -> None:
    return


def saying(data: bytes) -> Callable[[socket.socket], None]:
    """Sends this and waits."""

    def behave(sock: socket.socket) -> None:
        sock.sendall(data)
        until_closed(sock)

    return behave


@pytest.mark.parametrize(
    ("behave", "words", "connections"),
    [
        (leave, "without a word of SSH", 2),
        (lambda sock: sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "HTTP/1.1 400 Bad Request", 2),
        (lambda sock: sock.sendall(b"Exceeded MaxStartups\r\n"), "Exceeded MaxStartups", 2),
        (saying(b"220 mail ready\r\n"), "220 mail ready", 1),
        (saying(bytes(range(256)) * 400), "does not speak SSH", 1),
        (saying(b"SSH-1.5-old\r\n"), "no common method", 1),
        (saying(b"SSH-\xff\xfe\r\n"), "SSH", 1),
        (saying(b"SSH-2.0-liar\r\n" + b"\xff" * 64), "broke off the SSH handshake", 1),
        (lambda sock: sock.sendall(b"SSH-2.0-gone\r\n"), "broke off the SSH handshake", 2),
        (
            lambda sock: sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)),
            "without a word of SSH",
            2,
        ),
    ],
    ids=["closes", "http", "busy", "smtp", "garbage", "ssh-1", "bytes", "huge-packet", "ends-after-greeting", "resets"],
)
def test_a_peer_that_does_not_speak_ssh(
    transport: SshTransport, behave: Callable[[socket.socket], None], words: str, connections: int
) -> None:
    with Peer(behave) as peer:
        error = failure(transport, peer.endpoint())
        assert peer.connections == connections  # a dropped connection is tried once more, nothing else is
    assert error.kind is FailureKind.PROTOCOL
    assert words in error.message


def drip(sock: socket.socket) -> None:
    for _ in range(200):
        sock.sendall(b"x")
        time.sleep(0.05)


@pytest.mark.parametrize("behave", [until_closed, drip], ids=["silent", "drips"])
def test_a_peer_that_keeps_us_waiting_costs_the_handshake_limit(
    transport: SshTransport, behave: Callable[[socket.socket], None]
) -> None:
    with Peer(behave) as peer:
        error = failure(transport, peer.endpoint(connect_timeout_s=0.3))
    assert error.kind is FailureKind.PROTOCOL
    assert "in time" in error.message or "0.6 seconds" in error.message


@pytest.mark.parametrize("behave", [until_closed, drip], ids=["silent", "drips"])
def test_the_deadline_holds_in_the_handshake(transport: SshTransport, behave: Callable[[socket.socket], None]) -> None:
    with Peer(behave) as peer:
        error = failure(transport, peer.endpoint(connect_timeout_s=60), deadline_s=0.5)
    assert error.kind is FailureKind.DEADLINE
    assert "during the SSH handshake" in error.message


def test_a_dropped_connection_is_tried_once_more(transport: SshTransport, tmp_path: Path, key: Path) -> None:
    """A relay that drops the first connection, as sshd does at random while many wait (MaxStartups)."""
    with Sshd(tmp_path, authorized=[key]) as server:
        dropped: list[bool] = []

        def relay(sock: socket.socket) -> None:
            if not dropped:
                dropped.append(True)
                return
            with socket.create_connection((server.address, server.port)) as onward:
                back = threading.Thread(target=pump, args=(onward, sock))
                back.start()
                pump(sock, onward)
                back.join()

        with Peer(relay) as peer:
            known = tmp_path / "known"
            known.write_text(server.known_hosts_line(name=f"[{ADDRESS}]:{peer.port}"))
            endpoint = server.endpoint(key_credential(key), known_hosts=(str(known),))
            answer = transport.ask(replace(endpoint, address=ADDRESS, port=peer.port), Bundle(()), 120)
    assert answer.complete
    assert dropped


def pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("KexAlgorithms sntrup761x25519-sha512@openssh.com", "kex algorithm"),
        ("Ciphers chacha20-poly1305@openssh.com", "ciphers"),
        ("HostKeyAlgorithms ssh-rsa", "host key"),
    ],
)
def test_no_common_method_names_what_is_missing(
    transport: SshTransport, tmp_path: Path, key: Path, option: str, words: str
) -> None:
    with Sshd(tmp_path, authorized=[key], options=(option,), host_keys=("ed25519", "rsa")) as server:
        error = failure(transport, server.endpoint(key_credential(key)))
        assert server.connections() == 1
    assert error.kind is FailureKind.PROTOCOL
    assert words in error.message
    assert "OpenSSH" in error.message


@pytest.mark.parametrize(
    "option",
    [
        "KexAlgorithms diffie-hellman-group14-sha256",
        "KexAlgorithms diffie-hellman-group16-sha512",
        "KexAlgorithms diffie-hellman-group-exchange-sha256",
    ],
)
def test_a_slow_key_exchange_is_used_and_noted(transport: SshTransport, tmp_path: Path, key: Path, option: str) -> None:
    with Sshd(tmp_path, authorized=[key], options=(option,)) as server:
        answer = transport.ask(server.endpoint(key_credential(key)), Bundle(()), 120)
    assert answer.complete
    assert any(option.split()[1] in note for note in answer.notes)


@pytest.mark.parametrize(
    "options",
    [
        ("Ciphers aes256-ctr", "MACs hmac-sha2-512-etm@openssh.com"),
        ("Ciphers aes128-ctr", "MACs hmac-sha1"),
        ("Ciphers aes256-gcm@openssh.com",),
        ("KexAlgorithms ecdh-sha2-nistp521", "RekeyLimit 16K"),
    ],
)
def test_other_methods_work(transport: SshTransport, tmp_path: Path, key: Path, options: tuple[str, ...]) -> None:
    with Sshd(tmp_path, authorized=[key], options=options) as server:
        answer = transport.ask(server.endpoint(key_credential(key)), Bundle(()), 120)
    assert answer.complete
    assert answer.notes == ()


# --- logged in, and nothing runs -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/usr/sbin/nologin", "not available"),
        ("/bin/false", "it said nothing"),
        ("echo 'Only backups here'", "Only backups here"),
        ("printf '\\033[31mred\\007 alarm\\033[0m\\n'; exit 7", "red alarm"),
        ("printf '\\377\\376 ohne UTF-8\\n'", "ohne UTF-8"),
    ],
)
def test_a_login_that_runs_no_script(transport: SshTransport, tmp_path: Path, key: Path, command: str, words: str) -> None:
    with Sshd(tmp_path, authorized=[key], options=(f"ForceCommand {command}",), log_level="INFO") as server:
        error = failure(transport, server.endpoint(key_credential(key)))
    assert error.kind is FailureKind.PERMISSION_DENIED
    assert words in error.message
    assert "\033" not in error.message


def test_a_login_shell_that_is_nologin(transport: SshTransport, tmp_path: Path, key: Path) -> None:
    need_root()
    accounts = [Account("pat", "x", shell="/usr/sbin/nologin")]
    with Sshd(tmp_path, authorized=[key], accounts=accounts) as server:
        error = failure(transport, server.endpoint(key_credential(key, user="pat")))
    assert error.kind is FailureKind.PERMISSION_DENIED
    assert "not available" in error.message


def test_a_server_that_opens_no_session(transport: SshTransport, tmp_path: Path, key: Path) -> None:
    with Sshd(tmp_path, authorized=[key], options=("MaxSessions 0",)) as server:
        error = failure(transport, server.endpoint(key_credential(key)))
    assert error.kind is FailureKind.PERMISSION_DENIED


# --- the deadline and the caps -------------------------------------------------------------------------------------


def part(name: str, text: str, limit_s: int = 60, size_bytes: int = 200_000) -> Probe:
    platform = Platform.MACOS if os.uname().sysname == "Darwin" else Platform.LINUX
    return Probe(name, platform, text, limit_s, size_bytes)


def test_the_deadline_keeps_whole_frames(transport: SshTransport, tmp_path: Path, key: Path) -> None:
    bundle = Bundle(
        (part("t.quick", "echo here\n"), part("t.slow", "echo begun; sleep 60\n"), part("t.never", "echo never\n"))
    )
    with Sshd(tmp_path, authorized=[key]) as server:
        answer = transport.ask(server.endpoint(key_credential(key)), bundle, 8)
        assert server.connections() == 1
    assert not answer.complete
    assert answer.cut is not None
    assert answer.cut.kind is FailureKind.DEADLINE
    assert "8 seconds" in answer.cut.message
    assert answer.observations[HOST_PART].outcome is Outcome.OK
    assert answer.observations["t.quick"].text == "here"
    assert answer.observations["t.slow"].outcome is Outcome.TRUNCATED
    assert "t.never" not in answer.observations


def test_the_command_is_stopped_over_there_at_the_deadline(transport: SshTransport, tmp_path: Path, key: Path) -> None:
    """The login shell gets the signal: it notes that in its home."""
    need_root()
    shell = tmp_path / "shell"
    shell.write_text(
        "#!/bin/sh\ntrap '' PIPE\ntrap 'echo stopped >\"$HOME/seen\"; exit' TERM\nwhile :; do sleep 0.1; done\n"
    )
    shell.chmod(0o755)
    with Sshd(tmp_path, authorized=[key], accounts=[Account("pat", "x", shell="/run/server/shell")]) as server:
        error = failure(transport, server.endpoint(key_credential(key, user="pat")), deadline_s=6)
        seen = tmp_path / "home-pat" / "seen"
        until = time.monotonic() + 20
        while not seen.exists() and time.monotonic() < until:
            time.sleep(0.05)
        assert seen.exists()
    assert error.kind is FailureKind.DEADLINE


def test_a_login_that_hangs(transport: SshTransport, tmp_path: Path, key: Path) -> None:
    with Sshd(tmp_path, authorized=[key], options=("ForceCommand sleep 60",)) as server:
        error = failure(transport, server.endpoint(key_credential(key)), deadline_s=2)
    assert error.kind is FailureKind.DEADLINE


def test_a_flood_from_the_login_shell_is_cut(transport: SshTransport, tmp_path: Path, key: Path) -> None:
    with Sshd(tmp_path, authorized=[key], options=("ForceCommand yes noise",)) as server:
        error = failure(transport, server.endpoint(key_credential(key)), deadline_s=60)
    assert error.kind is FailureKind.OUTPUT_TOO_LARGE


def test_a_flood_after_frames_keeps_them(transport: SshTransport, tmp_path: Path, key: Path) -> None:
    flood = part(
        "t.flood", f"head -c {MAX_OUTPUT_BYTES + 1000} /dev/zero | tr '\\000' x\n", size_bytes=MAX_OUTPUT_BYTES * 2
    )
    with Sshd(tmp_path, authorized=[key]) as server:
        answer = transport.ask(server.endpoint(key_credential(key)), Bundle((part("t.quick", "echo here\n"), flood)), 60)
    assert answer.cut is not None
    assert answer.cut.kind is FailureKind.OUTPUT_TOO_LARGE
    assert answer.observations["t.quick"].text == "here"
    assert answer.observations["t.flood"].outcome is Outcome.TRUNCATED


@pytest.mark.parametrize("with_frames", [True, False])
def test_a_line_that_drops_in_the_middle(transport: SshTransport, tmp_path: Path, key: Path, with_frames: bool) -> None:
    """A relay that breaks the connection when the script says, by a file, that it is at work."""
    at_work = tmp_path / "at-work"
    note = f"touch {at_work}; sleep 60\n"
    bundle = Bundle((part("t.quick", "echo here\n"), part("t.slow", note)))
    options = () if with_frames else (f"ForceCommand {note.strip()}",)
    with Sshd(tmp_path / "server", authorized=[key], options=options) as server:

        def relay(sock: socket.socket) -> None:
            with socket.create_connection((server.address, server.port)) as onward:
                pumps = [threading.Thread(target=pump, args=pair) for pair in ((onward, sock), (sock, onward))]
                for thread in pumps:
                    thread.start()
                while not at_work.exists() and pumps[0].is_alive():
                    time.sleep(0.01)
                time.sleep(1)  # what was said before has come through
                for end in (sock, onward):
                    shut(end)
                for thread in pumps:
                    thread.join()

        with Peer(relay) as peer:
            known = tmp_path / "known"
            known.write_text(server.known_hosts_line(name=f"[{ADDRESS}]:{peer.port}"))
            endpoint = server.endpoint(key_credential(key), known_hosts=(str(known),))
            endpoint = replace(endpoint, address=ADDRESS, port=peer.port)
            if with_frames:
                answer = transport.ask(endpoint, bundle, 50)
                assert answer.cut is not None
                assert answer.cut.kind is FailureKind.UNREACHABLE
                assert answer.observations["t.quick"].text == "here"
                assert answer.observations["t.slow"].outcome is Outcome.TRUNCATED
            else:
                error = failure(transport, endpoint, deadline_s=50)
                assert error.kind is FailureKind.UNREACHABLE
                assert "broke" in error.message
            assert peer.connections == 1
