"""`scorecard history`: the audits in the store."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from scorecard.cli.options import store_option
from scorecard.cli.terminal import say, say_json
from scorecard.document_writing import time_text
from scorecard.store import Entry, Store


@click.command()
@click.option("--client", metavar="NAME", help="Only this client.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@store_option
def history(client: str | None, as_json: bool, store_url: str | None) -> None:
    """List the audits in the store, oldest first."""
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
