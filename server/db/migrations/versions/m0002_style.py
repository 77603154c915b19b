"""The style of a job.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job", sa.Column("style", sa.String(length=32), nullable=True))


def downgrade() -> None:
    op.drop_column("job", "style")
