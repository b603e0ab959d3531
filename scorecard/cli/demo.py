"""`scorecard demo`: a made-up client with a year of audits. Contacts nothing, and never touches the user's own store."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import click

from scorecard import outputs
from scorecard.cli.options import edition_option
from scorecard.cli.summary import show
from scorecard.cli.terminal import say
from scorecard.demo import build
from scorecard.demo.story import GOOD
from scorecard.errors import InputError
from scorecard.folders import check_folder
from scorecard.registry import Registry
from scorecard.store import Store

_STORE = "history.db"


@click.command()
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("scorecard-demo"),
    show_default=True,
    metavar="DIR",
    help="Folder for the store, the inventory, the exceptions and the reports.",
)
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help=f"Day of the newest audit, {build.EARLIEST} to {build.LATEST}. Default: yesterday, or the last such day.",
)
@edition_option
def demo(folder: Path, until: datetime | None, editions: str | None) -> None:
    """Build a made-up client with 13 months of audits, and write its newest reports.

    No machine is contacted, and your own store is left alone.
    """
    look = outputs.look(editions)
    formats = outputs.chosen_formats(None, look)
    newest = build.until(until.date() if until else None, datetime.now(UTC).date())
    check_folder(folder)
    database = folder / _STORE
    if database.exists():
        raise InputError(f"{database}: is there already; give another folder with --out, or remove it")
    folder.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{database}"
    registry = Registry.load()
    store, finished = Store.open(url), False
    try:
        audit = build.build(folder, store, registry, newest, _told)
        shown = outputs.context(audit, store, registry, formats)
        observations = outputs.travelling_evidence(store, audit)
        written = outputs.write(audit, folder, formats, shown, observations, look)
        store.reported(audit.id)
        finished = True
    finally:
        store.close()
        if not finished:  # half a history would stand in the way of the next try
            database.unlink(missing_ok=True)
    show(audit, written, shown)
    say()
    say("What to try next:")
    for command in commands(folder, url, newest, document=outputs.DOCUMENT in formats):
        say(f"  {command}")


def _told(done: int, total: int) -> None:
    say(f"Audit {done} of {total}", err=True)


def commands(folder: Path, url: str, newest: date, *, document: bool) -> Iterator[str]:
    """Lines for a shell, each of which shows something of the demonstration. `document`: whether that was written."""
    days = build.days_of(newest)
    first, good = (build.audit_id(days[slot])[:8] for slot in (0, GOOD))
    store = f"--store {shlex.quote(url)}"
    inventory = _within(folder, build.INVENTORY)
    yield f"scorecard history {store}"
    yield f"scorecard compare {store}"
    yield f"scorecard compare {first} latest --year {store}"
    yield f"scorecard plan --inventory {inventory} {store}"
    yield f"scorecard outlook {store}"
    yield f"scorecard exceptions list {store}"
    yield f"scorecard frameworks show insurance {store}"
    yield f"scorecard report {good} --out {_within(folder, f'{days[GOOD]:%Y-%m}')} {store}"
    yield f"scorecard report --edition engineer,prospect --format html --out {_within(folder, 'editions')} {store}"
    yield f"scorecard report --portfolio --format html --out {_within(folder, 'portfolio')} {store}"
    if document:
        yield f"scorecard verify {_within(folder, 'audit.json')}"
    yield f"scorecard rejudge --standard cyber-essentials {store}"


def _within(folder: Path, name: str) -> str:
    return shlex.quote(str(folder / name))
