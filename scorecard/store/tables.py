"""The tables of the history. A change here needs a migration in migrations/versions/; a test compares the two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    false,
    true,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """Aware UTC in Python, plain UTC in the database (SQLite keeps no zone)."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


# SQLite's Integer holds 64 bits as it is.
_LARGE = BigInteger().with_variant(Integer(), "sqlite")

# One audit. `document` is the finished audit document, compressed; without it the audit never finished.
audits = Table(
    "audits",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("client", String(255), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("as_of", Moment),
    Column("finished_at", Moment),
    Column("scope", String(1000), nullable=False, default=""),
    Column("run", String(36), nullable=False, server_default=""),  # the audits that were begun together
    Column("basis", String(64), nullable=False, server_default=""),  # of what its results are judged by, a hash
    # Some were not asked any more, or would have been asked again.
    Column("interrupted", Boolean, nullable=False, server_default=false()),
    Column("reported", Boolean, nullable=False, server_default=true()),  # its reports were written
    Column("score", Float),
    Column("letter", String(1)),
    Column("coverage", Float),
    Column("devices", Integer),
    Column("open_findings", Integer),
    Column("document", LargeBinary),
    Column("chain", String(71)),  # the hash over the document, see seal.py
    # What a portfolio shows beside these, see summaries.py; NULL where an older version made the audit.
    Column("unseen", Integer),
    Column("overdue", Integer),
    Column("provisional", Boolean),
    Column("made_up", Boolean),
    Column("time_zone", String(255)),
    # What it said of each check on each machine, compressed, see strips.py; NULL of a part, or by an older version.
    Column("squares", LargeBinary),
    Index("ix_audits_client", "client", "started_at"),
)

# What one endpoint gave in one audit, committed as it arrives. `content`: device and findings, compressed JSON.
results = Table(
    "results",
    metadata,
    Column("audit_id", ForeignKey("audits.id", ondelete="CASCADE"), primary_key=True),
    Column("endpoint", String(255), primary_key=True),
    Column("committed_at", Moment, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

# Raw observations, each text once, compressed.
observations = Table(
    "observations",
    metadata,
    Column("digest", String(71), primary_key=True),
    Column("part", String(255), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("code", _LARGE),  # an HRESULT is larger than PostgreSQL's Integer
    Column("reason", String(1000), nullable=False),
    Column("text", LargeBinary, nullable=False),
)

# Which endpoint gave which observation, and when.
observed = Table(
    "observed",
    metadata,
    Column("audit_id", ForeignKey("audits.id", ondelete="CASCADE"), primary_key=True),
    Column("endpoint", String(255), primary_key=True),
    Column("digest", ForeignKey("observations.digest"), primary_key=True),
    Column("observed_at", Moment),
    Column("duration_ms", _LARGE, nullable=False),  # as the machine tells it
)

# What is known of a client's endpoints from earlier audits.
endpoints = Table(
    "endpoints",
    metadata,
    Column("client", String(255), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("expected_since", Moment, nullable=False),
    Column("first_seen_at", Moment),
    Column("last_seen_at", Moment),
    Column("role", String(16)),
    Column("platform", String(16)),
    Column("os_name", String(255), nullable=False, default=""),
    Column("os_version", String(64), nullable=False, default=""),
    Column("os_build", String(255), nullable=False, default=""),
    Column("address", String(255), nullable=False, default=""),
    Column("site", String(255), nullable=False, default=""),
    Column("answers", LargeBinary),  # the newest answer of each check, compressed; see answers.py
)

# When things were first seen, such as a missing update; a row goes when the thing is gone.
sightings = Table(
    "sightings",
    metadata,
    Column("client", String(255), primary_key=True),
    Column("endpoint", String(255), primary_key=True),
    Column("topic", String(64), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("first_seen_at", Moment, nullable=False),
)

# What is remembered of waived findings, for as long as an entry of that day may run.
excepted = Table(
    "excepted",
    metadata,
    Column("client", String(255), primary_key=True),
    Column("check_id", String(255), primary_key=True),
    Column("endpoint", String(255), primary_key=True),
    Column("since", Date, primary_key=True),  # the entry's first day: with another one it is another agreement
    Column("exception", String(64), nullable=False),
    Column("begun_at", Moment, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),  # what was found then, compressed JSON
    Column("placed_at", Moment),
    Column("ended_at", Moment),
)
