"""The connection below the messages: name, socket, TLS. pywinrm's requests run over the sockets made here.

So the name, the port and the certificate are looked at before any credential moves, each with a sentence of its own, and
the watchdog has a hold on every socket.
"""

from __future__ import annotations

import socket
import ssl
from functools import partial
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from scorecard.errors import FailureKind, TransportError
from scorecard.transports.proxy import ProxyFailure
from scorecard.transports.reach import Reach
from scorecard.transports.sockets import shut
from scorecard.transports.watchdog import Guard
from scorecard.transports.winrm_trust import described, not_trusted, shown_certificate
from scorecard.transports.winrm_way import HTTPS_PORT, Way

# Answers are asked to stay below 150 KiB (w:MaxEnvelopeSize); a sealed one is hardly longer.
MAX_BODY_BYTES = 4 * 1024 * 1024
KEPT_BYTES = 512


class ConnectionEnded(TransportError):
    """The connection went away in between; sealed messages survive no reconnect (winrm.md section 3, trap 1)."""


class Wire:
    """One way to one endpoint, with what was seen on it last. Used by one thread, and by the watchdog."""

    def __init__(self, way: Way, trust: ssl.SSLContext | None, limit_s: float, guard: Guard) -> None:
        self.way = way
        self.connections = 0
        self.certificate: bytes | None = None
        self.offered: tuple[str, ...] = ()  # kinds of login that the last refusal named
        self.status = 0  # of the last answer
        self.head = b""  # the first bytes of its body
        self._trust = trust
        self._limit_s = limit_s
        self._guard = guard
        self._reach = Reach(way.address, way.port, way.proxy)
        self._ready: socket.socket | None = None
        self._hold: socket.socket | None = None

    def resolve(self) -> str:
        return self._reach.resolve(self._guard.deadline)

    def connect(self) -> str:
        """A connected socket, kept until it is taken."""
        limit_s = max(self._guard.deadline.left_s(self._limit_s), 0.05)
        try:
            self._ready = self._reach.connect(limit_s, self._hold_on)
        except ProxyFailure:
            raise
        except TransportError as error:
            raise self._no_listener(error) from error
        self.connections += 1
        return f"{self.way.where} takes connections"

    def secure(self) -> str:
        """TLS with a verified certificate on the socket that was just connected."""
        if self._trust is None or self._ready is None:
            return "There is no certificate: over plain HTTP nothing proves that this is the machine that is meant"
        plain, self._ready = self._ready, None
        plain.settimeout(max(self._guard.deadline.left_s(self._limit_s), 0.05))
        try:
            tls = self._trust.wrap_socket(plain, server_hostname=self.way.address.partition("%")[0])
        except ssl.SSLCertVerificationError as error:
            raise not_trusted(error, self.way, self._look()) from error
        except (OSError, ValueError) as error:
            raise self._no_tls(error) from error
        self._ready = tls
        self.certificate = tls.getpeercert(binary_form=True)
        return f"The certificate is trusted: {described(self.certificate or b'')}"

    def under(self, guard: Guard) -> None:
        """Put the open connection under another deadline."""
        self._guard = guard
        if self._hold is not None:
            guard.watch(partial(shut, self._hold))

    def left_s(self) -> float:
        """Of the deadline that this wire is under."""
        return self._guard.deadline.left_s()

    def take(self) -> socket.socket:
        """The socket to speak on. A second one only where no message was sealed for the first."""
        if self._ready is None:
            if self.way.sealed and self.connections:
                raise ConnectionEnded(
                    FailureKind.UNREACHABLE,
                    f"{self.way.where} closed the connection in the middle of the conversation",
                    "Check the network and the WinRM service there, then audit again.",
                )
            self.connect()
            self.secure()
        sock, self._ready = self._ready, None
        if sock is None:
            raise RuntimeError("a socket that was just made is gone")
        return sock

    def saw(self, response: requests.Response) -> None:
        """Remember what the messages are made of, should this answer turn out to be none."""
        self.status, self.head = response.status_code, b""
        if response.status_code == requests.codes.unauthorized:
            self.offered = _schemes(response.headers.get("WWW-Authenticate", ""))

    def close(self) -> None:
        if self._ready is not None:
            self._ready.close()
            self._ready = None
        self._release()

    def _hold_on(self, sock: socket.socket) -> None:
        """TLS swallows the socket itself; a second name for it stays good to shut it by."""
        self._release()
        self._hold = hold = sock.dup()
        self._guard.watch(partial(shut, hold))

    def _release(self) -> None:
        if self._hold is not None:
            shut(self._hold)
            self._hold.close()
            self._hold = None

    def _look(self) -> bytes | None:
        """The certificate that was not trusted, over a connection of its own."""
        try:
            sock = self._reach.connect(self._guard.deadline.left_s(self._limit_s), self._hold_on)
        except TransportError:
            return None
        with sock:
            return shown_certificate(sock, self.way.address)

    def _no_listener(self, error: TransportError) -> TransportError:
        if error.kind is not FailureKind.REFUSED:
            return error
        other = "5985 for plain HTTP" if self.way.tls else f"{HTTPS_PORT} for HTTPS"
        return TransportError(
            FailureKind.REFUSED,
            f"WinRM is not listening on {self.way.where}",
            f"Set up a listener there (docs/prepare-windows.md), or name the right port in the inventory ({other}).",
        )

    def _no_tls(self, error: OSError | ValueError) -> TransportError:
        if isinstance(error, TimeoutError):
            return TransportError(
                FailureKind.UNREACHABLE,
                f"{self.way.where} took the connection and then did not answer",
                "See whether that machine is overloaded, or a firewall in between holds the connection.",
            )
        reason = error.reason if isinstance(error, ssl.SSLError) and error.reason else "the connection was closed"
        words = reason.replace("_", " ").lower()
        return TransportError(
            FailureKind.PROTOCOL,
            f"{self.way.where} does not speak HTTPS as it should: {words}",
            "Check the port in the inventory: plain HTTP is 5985, HTTPS 5986.",
        )


