"""What goes wrong with Kerberos: each fault, made for real, has a kind, one sentence and a next step."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scorecard.errors import FailureKind, TransportError
from scorecard.transports.winrm_kerberos import library
from tests.integration.kerberos_kit import HOME, KERBEROS, MakeServer, ask, at, failure
from tests.integration.winrm_kit import BUNDLE, DEADLINE_S, MACHINE, transport
from tests.rig.wsman.kerberos import ADDRESS, PASSWORD, USER, Kdc, configuration
from tests.rig.wsman.server import Tls, Wsman

pytestmark = pytest.mark.waits


def set_back(tickets: Path, seconds: int) -> None:
    """Give this computer another clock for what concerns the tickets: the offset in the head of the file (MIT, tag 1)."""
    content = tickets.read_bytes()
    assert content[:8] == bytes.fromhex("0504000c00010008")
    tickets.write_bytes(content[:8] + seconds.to_bytes(4, "big", signed=True) + content[12:])


def none_there(kdc: Kdc, tickets: Path) -> None:
    tickets.unlink()


def expired(kdc: Kdc, tickets: Path) -> None:
    kdc.get_ticket(tickets, "1s")
    time.sleep(2)


def clock_before_the_service_ticket(kdc: Kdc, tickets: Path) -> None:
    set_back(tickets, -1800)


def clock_after_the_service_ticket(kdc: Kdc, tickets: Path) -> None:
    kdc.get_ticket(tickets, "1h", "HTTP/localhost")
    set_back(tickets, 1800)


def no_kdc(kdc: Kdc, tickets: Path) -> None:
    set_config(configuration(ADDRESS, 1))


def no_settings(kdc: Kdc, tickets: Path) -> None:
    set_config("")


def set_config(text: str) -> None:
    Path(os.environ["KRB5_CONFIG"]).write_text(text, encoding="ascii")


@pytest.mark.parametrize(
    ("spoil", "message", "next_step"),
    [
        (none_there, "There is no Kerberos ticket on this computer", "kinit USER@DOMAIN"),
        (expired, "The Kerberos ticket for localhost port .* has expired", "keytab"),
        (clock_before_the_service_ticket, "The clocks of this computer", "w32tm"),
        (clock_after_the_service_ticket, "The clocks of this computer", "w32tm"),
        (no_kdc, "No domain controller could be reached", "krb5.conf"),
        (no_settings, "does not know the Kerberos domain", "krb5.conf"),
    ],
)
def test_each_fault_of_a_ticket_has_a_sentence(
    kdc: Kdc, serve: MakeServer, tickets: Path, spoil: Callable[[Kdc, Path], None], message: str, next_step: str
) -> None:
    spoil(kdc, tickets)
    server = serve()
    error = failure(server)
    assert error.kind is FailureKind.AUTH_FAILED
    assert re.search(message, error.message)
    assert next_step in error.next_step
    assert server.requests["Create"] == 0


@pytest.mark.parametrize("user", [USER, "eve@corp.example"])
def test_whose_ticket_is_missing_is_named(serve: MakeServer, tickets: Path, user: str) -> None:
    """Kerberos takes no password, and says so where the credential has one."""
    tickets.unlink()
    server = serve()
    error = failure(server, at(server, user, PASSWORD))
    principal = user.replace("corp.example", "CORP.EXAMPLE")
    assert f"There is no Kerberos ticket of {principal} on this computer" in error.message
    assert f"kinit {principal}" in error.next_step
    assert "never the password" in error.next_step
    assert not server.requests


def test_a_name_that_the_domain_does_not_know(serve: MakeServer, tickets: Path) -> None:
    server = serve()
    error = failure(server, at(server, address="127.1"))
    assert error.kind is FailureKind.AUTH_FAILED
    assert "knows no machine by the name of 127.1 (Kerberos service HTTP/127.1)" in error.message
    assert "setspn" in error.next_step
    assert not server.requests


@pytest.mark.parametrize(
    ("address", "user", "message"),
    [
        ("127.0.0.1", USER, "goes by the machine's name, and this is an IP address"),
        ("localhost", "CORP\\audit", r"CORP\audit is no user name that Kerberos knows"),
    ],
)
def test_what_kerberos_cannot_work_with_is_refused_before_the_login(
    serve: MakeServer, tickets: Path, address: str, user: str, message: str
) -> None:
    server = serve()
    error = failure(server, at(server, user, address=address))
    assert error.kind is FailureKind.AUTH_FAILED
    assert message in error.message
    assert "name" in error.next_step
    assert not server.requests


def test_a_package_that_cannot_seal_is_good_for_https_alone(
    serve: MakeServer, tickets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As pykerberos is on macOS."""
    monkeypatch.delattr(library(), "authGSSWinRMEncryptMessage")
    plain = serve()
    error = failure(plain)
    assert "cannot encrypt messages" in error.message
    assert "HTTPS" in error.next_step
    assert not plain.requests
    assert ask(serve("good")).complete


