"""The statements that commit an endpoint's result. Built once a database: building one costs more than running it does.

Parameters that begin with `of_` say which rows are meant; the others are columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sqlalchemy import Delete, Insert, Select, Table, Update, and_, bindparam, delete, insert, select, update

from scorecard.store import tables

_observation = tables.observations.c
_endpoint = tables.endpoints.c
_sighting = tables.sightings.c
_one_endpoint = and_(_endpoint.client == bindparam("of_client"), _endpoint.name == bindparam("of_name"))
_of_endpoint = and_(_sighting.client == bindparam("of_client"), _sighting.endpoint == bindparam("of_name"))


@dataclass(frozen=True)
class Statements:
    """`keep_…`, `expect_…` and `note_…` leave what is there already: another audit may have written it just now."""

    add_result: Insert
    forget_results: Delete
    forget_links: Delete
    kept_digests: Select[tuple[str]]  # which of `of_digests` are kept already
    keep_observations: Insert
    link_observations: Insert
    expect_endpoint: Insert
    remember_endpoint: Update
    sightings: Select[tuple[str, str]]
    forget_sightings: Delete
    note_sightings: Insert


@cache
def of(dialect: str) -> Statements:
    """`dialect`: sqlite or postgresql."""
    return Statements(
        add_result=insert(tables.results),
        forget_results=_of_audit(tables.results),
        forget_links=_of_audit(tables.observed),
        kept_digests=select(_observation.digest).where(_observation.digest.in_(bindparam("of_digests", expanding=True))),
        keep_observations=_unless_there(dialect, tables.observations),
        link_observations=insert(tables.observed),
        expect_endpoint=_unless_there(dialect, tables.endpoints),
        remember_endpoint=update(tables.endpoints).where(_one_endpoint),
        sightings=select(_sighting.topic, _sighting.name).where(_of_endpoint),
        forget_sightings=delete(tables.sightings).where(
            _of_endpoint, _sighting.topic == bindparam("of_topic"), _sighting.name == bindparam("of_sighting")
        ),
        note_sightings=_unless_there(dialect, tables.sightings),
    )


def _of_audit(table: Table) -> Delete:
    return delete(table).where(table.c.audit_id == bindparam("of_audit"), table.c.endpoint == bindparam("of_name"))


def _unless_there(dialect: str, table: Table) -> Insert:
    # Each takes its time to load, and one is enough.
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table).on_conflict_do_nothing()
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table).on_conflict_do_nothing()
