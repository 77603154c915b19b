"""Pictures that their owners have shared; the LoRA of requests that name none.

Revision ID: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

DOUBLE: sa.Double[float] = sa.Double()


def upgrade() -> None:
    op.add_column("lora_choice", sa.Column("is_default", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "share",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("image_id", sa.String(40), sa.ForeignKey("image.id", ondelete="CASCADE"), nullable=False),
        sa.Column("created_at_s", DOUBLE, nullable=False),
        sa.Column("is_example", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.UniqueConstraint("image_id", name="uq_share_image_id"),
    )


def downgrade() -> None:
    op.drop_table("share")
    op.drop_column("lora_choice", "is_default")
