"""From which share of the way to which guidance works.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job", sa.Column("guidance_start", sa.Double(), nullable=False, server_default="0"))
    op.add_column("job", sa.Column("guidance_end", sa.Double(), nullable=False, server_default="1"))


def downgrade() -> None:
    op.drop_column("job", "guidance_end")
    op.drop_column("job", "guidance_start")
