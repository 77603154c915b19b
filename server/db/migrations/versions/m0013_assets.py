"""Images made from images: which assets a job uses, and the work of the VAE.

Revision ID: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("image", sa.Column("vae_px", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE image SET vae_px = num_px")
    op.create_table(
        "job_asset",
        sa.Column("job_id", sa.String(32), sa.ForeignKey("job.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("storage_key", sa.String(255), nullable=False),
    )
    op.create_index("ix_job_asset_key", "job_asset", ["storage_key"])
    op.create_index("ix_asset_owner", "asset", ["owner"])


def downgrade() -> None:
    op.drop_index("ix_asset_owner", "asset")
    op.drop_table("job_asset")
    op.drop_column("image", "vae_px")
