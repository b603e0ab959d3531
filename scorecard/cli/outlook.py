"""`scorecard outlook`: what will break first, from the stored audits of a client. Contacts nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from textwrap import wrap

import click

from scorecard.cli.made_up import NOTE
from scorecard.cli.options import store_option
from scorecard.cli.terminal import complain, say, say_json
from scorecard.document import DocumentError
from scorecard.document_file import read
from scorecard.outlook import build
from scorecard.outlook.disks import NEEDS_AUDITS, basis
from scorecard.outlook.model import DiskOutlook, Outlook, Standing
from scorecard.outlook.snapshot import Snapshot, snapshot
from scorecard.outlook.words import plural
from scorecard.result import Audit
from scorecard.store import Store

_WIDTH = 80
_DATES = 12  # columns of a date and the gap after it
_AUDITS = 13  # a year of monthly ones, and the one before it
_SHOWN = 40


@click.command()
@click.argument("audit", required=False, metavar="[AUDIT|FILE]")
@click.option("--client", metavar="NAME", help="The newest audit of this client.")
@click.option(
    "--months", type=click.IntRange(1, 36), default=build.MONTHS, show_default=True, help="How far to look ahead."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@store_option
def outlook(audit: str | None, client: str | None, months: int, as_json: bool, store_url: str | None) -> None:
    """Say what will break first: full disks, ends of support, what nothing renews any more.

    From AUDIT (an id, its beginning, or an audit.json; without it the newest) and up to 12 audits before it.
    """
    store = Store.open(store_url)
    try:
        chosen = _chosen(store, audit, client)
        name, zone, made_up = chosen.client, chosen.time_zone, chosen.made_up
        snapshots = [snapshot(chosen)]
        earlier = [past.id for past in store.past(name, chosen.as_of)][-(_AUDITS - 1) :]
        del chosen  # a document at a time: that of a large client takes much memory
        snapshots += [found for id_ in earlier if (found := _earlier(store, id_)) is not None]
    finally:
        store.close()
    ahead = build.outlook(snapshots, months)
    if as_json:
        record = {"client": name, "time_zone": zone, **ahead.json()}
        say_json(json.dumps(record, indent=1, ensure_ascii=False))
        return
    if made_up:
        say(NOTE)
    for line in _text(name, ahead, snapshots[0]):
        say(line.rstrip())


def _chosen(store: Store, audit: str | None, client: str | None) -> Audit:
    """Without a name the newest of a whole client: one of a part of it would leave machines out."""
    if audit is not None:
        return read(Path(audit)) if audit.endswith(".json") else store.load(audit, client)
    whole = [entry.id for entry in store.history(client) if entry.finished_at is not None and not entry.scope]
    return store.load(whole[-1]) if whole else store.load(None, client)


def _earlier(store: Store, id_: str) -> Snapshot | None:
    """None for a document that this version cannot read: it costs only itself, and is said."""
    try:
        return snapshot(store.load(id_))
    except DocumentError as error:
        complain(f"{error}; that audit is left out")
        return None


def _text(client: str, found: Outlook, newest: Snapshot) -> Iterator[str]:
    before = found.audits - 1
    others = f" and the {before} before it" if before > 1 else " and the one before it" if before else ""
    yield f"{client}: what will break first, until {found.until}"
    passed = (newest.day(datetime.now(UTC)) - found.day).days
    ago = f" ({plural(passed, 'day')} ago)" if passed > 0 else ""
    yield from wrap(f"From audit {found.audit[:8]} of {found.day}{ago}{others}. Days count from that day.", _WIDTH)
    yield ""
    if not found.warnings:
        yield f"Nothing that these audits can tell breaks until {found.until}."
    for warning in found.warnings[:_SHOWN]:
        yield from _entry(str(warning.on), warning.sentence, f"Basis: {warning.basis}.")
    yield from _more(len(found.warnings), "warnings")
    yield ""
    yield from _disks(found)
    if found.untold:
        yield ""
        yield "What cannot be told:"
    for untold in found.untold[:_SHOWN]:
        yield from wrap(untold.sentence, _WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
    yield from _more(len(found.untold), "of these")


def _disks(found: Outlook) -> Iterator[str]:
    if not found.disks:
        yield "No disk was read in this audit."
        return
    counts = Counter(_group(disk, found) for disk in found.disks)
    said = ", ".join(f"{counts[group]:,} {words}" for group, words in _GROUPS.items() if counts[group])
    yield from wrap(f"{plural(len(found.disks), 'disk')}: {said}.", _WIDTH, break_on_hyphens=False)
    later = sorted(
        (disk for disk in found.disks if _group(disk, found) == "later"),
        key=lambda disk: (disk.on or found.day, disk.endpoint, disk.mount),
    )
    if later:
        yield ""
        yield "Later:"
    for disk in later[:_SHOWN]:
        yield from _entry(str(disk.on), f"{disk.mount} of {disk.endpoint} will be full. Basis: {basis(disk)}.")
    yield from _more(len(later), "disks that fill later")


_GROUPS = {
    "now": "full",
    "soon": "full by then",
    "later": "full later, but within 3 years",
    Standing.LATER: "not full within 3 years",
    Standing.NOT_FILLING: "not filling",
    Standing.NEEDS_AUDITS: f"not told yet (it needs {NEEDS_AUDITS} audits on different days since the disk has its size)",
}


def _group(disk: DiskOutlook, found: Outlook) -> str:
    if disk.standing is Standing.FULL:
        return "now"
    if disk.on is not None:
        return "soon" if disk.on <= found.until else "later"
    return disk.standing


def _entry(when: str, *sentences: str) -> Iterator[str]:
    indent = " " * _DATES
    lines: Sequence[str] = [
        line for sentence in sentences for line in wrap(sentence, _WIDTH - _DATES, break_on_hyphens=False) or [""]
    ]
    yield f"{when:<{_DATES}}{lines[0]}"
    yield from (f"{indent}{line}" for line in lines[1:])


def _more(count: int, what: str) -> Iterator[str]:
    if count > _SHOWN:
        yield f"{count - _SHOWN:,} more {what}; --json lists all"
