"""The hash over each audit's document, which the next one's holds."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audits", sa.Column("chain", sa.String(71)))
