"""The SSH transport against a real sshd: every way to log in, and what comes back."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scorecard.bundle import HOST_PART, Bundle
from scorecard.errors import CredentialError, FailureKind, TransportError
from scorecard.model import Connection, Credential, Endpoint, Identity, Jump, Outcome, Platform, Probe, SecretRef
from scorecard.transports import ssh_keys
from scorecard.transports.base import Answer
from scorecard.transports.ssh import SshTransport
from tests.rig.sshd import Account, Sshd, always, key_credential, keygen, need_root, no_secrets

PASSWORD = "Correct horse; battery 'staple'"  # with what a shell would choke on


@pytest.fixture(name="root")
def _root() -> None:
    need_root()


needs_root = pytest.mark.usefixtures("root")


@pytest.fixture
def transport() -> Iterator[SshTransport]:
    transport = SshTransport(no_secrets)
    yield transport
    transport.close()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("keys")
    return {
        "ed25519": keygen(folder / "ed25519"),
        "ecdsa": keygen(folder / "ecdsa", "ecdsa"),
        "rsa": keygen(folder / "rsa", "rsa", bits=2048),
        "ecdsa-pem": keygen(folder / "ecdsa-pem", "ecdsa", pem=True),
        "rsa-pem": keygen(folder / "rsa-pem", "rsa", pem=True, bits=2048),
        "locked": keygen(folder / "locked", passphrase="open sesame"),
        "locked-pem": keygen(folder / "locked-pem", "rsa", passphrase="open sesame", pem=True, bits=2048),
        "stranger": keygen(folder / "stranger"),
    }


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, keys: dict[str, Path]) -> Iterator[Sshd]:
    allowed = [file for name, file in keys.items() if name != "stranger"]
    with Sshd(tmp_path_factory.mktemp("sshd"), authorized=allowed) as server:
        yield server


def failure(transport: SshTransport, endpoint: Endpoint, deadline_s: float = 120) -> TransportError:
    with pytest.raises(TransportError) as caught:
        transport.ask(endpoint, Bundle(()), deadline_s)
    assert caught.value.next_step
    return caught.value


def assert_whole(answer: Answer) -> None:
    assert answer.complete
    assert answer.cut is None
    assert answer.observations[HOST_PART].outcome is Outcome.OK
    assert "system=" in answer.observations[HOST_PART].text


# --- keys ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa", "ecdsa-pem", "rsa-pem"])
def test_logs_in_with_a_key_file(transport: SshTransport, server: Sshd, keys: dict[str, Path], kind: str) -> None:
    answer = transport.ask(server.endpoint(key_credential(keys[kind])), Bundle(()), 120)
    assert_whole(answer)
    assert answer.identity is Identity.PROVEN
    assert answer.account.endswith("@" + server.address)
    assert answer.notes == ()


@pytest.mark.parametrize("kind", ["locked", "locked-pem"])
def test_opens_a_locked_key_once(server: Sshd, keys: dict[str, Path], kind: str) -> None:
    asked: list[str] = []

    def secrets(reference: SecretRef, endpoint: Endpoint) -> str:
        asked.append(str(reference))
        return "open sesame"

    transport = SshTransport(secrets)
    credential = key_credential(keys[kind], passphrase=SecretRef("env", "PHRASE"))
    for _ in range(2):
        assert_whole(transport.ask(server.endpoint(credential), Bundle(()), 120))
    transport.close()
    assert asked == ["env:PHRASE"]


@pytest.mark.parametrize("kind", ["locked", "locked-pem"])
def test_a_wrong_passphrase_and_a_missing_one_are_told_apart(server: Sshd, keys: dict[str, Path], kind: str) -> None:
    transport = SshTransport(always("not the phrase"))
    wrong = failure(transport, server.endpoint(key_credential(keys[kind], passphrase=SecretRef("env", "PHRASE"))))
    missing = failure(transport, server.endpoint(key_credential(keys[kind])))
    transport.close()
    assert wrong.kind is missing.kind is FailureKind.AUTH_FAILED
    assert "passphrase does not open" in wrong.message
    assert "not the phrase" not in wrong.message
    assert "locked with a passphrase" in missing.message


def test_a_secret_that_cannot_be_found_is_named_by_its_reference(server: Sshd, keys: dict[str, Path]) -> None:
    def secrets(reference: SecretRef, endpoint: Endpoint) -> str:
        raise CredentialError(f"{reference} is not set")

    transport = SshTransport(secrets)
    error = failure(transport, server.endpoint(key_credential(keys["locked"], passphrase=SecretRef("env", "PHRASE"))))
    transport.close()
    assert error.kind is FailureKind.AUTH_FAILED
    assert "env:PHRASE is not set" in error.message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        ("", "not a private key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "not a private key"),
        ("-----BEGIN RSA PRIVATE KEY-----\ngarbage\n-----END RSA PRIVATE KEY-----\n", "not a private key"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA me\n", "a public key"),
        ("\x00\xff not text", "not a private key"),
    ],
)
def test_a_key_file_that_is_none_is_named(
    transport: SshTransport, server: Sshd, tmp_path: Path, content: str | None, words: str
) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_text(content)
    error = failure(transport, server.endpoint(key_credential(file)))
    assert error.kind is FailureKind.AUTH_FAILED
    assert words in error.message
    assert str(file) in error.message


def test_a_key_that_others_can_read_is_noted(
    transport: SshTransport, server: Sshd, keys: dict[str, Path], tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_bytes(keys["ed25519"].read_bytes())
    file.chmod(0o644)
    answer = transport.ask(server.endpoint(key_credential(file)), Bundle(()), 120)
    assert_whole(answer)
    assert any("chmod 600" in note for note in answer.notes)


def test_a_refused_key_is_tried_once_and_says_what_the_server_takes(
    transport: SshTransport, keys: dict[str, Path], tmp_path: Path
) -> None:
    with Sshd(tmp_path, authorized=[keys["ed25519"]]) as server:
        error = failure(transport, server.endpoint(key_credential(keys["stranger"])))
        assert server.login_requests() == ["publickey"]
        assert server.connections() == 1
    assert error.kind is FailureKind.AUTH_FAILED
    assert "publickey" in error.message
    assert server.address in error.message


def test_logs_in_with_a_user_certificate(transport: SshTransport, keys: dict[str, Path], tmp_path: Path) -> None:
    authority = keygen(tmp_path / "authority")
    mine = keygen(tmp_path / "mine")
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    subprocess.run(["ssh-keygen", "-q", "-s", authority, "-I", "me", "-n", user, f"{mine}.pub"], check=True)
    public = authority.with_name("authority.pub").read_text()
    with Sshd(tmp_path / "server", authorized_text="cert-authority " + public) as server:
        bare = failure(transport, server.endpoint(key_credential(mine)))
        assert bare.kind is FailureKind.AUTH_FAILED
        certified = key_credential(mine, certificate_file=f"{mine}-cert.pub")
        assert_whole(transport.ask(server.endpoint(certified), Bundle(()), 120))
        wrong = failure(transport, server.endpoint(key_credential(keys["rsa"], certificate_file=f"{mine}-cert.pub")))
        assert "does not belong" in wrong.message
        gone = failure(transport, server.endpoint(key_credential(mine, certificate_file=str(tmp_path / "none"))))
        assert "cannot be read" in gone.message


# --- agent and the keys that ssh would try -------------------------------------------------------------------------


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    where = tmp_path / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(where)], stdout=subprocess.DEVNULL)
    while not where.exists():
        assert process.poll() is None
    monkeypatch.setenv("SSH_AUTH_SOCK", str(where))
    yield where
    process.terminate()
    process.wait()


def test_uses_the_agent_only_when_told(agent: Path, transport: SshTransport, server: Sshd, keys: dict[str, Path]) -> None:
    subprocess.run(["ssh-add", "-q", keys["rsa"], keys["ecdsa"]], check=True)
    assert_whole(transport.ask(server.endpoint(Credential("a", "client", agent=True)), Bundle(()), 120))
    error = failure(transport, server.endpoint(key_credential(keys["stranger"])))
    assert error.kind is FailureKind.AUTH_FAILED


def test_the_agent_serves_many_threads(agent: Path, transport: SshTransport, server: Sshd, keys: dict[str, Path]) -> None:
    subprocess.run(["ssh-add", "-q", keys["ed25519"]], check=True)
    endpoint = server.endpoint(Credential("a", "client", agent=True))
    answers: list[Answer] = []
    threads = [threading.Thread(target=lambda: answers.append(transport.ask(endpoint, Bundle(()), 60))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.complete for answer in answers] == [True] * 8


def test_the_agent_opens_what_is_locked_on_disk(
    agent: Path, transport: SshTransport, server: Sshd, keys: dict[str, Path], tmp_path: Path
) -> None:
    subprocess.run(["ssh-add", "-q", keys["ecdsa"]], check=True)
    locked = tmp_path / "locked"
    locked.write_bytes(keys["ecdsa"].read_bytes())
    locked.with_name("locked.pub").write_bytes(keys["ecdsa"].with_name("ecdsa.pub").read_bytes())
    locked.chmod(0o600)
    subprocess.run(["ssh-keygen", "-q", "-p", "-N", "unknown", "-f", locked], check=True, stdout=subprocess.DEVNULL)
    assert_whole(transport.ask(server.endpoint(key_credential(locked, agent=True)), Bundle(()), 120))


def test_an_agent_that_never_answers_costs_its_limit(
    transport: SshTransport, server: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh_keys, "_AGENT_ANSWER_S", 0.3)
    where = str(tmp_path / "mute")
    monkeypatch.setenv("SSH_AUTH_SOCK", where)
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(where)
        mute.listen()
        error = failure(transport, server.endpoint(Credential("a", "client", agent=True)))
    assert error.kind is FailureKind.AUTH_FAILED
    assert "agent" in error.message


@pytest.mark.parametrize("state", ["none", "dead", "empty"])
def test_an_agent_that_cannot_help_is_named(
    transport: SshTransport,
    server: Sshd,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    state: str,
) -> None:
    if state == "none":
        monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    elif state == "dead":
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "nothing"))
    else:
        request.getfixturevalue("agent")
    error = failure(transport, server.endpoint(Credential("a", "client", agent=True)))
    assert error.kind is FailureKind.AUTH_FAILED
    assert "agent" in error.message
    assert {"none": "SSH_AUTH_SOCK", "dead": "cannot be reached", "empty": "holds no key"}[state] in error.message


def test_without_a_credential_it_tries_what_ssh_would(
    server: Sshd, keys: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    transport = SshTransport(no_secrets)
    nothing = failure(transport, server.endpoint())
    assert "no key to log in" in nothing.message
    own = tmp_path / ".ssh"
    own.mkdir()
    keygen(own / "id_ed25519", passphrase="locked away")
    locked = failure(transport, server.endpoint())
    assert "id_ed25519 is locked with a passphrase" in locked.message
    (own / "id_rsa").write_bytes(keys["rsa"].read_bytes())
    (own / "id_rsa").chmod(0o600)
    assert_whole(transport.ask(server.endpoint(), Bundle(()), 120))
    transport.close()


# --- passwords -----------------------------------------------------------------------------------------------------


def password_transport(secret: str = PASSWORD) -> SshTransport:
    return SshTransport(always(secret))


def password_credential() -> Credential:
    return Credential("test", "client", user="pat", password=SecretRef("env", "PASSWORD"))


@needs_root
@pytest.mark.parametrize(
    ("options", "method"),
    [
        (("PasswordAuthentication yes",), "password"),
        (("UsePAM yes", "KbdInteractiveAuthentication yes"), "keyboard-interactive"),
    ],
)
def test_logs_in_with_a_password(tmp_path: Path, options: tuple[str, ...], method: str) -> None:
    transport = password_transport()
    with Sshd(tmp_path, options=options, accounts=[Account("pat", PASSWORD)]) as server:
        answer = transport.ask(server.endpoint(password_credential()), Bundle(()), 120)
        assert_whole(answer)
        assert answer.account == f"pat@{server.address}"
        assert server.login_requests() == ["none", method]
        assert PASSWORD not in server.log()
    with Sshd(tmp_path / "again", options=options, accounts=[Account("pat", PASSWORD)]) as server:
        other = password_transport("not that one")
        error = failure(other, server.endpoint(password_credential()))
        other.close()
        assert error.kind is FailureKind.AUTH_FAILED
        assert "refused the login of pat" in error.message
        assert method in error.message
        assert server.login_requests() == ["none", method]
        assert server.connections() == 1
    transport.close()


@needs_root
@pytest.mark.parametrize("options", [(), ("MaxAuthTries 1",)], ids=["refuses", "hangs up"])
def test_a_wrong_password_stops_after_three_machines(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Whether they say that it is wrong or hang up on it."""
    transport = password_transport("not that one")
    options = ("PasswordAuthentication yes", *options)
    with Sshd(tmp_path, options=options, accounts=[Account("pat", PASSWORD)]) as server:
        endpoint = server.endpoint(password_credential())
        errors = [failure(transport, replace(endpoint, name=f"m{number}")) for number in range(5)]
        assert server.login_requests().count("password") == 3
    transport.close()
    first = FailureKind.PERMISSION_DENIED if "MaxAuthTries 1" in options else FailureKind.AUTH_FAILED
    assert [error.kind for error in errors] == [first] * 3 + [FailureKind.AUTH_FAILED] * 2
    assert ["stopped to protect the account" in error.message for error in errors] == [False] * 3 + [True] * 2


