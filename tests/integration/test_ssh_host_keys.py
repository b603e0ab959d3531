"""Host keys against a real sshd: nothing of a credential is sent before the key has proven the machine."""

from __future__ import annotations

import stat
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scorecard.bundle import Bundle
from scorecard.errors import FailureKind, TransportError
from scorecard.model import Connection, Credential, Endpoint, HostKeyPolicy, Identity, SecretRef
from scorecard.transports.ssh import SshTransport
from tests.rig.sshd import Sshd, always, key_credential, keygen, no_secrets

pytestmark = pytest.mark.waits


@pytest.fixture
def transport() -> Iterator[SshTransport]:
    transport = SshTransport(no_secrets)
    yield transport
    transport.close()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return keygen(tmp_path / "key")


@pytest.fixture
def server(tmp_path: Path, key: Path) -> Iterator[Sshd]:
    options = ("PasswordAuthentication yes",)
    with Sshd(tmp_path / "server", authorized=[key], host_keys=("ed25519", "ecdsa", "rsa"), options=options) as server:
        yield server


def knowing(server: Sshd, credential: Credential, text: str, **more: object) -> Endpoint:
    file = server.folder / "known"
    file.write_text(text)
    connection = replace(Connection(known_hosts=(str(file),)), **more)  # type: ignore[arg-type]  # fields of many types
    return replace(server.endpoint(credential), connection=connection)


def failure(transport: SshTransport, endpoint: Endpoint) -> TransportError:
    with pytest.raises(TransportError) as caught:
        transport.ask(endpoint, Bundle(()), 120)
    return caught.value


def fingerprint(public: Path) -> str:
    return subprocess.run(["ssh-keygen", "-lf", public], capture_output=True, text=True, check=True).stdout.split()[1]


def test_the_server_counts_logins(transport: SshTransport, server: Sshd, key: Path) -> None:
    """The control for the tests below: a login that is sent is seen in the log that they read."""
    transport.ask(server.endpoint(key_credential(key)), Bundle(()), 120)
    assert server.login_requests() == ["publickey"]


@pytest.mark.parametrize("with_password", [False, True])
def test_a_changed_host_key_gets_no_credential(tmp_path: Path, server: Sshd, key: Path, with_password: bool) -> None:
    asked: list[str] = []

    def secrets(reference: SecretRef, endpoint: Endpoint) -> str:
        asked.append(str(reference))
        return "secret"

    other = keygen(tmp_path / "other")
    text = f"[{server.address}]:{server.port} {other.with_name('other.pub').read_text()}"
    credential = key_credential(key)
    if with_password:
        credential = Credential("p", "client", user="pat", password=SecretRef("env", "P"))
    transport = SshTransport(secrets)
    error = failure(transport, knowing(server, credential, text))
    transport.close()
    assert error.kind is FailureKind.HOST_KEY_CHANGED
    assert fingerprint(other.with_name("other.pub")) in error.message
    assert fingerprint(server.folder / "host_ed25519.pub") in error.message
    assert "line 1" in error.message
    assert f"ssh-keygen -R '[{server.address}]:{server.port}'" in error.next_step
    assert server.login_requests() == []
    assert asked == []


def test_a_changed_host_key_is_not_accepted_as_new(
    transport: SshTransport, tmp_path: Path, server: Sshd, key: Path
) -> None:
    other = keygen(tmp_path / "other")
    text = f"[{server.address}]:{server.port} {other.with_name('other.pub').read_text()}"
    endpoint = knowing(server, key_credential(key), text, host_key_policy=HostKeyPolicy.ACCEPT_NEW)
    assert failure(transport, endpoint).kind is FailureKind.HOST_KEY_CHANGED
    assert server.login_requests() == []
    assert (server.folder / "known").read_text() == text


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_the_known_type_of_key_is_asked_for(transport: SshTransport, server: Sshd, key: Path, kind: str) -> None:
    answer = transport.ask(knowing(server, key_credential(key), server.known_hosts_line(kind)), Bundle(()), 120)
    assert answer.complete
    assert answer.identity is Identity.PROVEN


def test_a_machine_that_no_longer_shows_the_known_type_has_changed(
    transport: SshTransport, tmp_path: Path, key: Path
) -> None:
    with Sshd(tmp_path / "one", authorized=[key], host_keys=("ecdsa",)) as server:
        other = keygen(tmp_path / "old")
        text = f"[{server.address}]:{server.port} {other.with_name('old.pub').read_text()}"
        error = failure(transport, knowing(server, key_credential(key), text, host_key_policy=HostKeyPolicy.ACCEPT_NEW))
        assert error.kind is FailureKind.HOST_KEY_CHANGED
        assert server.login_requests() == []


def test_an_unknown_host_key_is_refused_with_its_fingerprint(transport: SshTransport, server: Sshd, key: Path) -> None:
    error = failure(transport, knowing(server, key_credential(key), "# nobody\n"))
    assert error.kind is FailureKind.HOST_KEY_UNKNOWN
    assert fingerprint(server.folder / "host_ed25519.pub") in error.message
    assert f"ssh-keyscan -p {server.port} {server.address}" in error.next_step
    assert server.login_requests() == []


