"""What goes wrong on the way to an SSH server up to the login, in words."""

from __future__ import annotations

import paramiko

from scorecard.errors import FailureKind, TransportError
from scorecard.reading import clean
from scorecard.transports.known_hosts import SSH_PORT, Entry, HostKey, State
from scorecard.transports.sockets import Dropped, hung_up
from scorecard.transports.ssh_wire import TunnelRefused, Wire

# What a channel's refusal is called in RFC 4254 5.1.
_FORWARDING_FORBIDDEN = 1


def handshake_failed(where: str, wire: Wire, error: Exception | None) -> TransportError:
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        what = clean(str(error).rpartition("(")[2].rstrip(")"), 100)
        return TransportError(
            FailureKind.PROTOCOL,
            f"{where} and we know no common method: {what} ({clean(wire.remote_version, 80)})",
            "Its SSH software is too old or too narrowly set up to be asked safely: update it over there.",
        )
    if wire.remote_version:
        kind = Dropped if _ended(error) and not wire.last_words else TransportError
        return protocol(f"{where} broke off the SSH handshake{said(wire.last_words)}", wire, kind)
    greeting = wire.foreign_greeting()
    cause = getattr(error, "__context__", None)  # paramiko wraps what happened while it waited for the greeting
    if isinstance(cause, TimeoutError):
        return not_begun(where, wire)
    ended = _ended(error) or isinstance(cause, EOFError | OSError)
    if ended and not greeting:
        return hung_up(where)
    kind = Dropped if ended else TransportError
    return protocol(f"{where} does not speak SSH{said(greeting)}", wire, kind)


def not_begun(where: str, wire: Wire) -> TransportError:
    """It took the connection, and that was all in the time it had."""
    words = said(wire.foreign_greeting())
    return protocol(f"{where} accepts connections and does not begin to speak SSH in time{words}", wire)


def not_through(jump: str, target: str, refused: TunnelRefused) -> TransportError:
    if refused.code == _FORWARDING_FORBIDDEN:
        return TransportError(
            FailureKind.PERMISSION_DENIED,
            f"{jump} does not allow connections through it to {target}{said(refused.said)}",
            "Set AllowTcpForwarding (and PermitOpen) for this account on the hop.",
        )
    words = refused.said.casefold()
    kind = FailureKind.UNREACHABLE
    if "refused" in words:
        kind = FailureKind.REFUSED
    elif "name" in words or "unknown host" in words:
        kind = FailureKind.NAME_NOT_FOUND
    return TransportError(
        kind,
        f"{jump} cannot connect to {target}{said(refused.said)}",
        f"Check from {jump} that the name is known there and that the SSH server of the machine is running.",
    )


def said(words: str) -> str:
    return f"; it said: {words}" if words else ""


def _ended(error: Exception | None) -> bool:
    return error is None or isinstance(error, EOFError | ConnectionError)


def protocol(message: str, wire: Wire, kind: type[TransportError] = TransportError) -> TransportError:
    next_step = "Check the port in the inventory, and that an SSH server is listening there."
    if wire.remote_version:
        next_step = "See the SSH server's log over there, and whether the machine is overloaded."
    return kind(FailureKind.PROTOCOL, message, next_step)


def line_of(entry: Entry) -> str:
    return f"{entry.file} line {entry.line}" if entry.line else entry.file


def wrong_key(
    where: str, shown: HostKey, state: State, known: tuple[Entry, ...], address: str, port: int
) -> TransportError:
    name = address if port == SSH_PORT else f"'[{address}]:{port}'"
    if state is State.REVOKED:
        return TransportError(
            FailureKind.HOST_KEY_CHANGED,
            f"{where} shows a host key that is marked as revoked in {line_of(known[0])}: {shown}. Nothing was sent",
            "Find out why the key was revoked; the machine needs a new host key before it can be audited.",
        )
    kept = ", ".join(f"{entry.key} ({line_of(entry)})" for entry in known[:3])
    return TransportError(
        FailureKind.HOST_KEY_CHANGED,
        f"{where} shows the host key {shown}, and known is {kept}. Nothing was sent: another machine may be answering",
        f"Ask who reinstalled or replaced the machine. If that is certain: ssh-keygen -R {name}, then add the new key.",
    )
