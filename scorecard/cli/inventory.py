"""`scorecard inventory`: check inventory files, and print their JSON Schema. Resolves no secret, contacts nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from scorecard.cli.terminal import say
from scorecard.errors import InventoryError
from scorecard.inventory import Client, Inventory, load, schema
from scorecard.model import Endpoint

_MISTAKES = 2  # exit code: the inventory cannot be used


@click.group()
def inventory() -> None:
    """Check inventories, and print the JSON Schema of the file."""


@inventory.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.pass_context
def check(context: click.Context, paths: tuple[Path, ...], as_json: bool) -> None:
    """Read inventory files, or folders of them, and say what is in them or everything that is wrong."""
    try:
        found = load(paths)
    except InventoryError as error:
        if as_json:
            click.echo(json.dumps({"ok": False, "problems": error.problems}, indent=2))
        for problem in error.problems:
            say(problem, err=True)
        count = len(error.problems)
        say(f"{count} problem{'' if count == 1 else 's'}; nothing was contacted", err=True)
        context.exit(_MISTAKES)
    if as_json:
        click.echo(json.dumps(_record(found), indent=2))
    else:
        for client in found.clients:
            _describe(client)
    for warning in found.warnings:
        say(f"warning: {warning}", err=True)


@inventory.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of an inventory file, for editors that complete and check while typing."""
    click.echo(json.dumps(schema(), indent=2))


def _counts(endpoints: Iterable[Endpoint]) -> dict[str, dict[str, int]]:
    """How many endpoints there are of each kind, the most frequent first."""
    counted: dict[str, Counter[str]] = {"platform": Counter(), "transport": Counter(), "role": Counter(), "site": Counter()}
    for endpoint in endpoints:
        counted["platform"][endpoint.platform or "found out there"] += 1
        counted["transport"][endpoint.transport] += 1
        counted["role"][endpoint.role or "found out there"] += 1
        counted["site"][endpoint.site or "none named"] += 1
    return {kind: dict(counts.most_common()) for kind, counts in counted.items()}


def _describe(client: Client) -> None:
    count = len(client.endpoints)
    retired = f", {len(client.retired)} retired" if client.retired else ""
    say(f"{client.name}: {count} endpoint{'' if count == 1 else 's'}{retired} ({client.source})")
    for kind, counts in _counts(client.endpoints).items():
        say(f"  {kind:<10} " + ", ".join(f"{name} {number}" for name, number in counts.items()))


def _record(found: Inventory) -> dict[str, Any]:
    return {
        "ok": True,
        "clients": [
            {
                "client": client.name,
                "source": client.source,
                "time_zone": client.time_zone,
                "endpoints": len(client.endpoints),
                "retired": len(client.retired),
                **_counts(client.endpoints),
            }
            for client in found.clients
        ],
        "warnings": [str(warning) for warning in found.warnings],
    }
