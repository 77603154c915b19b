"""The account of what was asked for, kept apart from the jobs.

Revision ID: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

DOUBLE: sa.Double[float] = sa.Double()


def upgrade() -> None:
    op.create_table(
        "generation",
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=255), nullable=False),
        sa.Column("counted_by", sa.String(length=255), nullable=False),
        sa.Column("created_at_s", DOUBLE, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("num_images", sa.Integer(), nullable=False),
        sa.Column("num_finished", sa.Integer(), nullable=False),
        sa.Column("gpu_s", DOUBLE, nullable=False),
        sa.Column("reserved_gpu_s", DOUBLE, nullable=False),
        sa.PrimaryKeyConstraint("job_id", name="pk_generation"),
    )
    op.create_index("ix_generation_counted_created", "generation", ["counted_by", "created_at_s"])
    op.create_index("ix_generation_owner_day", "generation", ["owner", "day"])


def downgrade() -> None:
    op.drop_table("generation")
