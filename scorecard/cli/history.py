"""`scorecard history`: the audits in the store."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from scorecard.cli.options import store_option
from scorecard.cli.terminal import say, say_json
from scorecard.document_writing import time_text
from scorecard.folders import check_folder
from scorecard.registry import portfolio_site
from scorecard.store import Entry, Store, UnknownAudit


@click.command()
@click.option("--client", metavar="NAME", help="Only this client.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.option(
    "--tables",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write tables of every audit for analysts into DIR, as CSV, instead of the list.",
)
@store_option
def history(client: str | None, as_json: bool, folder: Path | None, store_url: str | None) -> None:
    """List the audits in the store, oldest first."""
    if folder is not None:
        if as_json:
            raise click.UsageError("--tables writes CSV files; leave --json out")
        _write_tables(folder, client, store_url)
        return
    store = Store.open(store_url)
    try:
        entries = store.history(client)
    finally:
        store.close()
    if as_json:
        say_json(json.dumps([_record(entry) for entry in entries], indent=1, ensure_ascii=False))
        return
    if not entries:
        say("No audits yet; `scorecard audit --local` makes the first.", err=True)
        return
    say(f"{'Started (UTC)':<17} {'Audit':<9} {'Grade':<6} {'Score':>6} {'Seen':>5} {'Machines':>9} {'To fix':>7}  Client")
    for entry in entries:
        say(_row(entry))


def _write_tables(folder: Path, client: str | None, store_url: str | None) -> None:
    from scorecard.portfolio import tables  # loads what compares and plans audits, which the list does without

    check_folder(folder)
    site = portfolio_site()
    store = Store.open(store_url)
    try:
        wanted = [names for names in store.clients() if client is None or client.casefold() == names[0].casefold()]
        if client is not None and not wanted:
            raise UnknownAudit(f"no audit of {client!r} in the store; `scorecard history` lists them")
        for path in tables.write(store, site, folder, wanted):
            say(str(path))
    finally:
        store.close()


def _record(entry: Entry) -> dict[str, object]:
    return {**asdict(entry), "started_at": time_text(entry.started_at), "finished_at": time_text(entry.finished_at)}


def _row(entry: Entry) -> str:
    grade = entry.letter or "-"
    score = "-" if entry.score is None else f"{entry.score:.1f}"
    seen = "-" if entry.coverage is None else f"{int(entry.coverage * 100)}%"
    counts = [("-" if count is None else str(count)) for count in (entry.devices, entry.open_findings)]
    how = "not ended" if entry.finished_at is None else "stopped early" if entry.interrupted else ""
    marks = "".join(f"  ({mark})" for mark in (entry.scope, how) if mark)
    started = f"{entry.started_at:%Y-%m-%d %H:%M}"
    columns = f"{started:<17} {entry.id[:8]:<9} {grade:<6} {score:>6} {seen:>5} {counts[0]:>9} {counts[1]:>7}"
    return f"{columns}  {entry.client}{marks}"
