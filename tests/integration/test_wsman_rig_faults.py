"""The rig's faults, each seen through pywinrm: what a client meets is what the name of the fault says."""

from __future__ import annotations

import socket
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
import winrm.exceptions
import winrm.protocol
import xmltodict  # type: ignore[import-untyped] # what pywinrm writes its envelopes with

from tests.integration.test_wsman_rig import ARGUMENTS, DOCUMENT, MACHINE, POWERSHELL, protocol
from tests.rig.wsman import Wsman
from tests.rig.wsman.faults import NAMES, read


@pytest.fixture(autouse=True)
def no_trust_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "*")


def talk(client: winrm.protocol.Protocol, document: bytes = DOCUMENT) -> tuple[bytes, bytes, int]:
    """One shell and one command; the shell is deleted whatever happens."""
    shell = client.open_shell()
    try:
        command = client.run_command(shell, POWERSHELL, ARGUMENTS, console_mode_stdin=False, skip_cmd_shell=True)
        client.send_command_input(shell, command, document, end=True)
        output: tuple[bytes, bytes, int] = client.get_command_output(shell, command)
        return output
    finally:
        client.close_shell(shell)


def failure(server: Wsman, kind: type[Exception], run: Callable[[winrm.protocol.Protocol], object] = talk) -> Exception:
    client = protocol(server, operation_timeout_sec=1, read_timeout_sec=2)
    try:
        with pytest.raises(kind) as raised:
            run(client)
        return raised.value
    finally:
        client.transport.close_session()


@pytest.mark.parametrize(
    ("fault", "code", "wmi"),
    [
        ("access-denied", 5, None),
        ("quota-shells", 2150859173, None),
        ("quota-shells-wmi", None, 2150859173),
        ("quota-operations", 2150859174, None),
        ("quota-operations-wmi", None, 2150859174),
        ("shell-expired", 2150858843, None),
        ("remote-shells-disallowed", 2150859180, None),
        ("no-powershell", 2147942402, None),
    ],
)
def test_faults_that_are_told(tmp_path: Path, fault: str, code: int | None, wmi: int | None) -> None:
    with Wsman(tmp_path, MACHINE, fault=fault) as server:
        told = failure(server, winrm.exceptions.WSManFaultError)
        assert isinstance(told, winrm.exceptions.WSManFaultError)
        assert (told.code, told.wsman_fault_code, told.wmierror_code) == (500, code, wmi)
        assert server.open_shells == 0


def test_a_fault_may_pass(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, fault="quota-operations:1") as server:
        failure(server, winrm.exceptions.WSManFaultError)
        assert talk(protocol(server))[2] == 0
        assert server.requests["Command"] == 2


def test_a_slow_create_ends_in_a_time_out_that_is_no_receive(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, fault="too-slow") as server:
        failure(server, winrm.exceptions.WinRMOperationTimeoutError)


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        ("empty-500", 500, ""),
        ("empty-400", 400, ""),
        ("503", 503, "<h2>Service Unavailable</h2>"),
        ("html:404", 404, "It works!"),
    ],
)
def test_answers_that_are_no_soap(tmp_path: Path, fault: str, status: int, body: str) -> None:
    with Wsman(tmp_path, MACHINE, fault=fault) as server:
        told = failure(server, winrm.exceptions.WinRMTransportError)
        assert isinstance(told, winrm.exceptions.WinRMTransportError)
        assert told.code == status
        assert body in told.response_text
        assert server.open_shells == 0


def test_a_web_server_that_is_no_wsman(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, fault="html") as server:
        answer = requests.post(server.url, timeout=5)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")
        # pywinrm takes the first 200 for a login.
        failure(server, AttributeError)


@pytest.mark.parametrize("tls", [None, "good"])
def test_refuses_right_credentials(tmp_path: Path, tls: None) -> None:
    with Wsman(tmp_path, MACHINE, tls=tls, fault="401") as server:
        failure(server, winrm.exceptions.InvalidCredentialsError)
        assert server.requests["Create"] == 0


