"""One connection: HTTP, authentication, sealing, and the six actions of a shell."""

from __future__ import annotations

import base64
import random
import re
import socket
import struct
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, ClassVar

from tests.rig.wsman import soap
from tests.rig.wsman.authentication import Login, UnsealedError
from tests.rig.wsman.shells import CommandLine, Shell

if TYPE_CHECKING:
    from tests.rig.wsman.server import Wsman

_SOAP = "application/soap+xml;charset=UTF-8"
_SEALED = 'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"'
# MaxEnvelopeSizekb of current hosts. What is sealed may be a little longer than what it holds.
_ENVELOPE_BYTES = 500 * 1024
_PROCESS_CHARACTERS = 32_767
_HTML = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>"
_ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]><a>&d;</a>'
)


class Connection(BaseHTTPRequestHandler):
    """A connection lives as long as its handler, and so does its authentication."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    _STEPS: ClassVar[dict[str, str]] = {action: f"_{action.lower()}" for action in soap.ACTIONS.values()}

    def setup(self) -> None:
        self.host: Wsman = self.server.host  # type: ignore[attr-defined]  # BaseServer has no such field; ours sets it
        self.raw = self.request
        self.host.opened(self.raw)
        if self.host.trouble.at("dead"):
            self._wait_for_the_end()
        elif self.host.tls:
            self.raw.settimeout(10)
            try:
                self.request = self.host.tls.wrap_socket(self.raw, server_side=True)
            finally:
                self.host.ended(self.raw)
            self.request.settimeout(None)
            self.raw = self.request
            self.host.opened(self.raw)
        self.login = Login(self.host.accounts, self.host.certificate, self.host.kerberos)
        self.sealed = False
        self.last_token: bytes | None = None
        super().setup()

    def _wait_for_the_end(self) -> None:
        """Read and say nothing until the client gives up or the server closes."""
        try:
            while self.raw.recv(65_536):
                pass
        except OSError:
            pass

    def finish(self) -> None:
        try:
            super().finish()
        except OSError:
            pass
        finally:
            self.host.ended(self.raw)
            self.request.close()
            self.login.close()

    def log_message(self, format: str, *args: object) -> None:
        """Tests read `requests`; nothing is printed."""

    def version_string(self) -> str:
        return "Microsoft-HTTPAPI/2.0"

    def do_GET(self) -> None:
        self._answer(*((200, _HTML, "text/html") if self.host.trouble.at("html") else (405, b"", "")))

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not re.fullmatch(r"[0-9]{1,9}", length):
            self.close_connection = True
            return self._answer(400, b"", "")
        body = self.rfile.read(int(length))
        trouble = self.host.trouble
        if trouble.at("slow"):
            self.host.closing.wait(trouble.number)
        if trouble.at("503"):
            self._answer(503, b"<h2>Service Unavailable</h2>", "text/html; charset=us-ascii")
        elif trouble.at("html"):
            self._answer(int(trouble.number), _HTML, "text/html")
        elif self.path.rstrip("/").lower() != "/wsman":
            self._answer(404, b"", "")
        elif self.headers.get("WSMANIDENTIFY", "").lower() == "unauthenticated":
            self.host.count("Identify")
            self._answer(200, soap.identify(), _SOAP)
        elif self._authenticated():
            self._take(body)
        return None

    def _authenticated(self) -> bool:
        """Whether this connection may go on; where not, the answer is sent."""
        header = self.headers.get("Authorization")
        if header is None and self.login.user:
            return True
        token = None
        if header is not None:
            step = self.login.step(header)
            if step.user and not self._turned_away():
                # The last token of SPNEGO proves the host to the client and travels with the first answer.
                self.last_token = step.token
                return True
            token = None if step.user else step.token
        self.host.count("authentication")
        if token:
            schemes = [f"Negotiate {_base64(token)}"]
        else:
            self.login.user = ""
            basic = self.host.tls and not self.host.trouble.at("basic-off")
            schemes = ["Negotiate", "Kerberos"] + (['Basic realm="WSMAN"'] if basic else [])
        self._answer(401, b"", "", *(("WWW-Authenticate", scheme) for scheme in schemes))
        return False

    def _turned_away(self) -> bool:
        """Whether this server's fault refuses who has just proven to be known."""
        trouble = self.host.trouble
        return trouble.at("401") or (self.login.scheme == "Basic" and trouble.at("basic-off"))

    def _take(self, body: bytes) -> None:
        """A request of someone who is known."""
        if not body:
            self.host.count("authentication")
            self._answer(200, b"", "")
            return None
        self.sealed = self.headers.get("Content-Type", "").startswith("multipart/")
        if not self.sealed and not self.host.tls:
            self.host.count("unsealed")
            self._answer(500, b"", "")
            return None
        try:
            clear = self.login.unseal(body) if self.sealed else body
        except UnsealedError:
            self.host.count("not for this context")
            self._answer(400, b"", "")
            return None
        for status in (400, 500):
            if self.host.trouble.at(f"empty-{status}", soap.action_of(clear)):
                return self._answer(status, b"", "")
        self._send(*self._soap(clear))
        return None

    def _soap(self, clear: bytes) -> tuple[int, str, bytes]:
        activity = self.host.machine.modern
        action, message_id = "", ""
        try:
            if len(clear) > _ENVELOPE_BYTES:
                said = "The request is larger than MaxEnvelopeSize. "
                raise soap.Fault(soap.ENVELOPE_TOO_LARGE, "EncodingLimit", said, sender=True, detail="MaxEnvelopeSize")
            try:
                request = soap.parse(clear)
                action, message_id = request.action, request.message_id
                self.host.count(action)
                if told := self.host.trouble.told_at(action):
                    raise told
                return 200, action, soap.answer(request, self._act(request), activity=activity)
            except soap.BadEnvelopeError as error:
                raise soap.Fault(soap.INVALID_XML, "SchemaValidationError", f"{error} ", sender=True) from error
        except soap.Fault as told:
            return 500, action, soap.fault(message_id, told, self.host.address, activity=activity)

    def _act(self, request: soap.Request) -> str:
        match request.action:
            case "Create":
                return self._create(request)
            case "Command":
                return self._command(request)
            case "Send":
                return self._feed(request)
            case "Receive":
                return self._receive(request)
            case "Signal":
                return self._signal(request)
            case "Delete":
                self.host.shells.delete(request.shell_id)
                return ""
        raise soap.Fault(
            2150858752, "DestinationUnreachable", "There is no such action. ", sender=True, detail="InvalidResourceURI"
        )

    def _create(self, request: soap.Request) -> str:
        idle = soap.seconds(request.text("IdleTimeOut") or "PT7200S")
        shell = Shell(self.login.user, idle, request.options.get("WINRS_CODEPAGE", "437"))
        self.host.shells.add(shell)
        return soap.created(shell.id, request.to or self.host.url, shell.owner, self.client_address[0], idle)

    def _command(self, request: soap.Request) -> str:
        shell = self.host.shells.get(request.shell_id)
        options = {name: value.lower() == "true" for name, value in request.options.items()}
        line = CommandLine(
            request.text("Command"),
            tuple(request.texts("Arguments")),
            options.get("WINRS_SKIP_CMD_SHELL", False),
            options.get("WINRS_CONSOLEMODE_STDIN", True),
            shell.codepage,
        )
        if not line.command.strip():
            raise soap.bad_parameter()
        if len(" ".join((line.command, *line.arguments))) > _PROCESS_CHARACTERS:
            raise soap.Fault(2147942606, "InternalError", "The filename or extension is too long. ", provider=True)
        if line.skip_cmd_shell and "\\" not in line.command:
            raise soap.Fault(2147942402, "InternalError", "The system cannot find the file specified. ", provider=True)
        command = self.host.run(line)
        shell.commands[command.id] = command
        return f"<rsp:CommandResponse><rsp:CommandId>{command.id}</rsp:CommandId></rsp:CommandResponse>"

    def _feed(self, request: soap.Request) -> str:
        stream = request.element("Stream")
        if stream is None or stream.get("Name") != "stdin":
            raise soap.bad_parameter()
        command = self.host.shells.get(request.shell_id).command(stream.get("CommandId", ""))
        command.send(soap.unpack(stream), end=stream.get("End", "").lower() == "true")
        return "<rsp:SendResponse/>"

    def _receive(self, request: soap.Request) -> str:
        command = self.host.shells.get(request.shell_id).command(request.command_id("DesiredStream"))
        streams, done = command.receive(request.timeout_s)
        code = None if self.host.trouble.at("no-exit-code") else command.exit_code
        return soap.received(command.id, streams, code, done=done)

    def _signal(self, request: soap.Request) -> str:
        shell = self.host.shells.get(request.shell_id)
        command = shell.command(request.command_id("Signal"))
        command.stop(gone=request.text("Code").endswith("/signal/terminate"))
        return "<rsp:SignalResponse/>"

    def _send(self, status: int, action: str, answer: bytes) -> None:
        """Send the answer, or what the fault of this server makes of it."""
        trouble = self.host.trouble
        if trouble.at("truncated", action):
            answer = answer[: len(answer) // 2]
        elif trouble.at("doctype", action):
            answer = _ENTITIES
        elif trouble.at("random-bytes", action):
            return self._answer(200, random.Random(8).randbytes(20_000), _SOAP)
        body, kind = (self.login.seal(answer), _SEALED) if self.sealed else (answer, _SOAP)
        if trouble.at("reset", action):
            return self._reset_within(status, body, kind)
        if trouble.at("trickle", action):
            return self._trickle(status, body, kind)
        self._answer(status, body, kind)
        if trouble.at("closing"):
            self.close_connection = True
        return None

    def _answer(self, status: int, body: bytes, kind: str, *headers: tuple[str, str]) -> None:
        self._head(status, len(body), kind, *headers)
        self.wfile.write(body)

    def _head(self, status: int, length: int, kind: str, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        if self.last_token:
            self.send_header("WWW-Authenticate", f"Negotiate {_base64(self.last_token)}")
            self.last_token = None
        for name, value in headers:
            self.send_header(name, value)
        if kind:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _reset_within(self, status: int, body: bytes, kind: str) -> None:
        self._head(status, len(body), kind)
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        time.sleep(0.05)
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def _trickle(self, status: int, body: bytes, kind: str) -> None:
        self._head(status, len(body), kind)
        for place in range(len(body)):
            self.wfile.write(body[place : place + 1])
            if self.host.closing.wait(1 / self.host.trouble.number):
                break


def _base64(token: bytes) -> str:
    return base64.b64encode(token).decode()
