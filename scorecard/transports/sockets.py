"""From a name to a connected socket, with one limit over all addresses that the name resolves to."""

from __future__ import annotations

import errno
import ipaddress
import itertools
import os
import selectors
import socket
import threading
from dataclasses import dataclass
from types import TracebackType

from scorecard.errors import FailureKind, TransportError
from scorecard.transports.watchdog import Deadline

# RFC 8305, 5: the delay between two attempts.
_HEAD_START_S = 0.25
_UNDER_WAY = frozenset({0, errno.EINPROGRESS, errno.EWOULDBLOCK})


@dataclass(frozen=True, slots=True)
class Target:
    """One address that a name resolves to."""

    family: int
    address: tuple[object, ...]

    def __str__(self) -> str:
        return str(self.address[0])


class Dropped(TransportError):
    """The other side ended the connection before it had proven anything: one more try may cure that."""


class Silent(TransportError):
    """Nobody answered the call for `waited_s` seconds."""

    waited_s = 0.0


def place(address: str, port: int) -> str:
    """An endpoint's address in words: "10.0.0.5 port 22"."""
    return f"{address} port {port}"


def look_up(address: str, port: int, deadline: Deadline) -> tuple[Target, ...]:
    """Every address of a name, in the order that the system prefers.

    The system's resolver knows no limit, so a name is looked up in a thread that may be left behind; it ends when the
    resolver gives up. A literal address needs no resolver. Raises TransportError.
    """
    literal = _literal(address, port)
    if literal:
        return literal
    found: list[Target] = []
    problems: list[OSError | UnicodeError] = []

    def ask() -> None:
        try:
            for family, _, _, _, where in socket.getaddrinfo(address, port, type=socket.SOCK_STREAM):
                found.append(Target(family, where))
        except (OSError, UnicodeError) as error:
            problems.append(error)

    thread = threading.Thread(target=ask, name="scorecard-look-up", daemon=True)
    thread.start()
    thread.join(deadline.left_s())
    if thread.is_alive():
        raise TransportError(
            FailureKind.DEADLINE,
            f"The name {address} was not resolved within {deadline.seconds:g} seconds",
            "Check the name servers of this computer, or give the endpoint's IP address in the inventory.",
        )
    if problems or not found:
        raise _not_found(address, problems[0] if problems else None)
    return tuple(dict.fromkeys(found))


def _literal(address: str, port: int) -> tuple[Target, ...]:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ()
    if parsed.version == 4:
        return (Target(socket.AF_INET, (address, port)),)
    if "%" in address:  # a zone needs the system's index of the interface
        return ()
    return (Target(socket.AF_INET6, (address, port, 0, 0)),)


def _not_found(address: str, error: OSError | UnicodeError | None) -> TransportError:
    bare, _, zone = address.partition("%")
    if zone and ":" in bare:
        return TransportError(
            FailureKind.NAME_NOT_FOUND,
            f"This computer has no network interface {zone[:40]!r} to look for {bare} on",
            "Correct what follows the % in the endpoint's address: the interface's name on this computer.",
        )
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return TransportError(
            FailureKind.NAME_NOT_FOUND,
            f"No name server could say where {address} is",
            "Check this computer's network and name servers, then audit again.",
        )
    if isinstance(error, UnicodeError):
        return TransportError(
            FailureKind.NAME_NOT_FOUND,
            f"{address[:80]!r} is not a name that can be looked up",
            "Correct the endpoint's address in the inventory.",
        )
    return TransportError(
        FailureKind.NAME_NOT_FOUND,
        f"The name {address} was not found",
        "Check the spelling in the inventory, and whether the name needs a VPN or another name server.",
    )


def connect(targets: tuple[Target, ...], address: str, port: int, limit_s: float) -> socket.socket:
    """The first of the addresses that answers, all within `limit_s`. Raises TransportError.

    They are tried in order, the kinds of address taking turns; each gets a head start before the next one, and is not
    given up for it (RFC 8305, 4 and 5): a dead address costs a moment, and a slow one is still waited for. Nagle's
    algorithm is off: it costs a login 40 ms (performance.md).
    """
    with _Race(Deadline(limit_s)) as race:
        for target in _by_turns(targets):
            race.start(target)
            race.wait(_HEAD_START_S)
            if race.winner is not None:
                return race.winner
        race.wait(None)
        if race.winner is not None:
            return race.winner
        raise _no_connection(place(address, port), race.telling, limit_s)