def test_is_dead(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, fault="dead") as server:
        with socket.create_connection((server.address, server.port), timeout=0.5) as connection:
            connection.sendall(b"POST /wsman HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            with pytest.raises(TimeoutError):
                connection.recv(1)
        assert not server.requests


def test_is_slow(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, fault="slow:0.3") as server:
        started = time.monotonic()
        requests.post(server.url, timeout=5)
        assert time.monotonic() - started >= 0.3


def test_resets_in_the_middle_of_a_body(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, fault="reset:1") as server:
        client = protocol(server)
        shell = client.open_shell()
        command = client.run_command(shell, POWERSHELL, ARGUMENTS, skip_cmd_shell=True)
        client.send_command_input(shell, command, DOCUMENT, end=True)
        with pytest.raises((requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            client.get_command_output_raw(shell, command)
        client.transport.close_session()
        assert server.open_shells == 1


@pytest.mark.parametrize("fault", ["truncated", "random-bytes"])
def test_a_body_that_is_no_xml(tmp_path: Path, fault: str) -> None:
    with Wsman(tmp_path, MACHINE, fault=fault) as server:
        failure(server, ET.ParseError)
        assert server.open_shells == 0


def test_a_body_with_entities_that_grow(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, tls="good", fault="doctype@Create") as server:
        client = protocol(server)
        body = client.transport.send_message(envelope(client))
        client.transport.close_session()
    assert b"<!DOCTYPE" in body
    assert len(ET.fromstring(body).text or "") == 10 * 8**3


def envelope(client: winrm.protocol.Protocol) -> str:
    """A Create as pywinrm would send it."""
    header = client.build_wsman_header(
        "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create",
        "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd",
    )
    return str(xmltodict.unparse({"env:Envelope": {**header, "env:Body": {"rsp:Shell": {"rsp:InputStreams": "stdin"}}}}))


def test_closes_after_each_answer(tmp_path: Path) -> None:
    """The next message was sealed for a connection that is gone: 400, or a reset where it met the closing."""
    with Wsman(tmp_path, MACHINE, fault="closing") as server:
        client = protocol(server)
        shell = client.open_shell()
        with pytest.raises((winrm.exceptions.WinRMTransportError, requests.exceptions.ConnectionError)):
            client.run_command(shell, POWERSHELL, ARGUMENTS, skip_cmd_shell=True)
        client.transport.close_session()
        assert (server.requests["Command"], server.open_shells) == (0, 1)


def test_done_may_come_without_a_code(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, fault="no-exit-code") as server:
        failure(server, StopIteration)


def test_a_stuck_command_prints_whole_parts_and_then_nothing(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, fault="stuck:1") as server:
        document = DOCUMENT.replace(b"[]", b'[{"part":"a.b","verb":"updates","limit":5,"size":9,"online":false}]')
        client = protocol(server, operation_timeout_sec=1, read_timeout_sec=5)
        shell = client.open_shell()
        command = client.run_command(shell, POWERSHELL, ARGUMENTS, skip_cmd_shell=True)
        client.send_command_input(shell, command, document, end=True)
        output = b""
        while b"begin a.b" not in output:
            output += client.get_command_output_raw(shell, command)[0]
        with pytest.raises(winrm.exceptions.WinRMOperationTimeoutError):
            client.get_command_output_raw(shell, command)
        client.close_shell(shell)
        assert b"end engine.host 0" in output
        assert output.endswith(b"begin a.b\r\n")
        assert server.open_shells == 0


def test_a_signal_ends_a_stuck_command(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, fault="stuck:0") as server:
        client = protocol(server)
        shell = client.open_shell()
        command = client.run_command(shell, POWERSHELL, ARGUMENTS, skip_cmd_shell=True)
        client.send_command_input(shell, command, DOCUMENT, end=True)
        client.get_command_output_raw(shell, command)
        client.cleanup_command(shell, command)
        with pytest.raises(winrm.exceptions.WSManFaultError) as raised:
            client.get_command_output(shell, command)
        client.close_shell(shell)
    assert raised.value.wsman_fault_code == 995


def test_output_may_be_as_much_as_it_likes(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, tls="good", fault="big-output:3") as server:
        output = talk(protocol(server))[0]
    assert len(output) > 3 * 1024 * 1024
    assert output.rstrip().endswith(b"scorecard-0123 done 1")


def test_nobody_has_to_read_the_output(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, fault="big-output") as server:
        client = protocol(server)
        shell = client.open_shell()
        command = client.run_command(shell, POWERSHELL, ARGUMENTS, skip_cmd_shell=True)
        client.send_command_input(shell, command, DOCUMENT, end=True)
        while not client.get_command_output_raw(shell, command)[0]:
            pass
        client.close_shell(shell)
        assert server.open_shells == 0


def test_trickles(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, fault="trickle:2000") as server:
        started = time.monotonic()
        assert talk(protocol(server, read_timeout_sec=6))[2] == 0
        assert time.monotonic() - started > 1


def test_speaks_the_code_page_of_a_console(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, fault="cp437") as server:
        output = talk(protocol(server))[0]
    assert "Prüfung" in output.decode("cp437")
    with pytest.raises(UnicodeDecodeError):
        output.decode()


def test_prints_noise(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, tls="good", fault="random-output") as server:
        output = talk(protocol(server))[0]
    assert len(output) > 200_000
    assert output.count(b"scorecard-0123 ") == 3


def test_progress_comes_as_clixml_on_standard_error(tmp_path: Path) -> None:
    with Wsman(tmp_path, "german") as server:
        _, error, code = talk(protocol(server))
    assert code == 0
    assert error.startswith(b"#< CLIXML\r\n<Objs ")
    assert ET.fromstring(error.split(b"\r\n", 1)[1]).findtext(".//{*}AV") == "Module werden zum ersten Mal vorbereitet."


def test_other_programs_are_not_known(tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE) as server:
        client = protocol(server)
        shell = client.open_shell()
        command = client.run_command(shell, "ipconfig", ["/all"])
        output, error, code = client.get_command_output(shell, command)
        client.close_shell(shell)
    assert (output, code) == (b"", 1)
    assert b"is not recognized" in error


@pytest.mark.parametrize("text", ["", "no-such-fault", "stuck:", "stuck:x"])
def test_a_fault_that_there_is_not(text: str) -> None:
    assert all(read(name).name == name for name in NAMES)
    with pytest.raises(ValueError, match="no such fault"):
        read(text)
