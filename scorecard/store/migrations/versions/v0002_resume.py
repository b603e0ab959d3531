"""What --resume needs to know of an audit: its run, whether some were not asked any more, by what results were judged."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audits", sa.Column("run", sa.String(36), nullable=False, server_default=""))
    op.add_column("audits", sa.Column("basis", sa.String(64), nullable=False, server_default=""))
    op.add_column("audits", sa.Column("interrupted", sa.Boolean, nullable=False, server_default=sa.false()))
