"""Names that differ in capitals only are one name, as in the inventory: of clients and of endpoints."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select, update

from scorecard.store import tables


def spellings(connection: Connection, client: str) -> set[str]:
    """The client's name in all the capitals in which there are audits of it."""
    found = connection.execute(select(tables.audits.c.client).distinct()).scalars()
    return {name for name in found if name.casefold() == client.casefold()}


def take_over(connection: Connection, client: str) -> None:
    """What is kept of the client in other capitals goes by this name from now on.

    Else it would begin anew with a shift key: without history, without those that left its inventory.
    """
    for old in spellings(connection, client) - {client}:
        taken = connection.execute(
            select(tables.endpoints.c.name).where(tables.endpoints.c.client == client).limit(1)
        ).first()
        known = () if taken else (tables.endpoints, tables.sightings, tables.excepted)
        for table in (tables.audits, *known):
            connection.execute(update(table).where(table.c.client == old).values(client=client))


def rename(connection: Connection, client: str, renamed: Mapping[str, str]) -> None:
    """Endpoints of a client, old name to new."""
    columns = (
        (tables.endpoints, tables.endpoints.c.name),
        (tables.sightings, tables.sightings.c.endpoint),
        (tables.excepted, tables.excepted.c.endpoint),
    )
    for old, new in renamed.items():
        for table, column in columns:
            connection.execute(update(table).where(table.c.client == client, column == old).values({column: new}))
