"""Work of the VAE and of upscalers: pixels that are encoded and enlarged count for themselves.

Revision ID: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("image", sa.Column("encode_px", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("image", sa.Column("upscale_px", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("image", "upscale_px")
    op.drop_column("image", "encode_px")
