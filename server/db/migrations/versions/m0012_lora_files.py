"""LoRAs: the file they come from, what of it is ignored, and the failure of bytes that make no image.

Revision ID: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lora", sa.Column("file", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("lora", sa.Column("ignored", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("lora", sa.Column("failure", sa.Text(), nullable=True))
    op.execute("UPDATE lora SET file = label || '.safetensors'")


def downgrade() -> None:
    for column in ("failure", "ignored", "file"):
        op.drop_column("lora", column)
