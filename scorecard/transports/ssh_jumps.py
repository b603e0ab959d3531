"""What is wanted of a jump host, and how it fails: for all who would go through it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from scorecard.errors import FailureKind, TransportError
from scorecard.model import Credential, Endpoint, Jump
from scorecard.transports.accounts import is_own
from scorecard.transports.ssh_hop import Hop, Kit
from scorecard.transports.ssh_login import LoginBroken
from scorecard.transports.watchdog import Guard


def jumps_of(endpoint: Endpoint) -> tuple[Jump, ...]:
    """The way to an endpoint, each jump with the credential it gets: its own, or the endpoint's without the password."""
    credential = endpoint.credential and replace(endpoint.credential, password=None)
    return tuple(replace(jump, credential=jump.credential or credential) for jump in endpoint.connection.jumps)


class JumpFailure(TransportError):
    """No way through a jump host. `final`: it would be the same at every other try of this run."""

    final = False

    def again(self) -> JumpFailure:
        """The same for another endpoint: an exception belongs to the thread that it was raised in."""
        return JumpFailure(self.kind, self.message, self.next_step)


@dataclass(frozen=True, slots=True)
class Order:
    """A connection that is wanted: to the last of `jumps`, on behalf of `endpoint`."""

    endpoint: Endpoint
    jumps: tuple[Jump, ...]
    kit: Kit
    deadline_s: float

    @property
    def jump(self) -> Jump:
        return self.jumps[-1]

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for those who can share: same way, same proofs, same rules on the way."""
        connection = self.endpoint.connection
        return (
            self.endpoint.client,
            replace(connection, jumps=(), https=None, authentication=None, ca_file=""),
            tuple(
                (jump.address.casefold(), jump.port, jump.credential, _own(jump.credential, self.endpoint))
                for jump in self.jumps
            ),
        )


def _own(credential: Credential | None, endpoint: Endpoint) -> str:
    """The endpoint's name where a command with placeholders gives each endpoint a secret of its own."""
    references = (credential.password, credential.passphrase) if credential else ()
    return endpoint.name if any(is_own(given) for given in references if given is not None) else ""


def failed(order: Order, hop: Hop, guard: Guard, step: str, when: str, error: TransportError) -> JumpFailure:
    if guard.fired or guard.deadline.passed:
        return JumpFailure(
            FailureKind.DEADLINE,
            f"The jump host {hop.where} was not done within {guard.deadline.seconds:g} seconds; the time ran out {when}",
            "See what keeps the jump host busy, or give more time with --deadline.",
        )
    said = f"No way through the jump host {order.jump.address}: {error.message}"
    failure = JumpFailure(error.kind, said, error.next_step)
    if step == "login":
        # A password whose login broke off may have been counted as refused over there.
        keyed = order.jump.credential is None or order.jump.credential.password is None
        failure.final = not (isinstance(error, LoginBroken) and keyed)
    else:
        failure.final = step == "host key"  # what is known of host keys is read once a run
    return failure
