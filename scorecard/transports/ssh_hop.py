"""One hop on the way to an endpoint: connect, shake hands, check the host key, log in. In that order and never another.

Each step raises TransportError and returns a sentence for `scorecard doctor`.
"""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import paramiko

from scorecard.errors import FailureKind, TransportError
from scorecard.model import Connection, Credential, Endpoint, HostKeyPolicy
from scorecard.reading import clean
from scorecard.transports.accounts import Accounts
from scorecard.transports.base import Secrets
from scorecard.transports.known_hosts import SSH_PORT, HostKey, KnownHosts, KnownHostsError, State
from scorecard.transports.reach import Reach
from scorecard.transports.sockets import Dropped, place, shut
from scorecard.transports.ssh_failures import handshake_failed, line_of, not_begun, not_through, protocol, wrong_key
from scorecard.transports.ssh_keys import KeyRing
from scorecard.transports.ssh_login import log_in, user_of
from scorecard.transports.ssh_tunnel import Tunnel
from scorecard.transports.ssh_wire import TunnelRefused, Wire
from scorecard.transports.watchdog import Deadline, Guard

# A server drops connections at random while many wait to log in (MaxStartups): one more try, a moment later.
_RETRY_AFTER_S = (0.3, 1.2)


@dataclass(frozen=True, slots=True)
class Kit:
    """What all hops of a run share."""

    known_hosts: KnownHosts
    ring: KeyRing
    secrets: Secrets
    accounts: Accounts


class Before(Protocol):
    """What a hop goes through: the hop before it, or a connection there that it shares with others."""

    @property
    def address(self) -> str: ...

    def open_tunnel(self, address: str, port: int, limit_s: float) -> Tunnel:
        """Raises TunnelRefused, paramiko's exceptions, OSError, EOFError, and TransportError where it is not open."""
        ...


