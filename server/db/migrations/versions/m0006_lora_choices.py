"""The operator's choices for LoRAs, and how often each LoRA was used.

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

DOUBLE: sa.Double[float] = sa.Double()


def upgrade() -> None:
    op.create_table(
        "lora_choice",
        sa.Column("target", sa.String(160), primary_key=True),
        sa.Column("pinned_version", sa.String(64)),
        sa.Column("trigger", sa.Text()),
        sa.Column("weight", DOUBLE, nullable=True),
    )
    op.create_table(
        "lora_use",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("num_jobs", sa.Integer(), nullable=False),
    )
    op.add_column("lora", sa.Column("default_weight", DOUBLE))


def downgrade() -> None:
    op.drop_column("lora", "default_weight")
    op.drop_table("lora_use")
    op.drop_table("lora_choice")