def _schemes(header: str) -> tuple[str, ...]:
    """The kinds of login in WWW-Authenticate, without their tokens; several header lines come joined by commas."""
    known = {"negotiate": "Negotiate", "kerberos": "Kerberos", "basic": "Basic", "credssp": "CredSSP", "ntlm": "NTLM"}
    words = (part.split()[0].lower() for part in header[:4096].split(",") if part.strip())
    return tuple(dict.fromkeys(known[word] for word in words if word in known))


class TooLarge(TransportError):
    """A body that no WinRM service sends."""


class _Answer(requests.Response):
    """A response whose body is read up to the cap and not a byte further."""

    wire: Wire

    def iter_content(self, chunk_size: int | None = 1, decode_unicode: bool = False) -> Any:  # noqa: ARG002 - bytes here
        taken = 0
        if self.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise self._refused("sent a compressed answer that nobody asked for")
        for chunk in super().iter_content(16 * 1024):
            taken += len(chunk)
            if taken > MAX_BODY_BYTES:
                self.close()
                raise self._refused(f"sent an answer of more than {MAX_BODY_BYTES // 1024 // 1024} MiB in one piece")
            if len(self.wire.head) < KEPT_BYTES:
                self.wire.head += chunk[:KEPT_BYTES]
            yield chunk

    def _refused(self, did: str) -> TooLarge:
        return TooLarge(
            FailureKind.OUTPUT_TOO_LARGE,
            f"{self.wire.way.where} {did}",
            "See what listens on this port, and whether the machine can be trusted.",
        )


class _Connection(HTTPConnection):
    """Speaks over the wire's sockets, TLS or not."""

    def __init__(self, *arguments: Any, wire: Wire, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._wire = wire
        self._held: bytearray | None = None

    def request(self, *arguments: Any, **named: Any) -> None:
        """Head and body leave together: half the packets and TLS records, and one waking of the other side."""
        self._held = held = bytearray()
        try:
            super().request(*arguments, **named)
        finally:
            self._held = None
        self.send(bytes(held))

    def send(self, data: Any) -> None:
        if self._held is None:
            super().send(data)
        else:
            self._held += data

    def connect(self) -> None:
        self.sock = self._wire.take()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class WireAdapter(HTTPAdapter):
    """Every request of a session goes over the one wire: no other host, and no proxy or trust from the environment."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(max_retries=0)
        self._wire = wire
        self._pool = _Pool(wire.way.address, wire.way.port, maxsize=1, wire=wire)

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPConnectionPool:
        return self._pool

    def cert_verify(self, *_: Any, **__: Any) -> None:
        return  # the certificate was verified when the socket was made

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        answer = _Answer()
        answer.__dict__.update(super().build_response(req, resp).__dict__)
        answer.connection = self
        answer.wire = self._wire
        self._wire.saw(answer)
        return answer

    def close(self) -> None:
        self._pool.close()
        super().close()
