"""From what a machine answered to its support facts; what the answers mean is in one file a platform."""

from __future__ import annotations

from scorecard.model import Fact, Host, Observations, Platform, Seen

from . import linux, macos, windows
from .shape import Contract, OsSupport
from .table import FILE, SupportRow, find


def parse(observations: Observations, host: Host) -> OsSupport:
    """Never raises for what a machine answers; a DataError of the table comes through."""
    contracts: Fact[tuple[Contract, ...]] = Seen(())
    conflict: Fact[str | None] = Seen(None)
    if host.platform is Platform.LINUX:
        identity = linux.identity(observations, host)
        conflict = linux.conflict(observations, identity)
        contracts = linux.contracts(observations, identity)
    elif host.platform is Platform.MACOS:
        identity = macos.identity(host)
        conflict = macos.conflict(host)
    else:
        identity = windows.identity(observations, host)
        conflict = windows.conflict(observations, host)
        contracts = windows.contracts(observations, host)
    table = FILE.load()
    row: Fact[SupportRow | None]
    if isinstance(identity, Seen):
        known = identity.value
        row = Seen(find(table.rows, known.product, known.version, known.edition))
    else:
        row = identity
    mine = [row.as_of for row in table.rows if isinstance(identity, Seen) and row.product == identity.value.product]
    return OsSupport(identity, conflict, row, contracts, max(mine, default=table.newest))
