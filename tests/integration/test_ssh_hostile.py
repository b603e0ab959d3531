"""SSH servers that let us in and then send what no server would: a failure like others, and no work for us."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest

from scorecard.errors import FailureKind
from scorecard.model import Endpoint
from scorecard.transports.ssh import SshTransport
from tests.integration.ssh_kit import ADDRESS, Peer, failure
from tests.rig.ssh_packets import IGNORE
from tests.rig.sshd import key_credential, keygen, no_secrets


@pytest.fixture
def transport() -> Iterator[SshTransport]:
    transport = SshTransport(no_secrets)
    yield transport
    transport.close()


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return keygen(tmp_path_factory.mktemp("key") / "key")


class _Hostile(paramiko.ServerInterface):
    """Lets everybody in; `misbehave` gets the transport once a session is asked for."""

    def __init__(self, misbehave: Callable[[paramiko.Transport, paramiko.Channel], None]) -> None:
        self.misbehave = misbehave
        self.channel = threading.Event()

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return paramiko.common.AUTH_SUCCESSFUL

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.common.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self.channel.set()
        return True


def raw(transport: paramiko.Transport, channel: paramiko.Channel, *payload: int) -> None:
    message = paramiko.Message()
    message.add_bytes(bytes(payload))
    transport._send_message(message)  # type: ignore[attr-defined]  # the point is to send what no API would


@contextmanager
def hostile(
    folder: Path, key: Path, misbehave: Callable[[paramiko.Transport, paramiko.Channel], None]
) -> Iterator[Endpoint]:
    host_key = paramiko.Ed25519Key.from_private_key_file(str(keygen(folder / "host")))

    def serve(sock: socket.socket) -> None:
        server = paramiko.Transport(sock)
        server.add_server_key(host_key)
        interface = _Hostile(misbehave)
        server.start_server(server=interface)
        channel = server.accept(10)
        assert channel is not None
        interface.channel.wait(10)
        time.sleep(0.05)
        misbehave(server, channel)
        time.sleep(0.2)
        server.close()
        server.join()

    with Peer(serve) as peer:
        known = folder / "known"
        known.write_text(f"[{ADDRESS}]:{peer.port} {host_key.get_name()} {host_key.get_base64()}\n")
        endpoint = replace(peer.endpoint(), credential=key_credential(key))
        yield replace(endpoint, connection=replace(endpoint.connection, known_hosts=(str(known),)))


@pytest.mark.parametrize(
    "misbehave",
    [
        lambda transport, channel: raw(transport, channel, 94, 0, 0, 0),
        lambda transport, channel: raw(transport, channel, 94, 0, 0, 0, 99, 255, 255, 255, 255),
        lambda transport, channel: raw(transport, channel, 98, 0, 0, 0, 0, 255, 255),
        lambda transport, channel: raw(transport, channel, 93, 255, 255, 255, 255, 0, 0, 0, 1),
        lambda transport, channel: raw(transport, channel, 1, 0, 0, 0, 11, 0, 0, 0, 3, 255, 254, 253, 0, 0, 0, 0),
        lambda transport, channel: raw(transport, channel, 99),
        lambda transport, channel: raw(transport, channel, 20, *([0] * 8)),
        lambda transport, channel: raw(transport, channel, 201, 1, 2, 3),
        lambda transport, channel: raw(transport, channel, 52),
        lambda transport, channel: channel.close() or transport.close(),
        lambda transport, channel: channel.send_exit_status(4_000_000_000) or transport.close(),
    ],
)
def test_what_a_hostile_server_sends_is_a_failure_like_others(
    transport: SshTransport, tmp_path: Path, key: Path, misbehave: Callable[[paramiko.Transport, paramiko.Channel], None]
) -> None:
    with hostile(tmp_path, key, misbehave) as endpoint:
        error = failure(transport, endpoint, deadline_s=10)
    assert error.kind in (FailureKind.UNREACHABLE, FailureKind.PERMISSION_DENIED, FailureKind.PROTOCOL)


# --- floods of messages that are no output -------------------------------------------------------------------------

_WORDS = [0, 0, 0, 200, *b"x" * 200]


@pytest.mark.parametrize(
    "payload",
    [
        [2, *_WORDS],
        [4, 0, *_WORDS, 0, 0, 0, 0],
        [80, *_WORDS, 0],
        [95, 0, 0, 0, 0, 0, 0, 0, 2, *_WORDS],
    ],
    ids=["ignore", "debug", "global-request", "output-of-no-kind"],
)
def test_a_flood_that_brings_nothing_is_cut_before_the_deadline(
    transport: SshTransport, tmp_path: Path, key: Path, payload: list[int]
) -> None:
    def flood(server: paramiko.Transport, channel: paramiko.Channel) -> None:
        with suppress(EOFError, OSError, paramiko.SSHException):  # it is hung up on, as it should be
            while server.is_active():
                raw(server, channel, *payload)

    with hostile(tmp_path, key, flood) as endpoint:
        error = failure(transport, endpoint, deadline_s=90)
    assert error.kind is FailureKind.OUTPUT_TOO_LARGE
    assert "sent a flood of messages that bring nothing" in error.message


def test_a_flood_before_the_key_exchange_is_cut(transport: SshTransport) -> None:
    def flood(sock: socket.socket) -> None:
        sock.sendall(b"SSH-2.0-flood\r\n")
        while True:
            sock.sendall(IGNORE * 1000)

    with Peer(flood) as peer:
        error = failure(transport, peer.endpoint(connect_timeout_s=60))
    assert error.kind is FailureKind.OUTPUT_TOO_LARGE
    assert "sent a flood of messages that bring nothing" in error.message
