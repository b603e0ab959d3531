"""The server: HTTP/1.1 on loopback, one thread a connection, and what tests read of it.

with Wsman(tmp_path, "windows-11-pro-well") as server:
    server.url, server.requests["Create"], server.open_shells, server.received[0].stdin
"""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.rig.wsman import certificates, faults
from tests.rig.wsman.authentication import Accounts
from tests.rig.wsman.connection import Connection
from tests.rig.wsman.kerberos import Acceptor, Service
from tests.rig.wsman.machine import Machine
from tests.rig.wsman.powershell import PowerShell
from tests.rig.wsman.shells import Command, CommandLine, Shells

ACCOUNTS = {"CORP\\audit": "rig-domain-Passw0rd!", "localadmin": "rig-local-Passw0rd!"}
Tls = certificates.Kind
_CLOSING_LIMIT_S = 10.0


@dataclass
class Received:
    """One command that a client had run: its line, its standard input, and the decoded -EncodedCommand."""

    line: CommandLine
    stdin: bytes = b""
    script: str = ""
    questions: list[Any] = field(default_factory=list)


class Wsman:
    """A Windows machine that answers on loopback. `folder` takes its account file and certificates; `now` is its clock."""

    def __init__(
        self,
        folder: Path,
        machine: str | Path,
        address: str = "127.0.8.1",
        tls: Tls | None = None,
        accounts: Mapping[str, str] = ACCOUNTS,
        fault: str | None = None,
        now: datetime | None = None,
        kerberos: Service | None = None,
    ) -> None:
        self.address = address
        self.name = kerberos.name if kerberos else address  # as clients call it, and as its certificate has it
        self.machine = Machine.load(machine, now)
        self.trouble = faults.read(fault)
        self.requests: Counter[str] = Counter()
        self.received: list[Received] = []
        self.refused: list[str] = []
        self.crashes: list[str] = []  # a defect of this server's own: the test that met it fails
        self.shells = Shells()
        self.certificate: bytes | None = None
        self.ca_file: Path | None = None
        self.tls: ssl.SSLContext | None = None
        self.lock = threading.Lock()
        self.closing = threading.Event()
        folder = folder / f"wsman-{address}"
        folder.mkdir(parents=True, exist_ok=True)
        if tls:
            self.ca_file, server_file, self.certificate = certificates.make(folder, tls, self.name)
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(server_file)
        self.accounts = Accounts(accounts, self.machine.hostname, self.machine.domain, folder / "accounts")
        self.accounts.write()
        self.kerberos: Acceptor | None = None
        self._service = kerberos
        self._sockets: set[socket.socket] = set()
        self._listener: _Listener | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        if self._listener is None:
            raise RuntimeError("the server is not started")
        return int(self._listener.server_address[1])

    @property
    def url(self) -> str:
        host = f"[{self.name}]" if ":" in self.name else self.name
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}/wsman"

    @property
    def open_shells(self) -> int:
        return len(self.shells)

    @property
    def idle_connections(self) -> int:
        """Connections that no client has closed."""
        return len(self._sockets)

    def __enter__(self) -> Wsman:
        if self._service:
            self.kerberos = Acceptor(self._service)
        self._listener = _Listener((self.address, 0), self)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.05,), name="rig-wsman", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.closing.set()
        stuck = self.shells.close(_CLOSING_LIMIT_S)
        if self._listener and self._thread:
            self._listener.shutdown()
            self.drop_connections()
            self._listener.server_close()
            self._thread.join(_CLOSING_LIMIT_S)
        if self.kerberos:
            self.kerberos.close()
        if error is None and (stuck or self.crashes):
            raise RuntimeError(f"commands that would not end: {stuck}; answers that failed: {self.crashes}")

    def drop_connections(self) -> None:
        """Close every connection, as the host does with idle ones after two minutes."""
        with self.lock:
            sockets = list(self._sockets)
        for connection in sockets:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def opened(self, connection: socket.socket) -> None:
        with self.lock:
            self._sockets.add(connection)

    def ended(self, connection: socket.socket) -> None:
        with self.lock:
            self._sockets.discard(connection)

    def count(self, what: str) -> None:
        with self.lock:
            self.requests[what] += 1

    def run(self, line: CommandLine) -> Command:
        """Start what a client asked for."""
        received = Received(line)
        with self.lock:
            self.received.append(received)
        shell = PowerShell(self.machine, self.trouble, self.refused)

        def program(command: Command) -> int:
            received.script = shell.script_of(line)
            if shell.reads_input(line):
                received.stdin = command.stdin()
            received.questions = shell.questions_of(received.stdin)
            return shell.run(command, received.questions, received.stdin)

        command = Command(line, program)
        command.start()
        return command


class _Listener(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], host: Wsman) -> None:
        self.host = host
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, Connection)

    def server_bind(self) -> None:
        # The base class asks the resolver for a name, which nobody needs and which may take seconds.
        socket_address = self.server_address
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(socket_address)
        self.server_address = self.socket.getsockname()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no error of the server's; anything else is, and is shown."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            self.host.crashes.append(repr(error))
            super().handle_error(request, client_address)
