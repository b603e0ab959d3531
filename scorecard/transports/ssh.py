"""The SSH transport: one connection, one command, one answer (design section 6; paramiko at Transport level).

Each hop (jump hosts, then the endpoint) is looked up, connected, checked by its host key and only then logged in to.
Host keys are checked strictly against the endpoint's known_hosts files (by default ~/.ssh/known_hosts and
/etc/ssh/ssh_known_hosts); ~/.ssh/config is not read. A jump without a credential of its own gets the endpoint's user and
key, never its password.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from scorecard.bundle import Bundle, new_marker
from scorecard.errors import FailureKind, TransportError
from scorecard.model import Credential, Endpoint, Identity
from scorecard.transports.accounts import Accounts
from scorecard.transports.base import Answer, Secrets
from scorecard.transports.known_hosts import SSH_PORT, KnownHosts, KnownHostsError
from scorecard.transports.reply import Ended, deadline_failure, to_answer
from scorecard.transports.sockets import Silent
from scorecard.transports.ssh_command import run_script
from scorecard.transports.ssh_hop import Hop, Kit
from scorecard.transports.ssh_keys import KeyRing
from scorecard.transports.watchdog import Deadline, Guard, Watchdog

T = TypeVar("T")

DEFAULT_KNOWN_HOSTS = ("~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts")


@dataclass(frozen=True, slots=True)
class SshStep:
    """One step on the way. `act` returns a sentence or raises TransportError."""

    name: str
    act: Callable[[], str]


class SshTransport:
    """Asks endpoints over SSH; keys and known hosts are read once and kept until `close`."""

    def __init__(self, secrets: Secrets, accounts: Accounts | None = None) -> None:
        self._secrets = secrets
        self._accounts = accounts or Accounts()
        self._ring = KeyRing(secrets)
        self._watchdog = Watchdog()
        self._lock = threading.Lock()
        self._known_hosts: dict[tuple[str, ...], KnownHosts] = {}

    def ask(self, endpoint: Endpoint, bundle: Bundle, deadline_s: float) -> Answer:
        with self.conversation(endpoint, deadline_s) as conversation:
            for step in conversation.steps():
                step.act()
            return conversation.ask(bundle)

    def conversation(self, endpoint: Endpoint, deadline_s: float) -> Conversation:
        """The same walk, a step at a time. Raises TransportError when a known_hosts file cannot be read."""
        kit = Kit(self._hosts_of(endpoint), self._ring, self._secrets, self._accounts)
        return Conversation(endpoint, kit, self._watchdog.guard(Deadline(deadline_s)))

    def close(self) -> None:
        self._watchdog.close()
        self._ring.close()

    def _hosts_of(self, endpoint: Endpoint) -> KnownHosts:
        names = endpoint.connection.known_hosts or DEFAULT_KNOWN_HOSTS
        with self._lock:
            known = self._known_hosts.get(names)
            if known is None:
                try:
                    known = KnownHosts([Path(name).expanduser() for name in names])
                except KnownHostsError as error:
                    raise TransportError(
                        FailureKind.HOST_KEY_UNKNOWN,
                        str(error),
                        "Make the file readable, or name another one in known_hosts.",
                    ) from error
                self._known_hosts[names] = known
            return known


class Conversation:
    """One endpoint's connection with all hops to it. A context manager: leaving it closes everything."""

    def __init__(self, endpoint: Endpoint, kit: Kit, guard: Guard) -> None:
        self._endpoint = endpoint
        self._guard = guard
        self._hops: list[Hop] = []
        before: Hop | None = None
        for jump in endpoint.connection.jumps:
            credential = jump.credential or _without_password(endpoint.credential)
            before = Hop(endpoint, jump.address, jump.port, credential, before, kit, guard)
            self._hops.append(before)
        port = endpoint.port or SSH_PORT
        self._hops.append(Hop(endpoint, endpoint.address, port, endpoint.credential, before, kit, guard))

    def steps(self) -> tuple[SshStep, ...]:
        """Every step up to the login, hop after hop, to be taken in order."""
        found: list[SshStep] = []
        for index, hop in enumerate(self._hops):
            of = f" of jump {index + 1} ({hop.address})" if index + 1 < len(self._hops) else ""
            for name, act, stage in (
                ("name", hop.resolve, "while its name was looked up"),
                ("port", hop.connect, "while it was being connected"),
                ("handshake", hop.shake_hands, "during the SSH handshake"),
                ("host key", hop.check_host_key, "at the host key"),
                ("login", hop.log_in, "during the login"),
            ):
                found.append(SshStep(name + of, partial(self._guarded, act, stage + of)))
        return tuple(found)

    def ask(self, bundle: Bundle) -> Answer:
        """Send the script and read the answer; all steps have been taken. Raises TransportError."""
        marker = new_marker()
        last = self._hops[-1]
        heard = self._guarded(
            lambda: run_script(last.wire, last.where, bundle, marker, self._guard.deadline),
            "at the start of the script",
        )
        new = any(hop.accepted_new for hop in self._hops)
        notes = tuple(note for hop in self._hops for note in hop.notes)
        identity = Identity.NOT_PROVEN if new else Identity.PROVEN
        if self._guard.fired:
            heard = replace(heard, ended=Ended.DEADLINE)
        return to_answer(heard, marker, last.where, self._guard.deadline.seconds, identity, last.account, notes)

    def _guarded(self, act: Callable[[], T], when: str) -> T:
        """Whatever breaks because the watchdog shut the connection is the deadline's doing.

        A machine that was called for most of the time and never answered is not slow, but not there.
        """
        deadline = self._guard.deadline
        try:
            return act()
        except TransportError as error:
            if not self._guard.fired and not deadline.passed:
                raise
            if isinstance(error, Silent) and error.waited_s > deadline.seconds / 2:
                raise
            failure = deadline_failure(self._hops[-1].where, deadline.seconds, when)
            raise TransportError(failure.kind, failure.message, failure.next_step) from error

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        for hop in reversed(self._hops):
            hop.close()
        self._guard.release()


def _without_password(credential: Credential | None) -> Credential | None:
    return None if credential is None else replace(credential, password=None)