def _by_turns(targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """Kind of address after kind of address, each kind in its own order, beginning with the first one's."""
    kinds: dict[int, list[Target]] = {}
    for target in targets:
        kinds.setdefault(target.family, []).append(target)
    rounds = itertools.zip_longest(*kinds.values())
    return tuple(target for together in rounds for target in together if target is not None)


class _Race:
    """Connections under way, at most one of which is kept. A context manager: leaving it closes the others."""

    def __init__(self, limit: Deadline) -> None:
        self.winner: socket.socket | None = None
        self._limit = limit
        self._running = selectors.DefaultSelector()
        self._failed: list[OSError] = []

    @property
    def telling(self) -> OSError | None:
        """Of all that went wrong, what says most: a machine that refuses is there."""
        for kind in (ConnectionRefusedError, ConnectionError, TimeoutError, OSError):
            for error in self._failed:
                if isinstance(error, kind):
                    return error
        return None

    def start(self, target: Target) -> None:
        sock: socket.socket | None = None
        try:
            sock = socket.socket(target.family, socket.SOCK_STREAM)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setblocking(False)
            code = sock.connect_ex(target.address)
            if code not in _UNDER_WAY:
                raise OSError(code, os.strerror(code))
            self._running.register(sock, selectors.EVENT_WRITE)
        except OSError as error:
            self._failed.append(error)
            if sock is not None:
                sock.close()

    def wait(self, seconds: float | None) -> None:
        """Until one has won, all have failed, or the time (None: all that is left) is over."""
        until = Deadline(self._limit.left_s(seconds))
        while self.winner is None and self._running.get_map():
            ready = self._running.select(until.left_s())
            if not ready:
                if self._limit.passed:
                    self._failed.append(TimeoutError())
                return
            for key, _ in ready:
                self._ended(key)

    def _ended(self, key: selectors.SelectorKey) -> None:
        sock = key.fileobj
        if not isinstance(sock, socket.socket):
            raise TypeError("only sockets run")
        self._running.unregister(sock)
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code == 0 and self.winner is None:
            sock.settimeout(max(self._limit.left_s(), 0.05))
            self.winner = sock
            return
        if code:
            self._failed.append(OSError(code, os.strerror(code)))
        sock.close()

    def __enter__(self) -> _Race:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        for key in tuple(self._running.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._running.close()


_NO_WAY = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


def _no_connection(where: str, error: OSError | None, limit_s: float) -> TransportError:
    if isinstance(error, ConnectionRefusedError):
        return TransportError(
            FailureKind.REFUSED,
            f"{where} refused the connection",
            "Check that the SSH server is running there and listens on this port.",
        )
    if isinstance(error, ConnectionError):  # a reset; a broken pipe, where the end was told before it
        return hung_up(where)
    if isinstance(error, TimeoutError):
        silent = Silent(
            FailureKind.UNREACHABLE,
            f"{where} did not answer within {round(limit_s, 1):g} seconds",
            "Check that the machine is switched on and on the network, and that no firewall drops this port.",
        )
        silent.waited_s = limit_s
        return silent
    if error is not None and error.errno in _NO_WAY:
        return TransportError(
            FailureKind.UNREACHABLE,
            f"There is no way from here to {where}: {error.strerror}",
            "Check that the machine is switched on, and that this computer is on its network or VPN.",
        )
    said = error.strerror or type(error).__name__ if error is not None else "no address"
    return TransportError(
        FailureKind.UNREACHABLE,
        f"{where} cannot be reached: {said}",
        "Check the network between this computer and the machine, and this computer's own firewall.",
    )


def hung_up(where: str) -> Dropped:
    return Dropped(
        FailureKind.PROTOCOL,
        f"{where} closed the connection without a word of SSH",
        "Check the port in the inventory, and whether a firewall or the server's own lists keep this computer out.",
    )


def shut(sock: socket.socket) -> None:
    """Break a connection now, so that whoever reads or writes on it in any thread sees its end. Never raises.

    Closing alone would not wake a thread that is in `recv`.
    """
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is not connected any more
