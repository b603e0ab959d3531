"""What of a run is done and what can be gone on with: the questions behind --resume."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select

from scorecard.store import tables


@dataclass(frozen=True, slots=True)
class Begun:
    """An audit that was begun. `results`: of so many endpoints there is one."""

    id: str
    started_at: datetime
    results: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """One audit of a run. `ended`: everybody was asked. `reported`: and its reports were written."""

    id: str
    client: str
    basis: str
    ended: bool
    reported: bool


@dataclass(frozen=True, slots=True)
class Run:
    """Audits that were begun together, oldest first; of a client several where one could not be gone on with.

    `started_at`: of the last of them; with many clients and windows of days the first may have ended weeks before.
    """

    id: str
    started_at: datetime
    parts: tuple[Part, ...]

    def is_done(self, client: str) -> bool:
        mine = self._of(client)
        return bool(mine) and mine[-1].ended and mine[-1].reported

    def ended(self, client: str, basis: str) -> str | None:
        """The client's audit, where everybody was asked and judged by this."""
        return next((part.id for part in reversed(self._of(client)) if part.ended and part.basis == basis), None)

    def is_judged_otherwise(self, client: str, basis: str) -> bool:
        """Whether there is something of this client, but none that was judged by this."""
        mine = self._of(client)
        return bool(mine) and all(part.basis != basis for part in mine)

    def _of(self, client: str) -> list[Part]:
        return [part for part in self.parts if part.client == client]


def last_run(connection: Connection, clients: Iterable[str], scope: str) -> Run | None:
    column = tables.audits.c
    query = (
        select(
            column.id,
            column.client,
            column.basis,
            column.run,
            column.started_at,
            column.finished_at,
            column.interrupted,
            column.reported,
        )
        .where(column.client.in_(sorted(clients)), column.scope == scope, column.run != "")
        .order_by(column.started_at, column.id)
    )
    rows = connection.execute(query).all()
    mine = [row for row in rows if row.run == rows[-1].run]
    if not mine:
        return None
    parts = tuple(
        Part(row.id, row.client, row.basis, row.finished_at is not None and not row.interrupted, row.reported)
        for row in mine
    )
    return Run(mine[-1].run, mine[-1].started_at, parts)


def broken_off(connection: Connection, client: str, scope: str, basis: str, run: str) -> Begun | None:
    column, result = tables.audits.c, tables.results.c
    query = select(column.id, column.started_at).where(
        column.client == client,
        column.scope == scope,
        column.basis == basis,
        column.run == run,
        or_(column.finished_at.is_(None), column.interrupted),
    )
    newest = connection.execute(query.order_by(column.started_at.desc()).limit(1)).first()
    if newest is None:
        return None
    count = connection.execute(select(func.count()).where(result.audit_id == newest.id)).scalar_one()
    return Begun(newest.id, newest.started_at, count)
