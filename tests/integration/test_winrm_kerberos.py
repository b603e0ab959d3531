"""Kerberos for real: a KDC, tickets, and machines that accept them. Who is let in, and which machine is proven."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from scorecard.errors import FailureKind
from scorecard.model import Authentication, Endpoint, Identity, SecretRef
from scorecard.transports.winrm import WinrmTransport
from scorecard.transports.winrm_kerberos import library
from tests.e2e.commands import scorecard
from tests.integration.kerberos_kit import KERBEROS, MakeServer, ask, at, failure, many_questions
from tests.integration.winrm_kit import BUNDLE, DEADLINE_S, PART, endpoint, transport, way_to
from tests.rig.wsman.kerberos import ADDRESS, OTHER_USER, REALM, USER, Acceptor, Kdc, Proof, configuration
from tests.rig.wsman.server import Tls, Wsman

CONVERSATION = {"Create": 1, "Command": 1, "Send": 1, "Receive": 1, "Delete": 1}


@pytest.mark.parametrize(("tls", "logins"), [(None, {"authentication": 1}), ("good", {})])
def test_a_ticket_logs_in_and_the_machine_is_proven(
    serve: MakeServer, tickets: Path, tls: Tls | None, logins: dict[str, int]
) -> None:
    """One request over plain HTTP, none over HTTPS: the token is sent unasked."""
    server = serve(tls)
    answer = ask(server)
    assert answer.complete
    assert (answer.identity, answer.notes, answer.account) == (Identity.PROVEN, (), USER)
    assert json.loads(answer.observations[PART].text)["values"] == {"EditionID": "Professional"}
    assert dict(server.requests) == {**logins, **CONVERSATION}


@pytest.mark.parametrize("user", [USER, "audit", "audit@corp.example"])
def test_the_users_ticket_is_taken_and_its_password_is_never_looked_up(serve: MakeServer, tickets: Path, user: str) -> None:
    server = serve()

    def no_secret(reference: SecretRef, asked: Endpoint) -> str:
        raise AssertionError(f"{reference} was looked up")

    winrm = WinrmTransport(no_secret, way_to(server, KERBEROS))
    assert winrm.ask(at(server, user, "not looked up"), BUNDLE, DEADLINE_S).account == USER
    winrm.close()


@pytest.mark.parametrize("user", [USER, OTHER_USER])
def test_among_the_tickets_of_many_the_user_decides(
    kdc: Kdc, serve: MakeServer, tickets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: str
) -> None:
    folder = tmp_path / "many"
    folder.mkdir(mode=0o700)
    for name in (USER, OTHER_USER):
        kdc.get_ticket(folder, user=name)
    monkeypatch.setenv("KRB5CCNAME", kdc.environment(folder)["KRB5CCNAME"])
    server = serve()
    assert ask(server, at(server, user.lower())).account == user


def test_the_realm_is_the_tickets_own(kdc: Kdc, serve: MakeServer, tickets: Path) -> None:
    """Not the default one of this computer, which may be in no domain or in another."""
    config = Path(os.environ["KRB5_CONFIG"])
    settings = config.read_text(encoding="ascii")
    assert f"default_realm = {REALM}" in settings
    config.write_text(settings.replace(f"default_realm = {REALM}", "default_realm = OTHER.EXAMPLE"), encoding="ascii")
    assert ask(serve()).account == USER


def test_large_questions_are_sealed_piece_by_piece(serve: MakeServer, tickets: Path) -> None:
    server = serve()
    assert ask(server, bundle=many_questions()).complete
    assert server.requests["Send"] > 2
    assert server.requests["unsealed"] == 0


def test_each_connection_over_https_has_a_login_of_its_own(serve: MakeServer, tickets: Path) -> None:
    server = serve("good", fault="closing")
    assert ask(server).complete
    # A close that meets a request on its way makes the conversation begin anew; either way no shell stays.
    assert server.requests["Delete"] in (1, 2)
    assert server.open_shells == 0


def test_many_threads_log_in_at_once(serve: MakeServer, tickets: Path) -> None:
    server = serve()
    with transport(server, KERBEROS) as winrm, ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: winrm.ask(at(server), BUNDLE, DEADLINE_S), range(48)))
    assert all(answer.complete for answer in answers)
    assert server.requests["authentication"] == server.requests["Delete"] == 48


def test_no_token_is_logged(serve: MakeServer, tickets: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert ask(serve("good")).complete
    assert "Negotiate" not in caplog.text
    assert "YII" not in caplog.text  # how every token of Kerberos begins, in Base64


@pytest.mark.parametrize("tls", [None, "good"])
@pytest.mark.parametrize(("proof", "words"), [("none", "it gave no proof"), ("forged", "its proof is not that machine's")])
def test_a_machine_that_does_not_prove_itself_is_not_spoken_to(
    serve: MakeServer, tickets: Path, tls: Tls | None, proof: Proof, words: str
) -> None:
    server = serve(tls, proof)
    error = failure(server)
    assert error.kind is FailureKind.PROTOCOL
    assert f"without proving that it is localhost: {words}" in error.message
    # Over HTTPS the login comes with the first message. Whoever that was, nothing more is said to him.
    assert server.requests["Create"] == server.open_shells == (1 if tls else 0)
    assert server.requests["Command"] == 0


def test_an_old_answer_that_comes_again_is_seen(serve: MakeServer, tickets: Path) -> None:
    """pykerberos opens it without a word; with one piece of questions there are no two answers of the same length."""
    server = serve(proof="replayed")
    assert ask(server).complete
    error = failure(server, bundle=many_questions())
    assert error.kind is FailureKind.PROTOCOL
    assert "damaged or was changed on the way" in error.message


def test_the_ticket_is_for_the_name_in_the_inventory_whatever_dns_says(
    kdc: Kdc, serve: MakeServer, tickets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """127.1 is localhost by a look-up there and back, which krb5.conf asks for here; pywinrm's own login follows that."""
    config = tickets.with_name("canonical.conf")
    config.write_text(configuration(ADDRESS, kdc.port, dns_canonicalize_hostname="true", rdns="true"), encoding="ascii")
    monkeypatch.setenv("KRB5_CONFIG", str(config))
    server = serve()
    assert ask(server).complete
    error = failure(server, at(server, address="127.1"))
    assert "knows no machine by the name of 127.1" in error.message
    assert server.requests["authentication"] == 1


