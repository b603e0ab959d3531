"""`scorecard report --portfolio`: a site with every client of the store, for the provider's own people."""

from __future__ import annotations

from scorecard.cli.terminal import complain, say
from scorecard.portfolio import build
from scorecard.portfolio.build import Order, Reports
from scorecard.portfolio.model import Client
from scorecard.registry import Registry, portfolio_site
from scorecard.store import Store

FORMATS = ("html", "xlsx")  # the audit document is in the store, and large


def write(order: Order, registry: Registry, store_url: str | None) -> None:
    """Prints the path of the first page. Raises InputError before anything is written, ReportError after."""
    build.check_target(order.folder)
    site = portfolio_site()
    store = Store.open(store_url)
    try:
        say(str(build.write(store, registry, site, order, _told if order.reports is not Reports.NONE else _silent)))
    finally:
        store.close()


def _told(client: Client, done: int, total: int) -> None:
    say(f"{done} of {total}: {client.name}", err=True)
    if count := len(client.unreadable):
        complain(f"{client.name}: no reports of {count} audit(s), which this version cannot read")


def _silent(_client: Client, _done: int, _total: int) -> None:
    return
