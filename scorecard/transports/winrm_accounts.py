"""No wrong password may lock an account: a domain counts refusals over all its machines (winrm.md section 7).

While nobody has accepted a domain account in this run, only a few machines are asked with it; once as many have refused
it, no other is. The first that accepts it opens the way for all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from scorecard.errors import FailureKind, TransportError
from scorecard.model import Endpoint
from scorecard.transports.watchdog import Deadline
from scorecard.transports.winrm_failures import WinrmFailure

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


class Accounts:
    """Shared by all threads of a run."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._standings: dict[tuple[object, ...], _Standing] = {}

    @contextmanager
    def trying(self, endpoint: Endpoint, user: str, where: str, deadline: Deadline) -> Iterator[None]:
        """Around a login; what it raises tells how it ended. Raises TransportError where none may be tried."""
        if not _of_a_domain(user):  # each machine counts for itself
            yield
            return
        standing, started = self._enter(endpoint, user, where, deadline)
        accepted = refused = False
        try:
            yield
            accepted = True
        except WinrmFailure as failure:
            accepted, refused = failure.logged_in, failure.refused
            raise
        finally:
            with self._changed:
                standing.trying.remove(started)
                standing.accepted |= accepted
                standing.refused += refused
                self._changed.notify_all()

    def _enter(self, endpoint: Endpoint, user: str, where: str, deadline: Deadline) -> tuple[_Standing, float]:
        with self._changed:
            standing = self._standings.setdefault(_key(endpoint, user), _Standing())
            while not standing.accepted:
                if standing.refused >= MOST_REFUSALS:
                    raise TransportError(
                        FailureKind.AUTH_FAILED,
                        f"No login was tried at {where}: {standing.refused} machines refused {user} before",
                        "Correct the user or its password, then audit again; more tries could lock the account.",
                    )
                if standing.refused + standing.under_way() < MOST_REFUSALS or deadline.passed:
                    break
                self._changed.wait(deadline.left_s(1.0))
            started = time.monotonic()
            standing.trying.append(started)
            return standing, started


def _of_a_domain(user: str) -> bool:
    domain, slash, _ = user.partition("\\")
    return "@" in user or (bool(slash) and domain != ".")


def _key(endpoint: Endpoint, user: str) -> tuple[object, ...]:
    """One password is one key: that of a command with placeholders is a machine's own."""
    password = endpoint.credential.password if endpoint.credential else None
    own = endpoint.name if password is not None and password.kind == "command" else ""
    return endpoint.client, user.casefold(), password, own
