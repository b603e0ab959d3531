"""What a portfolio shows of an audit, beside its document. Empty for audits that are there already."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audits", sa.Column("unseen", sa.Integer))
    op.add_column("audits", sa.Column("overdue", sa.Integer))
    op.add_column("audits", sa.Column("provisional", sa.Boolean))
    op.add_column("audits", sa.Column("made_up", sa.Boolean))
    op.add_column("audits", sa.Column("time_zone", sa.String(255)))
