"""The newest answer of each check on each endpoint, which counts on when nobody answers any more."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("endpoints", sa.Column("answers", sa.LargeBinary))
