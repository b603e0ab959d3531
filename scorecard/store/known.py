"""What is known of a client's endpoints from earlier audits: how each was seen last, and since when things are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from scorecard.collect import Remembered
from scorecard.model import Platform, Role
from scorecard.result import System
from scorecard.store.rows import Prepared, unpack
from scorecard.store.statements import Statements
from scorecard.store.tables import endpoints, sightings


def remember(connection: Connection, statements: Statements, client: str, result: Prepared) -> None:
    """What was seen replaces what was known; an endpoint that was not seen is only noted as expected."""
    row = {"client": client, "name": result.endpoint, "expected_since": result.expected_since}
    connection.execute(statements.expect_endpoint, row)
    if result.known is not None:
        mine = {"of_client": client, "of_name": result.endpoint}
        connection.execute(statements.remember_endpoint, {**result.known, **mine})
        _note_sightings(connection, statements, mine, result)


def _note_sightings(connection: Connection, statements: Statements, mine: Mapping[str, str], result: Prepared) -> None:
    """Keep the first date of what is still there, add what is new, forget what is gone."""
    there = {(row.topic, row.name) for row in connection.execute(statements.sightings, mine)}
    now = {(topic, name) for topic, names in result.sightings.items() for name in names}
    gone = [
        {**mine, "of_topic": topic, "of_sighting": name} for topic, name in sorted(there - now) if topic in result.sightings
    ]
    if gone:
        connection.execute(statements.forget_sightings, gone)
    fixed = {"client": mine["of_client"], "endpoint": mine["of_name"], "first_seen_at": result.as_of}
    if new := [{**fixed, "topic": topic, "name": name} for topic, name in sorted(now - there)]:
        connection.execute(statements.note_sightings, new)


def read(connection: Connection, client: str) -> dict[str, Remembered]:
    """By name. Raises StoreError where what is kept cannot be read back."""
    rows = connection.execute(select(endpoints).where(endpoints.c.client == client)).all()
    seen = connection.execute(select(sightings).where(sightings.c.client == client)).all()
    found = {
        row.name: Remembered(
            role=Role(row.role) if row.role else None,
            platform=Platform(row.platform) if row.platform else None,
            os=System(row.os_name, row.os_version, row.os_build),
            address=row.address,
            site=row.site,
            expected_since=row.expected_since,
            first_seen_at=row.first_seen_at,
            last_seen_at=row.last_seen_at,
            answers=unpack(row.answers) if row.answers else "",
        )
        for row in rows
    }
    dates: dict[str, dict[str, dict[str, datetime]]] = {}
    for row in seen:
        dates.setdefault(row.endpoint, {}).setdefault(row.topic, {})[row.name] = row.first_seen_at
    return {name: replace(known, sightings=dates.get(name, {})) for name, known in found.items()}