@needs_root
def test_a_password_is_not_sent_where_none_is_taken(tmp_path: Path) -> None:
    transport = password_transport()
    with Sshd(tmp_path, accounts=[Account("pat", PASSWORD)]) as server:
        error = failure(transport, server.endpoint(password_credential()))
        assert server.login_requests() == ["none"]
    transport.close()
    assert error.kind is FailureKind.AUTH_FAILED
    assert "takes no password" in error.message
    assert "publickey" in error.message


@needs_root
def test_a_server_that_wants_key_and_password_gets_both(tmp_path: Path) -> None:
    transport = password_transport()
    key = keygen(tmp_path / "key")
    options = ("PasswordAuthentication yes", "AuthenticationMethods publickey,password")
    with Sshd(tmp_path / "server", options=options, accounts=[Account("pat", PASSWORD)], authorized=[key]) as server:
        both = replace(password_credential(), key_file=str(key))
        assert_whole(transport.ask(server.endpoint(both), Bundle(()), 120))
        assert server.login_requests() == ["publickey", "password"]
        alone = failure(transport, server.endpoint(replace(both, password=None)))
        assert "asks for another proof" in alone.message
    transport.close()


@needs_root
def test_a_refused_key_is_not_followed_by_the_password(tmp_path: Path) -> None:
    transport = password_transport()
    key = keygen(tmp_path / "key")
    options = ("PasswordAuthentication yes",)
    with Sshd(tmp_path / "server", options=options, accounts=[Account("pat", PASSWORD)]) as server:
        error = failure(transport, server.endpoint(replace(password_credential(), key_file=str(key))))
        assert server.login_requests() == ["publickey"]
    transport.close()
    assert error.kind is FailureKind.AUTH_FAILED


