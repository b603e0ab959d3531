"""What the store remembers of a client's waived findings; see exceptions/apply.py, which says what that is for."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select

from scorecard.errors import StoreError
from scorecard.exceptions.entries import Fingerprint, Kept
from scorecard.store.rows import DAMAGED, pack, unpack
from scorecard.store.tables import excepted


def read(connection: Connection, client: str) -> tuple[Kept, ...]:
    """Raises StoreError where what is kept cannot be read back."""
    column = excepted.c
    query = select(excepted).where(column.client == client).order_by(column.check_id, column.endpoint, column.since)
    return tuple(
        Kept(
            check=row.check_id,
            endpoint=row.endpoint,
            since=row.since,
            exception=row.exception,
            begun_at=row.begun_at,
            first=_fingerprint(unpack(row.fingerprint)),
            placed_at=row.placed_at,
            ended_at=row.ended_at,
        )
        for row in connection.execute(query)
    )


def write(connection: Connection, client: str, kept: Iterable[Kept]) -> None:
    """In place of all that was remembered of the client."""
    connection.execute(delete(excepted).where(excepted.c.client == client))
    rows = [
        {
            "client": client,
            "check_id": one.check,
            "endpoint": one.endpoint,
            "since": one.since,
            "exception": one.exception,
            "begun_at": one.begun_at,
            "fingerprint": pack(one.first.text),
            "placed_at": one.placed_at,
            "ended_at": one.ended_at,
        }
        for one in kept
    ]
    if rows:
        connection.execute(insert(excepted), rows)


def _fingerprint(text: str) -> Fingerprint:
    try:
        return Fingerprint.read(text)
    except (ValueError, TypeError, LookupError) as error:
        raise StoreError(DAMAGED) from error
