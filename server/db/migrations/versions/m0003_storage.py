"""How much of a job its files contain, and how often a picture was downloaded.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job", sa.Column("embed_parameters", sa.String(length=8), nullable=False, server_default="full"))
    op.add_column("image", sa.Column("downloads", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("image", "downloads")
    op.drop_column("job", "embed_parameters")
