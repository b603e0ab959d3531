"""`scorecard exceptions`: what was agreed to, declined or stated, and what comes of it. Contacts nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from textwrap import wrap
from typing import Any
from zoneinfo import ZoneInfo

import click

from scorecard.cli.made_up import say_made_up
from scorecard.cli.options import checks_option, store_option
from scorecard.cli.terminal import say, say_json
from scorecard.document_writing import time_text
from scorecard.errors import InputError
from scorecard.exceptions import Exceptions, ExceptionsError, apply
from scorecard.exceptions.listing import WORDS, Line, lines, recent
from scorecard.exceptions.load import client_of, load
from scorecard.exceptions.schema import schema
from scorecard.inventory import Client
from scorecard.inventory import load as load_inventory
from scorecard.registry import Registry
from scorecard.result import Audit
from scorecard.standard import DEFAULT, standard_of
from scorecard.standard import load as load_standard
from scorecard.store import Entry, Store

_MISTAKES = 2  # exit code: the file cannot be used
_WIDTH = 80
_NAMES_SHOWN = 8
_SHOWN_DAYS = 30  # what was over before is shown with --all
# What is said of an entry, in the words of a sentence.
_SAID = {
    "what": "{}",
    "text": "{}",
    "reason": "{}",
    "cover": "Protected meanwhile: {}",
    "approver": "Approved by {}",
    "by": "Refused by {}",
    "says": "Said by {}",
    "price": "Quoted {}",
    "sha256": "Proof with SHA-256 {}",
}


@click.group()
def exceptions() -> None:
    """Show and check what was agreed to, declined or stated."""


@exceptions.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of a file of exceptions, for editors that complete and check while typing."""
    click.echo(json.dumps(schema(), indent=2))


@exceptions.command("list")
@click.option("--client", metavar="NAME", help="Only this client.")
@click.option("--all", "everything", is_flag=True, help="Show those as well that were over long ago, and every name.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@store_option
def list_(client: str | None, everything: bool, as_json: bool, store_url: str | None) -> None:
    """List the exceptions of the newest audit of each client, as they stand today."""
    store = Store.open(store_url)
    try:
        audits = [audit for _, audit in _newest(store, client)]
    finally:
        store.close()
    if not audits and client is not None:
        raise InputError(f"no finished audit of the whole of {client!r} in the store; `scorecard history` lists them")
    found = [(audit, _lines(audit)) for audit in audits]
    if as_json:
        say_json(json.dumps([_record(audit, listed) for audit, listed in found], indent=1, ensure_ascii=False))
        return
    if not audits:
        say("No audits yet; `scorecard audit --local` makes the first.", err=True)
    for audit, listed in found:
        shown = listed if everything else recent(listed, _today(audit), _SHOWN_DAYS)
        say_made_up(audit)
        say(f"{audit.client}, audit {audit.id[:8]} of {audit.as_of.astimezone(ZoneInfo(audit.time_zone)).date()}")
        _print(shown, everything)
        if hidden := len(listed) - len(shown):
            say(f"{hidden} over for more than {_SHOWN_DAYS} days; --all shows {'them' if hidden > 1 else 'it'}")


@exceptions.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("inventory", required=False, type=click.Path(path_type=Path))
@click.option("--client", metavar="NAME", help="The client that the file is for, where neither tells.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@store_option
@checks_option
@click.pass_context
def check(
    context: click.Context,
    file: Path,
    inventory: Path | None,
    client: str | None,
    as_json: bool,
    store_url: str | None,
    check_folders: tuple[Path, ...],
) -> None:
    """Read FILE and say everything that is wrong with it, or what it would do to the client's newest audit.

    With an INVENTORY, names that are not in it are said as well.
    """
    registry = Registry.load(check_folders)
    listed = _client(inventory, client or client_of(file))
    name = listed.name if listed else client or client_of(file)
    store = Store.open(store_url)
    try:
        called, audit = next(_newest(store, name), ("", None)) if name else ("", None)
        kept = store.excepted(called)
    finally:
        store.close()
    standard = standard_of(audit) if audit else load_standard((listed and listed.standard) or DEFAULT, registry.checks)
    zone = listed.time_zone if listed else audit.time_zone if audit else "UTC"
    now = datetime.now(UTC)
    today = now.astimezone(ZoneInfo(zone)).date()
    try:
        read = load(file, client=name, checks=registry.checks, limits=standard.content.exceptions, today=today)
    except ExceptionsError as error:
        _refuse(error, as_json)
        context.exit(_MISTAKES)
    warnings = tuple(_strangers(read, listed)) if listed else ()
    would: tuple[Line, ...] | None = None
    if audit is not None:
        stable = registry.stable()
        applied = apply(read, audit.findings, audit.devices, standard, kept, as_of=now, time_zone=zone, stable=stable)
        would = lines(applied.records, today, standard.content.exceptions.ending_soon_days)
    _tell(_Checked(file, read, name, audit, would, warnings), as_json)


@dataclass(frozen=True, slots=True)
class _Checked:
    """A file without mistakes. `would`: what it would do to the audit, None where there is none."""

    file: Path
    read: Exceptions
    client: str | None
    audit: Audit | None
    would: tuple[Line, ...] | None
    warnings: tuple[str, ...]


def _refuse(error: ExceptionsError, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"ok": False, "problems": error.problems}, indent=2))
    for problem in error.problems:
        say(problem, err=True)
    count = len(error.problems)
    say(f"{count} problem{'' if count == 1 else 's'}", err=True)


