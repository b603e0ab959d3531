"""No wrong password may lock an account: whoever keeps the account counts refusals over all machines (winrm.md section 7).

While no machine has accepted a password in this run, only a few are asked with it at a time; once so many have refused it,
no other is. The first that accepts it opens the way for all: then the password is right, and who refuses it has reasons of
its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from scorecard.errors import FailureKind, TransportError
from scorecard.model import Endpoint, SecretRef
from scorecard.transports.watchdog import Deadline

MOST_REFUSALS = 3
# A machine that says nothing for so long has not judged the password yet; the others need not wait for it.
_STALE_S = 10.0


@dataclass
class _Standing:
    accepted: bool = False
    refused: int = 0
    trying: list[float] = field(default_factory=list)

    def under_way(self) -> int:
        return sum(1 for started in self.trying if started > time.monotonic() - _STALE_S)


@dataclass
class Try:
    """One login with a password; whoever makes it says how it ended, where the password was judged at all."""

    judged: bool | None = None

    def accepted(self) -> None:
        self.judged = True

    def refused(self) -> None:
        self.judged = False


class Accounts:
    """Shared by all threads and transports of a client's audit."""

    def __init__(self, most_refusals: int = MOST_REFUSALS) -> None:
        self._most = most_refusals
        self._changed = threading.Condition()
        self._right: set[Hashable] = set()
        self._standings: dict[tuple[object, ...], _Standing] = {}

    def is_right(self, endpoint: Endpoint) -> None:
        """The passwords of this endpoint were accepted elsewhere: nobody is held up by them."""
        with self._changed:
            if not (passwords := passwords_of(endpoint)) <= self._right:
                self._right |= passwords
                self._changed.notify_all()

    @contextmanager
    def trying(self, endpoint: Endpoint, user: str, where: str, deadline: Deadline) -> Iterator[Try]:
        """Around a login with a password. Raises TransportError where none may be tried any more."""
        standing, started = self._enter(endpoint, user, where, deadline)
        attempt = Try()
        try:
            yield attempt
        finally:
            with self._changed:
                standing.trying.remove(started)
                standing.accepted |= attempt.judged is True
                standing.refused += attempt.judged is False
                self._changed.notify_all()

    def _enter(self, endpoint: Endpoint, user: str, where: str, deadline: Deadline) -> tuple[_Standing, float]:
        with self._changed:
            standing = self._standings.setdefault(_key(endpoint, user), _Standing())
            while not standing.accepted and not (passwords_of(endpoint) & self._right):
                if standing.refused >= self._most:
                    raise TransportError(
                        FailureKind.AUTH_FAILED,
                        f"No login was tried at {where}: stopped to protect the account, since {standing.refused} "
                        f"{'machine' if standing.refused == 1 else 'machines'} refused {user} before",
                        "Correct the user or its password, then audit again; more tries could lock the account.",
                    )
                if deadline.passed:
                    raise TransportError(
                        FailureKind.DEADLINE,
                        f"No login was tried at {where}: whether the password of {user} is right was not known in time",
                        "Give each machine more time with --deadline, or see which of the others hang.",
                    )
                if standing.refused + standing.under_way() < self._most:
                    break
                self._changed.wait(deadline.left_s(1.0))
            started = time.monotonic()
            standing.trying.append(started)
            return standing, started


def passwords_of(endpoint: Endpoint, *, used: bool = False) -> frozenset[Hashable]:
    """The passwords that this endpoint shares with others; `used`: those alone without which it cannot be seen."""
    return frozenset(
        (way.client, way.user, way.password)
        for way in endpoint.credentials
        if way.password is not None and not is_own(way.password) and not (used and (way.key_file or way.agent))
    )


def _key(endpoint: Endpoint, user: str) -> tuple[object, ...]:
    """One password is one key: that of a command with placeholders is a machine's own."""
    password = endpoint.credential.password if endpoint.credential else None
    own = endpoint.name if password is not None and is_own(password) else ""
    return endpoint.client, user.casefold(), password, own


def is_own(password: SecretRef) -> bool:
    """Whether it is each machine's own. A command that is told nothing of the machine gives all the same one."""
    return password.kind == "command" and any("{name}" in part or "{address}" in part for part in password.value)
