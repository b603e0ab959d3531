"""First tables: audits, results, observations, endpoints, sightings.

A migration is frozen once released: it spells its tables out and imports none of the tool's.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audits",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("client", sa.String(255), nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("as_of", sa.DateTime),
        sa.Column("finished_at", sa.DateTime),
        sa.Column("scope", sa.String(1000), nullable=False),
        sa.Column("score", sa.Float),
        sa.Column("letter", sa.String(1)),
        sa.Column("coverage", sa.Float),
        sa.Column("devices", sa.Integer),
        sa.Column("open_findings", sa.Integer),
        sa.Column("document", sa.LargeBinary),
        sa.PrimaryKeyConstraint("id", name="pk_audits"),
    )
    op.create_index("ix_audits_client", "audits", ["client", "started_at"])
    op.create_table(
        "results",
        sa.Column("audit_id", sa.String(36), nullable=False),
        sa.Column("endpoint", sa.String(255), nullable=False),
        sa.Column("committed_at", sa.DateTime, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("audit_id", "endpoint", name="pk_results"),
        sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name="fk_results_audit_id", ondelete="CASCADE"),
    )
    op.create_table(
        "observations",
        sa.Column("digest", sa.String(71), nullable=False),
        sa.Column("part", sa.String(255), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("code", sa.Integer),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("text", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_observations"),
    )
    op.create_table(
        "observed",
        sa.Column("audit_id", sa.String(36), nullable=False),
        sa.Column("endpoint", sa.String(255), nullable=False),
        sa.Column("digest", sa.String(71), nullable=False),
        sa.Column("observed_at", sa.DateTime),
        sa.Column("duration_ms", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("audit_id", "endpoint", "digest", name="pk_observed"),
        sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name="fk_observed_audit_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["digest"], ["observations.digest"], name="fk_observed_digest"),
    )
    op.create_table(
        "endpoints",
        sa.Column("client", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("expected_since", sa.DateTime, nullable=False),
        sa.Column("first_seen_at", sa.DateTime),
        sa.Column("last_seen_at", sa.DateTime),
        sa.Column("role", sa.String(16)),
        sa.Column("platform", sa.String(16)),
        sa.Column("os_name", sa.String(255), nullable=False),
        sa.Column("os_version", sa.String(64), nullable=False),
        sa.Column("os_build", sa.String(255), nullable=False),
        sa.Column("address", sa.String(255), nullable=False),
        sa.Column("site", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("client", "name", name="pk_endpoints"),
    )
    op.create_table(
        "sightings",
        sa.Column("client", sa.String(255), nullable=False),
        sa.Column("endpoint", sa.String(255), nullable=False),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("first_seen_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("client", "endpoint", "topic", "name", name="pk_sightings"),
    )
