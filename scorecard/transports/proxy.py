"""Through a proxy: SOCKS5 (RFC 1928) or HTTP CONNECT (RFC 9110 9.3.6), without a login, names left to the proxy.

Written out here since the socket must be ours (one limit for everything, and the watchdog's hold on it), and since the
other side of an SSH connection speaks first: not a byte behind the proxy's answer may be read, and the usual libraries
read whatever has come.
"""

from __future__ import annotations

import ipaddress
import re
import socket

from scorecard.errors import FailureKind, TransportError
from scorecard.model import Proxy, ProxyKind
from scorecard.reading import clean
from scorecard.transports.watchdog import Deadline

_VERSION = 5
_NO_LOGIN, _NOTHING_SUITS = 0, 0xFF
_CONNECT = 1
_IPV4, _NAME, _IPV6 = 1, 3, 4
_MAX_HEAD_BYTES = 16 * 1024
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})(?: (.*))?")

# SOCKS5 replies (RFC 1928 6): kind and what the proxy says of the machine.
_REPLIES = {
    1: (FailureKind.UNREACHABLE, "could not connect us to {target}, and does not say why"),
    2: (FailureKind.PERMISSION_DENIED, "does not allow connections to {target}"),
    3: (FailureKind.UNREACHABLE, "has no way to the network of {target}"),
    4: (FailureKind.UNREACHABLE, "cannot reach {target}"),
    5: (FailureKind.REFUSED, "was refused the connection to {target}"),
    6: (FailureKind.UNREACHABLE, "lost the way to {target} (time to live)"),
    7: (FailureKind.PROTOCOL, "passes no connections on"),
    8: (FailureKind.PROTOCOL, "does not take an address of the kind of {target}"),
}
_ALLOW = "Ask whoever looks after the proxy to allow this computer, this address and this port."
_BEHIND = "Check that the machine is switched on, and that the proxy's network has a way to it."
_RIGHT_ONE = "Check the key proxy in the inventory: its address, its port, and socks5:// or http://."


class ProxyFailure(TransportError):
    """The proxy is at fault: nothing is known of the endpoint."""


def tunnel(sock: socket.socket, proxy: Proxy, target: tuple[str, int], limit: Deadline) -> None:
    """Have the proxy at the other end of `sock` connect us to `target`. Raises TransportError."""
    talk = _Talk(sock, proxy, target, limit)
    try:
        if proxy.kind is ProxyKind.SOCKS5:
            _socks5(talk)
        else:
            _http(talk)
    except TimeoutError as error:
        raise talk.silent() from error
    except OSError as error:
        raise talk.failure(FailureKind.UNREACHABLE, "closed the connection without an answer", _RIGHT_ONE) from error


class _Talk:
    """The conversation with a proxy: what is sent and read under one limit, and what failures are called."""

    def __init__(self, sock: socket.socket, proxy: Proxy, target: tuple[str, int], limit: Deadline) -> None:
        self.proxy = proxy
        self.target = target
        self.asked = False  # whether it knows already where we want to go
        self._sock = sock
        self._limit = limit

    def send(self, data: bytes) -> None:
        self._wait()
        self._sock.sendall(data)

    def read(self, count: int) -> bytes:
        """Exactly so many bytes, and none behind them."""
        data = b""
        while len(data) < count:
            self._wait()
            more = self._sock.recv(count - len(data))
            if not more:
                raise ConnectionResetError
            data += more
        return data

    def _wait(self) -> None:
        left_s = self._limit.left_s()
        if left_s <= 0:
            raise TimeoutError
        self._sock.settimeout(left_s)

    def failure(self, kind: FailureKind, did: str, next_step: str) -> ProxyFailure:
        return ProxyFailure(kind, f"The proxy {self.proxy} {did}", next_step)

    def behind(self, kind: FailureKind, did: str, next_step: str = _BEHIND) -> TransportError:
        """The proxy works; what it says is about the machine."""
        return TransportError(kind, f"The proxy {self.proxy} {did}", next_step)

    @property
    def place(self) -> str:
        return f"{self.target[0]} port {self.target[1]}"

    def silent(self) -> TransportError:
        within = f"within {self._limit.seconds:.3g} seconds"
        if self.asked:
            return self.behind(FailureKind.UNREACHABLE, f"did not connect us to {self.place} {within}")
        return self.failure(FailureKind.UNREACHABLE, f"took the connection and did not answer {within}", _RIGHT_ONE)

    def foreign(self, said: bytes = b"") -> ProxyFailure:
        name = {ProxyKind.SOCKS5: "SOCKS5", ProxyKind.HTTP: "HTTP"}[self.proxy.kind]
        words = clean(said.decode("utf-8", errors="replace"), 80)
        return self.failure(
            FailureKind.PROTOCOL, f"does not speak {name}{f'; it said: {words}' if words else ''}", _RIGHT_ONE
        )

    def wants_login(self) -> ProxyFailure:
        return self.failure(
            FailureKind.PERMISSION_DENIED,
            "wants a login, and none is given to proxies",
            "Ask whoever looks after the proxy to let this computer through without one, by its address.",
        )


