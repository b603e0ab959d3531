"""Raw answers: each text is kept once, however many endpoints gave it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from sqlalchemy import Connection, select

from scorecard.model import Observation
from scorecard.store import tables
from scorecard.store.rows import Prepared, observation_of
from scorecard.store.statements import Statements

_ROWS = 500  # read at a time


def keep(connection: Connection, statements: Statements, audit_id: str, result: Prepared) -> None:
    if not result.observations:
        return
    digests = [row["digest"] for row in result.observations]
    there = set(connection.execute(statements.kept_digests, {"of_digests": digests}).scalars())
    if new := [row for row in result.observations if row["digest"] not in there]:
        connection.execute(statements.keep_observations, new)
    connection.execute(statements.link_observations, [{"audit_id": audit_id, **link} for link in result.links])


def read(
    connection: Connection, audit_id: str, digests: Iterable[str] | None
) -> Iterator[tuple[str, dict[str, Observation]]]:
    """Endpoint by endpoint, in order of their names; all, or only those named. Those without any are left out."""
    link, kept = tables.observed.c, tables.observations.c
    query = (
        select(link.endpoint, link.digest, link.observed_at, link.duration_ms, *kept)
        .join(tables.observations, kept.digest == link.digest)
        .where(link.audit_id == audit_id)
        .order_by(link.endpoint, kept.part, kept.digest)
    )
    wanted = None if digests is None else frozenset(digests)
    rows = connection.execution_options(yield_per=_ROWS).execute(query)
    for endpoint, of_endpoint in groupby(rows, key=lambda row: str(row.endpoint)):
        found = {row.digest: observation_of(row) for row in of_endpoint if wanted is None or row.digest in wanted}
        if found:
            yield endpoint, found
