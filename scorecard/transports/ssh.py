"""The SSH transport: one connection, one command, one answer (design section 6; paramiko at Transport level).

Each hop (jump hosts, then the endpoint) is looked up, connected, checked by its host key and only then logged in to.
Host keys are checked strictly against the endpoint's known_hosts files (by default ~/.ssh/known_hosts and
/etc/ssh/ssh_known_hosts); ~/.ssh/config is not read. A jump without a credential of its own gets the endpoint's user and
key, never its password. The connection to a jump host is shared by the endpoints behind it.
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
from scorecard.model import Endpoint, Identity
from scorecard.transports.accounts import Accounts
from scorecard.transports.base import Answer, Secrets
from scorecard.transports.known_hosts import SSH_PORT, KnownHosts, KnownHostsError
from scorecard.transports.lateness import in_time
from scorecard.transports.reply import Ended, flood_failure, to_answer
from scorecard.transports.ssh_command import run_script
from scorecard.transports.ssh_hop import Before, Hop, Kit
from scorecard.transports.ssh_jumps import JumpFailure, jumps_of
from scorecard.transports.ssh_keys import KeyRing
from scorecard.transports.ssh_links import Links, Passage
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
        self._links = Links(self._watchdog)

    def ask(self, endpoint: Endpoint, bundle: Bundle, deadline_s: float) -> Answer:
        kit, guard = self._means(endpoint, deadline_s)
        passage = self._links.passage(endpoint, kit, guard) if endpoint.connection.jumps else None
        with Conversation(endpoint, kit, guard, passage) as conversation:
            conversation.walk()
            return conversation.ask(bundle)

    def conversation(self, endpoint: Endpoint, deadline_s: float) -> Conversation:
        """The same walk, a step at a time, over connections to the jump hosts of its own.

        Raises TransportError when a known_hosts file cannot be read.
        """
        kit, guard = self._means(endpoint, deadline_s)
        return Conversation(endpoint, kit, guard)

    def _means(self, endpoint: Endpoint, deadline_s: float) -> tuple[Kit, Guard]:
        kit = Kit(self._hosts_of(endpoint), self._ring, self._secrets, self._accounts)
        return kit, self._watchdog.guard(Deadline(deadline_s))

    def close(self) -> None:
        self._links.close()
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
    """One endpoint's connection with all hops to it, or with its passage over shared ones.

    A context manager: leaving it closes everything that is its own.
    """

    def __init__(self, endpoint: Endpoint, kit: Kit, guard: Guard, passage: Passage | None = None) -> None:
        self._endpoint = endpoint
        self._kit = kit
        self._guard = guard
        self._passage = passage
        self._hops: list[Hop] = []
        before: Before | None = passage
        for jump in () if passage else jumps_of(endpoint):
            before = hop = Hop(endpoint, jump.address, jump.port, jump.credential, before, kit, guard)
            self._hops.append(hop)
        self._hops.append(self._last_hop(before))

    def _last_hop(self, before: Before | None) -> Hop:
        endpoint = self._endpoint
        port = endpoint.port or SSH_PORT
        return Hop(endpoint, endpoint.address, port, endpoint.credential, before, self._kit, self._guard)

    def steps(self) -> tuple[SshStep, ...]:
        """Every step up to the login, hop after hop, to be taken in order."""
        found: list[SshStep] = []
        for index, hop in enumerate(self._hops):
            of = f" of jump {index + 1} ({hop.address})" if index + 1 < len(self._hops) else ""
            found += [SshStep(name + of, partial(self._in_time, act, stage + of)) for name, act, stage in hop.steps()]
        return tuple(found)

    def walk(self) -> None:
        """Take all steps; once more from the start where a shared connection broke under them, which proves nothing
        about this endpoint. Raises TransportError."""
        try:
            self._take_all()
        except TransportError:
            if self._passage is None or not self._passage.lost or self._guard.deadline.passed:
                raise
            self._hops.pop().close()
            self._hops.append(self._last_hop(self._passage))
            try:
                self._take_all()
            except TransportError as error:
                raise self._passage.broken() if self._passage.lost else error from error

    def _take_all(self) -> None:
        for step in self.steps():
            step.act()

    def ask(self, bundle: Bundle) -> Answer:
        """Send the script and read the answer; all steps have been taken. Raises TransportError."""
        marker = new_marker()
        last = self._hops[-1]
        heard = self._in_time(
            lambda: run_script(last.wire, last.where, bundle, marker, self._guard.deadline),
            "at the start of the script",
        )
        new = any(hop.accepted_new for hop in self._hops)
        notes = tuple(note for hop in self._hops for note in hop.notes)
        if self._passage is not None:
            new = new or self._passage.accepted_new
            notes = (*self._passage.notes, *notes)
        identity = Identity.NOT_PROVEN if new else Identity.PROVEN
        if self._guard.fired:
            heard = replace(heard, ended=Ended.DEADLINE)
        return to_answer(heard, marker, last.where, self._guard.deadline.seconds, identity, last.account, notes)

    def _in_time(self, act: Callable[[], T], when: str) -> T:
        guard = self._guard
        try:
            return in_time(act, guard, self._hops[-1].where, guard.deadline.seconds, when, besides=(JumpFailure,))
        except TransportError as error:
            flooding = next((hop.where for hop in self._hops if hop.flooded), None)
            if flooding is None:
                raise
            failure = flood_failure(flooding)
            raise TransportError(failure.kind, failure.message, failure.next_step) from error

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        for hop in reversed(self._hops):
            hop.close()
        if self._passage is not None:
            self._passage.close()
        self._guard.release()
