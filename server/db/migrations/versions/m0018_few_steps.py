"""The operator's word on LoRAs that are distilled to few steps.

Revision ID: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lora_choice", sa.Column("family", sa.String(32)))
    op.add_column("lora_choice", sa.Column("steps", sa.Integer()))


def downgrade() -> None:
    op.drop_column("lora_choice", "steps")
    op.drop_column("lora_choice", "family")
