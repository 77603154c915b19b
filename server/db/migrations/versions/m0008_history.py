"""Favorites, what people did with pictures, answers that may be asked for twice.

Revision ID: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

DOUBLE: sa.Double[float] = sa.Double()


def upgrade() -> None:
    op.add_column("image", sa.Column("is_favorite", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "engagement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("created_at_s", DOUBLE, nullable=False),
        sa.Column("owner", sa.String(length=255), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("image_id", sa.String(length=40), nullable=True),
        sa.Column("model", sa.String(length=160), nullable=True),
        sa.Column("lora_sha256s", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_engagement"),
    )
    op.create_index("ix_engagement_kind_created", "engagement", ["kind", "created_at_s"])
    op.create_table(
        "answer",
        sa.Column("asked_by", sa.String(length=255), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at_s", DOUBLE, nullable=False),
        sa.PrimaryKeyConstraint("asked_by", "key", name="pk_answer"),
    )
    op.create_index("ix_answer_created", "answer", ["created_at_s"])


def downgrade() -> None:
    op.drop_table("answer")
    op.drop_table("engagement")
    op.drop_column("image", "is_favorite")