def test_a_machine_that_has_another_key(kdc: Kdc, serve: MakeServer, tickets: Path) -> None:
    """It joined the domain anew, or the name leads to another machine."""
    server = serve(keytab=kdc.old_keytab)
    error = failure(server, at(server, USER))
    assert error.kind is FailureKind.AUTH_FAILED
    assert "cannot read the ticket that the domain made for localhost" in error.message
    assert "setspn -X" in error.next_step
    assert server.requests["authentication"] == 1


@pytest.mark.parametrize("tls", [None, "good"])
def test_a_machine_that_refuses_a_good_ticket(serve: MakeServer, tickets: Path, tls: Tls | None) -> None:
    server = serve(tls, fault="401")
    error = failure(server, at(server, USER))
    assert error.kind is FailureKind.AUTH_FAILED
    assert f"refused {USER} with Kerberos (it offers: Negotiate, Kerberos" in error.message
    assert "Remote Management Users" in error.next_step
    assert "password" not in error.next_step


def test_a_machine_outside_of_any_domain(kdc: Kdc, tickets: Path, tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, HOME) as server:
        error = failure(server)
    assert "with Kerberos (it offers: Negotiate, Kerberos" in error.message


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("html", FailureKind.PROTOCOL, "WinRM"),
        ("503", FailureKind.REFUSED, "is not running"),
        ("access-denied", FailureKind.PERMISSION_DENIED, f"{USER} may log on"),
        ("reset@Receive", FailureKind.UNREACHABLE, "broke while"),
        ("closing", FailureKind.UNREACHABLE, "connection"),
        ("random-bytes@Receive", FailureKind.PROTOCOL, "in clear text"),
    ],
)
def test_other_faults_are_told_as_with_any_login(
    serve: MakeServer, tickets: Path, fault: str, kind: FailureKind, words: str
) -> None:
    error = failure(serve(fault=fault))
    assert error.kind is kind
    assert words in error.message


def test_refusals_of_tickets_stop_no_other_machine(serve: MakeServer, tickets: Path) -> None:
    """No ticket can lock an account, so all are asked."""
    server = serve(fault="401")
    with transport(server, KERBEROS) as winrm:
        for _ in range(5):
            with pytest.raises(TransportError, match="refused audit@"):
                winrm.ask(at(server, USER), BUNDLE, DEADLINE_S)
    assert server.requests["authentication"] == 5


@pytest.fixture
def silent_kdc(tickets: Path) -> Iterator[None]:
    """One that takes connections and never answers."""
    with socket.create_server((ADDRESS, 0)) as listener:
        set_config(configuration(ADDRESS, listener.getsockname()[1]))
        yield


def test_a_kdc_that_does_not_answer_costs_no_more_than_the_deadline(
    serve: MakeServer, tickets: Path, silent_kdc: None
) -> None:
    error = failure(serve(), deadline_s=8)
    assert error.kind is FailureKind.AUTH_FAILED
    assert "No domain controller gave a Kerberos ticket for localhost" in error.message
