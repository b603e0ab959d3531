"""Asking over WinRM for real, against a server that speaks it: every way to log in, and how few requests it takes."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from scorecard.bundle import HOST_PART
from scorecard.bundle_windows import WindowsBundle, encoded_command
from scorecard.cli.probes import show
from scorecard.errors import FailureKind, TransportError
from scorecard.model import Authentication, Credential, Endpoint, Identity, Outcome, SecretRef
from scorecard.transports import make
from scorecard.transports.winrm import WinrmTransport
from scorecard.transports.winrm_way import Way, checked, way_of
from tests.integration.winrm_kit import (
    BUNDLE,
    DEADLINE_S,
    DOMAIN_USER,
    LOCAL_USER,
    MACHINE,
    PART,
    QUESTION,
    ask,
    endpoint,
    failure,
    secret_of,
    transport,
)
from tests.rig.wsman.server import Wsman

CONVERSATION = {"Create": 1, "Command": 1, "Send": 1, "Receive": 1, "Delete": 1}


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Wsman]:
    with Wsman(tmp_path, MACHINE, "127.0.9.1") as server:
        yield server
        assert server.open_shells == 0


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Wsman]:
    with Wsman(tmp_path, MACHINE, "127.0.9.2", tls="good") as server:
        yield server
        assert server.open_shells == 0


def test_ntlm_over_http_is_sealed_and_takes_seven_requests(plain: Wsman) -> None:
    answer = ask(plain)
    assert answer.complete
    assert answer.account == DOMAIN_USER
    assert {part: seen.outcome for part, seen in answer.observations.items()} == {
        HOST_PART: Outcome.OK,
        PART: Outcome.OK,
    }
    assert json.loads(answer.observations[PART].text)["values"] == {"EditionID": "Professional"}
    assert dict(plain.requests) == {"authentication": 2, **CONVERSATION}


def test_over_http_nothing_proves_the_machine_and_the_answer_says_so(plain: Wsman) -> None:
    answer = ask(plain)
    assert answer.identity is Identity.NOT_PROVEN
    (note,) = answer.notes
    assert "plain HTTP" in note


@pytest.mark.parametrize(
    ("login", "user", "refusals"),
    [(Authentication.NTLM, DOMAIN_USER, 1), (Authentication.NTLM, LOCAL_USER, 1), (Authentication.BASIC, LOCAL_USER, 0)],
)
def test_https_proves_the_machine(secure: Wsman, login: Authentication, user: str, refusals: int) -> None:
    answer = ask(secure, login, user)
    assert answer.complete
    assert answer.identity is Identity.PROVEN
    assert answer.notes == ()
    assert dict(+secure.requests) == dict({"authentication": refusals} if refusals else {}, **CONVERSATION)


def test_what_runs_there_is_the_prelude_alone_without_a_shell_around_it(plain: Wsman) -> None:
    answer = ask(plain)
    (received,) = plain.received
    line = received.line
    assert answer.complete
    assert line.command == r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
    words = " ".join(line.arguments).split()
    assert words == ["-NoLogo", "-NoProfile", "-NonInteractive", "-EncodedCommand", encoded_command()]
    assert received.script == base64.b64decode(encoded_command()).decode("utf-16-le")
    shown = CliRunner().invoke(show, ["--platform", "windows"]).output.splitlines()[0]
    assert shown == f"# SHA-256 of the argument of -EncodedCommand: {hashlib.sha256(words[-1].encode()).hexdigest()}"
    assert CliRunner().invoke(show, ["--platform", "windows", "--exact"]).output == received.script
    assert [question["part"] for question in received.questions] == [PART]
    assert not any("scorecard-" in word for word in words)
    assert plain.refused == []


def test_long_questions_go_in_pieces_and_arrive_whole(plain: Wsman) -> None:
    many = tuple(
        replace(QUESTION, part=f"test.n{number}", text=QUESTION.text.replace(PART, f"test.n{number}"))
        for number in range(1_700)
    )
    bundle = WindowsBundle(many)
    with transport(plain) as winrm:
        answer = winrm.ask(endpoint(plain), bundle, DEADLINE_S)
    assert len(plain.received[0].stdin) > 300_000
    assert len(answer.observations) == 1_701
    assert answer.complete
    assert plain.requests["Send"] == len(plain.received[0].stdin) // (64 * 1024) + 1


def test_a_wrong_password_is_tried_once(plain: Wsman, secure: Wsman) -> None:
    for server, login, user in (
        (plain, Authentication.NTLM, DOMAIN_USER),
        (secure, Authentication.NTLM, LOCAL_USER),
        (secure, Authentication.BASIC, LOCAL_USER),
    ):
        server.requests.clear()
        error = failure(server, login, user, "wrong-Passw0rd!")
        assert error.kind is FailureKind.AUTH_FAILED
        assert f"refused {user}" in error.message
        assert "Negotiate" in error.message
        assert ("LocalAccountTokenFilterPolicy" in error.next_step) == (user == LOCAL_USER)
        assert server.requests["authentication"] <= 2
        assert server.requests["Create"] == 0


def test_a_wrong_password_of_a_domain_stops_at_three_machines(plain: Wsman) -> None:
    errors = []
    with transport(plain) as winrm:
        for _ in range(5):
            with pytest.raises(TransportError) as caught:
                winrm.ask(endpoint(plain, password="wrong-Passw0rd!"), BUNDLE, DEADLINE_S)
            errors.append(caught.value)
    assert ["refused" in error.message and "No login was tried" not in error.message for error in errors] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert plain.requests["authentication"] == 6
    assert errors[-1].kind is FailureKind.AUTH_FAILED


def test_one_machine_that_accepts_opens_the_way_for_all(plain: Wsman, tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, "127.0.9.3", fault="401") as picky, transport(plain) as winrm:
        assert winrm.ask(endpoint(plain), BUNDLE, DEADLINE_S).complete
        for _ in range(5):
            with pytest.raises(TransportError, match="refused"):
                winrm.ask(endpoint(picky), BUNDLE, DEADLINE_S)
    assert picky.requests["authentication"] == 10


@pytest.mark.parametrize(
    ("way", "words"),
    [
        (Way("h", 5985, False, Authentication.BASIC), "clear text"),
        (Way("h", 5985, False, Authentication.CREDSSP), "password itself"),
        (Way("h", 5985, False, Authentication.CERTIFICATE), "needs HTTPS"),
    ],
)
def test_an_unsafe_way_is_refused_before_anything_is_sent(plain: Wsman, way: Way, words: str) -> None:
    with pytest.raises(TransportError, match=words):
        checked(way)
    error = failure(plain, way.login)
    assert words in error.message
    assert not plain.requests
    assert plain.idle_connections == 0


@pytest.mark.parametrize("login", [Authentication.KERBEROS, Authentication.CREDSSP])
def test_a_missing_extra_is_named(secure: Wsman, login: Authentication) -> None:
    error = failure(secure, login)
    assert error.kind is FailureKind.AUTH_FAILED
    assert f'pip install "pywinrm[{login.value}]"' in error.next_step
    assert not secure.requests


def test_without_a_password_nothing_is_sent(plain: Wsman) -> None:
    for given in (None, Credential("w", "c", DOMAIN_USER), Credential("w", "c", None, SecretRef("env", "x"))):
        with transport(plain) as winrm, pytest.raises(TransportError, match=r"There is no (user|password)"):
            winrm.ask(replace(endpoint(plain), credential=given), BUNDLE, DEADLINE_S)
    with transport(plain) as winrm, pytest.raises(TransportError, match="is empty"):
        winrm.ask(endpoint(plain, password=""), BUNDLE, DEADLINE_S)
    assert not plain.requests


def test_the_environment_decides_neither_trust_nor_way(
    secure: Wsman, plain: Wsman, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text(f"machine {plain.address} login eve password stolen\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.9.99:1")
    before = dict(os.environ)
    assert ask(plain).complete
    assert ask(secure).complete
    assert dict(os.environ) == before
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(secure.ca_file))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    winrm = WinrmTransport(secret_of, lambda asked: Way(asked.address, asked.port or 0))
    with pytest.raises(TransportError, match="is not trusted"):
        winrm.ask(endpoint(secure), BUNDLE, DEADLINE_S)
    winrm.close()


def test_the_inventory_decides_the_way() -> None:
    pc = Endpoint("pc", "c", "pc.corp.example", transport="winrm")
    assert way_of(pc) == Way("pc.corp.example", 5986, True, Authentication.NTLM)
    assert way_of(replace(pc, port=5985)).url == "http://pc.corp.example:5985/wsman"
    assert way_of(replace(pc, port=5985)).identity is Identity.NOT_PROVEN
    keyed = replace(pc, credential=Credential("w", "c", key_file="key.pem", certificate_file="cert.pem"))
    assert way_of(keyed).login is Authentication.CERTIFICATE
    with pytest.raises(TransportError, match="needs HTTPS"):
        way_of(replace(keyed, port=5985))
    assert way_of(replace(pc, address="2001:db8::5")).url == "https://[2001:db8::5]:5986/wsman"


def test_it_is_made_by_its_name() -> None:
    made = make("winrm", secret_of)
    assert isinstance(made, WinrmTransport)
    made.close()


def test_a_transport_is_used_again_and_again(plain: Wsman) -> None:
    with transport(plain) as winrm:
        answers = [winrm.ask(endpoint(plain), BUNDLE, DEADLINE_S) for _ in range(3)]
    assert all(answer.complete for answer in answers)
    assert plain.requests["Create"] == plain.requests["Delete"] == 3


@pytest.mark.parametrize("password", ["Grüße aus Köln 1!", "пароль-Кириллицей-1", "€uro & <xml> \"q\" 'q' \\ %PATH%"])
def test_passwords_of_any_alphabet(password: str, tmp_path: Path) -> None:
    accounts = {LOCAL_USER: password}
    with Wsman(tmp_path, MACHINE, "127.0.9.4", tls="good", accounts=accounts) as server:
        for login in (Authentication.NTLM, Authentication.BASIC):
            assert ask(server, login, LOCAL_USER, password).complete
