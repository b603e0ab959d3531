"""`scorecard report`: write the reports of a stored audit, or of an audit document, again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from scorecard import outputs
from scorecard.cli import portfolio
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
from scorecard.cli.writing import what_to_write
from scorecard.document_file import read
from scorecard.document_writing import dumps
from scorecard.portfolio.build import Order, Reports
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
@click.option("--portfolio", "as_portfolio", is_flag=True, help="A site with all clients of the store, in DIR.")
@click.option("--all", "of_audits", flag_value="all", help="In a portfolio: reports of every audit, not the newest alone.")
@click.option("--no-reports", "of_audits", flag_value="none", help="In a portfolio: no reports, so that it takes seconds.")
@click.option("--tables", is_flag=True, help="In a portfolio: tables of every audit for analysts, as CSV.")
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
    as_portfolio: bool,
    of_audits: str | None,
    tables: bool,
    store_url: str | None,
    check_folders: tuple[Path, ...],
) -> None:
    """Write the reports of AUDIT (an id, its beginning, or an audit.json); without it, of the newest audit.

    With --portfolio: a static site with every client of the store.
    """
    if of_audits and not as_portfolio:
        raise click.UsageError(f"--{'all' if of_audits == 'all' else 'no-reports'} goes with --portfolio")
    if tables and not as_portfolio:
        raise click.UsageError("--tables goes with --portfolio; for one client: scorecard history --tables DIR")
    if as_portfolio and (audit or client or as_json or evidence):
        raise click.UsageError("--portfolio shows all clients, and goes with --out, --format, --edition and --store")
    files = folder is not None or not as_json
    wanted, look = what_to_write(formats, editions, with_letter=with_letter, redact=redact, as_json=as_json, files=files)
    registry = Registry.load(check_folders)
    if as_portfolio:
        target = folder or Path("scorecard-portfolio")
        kind = Reports(of_audits or Reports.NEWEST)
        order = Order(target, datetime.now(UTC), kind, wanted if formats else portfolio.FORMATS, look, tables)
        portfolio.write(order, registry, store_url)
        return
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
