"""What each audit said, a letter a finding, for the strips of later ones. Empty for audits that are there already."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audits", sa.Column("squares", sa.LargeBinary))
