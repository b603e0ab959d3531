"""`scorecard rejudge`: an audit of the store under another standard, without touching an endpoint."""

from __future__ import annotations

from pathlib import Path

import click

from scorecard import outputs
from scorecard.cli.options import (
    checks_option,
    edition_option,
    format_option,
    letter_option,
    out_option,
    redact_option,
    store_option,
)
from scorecard.cli.summary import show
from scorecard.cli.terminal import say_json
from scorecard.cli.writing import what_to_write
from scorecard.document import built
from scorecard.document_file import observations_of, read_raw
from scorecard.document_writing import dumps
from scorecard.registry import Registry
from scorecard.rejudge import rejudge as judge_again
from scorecard.standard import load
from scorecard.store import Store


@click.command()
@click.argument("audit", required=False, metavar="[AUDIT|FILE]")
@click.option("--client", metavar="NAME", help="The newest audit of this client.")
@click.option(
    "--standard", required=True, metavar="NAME|FILE", help="Standard to judge by: a shipped one's name or a file."
)
@out_option
@format_option
@edition_option
@letter_option
@redact_option
@click.option("--json", "as_json", is_flag=True, help="Print the audit document on standard output.")
@store_option
@checks_option
def rejudge(
    audit: str | None,
    client: str | None,
    standard: str,
    folder: Path | None,
    formats: str | None,
    editions: str | None,
    with_letter: bool,
    redact: bool | None,
    as_json: bool,
    store_url: str | None,
    check_folders: tuple[Path, ...],
) -> None:
    """Judge AUDIT again under another standard: an id of the store, or a document that has its raw answers.

    Writes reports with --out; the audit in the store stays as it is.
    """
    wanted, look = what_to_write(
        formats, editions, with_letter=with_letter, redact=redact, as_json=as_json, files=folder is not None
    )
    registry = Registry.load(check_folders)
    rules = load(standard, registry.checks)
    store = Store.open(store_url)
    try:
        if audit is not None and audit.endswith(".json"):
            raw = read_raw(Path(audit))
            done = judge_again(built(raw, audit), observations_of(raw), registry, rules)
        else:
            kept = store.load(audit, client)
            done = judge_again(kept, store.answers(kept.id), registry, rules)
        shown = outputs.context(done, store, registry, wanted) if folder else None
        files = outputs.write(done, folder, wanted, shown, chosen=look) if folder and shown else []
    finally:
        store.close()
    if as_json:
        say_json(dumps(done))
    show(done, files, shown, err=as_json)
