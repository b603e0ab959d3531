"""`scorecard compare`: what changed between two audits, and what moved the score."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click

from scorecard.cli.compare_json import document
from scorecard.cli.compare_text import text
from scorecard.cli.made_up import say_made_up
from scorecard.cli.options import store_option
from scorecard.cli.terminal import say, say_json
from scorecard.document_file import read
from scorecard.errors import InputError
from scorecard.history.bridge import bridge
from scorecard.history.compare import compare as compared
from scorecard.history.fixing import fix_times, fixes
from scorecard.history.pairs import require_comparable
from scorecard.history.trend import Point, Year, point, trend
from scorecard.result import Audit
from scorecard.store import Store

_YEAR = timedelta(days=366)
_WORDS = {"latest": 1, "previous": 2}


@click.command()
@click.argument("older", required=False, metavar="[A]")
@click.argument("newer", required=False, metavar="[B]")
@click.option("--client", metavar="NAME", help="Audits of this client; default: of the client that was audited last.")
@click.option("--year", is_flag=True, help="Add the 12 months up to B: scores month by month, and days to fix.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@store_option
def compare(
    older: str | None, newer: str | None, client: str | None, year: bool, as_json: bool, store_url: str | None
) -> None:
    """Compare audit A with the newer audit B: what was fixed, what is new, what moved the score.

    A and B are ids or their beginnings, `latest`, `previous`, or audit.json files. Without B: the newest audit; without
    both: the newest two.
    """
    store = Store.open(store_url)
    try:
        first, second = _chosen(store, older or "previous", newer or "latest", client)
        require_comparable(first, second)
        bridged, found = bridge(first, second), compared(first, second)
        twelve_months = _year(store, second) if year else None
    finally:
        store.close()
    if as_json:
        say_json(json.dumps(document(found, bridged, twelve_months), indent=1, ensure_ascii=False))
    else:
        say_made_up(second)
        say(text(found, bridged, twelve_months))


def _chosen(store: Store, older: str, newer: str, client: str | None) -> tuple[Audit, Audit]:
    """What is named outright says whose `latest` or `previous` is meant."""
    named = {name: _named(store, name, client) for name in (older, newer) if name not in _WORDS}
    whose = client or next((audit.client for audit in named.values()), None)
    for word in (older, newer):
        if word in _WORDS:
            named[word] = _recent(store, word, whose)
            whose = whose or named[word].client
    return named[older], named[newer]


def _named(store: Store, name: str, client: str | None) -> Audit:
    audit = read(Path(name)) if name.endswith(".json") else store.load(name)
    if client is not None and audit.client.casefold() != client.casefold():
        raise InputError(f"{name} is an audit of {audit.client}, not of {client}")
    return audit


def _recent(store: Store, word: str, client: str | None) -> Audit:
    """The newest audit of the whole client, or the one before it."""
    entries = [entry for entry in store.history(client) if entry.finished_at is not None and not entry.scope]
    if client is None and entries:
        entries = [entry for entry in entries if entry.client == entries[-1].client]
    if len(entries) < _WORDS[word]:
        of = f" of {client}" if client else ""
        raise InputError(f"no {word} audit{of} in the store; `scorecard history` lists what there is")
    return store.load(entries[-_WORDS[word]].id)


def _year(store: Store, newest: Audit) -> Year:
    """One stored audit after the other, so that no more than one has to be held."""
    points: list[Point] = []

    def audits() -> Iterator[Audit]:
        for past in store.past(newest.client, newest.as_of):
            if past.as_of > newest.as_of - _YEAR and past.id != newest.id:
                audit = store.load(past.id)
                points.append(point(audit))
                yield audit
        points.append(point(newest))
        yield newest

    times = fix_times(fixes(audits()))
    return Year(trend(points, points[-1].month), times)