def test_the_token_is_bound_to_the_certificate(serve: MakeServer, tickets: Path, kerberos_client: Path) -> None:
    """The rig is as strict as CbtHardeningLevel=Strict: pywinrm's own client sends its first token unbound, to no avail."""
    server = serve("good")
    assert ask(server).complete
    assert server.requests["authentication"] == 0
    assert isinstance(server.kerberos, Acceptor)
    assert server.kerberos.refusals == []
    assert '"hostname":"PC-042"' in with_pywinrm(server, kerberos_client)
    assert server.kerberos.refusals == ["not bound to the certificate"]


# --- the rig, asked by clients that are not ours ---------------------------------------------------------------------

PYWINRM = r"""
import sys
from winrm.protocol import Protocol
url, trusted = sys.argv[1:]
sealing = {"ca_trust_path": trusted} if trusted else {"message_encryption": "always"}
client = Protocol(url, transport="kerberos", operation_timeout_sec=5, read_timeout_sec=10, proxy="", **sealing)
shell = client.open_shell(codepage=65001)
program = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
command = client.run_command(shell, program, ["-EncodedCommand", "MQA="], console_mode_stdin=False, skip_cmd_shell=True)
client.send_command_input(shell, command, b'{"marker": "scorecard-0123", "questions": []}', end=True)
print(client.get_command_output(shell, command)[0].decode())
client.cleanup_command(shell, command)
client.close_shell(shell)
"""


@pytest.mark.parametrize("tls", [None, "good"])
def test_pywinrms_own_login_works(serve: MakeServer, tickets: Path, kerberos_client: Path, tls: Tls | None) -> None:
    server = serve(tls)
    assert '"hostname":"PC-042"' in with_pywinrm(server, kerberos_client)
    assert server.requests["unsealed"] == 0


def test_kerberos_within_spnego_is_taken_as_well(serve: MakeServer, tickets: Path) -> None:
    gss = library()
    server = serve()
    flags = gss.GSS_C_MUTUAL_FLAG
    _, state = gss.authGSSClientInit("HTTP@localhost", gssflags=flags, mech_oid=gss.GSS_MECH_OID_SPNEGO)
    gss.authGSSClientStep(state, "")
    headers = {"Authorization": f"Negotiate {gss.authGSSClientResponse(state)}"}
    answer = requests.post(server.url, headers=headers, timeout=DEADLINE_S, proxies={"http": ""})
    assert answer.status_code == requests.codes.ok
    assert gss.authGSSClientStep(state, answer.headers["WWW-Authenticate"].removeprefix("Negotiate ")) == 1
    assert gss.authGSSClientUserName(state) == USER


def test_the_same_machine_takes_ntlm_too(serve: MakeServer, tickets: Path) -> None:
    server = serve()
    with transport(server, Authentication.NTLM) as winrm:
        assert winrm.ask(endpoint(server), BUNDLE, DEADLINE_S).complete


# --- the command line ------------------------------------------------------------------------------------------------


def inventory(folder: Path, server: Wsman, **settings: str) -> Path:
    content = {
        "client": "Windows Ltd",
        "credentials": {"ticket": {"user": "audit@corp.example"}},
        "defaults": {"platform": "windows", "credential": "ticket", "authentication": "kerberos", "https": False},
        "endpoints": [{"name": "pc-042", "address": "localhost", "port": server.port, **settings}],
    }
    file = folder / "inventory.yaml"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def test_an_audit_with_a_ticket(serve: MakeServer, tickets: Path, kerberos_client: Path, tmp_path: Path) -> None:
    server = serve()
    out = tmp_path / "out"
    path = {"PYTHONPATH": str(kerberos_client)}
    done = scorecard(
        "audit", inventory(tmp_path, server), "--out", out, "--evidence", home=tmp_path / "home", environment=path
    )
    assert done.returncode == 0, done.stderr
    document = json.loads((out / "audit.json").read_text(encoding="utf-8"))
    (entry,) = document["endpoints"]
    assert entry["identity"] == "proven"
    assert USER in json.dumps(entry)
    assert "Identity not proven" not in done.stdout + done.stderr
    statuses = {found["check"]: found["status"] for found in document["findings"]}
    assert statuses["disk-encryption.system-volume"] == "pass"
    assert dict(server.requests) == {"authentication": 1, **CONVERSATION}


def test_doctor_walks_with_a_ticket_and_says_what_lacks_without(
    serve: MakeServer, tickets: Path, kerberos_client: Path, tmp_path: Path
) -> None:
    file = inventory(tmp_path, serve())
    path = {"PYTHONPATH": str(kerberos_client)}
    done = scorecard("doctor", "pc-042", "--inventory", file, home=tmp_path / "home", environment=path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Logged in as {USER} with Kerberos" in done.stdout
    tickets.unlink()
    done = scorecard("doctor", "pc-042", "--inventory", file, home=tmp_path / "home", environment=path)
    assert done.returncode != 0
    assert f"There is no Kerberos ticket of {USER}" in done.stdout.replace("\n", " ")


def with_pywinrm(server: Wsman, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-P", "-c", PYWINRM, server.url, str(server.ca_file or "")],
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
