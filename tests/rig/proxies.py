"""Proxies on loopback, SOCKS5 (RFC 1928) and HTTP CONNECT, good ones and bad ones.

    with ProxyServer("socks5", names={"files.inside": "127.0.7.4"}) as proxy:
        proxy.proxy, proxy.asked

Names are looked up in `names` alone, so that a test sees who looks up. Threads of its own, ended with it.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Literal

from scorecard.model import Proxy, ProxyKind

Kind = Literal["socks5", "http"]
# How it behaves. "together": its answer and what the machine says first come in one piece; "pieces": byte by byte.
Fault = Literal[
    "",
    "together",
    "pieces",
    "silent",
    "mute",
    "drips",
    "closes",
    "garbage",
    "endless",
    "login",
    "forbids",
    "no-route",
    "odd",
]
_SOCKS5_REPLIES = {"forbids": 2, "no-route": 3, "odd": 0x2A}
_HTTP_REPLIES = {
    "login": "407 Proxy Authentication Required",
    "forbids": "403 Forbidden",
    "no-route": "502 Bad Gateway",
    "odd": "404 Not Found",
}


class ProxyServer:
    def __init__(
        self, kind: Kind, *, names: Mapping[str, str] | None = None, fault: Fault = "", address: str = "127.0.7.20"
    ) -> None:
        self.asked: list[tuple[str, int]] = []
        self.connections = 0
        self._kind = kind
        self._names = dict(names or {})
        self._fault = fault
        self._listener = socket.create_server((address, 0), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
        self._open: set[socket.socket] = {self._listener}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self.proxy = Proxy(ProxyKind(kind), address, self._listener.getsockname()[1])

    def __enter__(self) -> ProxyServer:
        self._start(self._serve)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        with self._lock:
            for sock in self._open:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        while self._threads:
            self._threads.pop().join(20)
        for sock in self._open:
            sock.close()

    def _start(self, act: object, *arguments: object) -> None:
        thread = threading.Thread(target=act, args=arguments, name="proxy", daemon=True)  # type: ignore[arg-type]  # any of ours
        thread.start()
        self._threads.append(thread)  # started, so that it can be joined

    def _hold(self, sock: socket.socket) -> socket.socket:
        with self._lock:
            self._open.add(sock)
        return sock

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._talk, self._hold(sock))

    def _talk(self, sock: socket.socket) -> None:
        with suppress(OSError, ValueError):
            if self._early(sock):
                (self._socks5 if self._kind == "socks5" else self._http)(sock)
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    def _early(self, sock: socket.socket) -> bool:
        """What a bad one does before it listens to anything. Whether to go on."""
        match self._fault:
            case "silent":
                self._ended.wait()
            case "closes":
                sock.recv(1)
            case "garbage":
                sock.sendall(b"220 mail ready\r\n" + bytes(range(256)))
                self._ended.wait()
            case "endless":
                sock.recv(1)
                sock.sendall(b"\5\0" if self._kind == "socks5" else b"HTTP/1.1 200 OK\r\n")
                while not self._ended.is_set():
                    sock.sendall(b"X-Filler: yes\r\n" * 100)
            case "drips":
                sock.recv(1)
                for byte in b"HTTP/1.1 200 Connection established":
                    sock.sendall(bytes((byte,)))
                    if self._ended.wait(0.5):
                        break
            case _:
                return True
        return False

    # --- the two ways of speaking ------------------------------------------------------------------------------------

    def _socks5(self, sock: socket.socket) -> None:
        version, count = _exactly(sock, 2)
        if version != 5 or 0 not in _exactly(sock, count):
            raise ValueError("it does not speak SOCKS5, or wants to log in")
        if self._fault == "login":
            sock.sendall(b"\5\xff")
            return
        sock.sendall(b"\5\0")
        _, command, _, kind = _exactly(sock, 4)
        host = _host(sock, kind)
        port = int.from_bytes(_exactly(sock, 2))
        if command != 1:
            raise ValueError("only CONNECT is spoken")
        reply = self._reply(sock, host, port)
        if isinstance(reply, socket.socket):
            # A bound address may have any of the three forms, and whoever reads it must find its end.
            bound = b"\3\x04here" if kind == 3 else b"\4" + bytes(16) if kind == 4 else b"\1" + bytes(4)
            self._relay(sock, reply, b"\5\0\0" + bound + b"\0\0")
        elif reply is not None:
            sock.sendall(bytes((5, reply[0], 0, 1)) + bytes(6))

    def _http(self, sock: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += _exactly(sock, 1)
        method, target, _ = head.decode("ascii").split("\r\n")[0].split(" ")
        if method != "CONNECT" or f"Host: {target}" not in head.decode("ascii"):
            raise ValueError("only CONNECT is spoken")
        if self._fault == "login":
            sock.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n")
            return
        host, _, port = target.rpartition(":")
        reply = self._reply(sock, host.strip("[]"), int(port))
        if isinstance(reply, socket.socket):
            self._relay(sock, reply, b"HTTP/1.1 200 Connection established\r\nVia: 1.1 rig\r\n\r\n")
        elif reply is not None:
            sock.sendall(f"HTTP/1.1 {reply[1]}\r\nContent-Length: 0\r\n\r\n".encode())

    def _reply(self, sock: socket.socket, host: str, port: int) -> socket.socket | tuple[int, str] | None:
        """The connection that was asked for, or why there is none in both ways of speaking, or nothing at all."""
        self.asked.append((host, port))
        if self._fault == "mute":
            self._ended.wait()
            return None
        if self._fault in _SOCKS5_REPLIES:
            return _SOCKS5_REPLIES[self._fault], _HTTP_REPLIES[self._fault]
        try:
            ipaddress.ip_address(host)
        except ValueError:
            if host not in self._names:
                return 4, "502 Name not found"
            host = self._names[host]
        try:
            return self._hold(socket.create_connection((host, port), timeout=20))
        except ConnectionRefusedError:
            return 5, "503 Connection refused"
        except OSError:
            return 4, "504 Gateway Timeout"

    def _relay(self, near: socket.socket, far: socket.socket, answer: bytes) -> None:
        far.settimeout(None)
        if self._fault == "together":  # the machine speaks first, as SSH does
            answer += far.recv(4096)
        if self._fault == "pieces":
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in answer:
                near.sendall(bytes((byte,)))
        else:
            near.sendall(answer)
        self._start(_pump, far, near)
        _pump(near, far)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for sock in (source, sink):
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def _host(sock: socket.socket, kind: int) -> str:
    match kind:
        case 1:
            return socket.inet_ntop(socket.AF_INET, _exactly(sock, 4))
        case 4:
            return socket.inet_ntop(socket.AF_INET6, _exactly(sock, 16))
        case 3:
            return _exactly(sock, _exactly(sock, 1)[0]).decode("ascii")
        case _:
            raise ValueError("no such kind of address")


def _exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise ValueError("it ended")
        data += more
    return data
