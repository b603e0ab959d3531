"""Every way in which a Windows machine can fail to answer: its kind, its words, what is tried again, nothing left open."""

from __future__ import annotations

import base64
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from scorecard.bundle import HOST_PART
from scorecard.bundle_windows import WindowsBundle
from scorecard.errors import FailureKind, TransportError
from scorecard.model import Authentication, Connection, Outcome
from scorecard.transports.winrm import WinrmTransport
from scorecard.transports.winrm_way import Way
from scorecard.transports.winrm_wire import MAX_BODY_BYTES
from tests.integration.winrm_kit import (
    BUNDLE,
    DEADLINE_S,
    DOMAIN_USER,
    LOCAL_USER,
    MACHINE,
    PART,
    ask,
    endpoint,
    failure,
    secret_of,
    transport,
)
from tests.rig.silence import talking
from tests.rig.wsman.server import ACCOUNTS, Tls, Wsman

pytestmark = pytest.mark.waits

ADDRESS = "127.0.9.11"


@contextmanager
def serving(folder: Path, fault: str | None = None, tls: Tls | None = None, machine: str = MACHINE) -> Iterator[Wsman]:
    """A server that must have no shell left when its client is done."""
    with Wsman(folder, machine, ADDRESS, tls=tls, fault=fault) as server:
        yield server
        assert server.open_shells == 0


# fault: kind, words of the message, how often a shell was asked for
TOLD = {
    "401": (FailureKind.AUTH_FAILED, r"refused CORP\audit with NTLM (it offers: Negotiate, Kerberos)", 0),
    "access-denied": (FailureKind.PERMISSION_DENIED, r"CORP\audit may log on", 1),
    "remote-shells-disallowed": (FailureKind.PERMISSION_DENIED, "Remote shell access is disabled", 1),
    "no-powershell": (FailureKind.PROTOCOL, "PowerShell was not found", 1),
    "too-slow": (FailureKind.DEADLINE, "is too slow: opening a shell took over 20 seconds", 1),
    "503": (FailureKind.REFUSED, "The WinRM service of", 0),
    "html": (FailureKind.PROTOCOL, "is a web server but not WinRM", 0),
    "html:404": (FailureKind.PROTOCOL, "is a web server but not WinRM", 0),
    "html:405": (FailureKind.PROTOCOL, "is a web server but not WinRM", 0),
    "html:302": (FailureKind.PROTOCOL, "is a web server but not WinRM", 0),
    "empty-500@Command": (FailureKind.PROTOCOL, "only accepts encrypted messages", 1),
    "empty-400": (FailureKind.PROTOCOL, "dropped the session", 2),
    "shell-expired": (FailureKind.PROTOCOL, "closed our shell while waiting for the answer", 2),
    "reset": (FailureKind.UNREACHABLE, "broke while waiting for the answer", 2),
    "closing": (FailureKind.UNREACHABLE, "connection", 2),
    "truncated": (FailureKind.PROTOCOL, "cut short or damaged", 1),
    "doctype": (FailureKind.PROTOCOL, "that WinRM never sends", 1),
    "random-bytes": (FailureKind.PROTOCOL, "in clear text", 1),
    "big-output:20": (FailureKind.OUTPUT_TOO_LARGE, "sent a flood and no answer", 1),
}


@pytest.mark.parametrize("fault", TOLD)
def test_each_fault_has_its_kind_and_its_words(fault: str, tmp_path: Path) -> None:
    kind, words, shells = TOLD[fault]
    with serving(tmp_path, fault) as server:
        error = failure(server)
        assert error.kind is kind
        assert words in error.message
        assert server.requests["Create"] == shells


@pytest.mark.parametrize("fault", ["truncated", "doctype", "random-bytes", "reset", "shell-expired", "empty-400"])
def test_the_same_over_https(fault: str, tmp_path: Path) -> None:
    with serving(tmp_path, fault, tls="good") as server:
        error = failure(server, Authentication.BASIC, LOCAL_USER)
    assert error.kind in (FailureKind.PROTOCOL, FailureKind.UNREACHABLE)


@pytest.mark.parametrize(
    "fault",
    [
        "quota-shells:1",
        "quota-shells-wmi:1",
        "quota-operations:1",
        "quota-operations-wmi:2",
        "shell-expired:1",
        "empty-400:1",
        "reset:1",
    ],
)
def test_what_another_try_can_cure_is_tried_again_from_scratch(fault: str, tmp_path: Path) -> None:
    with serving(tmp_path, fault) as server:
        answer = ask(server)
        assert answer.complete
        assert answer.observations[PART].outcome is Outcome.OK
        assert server.requests["Create"] in (2, 3)


@pytest.mark.parametrize("fault", ["quota-shells", "quota-operations-wmi"])
def test_a_quota_is_waited_for_a_little_and_then_named(fault: str, tmp_path: Path) -> None:
    with serving(tmp_path, fault) as server:
        error = failure(server)
        assert error.kind is FailureKind.QUOTA
        assert server.requests["Create"] == 3