class Hop:
    """The way to one SSH server, over a socket or through what stands before it."""

    def __init__(
        self,
        endpoint: Endpoint,
        address: str,
        port: int,
        credential: Credential | None,
        before: Before | None,
        kit: Kit,
        guard: Guard,
    ) -> None:
        self.address = address
        self.port = port
        self.where = _where(endpoint, address, port, before)
        self.accepted_new = False
        self.notes: list[str] = []
        self._endpoint = endpoint
        self._credential = credential
        self._before = before
        self._kit = kit
        self._guard = guard
        self._reach = Reach(address, port, endpoint.connection.proxy)
        self._sock: socket.socket | Tunnel | None = None
        self._wire: Wire | None = None
        self._tried_again = False

    @property
    def wire(self) -> Wire:
        if self._wire is None:
            raise RuntimeError("the handshake comes first")
        return self._wire

    @property
    def active(self) -> bool:
        """Whether the connection stands; whoever asks may do so while another thread closes it."""
        wire = self._wire
        return wire is not None and wire.is_active()

    @property
    def stuck_s(self) -> float:
        """For how long the other side has taken nothing; 0 where nothing waits, or nobody is connected."""
        wire = self._wire
        return 0.0 if wire is None else wire.packetizer.stuck_s

    @property
    def flooded(self) -> bool:
        return self._wire is not None and self._wire.flooded

    @property
    def account(self) -> str:
        return f"{user_of(self._credential)}@{self.address}"

    @property
    def _connection(self) -> Connection:
        return self._endpoint.connection

    @property
    def _deadline(self) -> Deadline:
        return self._guard.deadline

    def steps(self) -> tuple[tuple[str, Callable[[], str], str], ...]:
        """Name, act and "while …" of each step up to the login, in order."""
        return (
            ("name", self.resolve, "while its name was looked up"),
            ("port", self.connect, "while it was being connected"),
            ("handshake", self.shake_hands, "during the SSH handshake"),
            ("host key", self.check_host_key, "at the host key"),
            ("login", self.log_in, "during the login"),
        )

    # --- the steps -------------------------------------------------------------------------------------------------

    def resolve(self) -> str:
        if self._before is not None:
            return f"{self.address} is looked up by {self._before.address}"
        return self._reach.resolve(self._deadline)

    def connect(self) -> str:
        try:
            self._connect()
        except Dropped as dropped:
            self._pause_after(dropped)
            self._connect()
        return f"{self.where} accepts connections"

    def shake_hands(self) -> str:
        try:
            self._shake_hands()
        except Dropped as dropped:
            self._pause_after(dropped)
            self._connect()
            self._shake_hands()
        version = clean(self.wire.remote_version.removeprefix("SSH-"), 80)
        if self.wire.key_exchange.startswith("diffie-hellman"):
            self.notes.append(
                f"{self.where} knows no modern key exchange and forced {self.wire.key_exchange}, which is slow; "
                "newer SSH software there cures that"
            )
        return f"{self.where} speaks SSH ({version})"

    def check_host_key(self) -> str:
        """Before this has passed, nothing of a credential is sent."""
        shown = self.wire.get_remote_server_key()
        key = HostKey(shown.get_name(), shown.asbytes())
        known_hosts = self._kit.known_hosts
        judgement = known_hosts.judge(self.address, self.port, key)
        match judgement.state:
            case State.KNOWN:
                if judgement.known[0].line == 0:
                    self._accepted(key)
                return f"The host key is the known one: {key}"
            case State.CHANGED | State.REVOKED:
                raise wrong_key(self.where, key, judgement.state, judgement.known, self.address, self.port)
            case State.AUTHORITY:
                raise TransportError(
                    FailureKind.HOST_KEY_UNKNOWN,
                    f"{self.where} is vouched for by a certificate authority only ({line_of(judgement.known[0])}), "
                    "and this version cannot check host certificates",
                    self._how_to_add(key),
                )
            case State.UNKNOWN:
                return self._meet(key)

    def log_in(self) -> str:
        kit, endpoint = self._kit, self._endpoint
        logged_in = log_in(
            self.wire, self.where, self._credential, endpoint, kit.ring, kit.secrets, kit.accounts, self._deadline
        )
        self.notes += logged_in.notes
        if self._connection.keep_alive_s > 0:
            self.wire.set_keepalive(self._connection.keep_alive_s)
        return f"Logged in as {logged_in.user} with {logged_in.how}"

    def cut(self) -> None:
        """Break the connection for all who use it. Never blocks; `close` still has to follow."""
        sock = self._sock
        if isinstance(sock, socket.socket):
            shut(sock)
        elif sock is not None:
            sock.let_go()

    def close(self) -> None:
        """End the connection and its thread. Never raises; may be called at any time and again."""
        wire, self._wire = self._wire, None
        sock, self._sock = self._sock, None
        if isinstance(sock, socket.socket):
            shut(sock)
        elif sock is not None:
            sock.let_go()
        if wire is not None:
            # The reader sees the end of its socket and lets go of everything itself.
            wire.join(5)
            wire.close()
        if sock is not None:
            with suppress(paramiko.SSHException, EOFError, OSError):  # the hop before may be gone already
                sock.close()

    # --- inside ----------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        if self._before is not None:
            self._sock = self._open_through(self._before)
            return
        limit_s = self._deadline.left_s(self._connection.connect_timeout_s)
        self._sock = self._reach.connect(limit_s, self._hold)

    def _hold(self, sock: socket.socket) -> None:
        self._guard.watch(partial(shut, sock))

    def _pause_after(self, dropped: Dropped) -> None:
        """Once for a hop, and where there is time for it; else the failure stands."""
        pause_s = random.uniform(*_RETRY_AFTER_S)  # noqa: S311 - spreads load, guards nothing
        if self._tried_again or self._deadline.left_s() <= pause_s:
            raise dropped
        self._tried_again = True
        self.close()
        time.sleep(pause_s)

    def _shake_hands(self) -> None:
        if self._sock is None:
            raise RuntimeError("the connection comes first")
        limit_s = 2 * self._connection.connect_timeout_s
        kinds = self._kit.known_hosts.kinds(self.address, self.port)
        self._wire = wire = Wire(self._sock, kinds)
        wire.banner_timeout = limit_s
        done = threading.Event()
        wire.start_client(event=done)
        done.wait(self._deadline.left_s(limit_s))
        if wire.initial_kex_done:
            return
        error = wire.get_exception()
        if done.is_set():
            raise handshake_failed(self.where, self.wire, error)
        if not wire.remote_version:
            raise not_begun(self.where, self.wire)
        raise protocol(f"{self.where} did not finish the SSH handshake within {limit_s:g} seconds", wire)

    def _meet(self, key: HostKey) -> str:
        known_hosts = self._kit.known_hosts
        if self._connection.host_key_policy is not HostKeyPolicy.ACCEPT_NEW:
            raise TransportError(
                FailureKind.HOST_KEY_UNKNOWN,
                f"The host key of {self.where} is not known here: {key}{self._why_not_known()}",
                self._how_to_add(key),
            )
        if self._credential is not None and self._credential.password is not None:
            raise TransportError(
                FailureKind.HOST_KEY_UNKNOWN,
                f"{self.where} shows a new host key ({key}), and a password is never sent on first contact",
                self._how_to_add(key) + " Or log in with a key: it gives nothing away.",
            )
        try:
            file = known_hosts.record(self.address, self.port, key)
        except KnownHostsError as error:
            raise TransportError(
                FailureKind.HOST_KEY_UNKNOWN, f"{self.where}: {error}", "Make the file writable, or name another one."
            ) from error
        self._accepted(key)
        return f"The host key was new and is accepted now, added to {file}: {key}"

    def _why_not_known(self) -> str:
        """What is odd about the files, where that may be the reason; ssh's own files may well be missing."""
        known_hosts, named = self._kit.known_hosts, self._connection.known_hosts
        odd = [f"{file} does not exist" for file in known_hosts.missing if named]
        if known_hosts.junk_lines:
            odd.append(f"{known_hosts.junk_lines} lines of the files cannot be read")
        return f" ({', '.join(odd)})" if odd else ""

    def _accepted(self, key: HostKey) -> None:
        self.accepted_new = True
        self.notes.append(f"The host key of {self.where} was accepted on first contact and not compared: {key}")

    def _how_to_add(self, key: HostKey) -> str:
        port = "" if self.port == SSH_PORT else f" -p {self.port}"
        file = self._kit.known_hosts.files[0] if self._kit.known_hosts.files else "~/.ssh/known_hosts"
        return (
            f"Compare the fingerprint {key.fingerprint} with the machine's own (ssh-keygen -lf on its host key file), "
            f"then add it here: ssh-keyscan{port} {self.address} >> {file}."
        )

    def open_tunnel(self, address: str, port: int, limit_s: float) -> Tunnel:
        """A connection from this server to an address that it can reach."""
        return self.wire.open_tunnel(address, port, limit_s)

    def _open_through(self, before: Before) -> Tunnel:
        limit_s = self._deadline.left_s(self._connection.connect_timeout_s)
        try:
            return before.open_tunnel(self.address, self.port, limit_s)
        except TunnelRefused as error:
            raise not_through(before.address, place(self.address, self.port), error) from error
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise TransportError(
                FailureKind.UNREACHABLE,
                f"{before.address} did not connect us to {place(self.address, self.port)} within {limit_s:.3g} seconds",
                f"Check from {before.address} that the machine is switched on and that no firewall is between the two.",
            ) from error


def _where(endpoint: Endpoint, address: str, port: int, before: Before | None) -> str:
    if before is not None:
        return f"{place(address, port)} (through {before.address})"
    proxy = endpoint.connection.proxy
    return f"{place(address, port)} (through the proxy {proxy})" if proxy else place(address, port)