def _socks5(talk: _Talk) -> None:
    talk.send(bytes((_VERSION, 1, _NO_LOGIN)))
    version, method = talk.read(2)
    if version != _VERSION:
        raise talk.foreign()
    if method == _NOTHING_SUITS:
        raise talk.wants_login()
    if method != _NO_LOGIN:
        raise talk.foreign()
    request = bytes((_VERSION, _CONNECT, 0)) + _socks5_address(talk)
    talk.asked = True
    talk.send(request)
    version, reply, _, kind = talk.read(4)
    if version != _VERSION:
        raise talk.foreign()
    if reply:
        _socks5_refusal(talk, reply)
    # Where it connected from: of no use, and read to its end.
    if kind not in (_IPV4, _NAME, _IPV6):
        raise talk.foreign()
    length = talk.read(1)[0] if kind == _NAME else {_IPV4: 4, _IPV6: 16}[kind]
    talk.read(length + 2)


def _socks5_refusal(talk: _Talk, reply: int) -> None:
    if reply not in _REPLIES:
        raise talk.foreign()
    kind, did = _REPLIES[reply]
    words = did.format(target=talk.place)
    if kind is FailureKind.PERMISSION_DENIED:
        raise talk.failure(kind, words, _ALLOW)
    if kind is FailureKind.PROTOCOL:
        raise talk.failure(kind, words, _RIGHT_ONE)
    raise talk.behind(kind, words)


def _socks5_address(talk: _Talk) -> bytes:
    address, port = talk.target
    try:
        literal = ipaddress.ip_address(address)
    except ValueError:
        name = _name(talk)
        return bytes((_NAME, len(name))) + name + port.to_bytes(2)
    if isinstance(literal, ipaddress.IPv6Address) and literal.scope_id:
        raise _zoned(address)
    return bytes((_IPV4 if literal.version == 4 else _IPV6,)) + literal.packed + port.to_bytes(2)


def _name(talk: _Talk) -> bytes:
    """As it goes over the wire; a name that cannot be written there is refused before anything is sent."""
    address = talk.target[0]
    try:
        name = address.encode("ascii" if address.isascii() else "idna")
    except UnicodeError:
        name = b""
    if not 0 < len(name) <= 255 or not re.fullmatch(rb"[\w.-]+", name):
        raise TransportError(
            FailureKind.NAME_NOT_FOUND,
            f"{address[:80]!r} is not a name that a proxy can look up",
            "Correct the endpoint's address in the inventory.",
        )
    return name


def _zoned(address: str) -> TransportError:
    return TransportError(
        FailureKind.NAME_NOT_FOUND,
        f"{address} holds an interface of this computer, which means nothing to a proxy",
        "Give the machine's name or another address of it in the inventory.",
    )


def _http(talk: _Talk) -> None:
    try:
        literal = ipaddress.ip_address(talk.target[0])
        host = f"[{literal}]" if literal.version == 6 else str(literal)
        if "%" in host:
            raise _zoned(talk.target[0])
    except ValueError:
        host = _name(talk).decode("ascii")
    place = f"{host}:{talk.target[1]}"
    talk.asked = True
    talk.send(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode("ascii"))
    head = _head(talk)
    status = _STATUS.fullmatch(head.split(b"\n", 1)[0].rstrip(b"\r"))
    if status is None:
        raise talk.foreign(head.split(b"\n", 1)[0])
    code = int(status[1])
    if not 200 <= code < 300:
        raise _http_refusal(talk, code, clean((status[2] or b"").decode("latin-1"), 80))


def _head(talk: _Talk) -> bytes:
    """Up to the empty line, byte by byte: what follows it belongs to the machine, and may have come with it."""
    head = bytearray()
    while not head.endswith((b"\r\n\r\n", b"\n\n")):
        if len(head) >= _MAX_HEAD_BYTES or (len(head) == 5 and head != b"HTTP/"):
            raise talk.foreign()
        head += talk.read(1)
    return bytes(head)


def _http_refusal(talk: _Talk, code: int, reason: str) -> TransportError:
    said = f"{code} {reason}".rstrip()
    match code:
        case 407:
            return talk.wants_login()
        case 401 | 403:
            return talk.failure(
                FailureKind.PERMISSION_DENIED, f"does not allow connections to {talk.place} ({said})", _ALLOW
            )
        case 502 | 503 | 504:
            return talk.behind(FailureKind.UNREACHABLE, f"could not connect us to {talk.place} ({said})")
        case _:
            return talk.failure(FailureKind.PROTOCOL, f"passes no connections on to {talk.place} ({said})", _RIGHT_ONE)
