"""Ways to reach an endpoint. Each is imported when it is first asked for: paramiko alone costs 0.3 s."""

from __future__ import annotations

from scorecard.bundle import Bundle
from scorecard.errors import FailureKind, InputError, TransportError
from scorecard.model import Endpoint
from scorecard.transports.base import Answer, Secrets, Transport

NAMES = ("ssh", "local", "replay", "winrm")


def make(name: str, secrets: Secrets) -> Transport:
    """The transport of that name. It is shared by all endpoints and threads of a run; `close` it at the end.

    Raises InputError for a name that is none.
    """
    match name:
        case "ssh":
            from scorecard.transports.ssh import SshTransport

            return SshTransport(secrets)
        case "local":
            from scorecard.transports.local import LocalTransport

            return LocalTransport()
        case "replay":
            from scorecard.transports.replay import ReplayTransport

            return ReplayTransport()
        case "winrm":
            return _NotYet()
        case _:
            raise InputError(f"{name!r} is not a transport; expected one of {', '.join(NAMES)}")


class _NotYet:
    """Windows endpoints may stand in an inventory already; each is then named as not seen, with this reason."""

    def ask(self, endpoint: Endpoint, bundle: Bundle, deadline_s: float) -> Answer:  # noqa: ARG002 - nothing is contacted
        raise TransportError(
            FailureKind.PROTOCOL,
            "This version cannot connect to Windows yet",
            f"Keep {endpoint.name} in the inventory: it counts as not seen until a version can ask it.",
        )

    def close(self) -> None:
        return
