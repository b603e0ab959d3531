"""The rig under garbage: whatever a client sends is answered or refused, and no thread of the server breaks."""

from __future__ import annotations

import base64
import random
import socket
import time
from pathlib import Path

import pytest
import requests
import requests.auth

from tests.integration.test_wsman_rig import MACHINE
from tests.rig.wsman import ACCOUNTS, Wsman, soap

LOCAL = "localadmin"
NAMES = " ".join(f'xmlns:{prefix}="{soap.NAMESPACES[prefix]}"' for prefix in ("s", "a", "w", "rsp"))
URIS = {name: uri for uri, name in soap.ACTIONS.items()}


@pytest.fixture(autouse=True)
def no_trust_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "*")


def post(server: Wsman, body: bytes) -> requests.Response:
    login = requests.auth.HTTPBasicAuth(LOCAL, ACCOUNTS[LOCAL])
    return requests.post(server.url, data=body, auth=login, verify=str(server.ca_file), timeout=9)


def envelope(action: str, body: str, shell: str = "", timeout: str = "PT1S") -> bytes:
    return (
        f"<s:Envelope {NAMES}><s:Header><a:Action>{URIS[action]}</a:Action><a:MessageID>uuid:1</a:MessageID>"
        f'<w:ResourceURI>{soap.SHELL_URI}</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">{shell}</w:Selector>'
        f"</w:SelectorSet><w:OperationTimeout>{timeout}</w:OperationTimeout></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def between(answer: requests.Response, name: str) -> str:
    return answer.text.partition(f"<rsp:{name}>")[2].partition("<")[0]


def opened(server: Wsman) -> str:
    return between(post(server, envelope("Create", "<rsp:Shell/>")), "ShellId")


def run(server: Wsman, shell: str, line: str) -> requests.Response:
    return post(server, envelope("Command", f"<rsp:CommandLine><rsp:Command>{line}</rsp:Command></rsp:CommandLine>", shell))


def said(server: Wsman, data: bytes) -> bytes:
    with socket.create_connection((server.address, server.port), timeout=9) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(65_536)


@pytest.mark.parametrize("length", [b"abc", b"-1", b"-5", b"0x10", b"\xb2", b"1_0", b"9" * 30])
def test_a_length_that_is_no_number_is_a_bad_request(tmp_path: Path, length: bytes) -> None:
    with Wsman(tmp_path, MACHINE) as server:
        assert said(server, b"POST /wsman HTTP/1.1\r\nContent-Length: " + length + b"\r\n\r\n").startswith(b"HTTP/1.1 400")


def test_damaged_tokens_are_refused(tmp_path: Path) -> None:
    draw = random.Random(5)
    start = b"NTLMSSP\0\1\0\0\0"
    tokens = [start[: draw.randrange(12)] + draw.randbytes(draw.randrange(60)) for _ in range(60)]
    tokens += [b"`" + bytes([length]) + draw.randbytes(length) for length in range(40)]
    with Wsman(tmp_path, MACHINE) as server:
        for token in tokens:
            header = {"Authorization": f"Negotiate {base64.b64encode(token).decode()}"}
            assert requests.post(server.url, headers=header, timeout=9).status_code == 401


@pytest.mark.parametrize("line", ["", " ", "\t\n"])
def test_a_command_without_a_name_is_a_fault(tmp_path: Path, line: str) -> None:
    with Wsman(tmp_path, MACHINE, tls="good") as server:
        shell = opened(server)
        assert 'Code="87"' in run(server, shell, line).text
        post(server, envelope("Delete", "", shell))
        assert server.open_shells == 0


@pytest.mark.parametrize("limit", ["P9999999999D", f"PT{'9' * 400}S"])
def test_a_limit_beyond_all_bounds_is_cut(tmp_path: Path, limit: str) -> None:
    with Wsman(tmp_path, MACHINE, tls="good") as server:
        shell = opened(server)
        command = between(run(server, shell, "whoami.exe"), "CommandId")
        wanted = f'<rsp:Receive><rsp:DesiredStream CommandId="{command}">stdout stderr</rsp:DesiredStream></rsp:Receive>'
        assert post(server, envelope("Receive", wanted, shell, limit)).status_code == 200
        assert soap.parse(envelope("Receive", wanted, shell, limit)).timeout_s == 60
        idle = f"<rsp:Shell><rsp:IdleTimeOut>{limit}</rsp:IdleTimeOut></rsp:Shell>"
        assert between(post(server, envelope("Create", idle)), "IdleTimeOut") == "PT2147483.000S"


def test_envelopes_that_were_damaged_on_the_way_are_answered(tmp_path: Path) -> None:
    draw = random.Random(7)
    whole = envelope("Signal", '<rsp:Signal CommandId="x"><rsp:Code>c</rsp:Code></rsp:Signal>', "none")
    with Wsman(tmp_path, MACHINE, tls="good") as server:
        for _ in range(40):
            damaged = bytearray(whole)
            for _ in range(draw.randint(1, 5)):
                place = draw.randrange(len(damaged))
                damaged[place : place + draw.randrange(30)] = draw.randbytes(draw.randrange(4))
            answer = post(server, bytes(damaged))
            assert answer.status_code == 500
            assert "<s:Fault>" in answer.text


@pytest.mark.parametrize(
    "document",
    [b"", b"\xff", b"[" * 100_000, b'{"marker": "m", "questions": 5}', b'{"marker": "\\ud800", "questions": ["\\ud800"]}'],
)
def test_any_standard_input_ends_the_command(tmp_path: Path, document: bytes) -> None:
    script = base64.b64encode("& 'x'".encode("utf-16-le")).decode()
    with Wsman(tmp_path, MACHINE, tls="good") as server:
        shell = opened(server)
        command = between(run(server, shell, f"powershell.exe -EncodedCommand {script}"), "CommandId")
        stream = (
            f'<rsp:Stream Name="stdin" CommandId="{command}" End="true">{base64.b64encode(document).decode()}</rsp:Stream>'
        )
        assert post(server, envelope("Send", f"<rsp:Send>{stream}</rsp:Send>", shell)).status_code == 200
        wanted = f'<rsp:Receive><rsp:DesiredStream CommandId="{command}">stdout stderr</rsp:DesiredStream></rsp:Receive>'
        while "CommandState/Done" not in (answer := post(server, envelope("Receive", wanted, shell, "PT9S")).text):
            assert "CommandState/Running" in answer
        assert "<rsp:ExitCode>" in answer
        assert server.refused


def test_a_client_that_breaks_off_the_handshake_leaves_no_connection(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, tls="good") as server:
        said(server, b"\x16\x03\x01 nonsense")
        until = time.monotonic() + 9
        while server.idle_connections and time.monotonic() < until:
            time.sleep(0.02)
        assert server.idle_connections == 0
