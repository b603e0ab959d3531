"""Peers that are no well-behaved SSH servers, and what is said of them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from scorecard.bundle import Bundle
from scorecard.errors import TransportError
from scorecard.model import Connection, Endpoint
from scorecard.transports.ssh import SshTransport

ADDRESS = "127.0.7.9"


def failure(transport: SshTransport, endpoint: Endpoint, deadline_s: float = 120) -> TransportError:
    with pytest.raises(TransportError) as caught:
        transport.ask(endpoint, Bundle(()), deadline_s)
    error = caught.value
    assert endpoint.address[:60] in error.message
    assert error.next_step
    assert "\n" not in error.message
    return error


class Peer:
    """A listener that is no SSH server: each connection goes to `behave`."""

    def __init__(self, behave: Callable[[socket.socket], None]) -> None:
        self._behave = behave
        self._listener = socket.create_server((ADDRESS, 0))
        self.port = int(self._listener.getsockname()[1])
        self.connections = 0
        self._thread = threading.Thread(target=self._serve)
        self._workers: list[threading.Thread] = []

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            worker = threading.Thread(target=self._one, args=(sock,))
            self._workers.append(worker)
            worker.start()

    def _one(self, sock: socket.socket) -> None:
        with sock:
            try:
                self._behave(sock)
            except OSError:
                return

    def endpoint(self, connect_timeout_s: float = 10.0) -> Endpoint:
        connection = Connection(known_hosts=("/dev/null",), connect_timeout_s=connect_timeout_s)
        return Endpoint("peer", "client", ADDRESS, port=self.port, connection=connection)

    def __enter__(self) -> Peer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for worker in self._workers:
            worker.join()


def until_closed(sock: socket.socket) -> None:
    while sock.recv(4096):
        pass
