"""`scorecard report`: write the reports of a stored audit, or of an audit document, again."""

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
from scorecard.cli.terminal import say, say_json
from scorecard.document_file import read
from scorecard.document_writing import dumps
from scorecard.registry import Registry
from scorecard.store import Store


@click.command()
@click.argument("audit", required=False, metavar="[AUDIT|FILE]")
@click.option("--client", metavar="NAME", help="The newest audit of this client.")
@out_option
@format_option
@edition_option
@letter_option
@redact_option
@click.option("--json", "as_json", is_flag=True, help="Print the audit document on standard output.")
@click.option("--evidence", is_flag=True, help="Put the raw answers into audit.json as well.")
@store_option
@checks_option
def report(
    audit: str | None,
    client: str | None,
    folder: Path | None,
    formats: str | None,
    editions: str | None,
    with_letter: bool,
    redact: bool | None,
    as_json: bool,
    evidence: bool,
    store_url: str | None,
    check_folders: tuple[Path, ...],
) -> None:
    """Write the reports of AUDIT (an id, its beginning, or an audit.json); without it, of the newest audit."""
    if as_json and folder is None and (formats or editions):
        raise click.UsageError(f"{'--format' if formats else '--edition'} writes files, so give --out as well")
    look = outputs.look(editions, with_letter=with_letter, redact=redact)
    wanted = outputs.chosen_formats(formats, look)
    registry = Registry.load(check_folders)
    store = Store.open(store_url)
    try:
        file = Path(audit) if audit is not None and audit.endswith(".json") else None
        chosen = read(file) if file else store.load(audit, client)
        raw = outputs.travelling_evidence(store, chosen) if evidence else None
        if as_json:
            say_json(dumps(chosen, raw))
            if folder is None:
                return
        target = folder or Path("scorecard-report")
        shown = outputs.context(chosen, store, registry, wanted)
        for path in outputs.write(chosen, target, wanted, shown, raw, look):
            say(str(path), err=as_json)
    finally:
        store.close()
