"""What is kept of an audit beside its document, so that many clients can be shown without reading documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from scorecard.portfolio.model import Summary
from scorecard.portfolio.overdue import is_overdue
from scorecard.result import Audit
from scorecard.store.tables import audits


def values(audit: Audit) -> dict[str, Any]:
    """The columns that older versions did not fill."""
    return {
        "unseen": sum(not device.seen for device in audit.devices),
        "overdue": sum(is_overdue(finding, audit.as_of) for finding in audit.findings),
        "provisional": audit.scorecard.provisional,
        "made_up": audit.made_up,
        "time_zone": audit.time_zone,
    }


def clients(connection: Connection) -> tuple[tuple[str, ...], ...]:
    """Every client that an audit was begun of: its name, then others that differ from it in capitals alone."""
    found: dict[str, list[str]] = defaultdict(list)
    query = select(audits.c.client).group_by(audits.c.client).order_by(audits.c.client)
    for name in connection.execute(query).scalars():
        found[name.casefold()].append(name)
    return tuple(tuple(spellings) for _, spellings in sorted(found.items()))


def read(connection: Connection, spellings: Iterable[str]) -> tuple[Summary, ...]:
    """Finished audits of the whole client, oldest first."""
    columns = [audits.c[name] for name in Summary.__dataclass_fields__]
    query = (
        select(*columns)
        .where(audits.c.client.in_(sorted(spellings)), audits.c.scope == "", audits.c.document.is_not(None))
        .order_by(audits.c.as_of, audits.c.id)
    )
    return tuple(Summary(*row) for row in connection.execute(query))
