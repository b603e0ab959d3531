"""The first stretch from this computer: a name and a socket, straight or through a proxy; alike for SSH and WinRM."""

from __future__ import annotations

import socket
from collections.abc import Callable

from scorecard.errors import FailureKind, TransportError
from scorecard.model import Proxy
from scorecard.transports.proxy import ProxyFailure, tunnel
from scorecard.transports.sockets import Target, connect, look_up, place
from scorecard.transports.watchdog import Deadline

_NEXT_STEP = (
    "Check that the proxy runs and that this computer may use it, and its address and port under proxy in the inventory."
)


class Reach:
    """One address and the way to it. `resolve` comes first; `connect` may be called again."""

    def __init__(self, address: str, port: int, proxy: Proxy | None) -> None:
        self._address = address
        self._port = port
        self._proxy = proxy
        self._targets: tuple[Target, ...] = ()

    def resolve(self, deadline: Deadline) -> str:
        """Raises TransportError."""
        if self._proxy is None:
            self._targets = look_up(self._address, self._port, deadline)
            found = self._found()
            return f"{self._address} is an address" if found == self._address else f"{self._address} is {found}"
        try:
            self._targets = look_up(self._proxy.address, self._proxy.port, deadline)
        except TransportError as error:
            raise self._no_proxy(error) from error
        found = self._found()
        at = "" if found == self._proxy.address else f" ({found})"
        return f"{self._address} is looked up by the proxy {self._proxy}{at}"

    def connect(self, limit_s: float, hold: Callable[[socket.socket], None]) -> socket.socket:
        """A socket that leads to the address. `hold` gets it before a proxy is spoken to. Raises TransportError."""
        limit = Deadline(limit_s)
        if self._proxy is None:
            sock = connect(self._targets, self._address, self._port, limit_s)
            hold(sock)
            return sock
        try:
            sock = connect(self._targets, self._proxy.address, self._proxy.port, limit_s)
        except TransportError as error:
            raise self._no_proxy(error) from error
        hold(sock)
        try:
            tunnel(sock, self._proxy, (self._address, self._port), limit)
        except TransportError:
            sock.close()
            raise
        return sock

    def _found(self) -> str:
        return ", ".join(dict.fromkeys(str(target) for target in self._targets))

    def _no_proxy(self, error: TransportError) -> ProxyFailure:
        """A refusal there is no refusal by the endpoint: with a dead proxy nothing is known of it."""
        kind = FailureKind.UNREACHABLE if error.kind in (FailureKind.REFUSED, FailureKind.PROTOCOL) else error.kind
        target = place(self._address, self._port)
        return ProxyFailure(kind, f"The proxy {self._proxy} on the way to {target}: {error.message}", _NEXT_STEP)
