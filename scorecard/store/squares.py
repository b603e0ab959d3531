"""What each audit said, a letter a finding, kept beside its document: strips are drawn without reading documents."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, select

from scorecard import strips
from scorecard.errors import StoreError
from scorecard.result import Audit
from scorecard.store.rows import pack, unpack
from scorecard.store.tables import audits
from scorecard.strips import Squares

log = logging.getLogger(__name__)


def packed(audit: Audit) -> bytes | None:
    """The column of that name. None for a look at a part, which is no audit of the client's in any strip."""
    return None if audit.scope else pack(strips.dumps(strips.squares(audit)))


def read(connection: Connection, audit_ids: Iterable[str]) -> Iterator[tuple[str, Squares]]:
    """Audit by audit, in any order, so that a large fleet's are never held together."""
    column = audits.c
    query = select(column.id, column.squares).where(column.id.in_(sorted(audit_ids)), column.squares.is_not(None))
    for row in connection.execute(query):
        try:
            yield row.id, strips.loads(unpack(row.squares))
        except (StoreError, ValueError):
            log.debug("what audit %s said is damaged", row.id, exc_info=True)
