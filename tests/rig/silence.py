"""Addresses of the rig without a machine behind them."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TypeAlias

# Starts what answers at (address, port) and leaves its end on the stack.
Listener: TypeAlias = Callable[[str, int, ExitStack], None]

GARBAGE = bytes(range(256)) * 8 + b"\r\nHTTP/1.1 400 Bad Request\r\n\x1b[2J<script>alert(1)</script>\r\n"


def nobody(address: str, port: int, stack: ExitStack) -> None:
    """Nothing listens: the kernel refuses."""


def black_hole(address: str, port: int, stack: ExitStack) -> None:
    """A queue of connections that is full and that nobody empties: Linux drops what comes, as a firewall would."""
    listener = stack.enter_context(socket.create_server((address, port), backlog=0))
    swallowed = 0
    for _ in range(64):
        caller = stack.enter_context(socket.socket())
        caller.settimeout(0.4)
        try:
            caller.connect(listener.getsockname())
        except TimeoutError:
            swallowed += 1
        if swallowed == 2:  # one alone may be a machine that was too busy to answer itself
            return
    raise OSError(f"{address} still answers with 64 connections in its queue")


def meeting(behave: Callable[[socket.socket], None]) -> Listener:
    """What listens and lets each connection meet this behaviour, in a thread of its own. The caller may hang up."""

    class Meeting(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                behave(self.request)

    def listen(address: str, port: int, stack: ExitStack) -> None:
        server = socketserver.ThreadingTCPServer((address, port), Meeting)
        server.daemon_threads = True
        stack.callback(server.server_close)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        stack.callback(thread.join)
        stack.callback(server.shutdown)

    return listen


def _babble(sock: socket.socket) -> None:
    sock.sendall(GARBAGE)
    sock.settimeout(5)
    while sock.recv(4096):
        pass


babbler = meeting(_babble)  # answers at once, and not in SSH


@contextmanager
def talking(greeting: bytes, address: str) -> Iterator[int]:
    """The port of a service that says one thing to everybody, hears them out and hangs up."""
    stop = threading.Event()

    def greet() -> None:
        while not stop.is_set():
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(0.5)
                connection.sendall(greeting)
                try:
                    while connection.recv(65536):
                        pass
                except OSError:
                    continue

    with socket.create_server((address, 0)) as listener:
        port = int(listener.getsockname()[1])
        thread = threading.Thread(target=greet)
        thread.start()
        try:
            yield port
        finally:
            stop.set()
            socket.create_connection((address, port)).close()
            thread.join()
