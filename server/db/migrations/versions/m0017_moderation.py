"""Moderation: the score and verdict of an image, what was decided, accounts that are exempt.

Revision ID: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

DOUBLE: sa.Double[float] = sa.Double()


def upgrade() -> None:
    op.add_column("image", sa.Column("verdict", sa.String(16), nullable=True))
    op.add_column("image", sa.Column("moderation_score", DOUBLE, nullable=True))
    op.create_index("ix_image_verdict", "image", ["verdict", "finished_at_s"])
    op.add_column("account", sa.Column("is_unmoderated", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "moderation_decision",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("created_at_s", DOUBLE, nullable=False),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("decided_by", sa.String(255), nullable=False),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("image_id", sa.String(40), nullable=True),
        sa.Column("asset_sha256", sa.String(64), nullable=True),
        sa.Column("score", DOUBLE, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
    )
    op.create_index("ix_moderation_decision_created", "moderation_decision", ["created_at_s"])


def downgrade() -> None:
    op.drop_table("moderation_decision")
    op.drop_column("account", "is_unmoderated")
    op.drop_index("ix_image_verdict", "image")
    op.drop_column("image", "moderation_score")
    op.drop_column("image", "verdict")
