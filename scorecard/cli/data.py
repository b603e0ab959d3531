"""`scorecard data`: which data files are in use, how old they are, and how a newer one is loaded."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from scorecard.data import DataFile, Origin, Table, files, install
from scorecard.registry import Registry

_ORIGINS = {
    Origin.SHIPPED: "came with the tool",
    Origin.UPDATED: "updated",
    Origin.FORCED: "forced, used although an older or newer one exists",
}

_checks = click.option(
    "--checks",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A folder with more check modules (may be repeated).",
)


@click.group()
def data() -> None:
    """Show and update the data files behind the checks, such as support dates."""


@data.command()
@_checks
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def status(folders: tuple[Path, ...], as_json: bool) -> None:
    """Show each data file: rows, dates, where it comes from, age."""
    today = datetime.now(UTC).date()
    declared = files(Registry.load(folders).topics)
    tables = [(file, file.load()) for file in declared]
    if as_json:
        click.echo(json.dumps([_record(file, table, today) for file, table in tables], indent=2))
        return
    for line in _lines(tables, today):
        click.echo(line)


@data.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Use the file even if it is older than the one in use.")
@_checks
def update(file: Path, force: bool, folders: tuple[Path, ...]) -> None:
    """Check FILE and use it instead of the one it replaces."""
    today = datetime.now(UTC).date()
    table = install(file, files(Registry.load(folders).topics), today=today, force=force)
    click.echo(f"{table.name}: {len(table.rows)} rows as of {table.newest} are in use, from {table.path}", err=True)


def _lines(tables: Iterable[tuple[DataFile[Any], Table[Any]]], today: date) -> Iterable[str]:
    for file, table in tables:
        age_days = (today - table.newest).days
        yield f"{table.name}: {file.title}"
        yield f"  rows    {len(table.rows)}"
        yield f"  as of   {table.newest} (newest row, {age_days} days old), {table.oldest} (oldest row)"
        yield f"  origin  {_ORIGINS[table.origin]}: {table.path}"


def _record(file: DataFile[Any], table: Table[Any], today: date) -> dict[str, str | int]:
    return {
        "name": table.name,
        "title": file.title,
        "schema": file.schema,
        "rows": len(table.rows),
        "newest_as_of": table.newest.isoformat(),
        "oldest_as_of": table.oldest.isoformat(),
        "age_days": (today - table.newest).days,
        "origin": table.origin.value,
        "path": str(table.path),
        "sha256": table.sha256,
    }