@needs_root
def test_an_expired_account_is_told_in_the_servers_words(
    transport: SshTransport, keys: dict[str, Path], tmp_path: Path
) -> None:
    expired = Account("pat", PASSWORD, shadow="19000:0:99999:7::1:")
    with Sshd(tmp_path, options=("UsePAM yes",), accounts=[expired], authorized=[keys["ecdsa"]]) as server:
        error = failure(transport, server.endpoint(key_credential(keys["ecdsa"], user="pat")))
        assert server.connections() == 1
    assert error.kind is FailureKind.PERMISSION_DENIED
    assert "expired" in error.message


@needs_root
def test_a_password_that_must_be_changed_is_not_changed(tmp_path: Path) -> None:
    transport = password_transport()
    stale = Account("pat", PASSWORD, shadow="0:0:99999:7:::")
    options = ("UsePAM yes", "KbdInteractiveAuthentication yes")
    with Sshd(tmp_path, options=options, accounts=[stale]) as server:
        error = failure(transport, server.endpoint(password_credential()))
    transport.close()
    assert error.kind is FailureKind.AUTH_FAILED
    assert "more of pat than one password" in error.message


@needs_root
def test_the_password_stands_nowhere_but_on_the_wire(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    transport = SshTransport(always("planted-secret-71"))
    with Sshd(tmp_path, options=("PasswordAuthentication yes",), accounts=[Account("pat", PASSWORD)]) as server:
        error = failure(transport, server.endpoint(password_credential()))
        names = " ".join(thread.name for thread in threading.enumerate())
        seen: BaseException | None = error
        chain = ""
        while seen is not None:
            chain += f"{seen!r} {seen} {seen.args} {vars(seen)}"
            seen = seen.__cause__ or seen.__context__
    transport.close()
    assert "planted-secret-71" not in chain + names + caplog.text + repr(transport) + error.next_step
    assert caplog.records == []


# --- what comes back -----------------------------------------------------------------------------------------------


def probe(part: str, text: str, limit_s: int = 10) -> Probe:
    platform = Platform.MACOS if os.uname().sysname == "Darwin" else Platform.LINUX
    return Probe(part, platform, text, limit_s=limit_s)


def test_one_connection_and_one_command_for_everything(
    transport: SshTransport, keys: dict[str, Path], tmp_path: Path
) -> None:
    probes = tuple(probe(f"topic.part-{number}", f"echo {number}\n") for number in range(20))
    with Sshd(tmp_path, authorized=[keys["ed25519"]]) as server:
        answer = transport.ask(server.endpoint(key_credential(keys["ed25519"])), Bundle(probes), 120)
        log = server.log()
        assert server.connections() == 1
        assert log.count("Starting session: command") == 1
        assert "auth-agent-req" not in log
        assert "pty-req" not in log
    assert_whole(answer)
    assert [answer.observations[f"topic.part-{number}"].text for number in range(20)] == [
        str(number) for number in range(20)
    ]


def test_a_large_answer_comes_whole(transport: SshTransport, server: Sshd, keys: dict[str, Path]) -> None:
    big = Probe(
        "topic.big",
        probe("a", "").platform,
        "i=0; while [ $i -lt 40000 ]; do echo line $i of many; i=$((i+1)); done\n",
        30,
        3_000_000,
    )
    answer = transport.ask(server.endpoint(key_credential(keys["rsa"])), Bundle((big,)), 60)
    assert_whole(answer)
    assert answer.observations["topic.big"].text.splitlines()[-1] == "line 39999 of many"


def test_noise_before_and_beside_the_answer_is_left_out(
    transport: SshTransport, keys: dict[str, Path], tmp_path: Path
) -> None:
    options = ("ForceCommand echo welcome; echo beside it >&2; head -c 3000000 /dev/zero | tr '\\000' e >&2; exec sh -s",)
    with Sshd(tmp_path, authorized=[keys["ed25519"]], options=options) as server:
        answer = transport.ask(server.endpoint(key_credential(keys["ed25519"])), Bundle(()), 120)
    assert_whole(answer)
    assert answer.dropped_lines == 1


def test_what_is_left_running_over_there_does_not_hold_us(
    transport: SshTransport, keys: dict[str, Path], tmp_path: Path
) -> None:
    with Sshd(tmp_path, authorized=[keys["ed25519"]], options=("ForceCommand sleep 60 & exec sh -s",)) as server:
        answer = transport.ask(server.endpoint(key_credential(keys["ed25519"])), Bundle(()), 120)
    assert_whole(answer)  # the sleeper holds the output open; at the deadline this would be cut


@needs_root
def test_a_login_shell_that_is_no_posix_shell_does_no_harm(
    transport: SshTransport, keys: dict[str, Path], tmp_path: Path
) -> None:
    shell = tmp_path / "odd-shell"  # as fish and tcsh do, it reads a command line in a language of its own
    shell.write_text('#!/bin/sh\necho "a login shell with a lot to say"\nshift\neval "exec $1"\n')
    shell.chmod(0o755)
    accounts = [Account("pat", "x", shell="/run/server/odd-shell")]
    with Sshd(tmp_path, authorized=[keys["ed25519"]], accounts=accounts) as server:
        answer = transport.ask(server.endpoint(key_credential(keys["ed25519"], user="pat")), Bundle(()), 120)
    assert_whole(answer)
    assert answer.dropped_lines == 1


# --- jump hosts ----------------------------------------------------------------------------------------------------


def test_goes_through_a_chain_of_jump_hosts(transport: SshTransport, keys: dict[str, Path], tmp_path: Path) -> None:
    credential = key_credential(keys["ed25519"])
    allowed = [keys["ed25519"]]
    with (
        Sshd(tmp_path / "one", address="127.0.7.2", authorized=allowed) as one,
        Sshd(tmp_path / "two", address="127.0.7.3", authorized=allowed) as two,
        Sshd(tmp_path / "end", address="127.0.7.4", authorized=allowed) as end,
    ):
        known = tmp_path / "known"
        known.write_text(one.known_hosts_line() + two.known_hosts_line() + end.known_hosts_line())
        connection = Connection(
            jumps=(Jump(one.address, one.port, credential), Jump(two.address, two.port)), known_hosts=(str(known),)
        )
        endpoint = replace(end.endpoint(credential), connection=connection)
        answer = transport.ask(endpoint, Bundle(()), 120)
        assert_whole(answer)
        assert answer.account.endswith("@127.0.7.4")
        assert [server.connections() for server in (one, two, end)] == [1, 1, 1]
        known.write_text(one.known_hosts_line() + end.known_hosts_line())
        second = SshTransport(no_secrets)
        error = failure(second, endpoint)
        second.close()
        assert error.kind is FailureKind.HOST_KEY_UNKNOWN
        assert f"127.0.7.3 port {two.port} (through 127.0.7.2)" in error.message
        assert end.connections() == 1


def test_a_jump_that_forbids_or_cannot_go_on_is_named(
    transport: SshTransport, keys: dict[str, Path], tmp_path: Path
) -> None:
    credential = key_credential(keys["ed25519"])
    with Sshd(tmp_path / "shut", authorized=[keys["ed25519"]], options=("AllowTcpForwarding no",)) as shut:
        connection = Connection(jumps=(Jump(shut.address, shut.port),), known_hosts=(shut.known_hosts(),))
        forbidden = failure(
            transport, Endpoint("e", "client", "127.0.0.1", port=1, credential=credential, connection=connection)
        )
    assert forbidden.kind is FailureKind.PERMISSION_DENIED
    assert shut.address in forbidden.message
    with Sshd(tmp_path / "open", authorized=[keys["ed25519"]]) as opened:
        connection = Connection(jumps=(Jump(opened.address, opened.port),), known_hosts=(opened.known_hosts(),))
        endpoint = Endpoint("e", "client", "127.0.0.1", port=1, credential=credential, connection=connection)
        refused = failure(transport, endpoint)
        nameless = failure(transport, replace(endpoint, address="no-such-host.invalid"))
    assert refused.kind is FailureKind.REFUSED
    assert f"{opened.address} cannot connect to 127.0.0.1 port 1" in refused.message
    assert nameless.kind is FailureKind.NAME_NOT_FOUND


@needs_root
def test_a_jump_without_a_credential_never_gets_the_endpoints_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    transport = password_transport()
    options = ("PasswordAuthentication yes",)
    with Sshd(tmp_path / "jump", options=options, accounts=[Account("pat", PASSWORD)]) as jump:
        connection = Connection(jumps=(Jump(jump.address, jump.port),), known_hosts=(jump.known_hosts(),))
        endpoint = Endpoint("e", "client", "127.0.0.1", credential=password_credential(), connection=connection)
        error = failure(transport, endpoint)
        assert "password" not in jump.login_requests()
    transport.close()
    assert error.kind is FailureKind.AUTH_FAILED