def test_the_advice_for_an_unknown_host_key_works(server: Sshd, key: Path) -> None:
    endpoint = knowing(server, key_credential(key), "")
    first = SshTransport(no_secrets)
    command = failure(first, endpoint).next_step.partition("add it here: ")[2].rstrip(".")
    first.close()
    subprocess.run(["sh", "-c", command], check=True, stderr=subprocess.DEVNULL)
    second = SshTransport(no_secrets)
    assert second.ask(endpoint, Bundle(()), 120).complete
    second.close()


def test_a_missing_file_is_named(transport: SshTransport, server: Sshd, key: Path, tmp_path: Path) -> None:
    endpoint = server.endpoint(key_credential(key), known_hosts=(str(tmp_path / "not-there"),))
    error = failure(transport, endpoint)
    assert error.kind is FailureKind.HOST_KEY_UNKNOWN
    assert "not-there does not exist" in error.message


def test_a_file_that_cannot_be_read_stops_before_anything_is_contacted(
    transport: SshTransport, server: Sshd, key: Path, tmp_path: Path
) -> None:
    error = failure(transport, server.endpoint(key_credential(key), known_hosts=(str(tmp_path),)))  # a folder
    assert error.kind is FailureKind.HOST_KEY_UNKNOWN
    assert str(tmp_path) in error.message
    assert server.connections() == 0


def test_hashed_names_are_found(transport: SshTransport, server: Sshd, key: Path) -> None:
    endpoint = server.endpoint(key_credential(key))
    file = endpoint.connection.known_hosts[0]
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", file], check=True, capture_output=True)
    assert server.address not in Path(file).read_text()
    assert transport.ask(endpoint, Bundle(()), 120).complete


def test_a_revoked_key_gets_no_credential(transport: SshTransport, server: Sshd, key: Path) -> None:
    text = server.known_hosts_line() + "@revoked * " + server.public_key("ed25519") + "\n"
    error = failure(transport, knowing(server, key_credential(key), text))
    assert error.kind is FailureKind.HOST_KEY_CHANGED
    assert "revoked" in error.message
    assert server.login_requests() == []


def test_a_certificate_authority_alone_proves_nothing_here(transport: SshTransport, server: Sshd, key: Path) -> None:
    text = "@cert-authority * " + server.public_key("ed25519") + "\n"
    for policy in HostKeyPolicy:
        error = failure(transport, knowing(server, key_credential(key), text, host_key_policy=policy))
        assert error.kind is FailureKind.HOST_KEY_UNKNOWN
        assert "certificate authority" in error.message
    assert server.login_requests() == []


# --- first contact -------------------------------------------------------------------------------------------------


def test_accept_new_records_the_key_and_says_so(server: Sshd, key: Path, tmp_path: Path) -> None:
    file = tmp_path / "new" / "known_hosts"
    endpoint = server.endpoint(key_credential(key), known_hosts=(str(file),), host_key_policy=HostKeyPolicy.ACCEPT_NEW)
    first = SshTransport(no_secrets)
    answer = first.ask(endpoint, Bundle(()), 120)
    assert answer.complete
    assert answer.identity is Identity.NOT_PROVEN
    assert any(fingerprint(server.folder / "host_ed25519.pub") in note for note in answer.notes)
    assert first.ask(endpoint, Bundle(()), 120).identity is Identity.NOT_PROVEN  # the same run has not compared it either
    first.close()
    assert file.read_text() == server.known_hosts_line()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    strict = SshTransport(no_secrets)
    again = strict.ask(replace(endpoint, connection=Connection(known_hosts=(str(file),))), Bundle(()), 120)
    strict.close()
    assert again.identity is Identity.PROVEN


def test_accept_new_never_sends_a_password_on_first_contact(server: Sshd) -> None:
    credential = Credential("p", "client", user="pat", password=SecretRef("env", "P"))
    transport = SshTransport(always("secret"))
    error = failure(transport, knowing(server, credential, "", host_key_policy=HostKeyPolicy.ACCEPT_NEW))
    transport.close()
    assert error.kind is FailureKind.HOST_KEY_UNKNOWN
    assert "password is never sent on first contact" in error.message
    assert "ssh-keyscan" in error.next_step
    assert server.login_requests() == []
    assert (server.folder / "known").read_text() == ""


def test_a_key_that_cannot_be_recorded_is_not_accepted(
    transport: SshTransport, server: Sshd, key: Path, tmp_path: Path
) -> None:
    astray = tmp_path / "link"
    astray.symlink_to(tmp_path / "no folder" / "known")
    endpoint = server.endpoint(key_credential(key), known_hosts=(str(astray),), host_key_policy=HostKeyPolicy.ACCEPT_NEW)
    error = failure(transport, endpoint)
    assert "cannot be added" in error.message
    assert error.kind is FailureKind.HOST_KEY_UNKNOWN
    assert server.login_requests() == []
