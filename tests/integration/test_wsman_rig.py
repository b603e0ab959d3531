"""The WS-Management rig, proven by clients that others wrote: pywinrm and pypsrp."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pypsrp.exceptions
import pypsrp.shell
import pypsrp.wsman
import pytest
import requests
import winrm.exceptions
import winrm.protocol

from scorecard.bundle import new_marker, parse_reply
from scorecard.bundle_windows import ARGUMENTS as PRELUDE_ARGUMENTS
from scorecard.bundle_windows import WindowsBundle
from scorecard.model import Platform
from scorecard.registry import Registry
from tests.rig.wsman import ACCOUNTS, Wsman
from tests.rig.wsman.plain import statements_of

POWERSHELL = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
SCRIPT = "& 'C:\\Prüfung\\questions.ps1'"
ENCODED = base64.b64encode(SCRIPT.encode("utf-16-le")).decode()
ARGUMENTS = ["-NoLogo", "-NoProfile", "-NonInteractive", "-EncodedCommand", ENCODED]
DOCUMENT = json.dumps({"marker": "scorecard-0123", "questions": []}).encode()
MACHINE = "windows-11-pro-well"
DOMAIN, LOCAL = "CORP\\audit", "localadmin"


@pytest.fixture(autouse=True)
def no_trust_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both clients would rather follow these variables than what they are told."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "*")


def protocol(server: Wsman, user: str = DOMAIN, password: str | None = None, **options: Any) -> winrm.protocol.Protocol:
    chosen: dict[str, Any] = {"transport": "ntlm", "operation_timeout_sec": 5, "read_timeout_sec": 10}
    if server.tls is None:
        chosen["message_encryption"] = "always"
    else:
        chosen["ca_trust_path"] = str(server.ca_file)
    return winrm.protocol.Protocol(
        server.url, username=user, password=ACCOUNTS[user] if password is None else password, **{**chosen, **options}
    )


def with_pywinrm(server: Wsman, user: str, method: str) -> tuple[str, int]:
    client = protocol(server, user, transport=method)
    shell = client.open_shell(codepage=65001, noprofile=True, idle_timeout="PT300S")
    command = client.run_command(shell, POWERSHELL, ARGUMENTS, console_mode_stdin=False, skip_cmd_shell=True)
    client.send_command_input(shell, command, DOCUMENT[:10])
    client.send_command_input(shell, command, DOCUMENT[10:], end=True)
    output, _, code = client.get_command_output(shell, command)
    client.cleanup_command(shell, command)
    client.close_shell(shell)
    return output.decode(), code


def wsman(server: Wsman, user: str, method: str) -> pypsrp.wsman.WSMan:
    return pypsrp.wsman.WSMan(
        server.address,
        port=server.port,
        ssl=server.tls is not None,
        username=user,
        password=ACCOUNTS[user],
        auth="negotiate" if method == "ntlm" else method,
        cert_validation=str(server.ca_file) if server.ca_file else True,  # type: ignore[arg-type] # a path is taken
        no_proxy=True,
    )


def with_pypsrp(server: Wsman, user: str, method: str) -> tuple[str, int]:
    client = wsman(server, user, method)
    with client, pypsrp.shell.WinRS(client, codepage=65001, no_profile=True, idle_time_out=300) as shell:
        process = pypsrp.shell.Process(shell, POWERSHELL, ARGUMENTS, no_shell=True)
        process.begin_invoke()
        process.send(DOCUMENT[:10], end=False)
        process.send(DOCUMENT[10:], end=True)
        process.end_invoke()
        process.signal(pypsrp.shell.SignalCode.TERMINATE)
        return process.stdout.decode(), -1 if process.rc is None else process.rc


Client = Callable[[Wsman, str, str], tuple[str, int]]


@pytest.mark.parametrize("client", [with_pywinrm, with_pypsrp])
@pytest.mark.parametrize("user", [DOMAIN, LOCAL])
@pytest.mark.parametrize("tls", [None, "good"])
def test_ntlm_runs_a_command_from_standard_input(tmp_path: Path, client: Client, user: str, tls: Any) -> None:
    with Wsman(tmp_path, MACHINE, tls=tls) as server:
        output, code = client(server, user, "ntlm")
        assert code == 0
        lines = output.strip().splitlines()
        assert lines[0] == "scorecard-0123 begin engine.host"
        assert json.loads(lines[1].removeprefix("|"))["hostname"] == "PC-042"
        assert lines[-1] == "scorecard-0123 done 1"
        assert (server.received[0].script, server.received[0].stdin) == (SCRIPT, DOCUMENT)
        assert server.open_shells == 0
        steps = ("Create", "Command", "Send", "Receive", "Signal", "Delete")
        assert [server.requests[step] for step in steps] == [1, 1, 2, 1, 1, 1]


def test_ntlm_over_http_takes_three_round_trips_before_the_first_message(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE) as server:
        with_pywinrm(server, DOMAIN, "ntlm")
        assert server.requests["authentication"] == 3


@pytest.mark.parametrize("client", [with_pywinrm, with_pypsrp])
def test_basic_over_https_takes_a_local_account(tmp_path: Path, client: Client) -> None:
    with Wsman(tmp_path, MACHINE, tls="good") as server:
        assert client(server, LOCAL, "basic")[1] == 0
        assert server.requests["authentication"] == 0
        assert server.open_shells == 0


@pytest.mark.parametrize(("tls", "user", "method"), [(None, DOMAIN, "ntlm"), ("good", LOCAL, "basic")])
def test_the_prelude_and_every_question_of_ours_go_through_pypsrp(tmp_path: Path, tls: Any, user: str, method: str) -> None:
    bundle, marker = WindowsBundle(Registry.load().probes(Platform.WINDOWS)), new_marker()
    with Wsman(tmp_path, MACHINE, tls=tls) as server:
        client = wsman(server, user, method)
        with client, pypsrp.shell.WinRS(client, codepage=65001, no_profile=True) as shell:
            line = [*PRELUDE_ARGUMENTS, bundle.encoded_command()]
            process = pypsrp.shell.Process(shell, POWERSHELL, line, no_shell=True)
            process.begin_invoke()
            process.send(bundle.questions(marker), end=True)
            process.end_invoke()
            process.signal(pypsrp.shell.SignalCode.TERMINATE)
        reply = parse_reply(process.stdout, marker, datetime.now(UTC), Platform.WINDOWS)
        assert (reply.complete, process.rc) == (True, 0)
        assert reply.observations.keys() == {"engine.host", *(probe.part for probe in bundle.asked)}
        assert [question["part"] for question in server.received[0].questions] == [probe.part for probe in bundle.asked]
        assert (server.refused, server.open_shells, server.requests["unsealed"]) == ([], 0, 0)


@pytest.mark.parametrize(
    ("codepage", "told", "arrives"),
    [
        (437, "Übung 日", b"\x9abung ?\r\n"),
        (1252, "Übung 日", b"\xdcbung ?\r\n"),
        (65001, "Übung 日", "Übung 日\r\n".encode()),
    ],
)
def test_a_plain_script_runs_in_the_code_page_of_its_shell(
    tmp_path: Path, codepage: int, told: str, arrives: bytes
) -> None:
    script = base64.b64encode(f"Write-Output '{told}'".encode("utf-16-le")).decode()
    with Wsman(tmp_path, MACHINE) as server:
        client = protocol(server)
        shell = client.open_shell(codepage=codepage)
        command = client.run_command(shell, "powershell.exe", ["-EncodedCommand", script])
        output, errors, code = client.get_command_output(shell, command)
        client.close_shell(shell)
    assert (output, code) == (arrives, 0)
    assert errors.startswith(b"#< CLIXML")


@pytest.mark.parametrize(
    "script", ["'open", "'a' 'b'", "Write-Output 'a' | Out-File x", "exit", "Remove-Item 'x'", "'a'; Get-Date", ""]
)
def test_only_plain_statements_are_run(script: str) -> None:
    assert statements_of("Write-Output 'a'; exit 1")
    assert not statements_of(script)


def test_basic_refuses_a_domain_account(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, tls="good") as server, pytest.raises(winrm.exceptions.InvalidCredentialsError):
        protocol(server, DOMAIN, transport="basic").open_shell()


@pytest.mark.parametrize("tls", [None, "good"])
def test_refuses_a_wrong_password(tmp_path: Path, tls: Any) -> None:
    with Wsman(tmp_path, MACHINE, tls=tls) as server:
        client = protocol(server, password="not this one")
        with pytest.raises(winrm.exceptions.InvalidCredentialsError):
            client.open_shell()
        client.transport.close_session()
        assert server.requests["Create"] == 0


def test_names_the_schemes_that_it_offers(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE) as plain, Wsman(tmp_path, MACHINE, "127.0.8.2", tls="good") as secure:
        offered = [requests.post(plain.url, timeout=5), requests.post(secure.url, timeout=5, verify=str(secure.ca_file))]
    assert [answer.status_code for answer in offered] == [401, 401]
    assert [answer.headers["WWW-Authenticate"] for answer in offered] == [
        "Negotiate, Kerberos",
        'Negotiate, Kerberos, Basic realm="WSMAN"',
    ]
    assert [answer.content for answer in offered] == [b"", b""]
    assert offered[0].headers["Server"] == "Microsoft-HTTPAPI/2.0"


def test_refuses_a_message_that_is_not_sealed(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE) as server:
        client = protocol(server, message_encryption="never")
        with pytest.raises(winrm.exceptions.WinRMTransportError) as raised:
            client.open_shell()
        client.transport.close_session()
        assert (raised.value.code, raised.value.response_text) == (500, "")
        assert (server.requests["unsealed"], server.requests["Create"]) == (1, 0)


def test_refuses_a_message_that_was_sealed_for_another_connection(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE) as server:
        client = protocol(server)
        shell = client.open_shell()
        server.drop_connections()
        with pytest.raises(winrm.exceptions.WinRMTransportError) as raised:
            client.run_command(shell, POWERSHELL, ARGUMENTS, skip_cmd_shell=True)
        client.transport.close_session()
        assert raised.value.code == 400
        assert server.requests["not for this context"] == 1


@pytest.mark.parametrize(
    ("tls", "said"), [("expired", "certificate has expired"), ("wrong-name", "certificate is not valid for")]
)
def test_certificates_are_wrong_in_the_way_they_are_named(tmp_path: Path, tls: Any, said: str) -> None:
    with Wsman(tmp_path, MACHINE, tls=tls) as server:
        with pytest.raises(requests.exceptions.SSLError, match=said):
            requests.post(server.url, timeout=5, verify=str(server.ca_file))
        assert not server.requests


def test_a_certificate_of_an_unknown_authority_is_not_trusted(tmp_path: Path) -> None:
    with (
        Wsman(tmp_path, MACHINE, tls="good") as server,
        pytest.raises(requests.exceptions.SSLError, match="unable to get local"),
    ):
        requests.post(server.url, timeout=5)


def test_says_what_it_is_without_a_password(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE) as server:
        answer = requests.post(server.url, data=b"<x/>", headers={"WSMANIDENTIFY": "unauthenticated"}, timeout=5)
    assert answer.status_code == 200
    assert "<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>" in answer.text


def test_a_shell_that_nobody_closes_stays_open(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE) as server:
        client = protocol(server)
        shells = [client.open_shell() for _ in range(2)]
        client.close_shell(shells[0])
        assert server.open_shells == 1


def test_receive_waits_for_output_and_then_times_out(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE) as server:
        client = protocol(server, operation_timeout_sec=1, read_timeout_sec=5)
        shell = client.open_shell()
        command = client.run_command(shell, POWERSHELL, ARGUMENTS, skip_cmd_shell=True)
        with pytest.raises(winrm.exceptions.WinRMOperationTimeoutError):
            client.get_command_output_raw(shell, command)
        client.send_command_input(shell, command, DOCUMENT, end=True)
        output, _, code = client.get_command_output(shell, command)
        client.close_shell(shell)
    assert b"scorecard-0123 begin" in output
    assert code == 0


def fault_of(run: Callable[[], object]) -> int | None:
    with pytest.raises(winrm.exceptions.WSManFaultError) as raised:
        run()
    return raised.value.wsman_fault_code


def test_faults_carry_the_numbers_of_windows(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE) as server:
        client = protocol(server)
        shell = client.open_shell()
        assert fault_of(lambda: client.run_command(shell, "powershell.exe", ARGUMENTS, skip_cmd_shell=True)) == 2147942402
        assert fault_of(lambda: client.run_command(shell, POWERSHELL, ["x" * 33000])) == 2147942606
        assert fault_of(lambda: client.run_command(shell, POWERSHELL, ["x" * 33000], skip_cmd_shell=True)) == 2147942606
        assert fault_of(lambda: client.run_command("00000000-0000", POWERSHELL)) == 2150858843
        assert fault_of(lambda: client.get_command_output_raw(shell, "")) == 87
        assert fault_of(lambda: client.get_command_output_raw(shell, "00000000-0000")) == 2150858843
        command = client.run_command(shell, POWERSHELL, ARGUMENTS, skip_cmd_shell=True)
        assert fault_of(lambda: client.send_command_input(shell, command, b"x" * 600_000)) == 2150858825
        client.close_shell(shell)


def test_a_line_that_is_too_long_for_the_command_processor_ends_at_once(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE) as server:
        client = protocol(server)
        shell = client.open_shell()
        command = client.run_command(shell, POWERSHELL, ["x" * 9000])
        assert client.get_command_output(shell, command) == (b"", b"The command line is too long.\r\n", 1)
        client.close_shell(shell)


def test_pypsrp_reads_a_fault_as_well(tmp_path: Path) -> None:
    denied = pytest.raises(pypsrp.exceptions.WSManFaultError)
    with Wsman(tmp_path, MACHINE, fault="access-denied") as server, denied as raised:
        with_pypsrp(server, DOMAIN, "ntlm")
    assert raised.value.code == 5
