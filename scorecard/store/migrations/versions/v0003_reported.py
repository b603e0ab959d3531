"""Whether an audit's reports were written; room in PostgreSQL for the codes that Windows answers with."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audits", sa.Column("reported", sa.Boolean, nullable=False, server_default=sa.true()))
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("observations", "code", type_=sa.BigInteger)
        op.alter_column("observed", "duration_ms", type_=sa.BigInteger)