def _tell(checked: _Checked, as_json: bool) -> None:
    audit, count = checked.audit, len(checked.read.entries)
    if as_json:
        record: dict[str, Any] = {
            "ok": True,
            "client": checked.client,
            "entries": count,
            "warnings": list(checked.warnings),
            "audit": audit.id if audit else None,
            "exceptions": None if checked.would is None else [line.json() for line in checked.would],
        }
        say_json(json.dumps(record, indent=1, ensure_ascii=False))
    else:
        say(f"{checked.file}: {count} {'entry' if count == 1 else 'entries'}, nothing wrong")
        if audit is not None:
            say(f"On the newest audit of {audit.client}, {audit.id[:8]} of {audit.as_of.date()}:")
            _print(checked.would or (), everything=False)
        elif checked.client:
            say(f"There is no audit of {checked.client} yet, so only the file itself was looked at.")
        else:
            say("The file names no client; with --client, what each entry would do is shown as well.")
    for warning in checked.warnings:
        say(f"warning: {warning}", err=True)


def _client(inventory: Path | None, name: str | None) -> Client | None:
    """The client of the inventory that the exceptions are for."""
    if inventory is None:
        return None
    found = load_inventory([inventory])
    if name is None and len(found.clients) == 1:
        return found.clients[0]
    if name is None:
        raise InputError(f"{inventory} holds {len(found.clients)} clients; choose one with --client")
    return found.client(name)


def _strangers(read: Exceptions, client: Client) -> Iterator[str]:
    known = {endpoint.name.casefold() for endpoint in client.endpoints}
    for entry in read.entries:
        for name in entry.endpoints:
            if name.casefold() not in known:
                yield f"{entry.id}: {name} is not in the inventory of {client.name}"


def _newest(store: Store, client: str | None) -> Iterator[tuple[str, Audit]]:
    """The newest finished audit of the whole of each client, with the name that the store has for the client."""
    newest: dict[str, Entry] = {}
    for entry in store.history(client):
        if entry.finished_at is not None and not entry.scope:
            newest[entry.client.casefold()] = entry
    for _, entry in sorted(newest.items()):
        yield entry.client, store.load(entry.id)


def _today(audit: Audit) -> date:
    return datetime.now(UTC).astimezone(ZoneInfo(audit.time_zone)).date()


def _lines(audit: Audit) -> tuple[Line, ...]:
    return lines(audit.exceptions, _today(audit), standard_of(audit).content.exceptions.ending_soon_days)


def _record(audit: Audit, listed: Iterable[Line]) -> dict[str, Any]:
    return {
        "client": audit.client,
        "audit": audit.id,
        "as_of": time_text(audit.as_of),
        "exceptions": [line.json() for line in listed],
    }


def _print(listed: Sequence[Line], everything: bool) -> None:
    if not listed:
        say("  no exceptions")
    for group, mine in groupby(listed, key=lambda line: line.group):
        members = list(mine)
        say(f"{WORDS[group]} ({len(members)})")
        for line in members:
            for text in _shown(line, everything):
                say(text)


def _shown(line: Line, everything: bool) -> Iterator[str]:
    yield from _paragraph(f"{line.id} ({line.kind}): {', '.join(line.checks)}", 2)
    most = len(line.endpoints) if everything else _NAMES_SHOWN
    names = ", ".join(line.endpoints[:most])
    if len(line.endpoints) > most:
        names = f"{names} and {len(line.endpoints) - most} more"
    yield from _paragraph(f"{names}: {line.note}{_until(line)}", 4)
    said = [
        _SAID[key].format(_amount(line, value)) for key, value in line.said.items() if key in _SAID and value is not None
    ]
    yield from _paragraph(". ".join(part.rstrip(".") for part in said) + ".", 4)


def _amount(line: Line, value: object) -> str:
    currency = line.said.get("currency")
    return f"{value} {currency}" if isinstance(value, int | float) and currency else str(value)


def _until(line: Line) -> str:
    if line.until is None:
        return f"; since {line.since}"
    if line.days_left is None:
        return f" ({line.since} to {line.until})"
    left = "its last day" if line.days_left == 0 else f"{line.days_left} day{'' if line.days_left == 1 else 's'} left"
    return f"; until {line.until}, {left}"


def _paragraph(text: str, indent: int) -> list[str]:
    space = " " * indent
    return wrap(text, _WIDTH, initial_indent=space, subsequent_indent=space + "  ", break_on_hyphens=False)