def test_a_quota_is_not_waited_for_where_the_time_is_short(tmp_path: Path) -> None:
    with serving(tmp_path, "quota-shells") as server:
        assert failure(server, deadline_s=3).kind is FailureKind.QUOTA
        assert server.requests["Create"] == 1


@pytest.mark.parametrize(("tls", "shells"), [(None, 2), ("good", 1)])
def test_an_idle_connection_that_the_host_closed(tls: Tls | None, shells: int, tmp_path: Path) -> None:
    """What was sealed for the old connection cannot go over a new one: that conversation begins anew, the other goes on."""
    with serving(tmp_path, tls=tls) as server, transport(server) as winrm:
        with winrm.conversation(endpoint(server), DEADLINE_S) as conversation:
            for step in conversation.steps():
                step.act()
            server.drop_connections()
            assert until(lambda: not server.idle_connections)
            assert conversation.ask(BUNDLE).complete
        assert server.requests["Create"] == server.requests["Delete"] == shells


def until(true: Callable[[], bool]) -> bool:
    """Whether it comes true within a few seconds."""
    end = time.monotonic() + 10
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return true()


@pytest.mark.parametrize(("fault", "noisy"), [("no-exit-code", False), ("cp437", True), ("random-output", True)])
def test_oddities_that_harm_nothing(fault: str, noisy: bool, tmp_path: Path) -> None:
    with serving(tmp_path, fault) as server:
        answer = ask(server)
    assert answer.complete
    assert (answer.dropped_lines > 0) == noisy


class Unreadable(WindowsBundle):
    """What no PowerShell can run."""

    def encoded_command(self) -> str:
        return "!!!"


def test_a_powershell_that_does_not_run_our_text_is_quoted(tmp_path: Path) -> None:
    with serving(tmp_path) as server, transport(server) as winrm, pytest.raises(TransportError) as caught:
        winrm.ask(endpoint(server), Unreadable(()), DEADLINE_S)
    assert caught.value.kind is FailureKind.PERMISSION_DENIED
    assert "PowerShell did not run our questions" in caught.value.message
    assert "is not recognized" in caught.value.message
    assert "(exit code 1)" in caught.value.message


def test_what_came_whole_counts_when_a_part_hangs(tmp_path: Path) -> None:
    with serving(tmp_path, "stuck") as server:
        answer = ask(server, deadline_s=5)
        assert server.requests["Delete"] == 1
    assert not answer.complete
    assert answer.cut is not None
    assert answer.cut.kind is FailureKind.DEADLINE
    assert answer.observations[HOST_PART].outcome is Outcome.OK
    assert answer.observations.get(PART) is None or answer.observations[PART].outcome is Outcome.TRUNCATED


def test_what_came_whole_counts_when_the_command_ends_early(tmp_path: Path) -> None:
    with serving(tmp_path, "broken-off") as server:
        answer = ask(server)
    assert not answer.complete
    assert answer.observations[HOST_PART].outcome is Outcome.OK
    assert answer.observations[PART].outcome is Outcome.TRUNCATED


@pytest.mark.parametrize("fault", ["dead", "slow:3", "trickle", "stuck:0"])
def test_the_deadline_holds_whatever_the_machine_does(fault: str, tmp_path: Path) -> None:
    with serving(tmp_path, fault) as server:
        error = failure(server, deadline_s=4)
    assert error.kind is FailureKind.DEADLINE
    assert "within 4 seconds" in error.message


def test_a_machine_that_holds_the_handshake(tmp_path: Path) -> None:
    with serving(tmp_path, "dead", tls="good") as server:
        error = failure(server, deadline_s=3)
        assert error.kind is FailureKind.DEADLINE
        hurried = replace(endpoint(server), connection=Connection(connect_timeout_s=0.5))
        with transport(server) as winrm, pytest.raises(TransportError, match="then did not answer") as caught:
            winrm.ask(hurried, BUNDLE, DEADLINE_S)
    assert caught.value.kind is FailureKind.UNREACHABLE


@pytest.mark.parametrize(
    ("tls", "words"), [("expired", r"expired on \d{4}-\d\d-\d\d$"), ("wrong-name", "is for other.example")]
)
def test_a_certificate_that_is_not_right(tls: Tls, words: str, tmp_path: Path) -> None:
    with serving(tmp_path, tls=tls) as server:
        with transport(server) as winrm, pytest.raises(TransportError, match=words) as caught:
            winrm.ask(endpoint(server), BUNDLE, DEADLINE_S)
        assert not server.requests
    assert caught.value.kind is FailureKind.CERTIFICATE_INVALID


def test_a_certificate_of_nobody_we_know(tmp_path: Path) -> None:
    with serving(tmp_path, tls="good") as server, Wsman(tmp_path / "other", MACHINE, "127.0.9.12", tls="good") as other:
        with (
            transport(server, trusted=other.ca_file) as winrm,
            pytest.raises(TransportError, match="not trusted") as caught,
        ):
            winrm.ask(endpoint(server), BUNDLE, DEADLINE_S)
        assert not server.requests
    assert caught.value.kind is FailureKind.CERTIFICATE_INVALID


