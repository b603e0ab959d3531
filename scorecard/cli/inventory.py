"""`scorecard inventory`: check inventory files, make them from other lists, and print their JSON Schema.

Resolves no secret, contacts nothing."""

from __future__ import annotations

import json
import os
import shlex
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import click

from scorecard.cli.terminal import say
from scorecard.errors import InputError, InventoryError
from scorecard.folders import write_whole
from scorecard.inventory import Client, Inventory, load, schema
from scorecard.inventory.load import built, read
from scorecard.inventory.written import written
from scorecard.model import Endpoint

_MISTAKES = 2  # exit code: the inventory cannot be used


@click.group()
def inventory() -> None:
    """Check inventories, make them from other lists, and print the JSON Schema of the file."""


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
        _refuse(error, context)
    if as_json:
        click.echo(json.dumps(_record(found), indent=2))
    else:
        for client in found.clients:
            _describe(client)
    _warn(found)


def _refuse(error: InventoryError, context: click.Context) -> NoReturn:
    for problem in error.problems:
        say(problem, err=True)
    count = len(error.problems)
    say(f"{count} problem{'' if count == 1 else 's'}; nothing was contacted", err=True)
    context.exit(_MISTAKES)


def _warn(found: Inventory) -> None:
    for warning in found.warnings:
        say(f"warning: {warning}", err=True)


@inventory.command("import")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--client", metavar="NAME", help="What the client is called; of a source with several, which one to take.")
@click.option(
    "--format", type=click.Choice(["yaml"]), default="yaml", show_default=True, expose_value=False, help="What to write."
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write a file instead of printing.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.pass_context
def import_source(context: click.Context, source: Path, client: str | None, out: Path | None, force: bool) -> None:
    """Turn SOURCE, a list (CSV, Excel) or an Ansible inventory, into an inventory of ours; say what is left out."""
    if out is not None and os.path.lexists(out):
        _check_over(source, out, force)
    files = read((source,))
    try:
        found = built(files)
        text = written(files, found, client, out.absolute().parent if out else Path.cwd())
    except InventoryError as error:
        _refuse(error, context)
    _warn(found)
    if out is None:
        click.echo(text, nl=False)
        return
    write_whole(out, lambda part: _fill(part, text))
    say(f"{out} is written. See what is in it: scorecard inventory check {shlex.quote(str(out))}", err=True)


def _check_over(source: Path, out: Path, force: bool) -> None:
    if not force:
        raise InputError(f"{out}: is there already; give another name, or --force to write over it")
    if os.path.realpath(out) == os.path.realpath(source):
        raise InputError(f"{out}: is the source itself; give another name")


def _fill(part: Path, text: str) -> None:
    part.write_text(text, encoding="utf-8")


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
