"""From a name to a connected socket, with one limit over all addresses that the name resolves to."""

from __future__ import annotations

import errno
import ipaddress
import socket
import threading
from dataclasses import dataclass

from scorecard.errors import FailureKind, TransportError
from scorecard.transports.watchdog import Deadline


@dataclass(frozen=True, slots=True)
class Target:
    """One address that a name resolves to."""

    family: int
    address: tuple[object, ...]

    def __str__(self) -> str:
        return str(self.address[0])


class Dropped(TransportError):
    """The other side ended the connection before it had proven anything: one more try may cure that."""


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
    """The first of the addresses that answers; `limit_s` is shared out among them. Raises TransportError.

    Nagle's algorithm is off: it costs a login 40 ms (performance.md).
    """
    limit = Deadline(limit_s)
    refused: OSError | None = None
    last: OSError | None = None
    for index, target in enumerate(targets):
        sock = socket.socket(target.family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(max(limit.left_s() / (len(targets) - index), 0.05))
            sock.connect(target.address)
        except OSError as error:
            sock.close()
            last = error
            if isinstance(error, ConnectionRefusedError):
                refused = error
            continue
        return sock
    raise _no_connection(place(address, port), refused or last, limit_s)


_NO_WAY = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


def _no_connection(where: str, error: OSError | None, limit_s: float) -> TransportError:
    if isinstance(error, ConnectionRefusedError):
        return TransportError(
            FailureKind.REFUSED,
            f"{where} refused the connection",
            "Check that the SSH server is running there and listens on this port.",
        )
    if isinstance(error, ConnectionResetError):
        return hung_up(where)
    if isinstance(error, TimeoutError):
        return TransportError(
            FailureKind.UNREACHABLE,
            f"{where} did not answer within {limit_s:.3g} seconds",
            "Check that the machine is switched on and on the network, and that no firewall drops this port.",
        )
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
