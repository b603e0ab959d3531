"""The walk behind `scorecard doctor`: to one endpoint, a step at a time, up to the first that fails.

Over SSH: name, port, handshake, host key and login (for every jump host and then the endpoint), privilege, probe.
Over WinRM: name, port, WinRM (is it that at all?), certificate, login, shell, privilege, probe.
On this computer and in a replay: shell or recording, privilege, probe.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scorecard.bundle import HOST_PART, Bundle
from scorecard.bundle_windows import WindowsBundle
from scorecard.errors import FailureKind, TransportError
from scorecard.host import parse_host
from scorecard.model import Endpoint, Fact, Host, Platform, Seen
from scorecard.transports import leads_to_windows, make
from scorecard.transports.base import Answer, Secrets

if TYPE_CHECKING:
    from scorecard.transports.ssh import SshTransport
    from scorecard.transports.winrm import WinrmTransport

DEADLINE_S = 60.0
_FIRST_STEP = {"local": "shell", "replay": "recording"}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the walk. `said`: what was seen, one sentence. `next_step`: what to do, where there is something.

    `kind` says how a step that is not ok failed. A step may be ok and still have a next step, as with missing rights.
    """

    name: str
    ok: bool
    said: str
    next_step: str = ""
    kind: FailureKind | None = None


def examine(endpoint: Endpoint, secrets: Secrets, deadline_s: float = DEADLINE_S) -> Iterator[Step]:
    """Walk to the endpoint. Each step is yielded when it has been taken; after one that is not ok there is no other.

    Raises InputError for a transport that does not exist. Closing the iterator closes the connection.
    """
    if endpoint.transport == "ssh":
        yield from _over_ssh(endpoint, secrets, deadline_s)
        return
    if endpoint.transport == "winrm":
        from scorecard.transports.winrm import WinrmTransport

        yield from over_winrm(WinrmTransport(secrets), endpoint, deadline_s)
        return
    transport = make(endpoint.transport, secrets)
    name = _FIRST_STEP.get(endpoint.transport, "connection")
    try:
        bundle = WindowsBundle(()) if leads_to_windows(endpoint.transport) else Bundle(())
        answer = transport.ask(endpoint, bundle, deadline_s)
    except TransportError as error:
        yield _failed(name, error)
        return
    finally:
        transport.close()
    yield Step(name, True, "Our script ran here" if endpoint.transport == "local" else "The recording can be read")
    yield from _about(answer)


def _over_ssh(endpoint: Endpoint, secrets: Secrets, deadline_s: float) -> Iterator[Step]:
    from scorecard.transports.ssh import SshTransport  # paramiko costs 0.3 s, so only where it is used

    # Files of known host keys are read before the first step.
    yield from _walk(SshTransport(secrets), endpoint, Bundle(()), "host key", deadline_s)


def over_winrm(transport: WinrmTransport, endpoint: Endpoint, deadline_s: float = DEADLINE_S) -> Iterator[Step]:
    """The walk over WinRM; closes the transport at its end."""
    # Files of certificates are read before the first step.
    yield from _walk(transport, endpoint, WindowsBundle(()), "certificate", deadline_s)


def _walk(
    transport: SshTransport | WinrmTransport, endpoint: Endpoint, bundle: Bundle, name: str, deadline_s: float
) -> Iterator[Step]:
    """`name`: the step that is to blame for what fails before the first."""
    try:
        with transport.conversation(endpoint, deadline_s) as conversation:
            for step in conversation.steps():
                name = step.name
                yield Step(name, True, step.act())
            name = "privilege"
            answer = conversation.ask(bundle)
            yield from _about(answer)
    except TransportError as error:
        yield _failed(name, error)
    finally:
        transport.close()


def _failed(name: str, error: TransportError) -> Step:
    return Step(name, False, error.message, error.next_step, error.kind)


def _about(answer: Answer) -> Iterator[Step]:
    """What the host part tells: our rights there, and that a tiny probe gives a whole answer."""
    host = parse_host(answer.observations, answer.as_of)
    if host is None:
        observation = answer.observations.get(HOST_PART)
        said = observation.reason if observation is not None and observation.reason else "no answer"
        yield Step(
            "privilege",
            False,
            f"The machine could not be asked what it is: {said}",
            "See whether it is a system that can be audited, and whether the account can run ordinary commands there.",
            FailureKind.PROTOCOL,
        )
        return
    yield _privilege(host)
    if not answer.complete:
        cut = answer.cut
        said, next_step = (cut.message, cut.next_step) if cut else ("The answer is not complete", "Try again.")
        yield Step("probe", False, said, next_step, cut.kind if cut else FailureKind.PROTOCOL)
        return
    time = _seen(host.clock)
    noise = f"; {answer.dropped_lines} lines of noise from its login were left out" if answer.dropped_lines else ""
    clock = f", its clock says {time}" if time else ""
    yield Step("probe", True, f"{_seen(host.product_name) or 'An unnamed system'} ({host.platform}) answered{clock}{noise}")


def _privilege(host: Host) -> Step:
    name = _seen(host.user) or "an unnamed user"
    windows = host.platform is Platform.WINDOWS
    rights = "an administrator's rights" if windows else "root's rights"
    if not isinstance(host.privileged, Seen):
        look = "Look at the account's groups there." if windows else "Look at sudo there."
        return Step("privilege", True, f"We are {name}; it is not known whether with {rights}", look)
    if host.privileged.value:
        return Step("privilege", True, f"We are {name}, with {rights}")
    allow = (
        "Use an administrator's account; User Account Control may cut down a local one (docs/prepare-windows.md)."
        if windows
        else "Allow the account the read-only commands of the documentation in sudoers, without a password."
    )
    return Step("privilege", True, f"We are {name}, without {rights}: some checks will be unknown", allow)


def _seen(fact: Fact[Any]) -> str:
    return str(fact.value) if isinstance(fact, Seen) else ""