def test_a_file_of_issuers_that_holds_none(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    with serving(tmp_path, tls="good") as server:
        for file in (empty, tmp_path / "absent.pem"):
            with transport(server, trusted=file) as winrm, pytest.raises(TransportError, match="trusted certificates"):
                winrm.ask(endpoint(server), BUNDLE, DEADLINE_S)


def test_plain_http_on_a_port_for_https_and_the_other_way_round(tmp_path: Path) -> None:
    with serving(tmp_path) as plain:
        winrm = WinrmTransport(secret_of, lambda asked: Way(asked.address, asked.port or 0))
        with closing(winrm), pytest.raises(TransportError, match="does not speak HTTPS"):
            winrm.ask(endpoint(plain), BUNDLE, DEADLINE_S)
    with serving(tmp_path, tls="good") as secure:
        winrm = WinrmTransport(secret_of, lambda asked: Way(asked.address, asked.port or 0, tls=False))
        with closing(winrm), pytest.raises(TransportError) as caught:
            winrm.ask(endpoint(secure), BUNDLE, DEADLINE_S)
        assert not secure.requests
    assert "not one for HTTPS" in caught.value.next_step


@pytest.mark.parametrize("greeting", [b"SSH-2.0-OpenSSH_9.6\r\n", b"220 mail.example ESMTP\r\n", b"\0" * 200])
def test_another_service_has_the_port(greeting: bytes, tmp_path: Path) -> None:
    with serving(tmp_path) as server, talking(greeting, ADDRESS) as port, transport(server) as winrm:
        asked = replace(endpoint(server), port=port)
        with pytest.raises(TransportError, match="Something else than WinRM listens") as caught:
            winrm.ask(asked, BUNDLE, DEADLINE_S)
    assert caught.value.kind is FailureKind.PROTOCOL


def test_nobody_listens_and_no_such_name(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        free = socket.create_server((ADDRESS, 0))
        port = free.getsockname()[1]
        free.close()
        with transport(server) as winrm:
            with pytest.raises(TransportError, match="WinRM is not listening") as caught:
                winrm.ask(replace(endpoint(server), port=port), BUNDLE, DEADLINE_S)
            assert caught.value.kind is FailureKind.REFUSED
            assert "prepare-windows" in caught.value.next_step
            with pytest.raises(TransportError) as unknown:
                winrm.ask(replace(endpoint(server), address="no-such-host.invalid"), BUNDLE, DEADLINE_S)
            assert unknown.value.kind is FailureKind.NAME_NOT_FOUND


def test_a_body_without_end_is_cut_at_the_cap(tmp_path: Path) -> None:
    """A server that only sends: the answer's length is not believed, and memory is not filled."""
    stop = threading.Event()
    sent = [0]

    def pour(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(
                b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 99999999999\r\n\r\n"
            )
            while not stop.is_set():
                try:
                    sent[0] += connection.send(b"x" * 65536)
                except OSError:
                    return

    with serving(tmp_path) as server, socket.create_server((ADDRESS, 0)) as listener:
        thread = threading.Thread(target=pour, args=(listener,))
        thread.start()
        try:
            with transport(server) as winrm, pytest.raises(TransportError) as caught:
                winrm.ask(replace(endpoint(server), port=listener.getsockname()[1]), BUNDLE, 20)
        finally:
            stop.set()
            thread.join()
    assert caught.value.kind in (FailureKind.OUTPUT_TOO_LARGE, FailureKind.AUTH_FAILED)
    assert sent[0] < 4 * MAX_BODY_BYTES


def test_a_planted_secret_is_found_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(tmp_path / "a") as plain:
        ask(plain)
        failure(plain, password="planted-Passw0rd!")
    with serving(tmp_path / "b", tls="good") as secure:
        ask(secure, Authentication.NTLM)
        failure(secure, Authentication.BASIC, LOCAL_USER, "planted-Passw0rd!")
        error = failure(secure, Authentication.NTLM, DOMAIN_USER, "planted-Passw0rd!")
    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
    everything = caplog.text + "".join(f"{one} {one!r} {vars(one)}" for one in chain)
    basic = base64.b64encode(f"{LOCAL_USER}:planted-Passw0rd!".encode()).decode()
    token = base64.b64encode(b"NTLMSSP\0\x03").decode().rstrip("=")[:-1]  # how the proof of a password begins
    assert "POST /wsman" in everything
    for secret in (*ACCOUNTS.values(), "planted-Passw0rd!", basic, token):
        assert secret not in everything


def test_many_failures_leave_no_thread_and_no_connection(tmp_path: Path) -> None:
    before = threading.active_count()
    with serving(tmp_path, "reset") as server:
        for _ in range(5):
            failure(server)
        assert until(lambda: server.idle_connections == 0)
    assert threading.active_count() <= before
