"""`scorecard doctor`: walk to one endpoint and say at which step it stops and what to do."""

from __future__ import annotations

from pathlib import Path

import click

from scorecard.cli.before_contact import hide_environment
from scorecard.cli.terminal import say
from scorecard.doctor import Step, examine
from scorecard.errors import CredentialError, InputError
from scorecard.inventory import load
from scorecard.model import Endpoint
from scorecard.secrets import Redactor, Resolver

_DEFAULT = Path("inventory.yaml")
EXIT_NOT_WELL = 3


@click.command()
@click.argument("endpoint", metavar="ENDPOINT")
@click.option(
    "--inventory",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Where ENDPOINT is listed; default: inventory.yaml.",
)
@click.option("--client", metavar="NAME", help="The endpoint's client, where several have one of that name.")
def doctor(endpoint: str, paths: tuple[Path, ...], client: str | None) -> int:
    """Walk to ENDPOINT: name, port, handshake, host key, login, rights, a tiny probe. `local` is this computer."""
    redactor = Redactor()
    resolver = Resolver(redactor)
    if endpoint == "local" and not paths:
        chosen = Endpoint("this computer", "This computer", "localhost", transport="local")
    else:
        chosen, others = _find(endpoint, paths or (_DEFAULT,), client)
        hide_environment([(others, resolver)])
    well = True
    try:
        for step in examine(chosen, resolver):
            _show(step, redactor)
            well = step.ok
    except CredentialError as error:
        _show(Step("credential", False, redactor(str(error)), "Correct the reference in the inventory."), redactor)
        well = False
    return 0 if well else EXIT_NOT_WELL


def _show(step: Step, redact: Redactor) -> None:
    kind = f" ({step.kind})" if step.kind else ""
    say(f"{'ok  ' if step.ok else 'STOP'}  {step.name}: {redact(step.said)}{kind}")
    if step.next_step:
        say(f"      {redact(step.next_step)}")


def _find(name: str, paths: tuple[Path, ...], client: str | None) -> tuple[Endpoint, list[Endpoint]]:
    """The endpoint, and all that are listed with it."""
    if not all(path.exists() for path in paths):
        missing = next(path for path in paths if not path.exists())
        raise InputError(f"{missing}: no such file; --inventory names the one that lists {name}")
    inventory = load(paths)
    clients = (inventory.client(client),) if client else inventory.clients
    found = [endpoint for entry in clients for endpoint in entry.endpoints if endpoint.name == name]
    if not found:
        raise InputError(f"no endpoint {name!r} in {', '.join(map(str, paths))}")
    if len(found) > 1:
        raise InputError(f"{name!r} is an endpoint of {', '.join(endpoint.client for endpoint in found)}; add --client")
    return found[0], [listed for entry in inventory.clients for listed in entry.endpoints]
