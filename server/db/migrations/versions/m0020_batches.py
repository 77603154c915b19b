"""Batches of requests, whose lines become jobs.

Revision ID: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

DOUBLE: sa.Double[float] = sa.Double()


def upgrade() -> None:
    op.add_column("job", sa.Column("batch_id", sa.String(32), nullable=True))
    op.add_column("job", sa.Column("batch_line", sa.Integer(), nullable=True))
    op.create_index("ix_job_batch", "job", ["batch_id", "batch_line"])
    op.create_table(
        "batch",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("address", sa.String(64), nullable=True),
        sa.Column("key_id", sa.String(32), nullable=True),
        sa.Column("end_user", sa.String(128), nullable=True),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("base_name", sa.String(255), nullable=False),
        sa.Column("base_sha256", sa.String(64), nullable=False),
        sa.Column("num_lines", sa.Integer(), nullable=False),
        sa.Column("num_images", sa.Integer(), nullable=False),
        sa.Column("num_px", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("waits_until_s", DOUBLE, nullable=False),
        sa.Column("waits_for", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("created_at_s", DOUBLE, nullable=False),
    )
    op.create_index("ix_batch_open", "batch", ["is_open", "created_at_s"])
    op.create_index("ix_batch_owner_created", "batch", ["owner", "created_at_s"])
    op.create_table(
        "batch_line",
        sa.Column("batch_id", sa.String(32), sa.ForeignKey("batch.id", ondelete="CASCADE"), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("job_id", sa.String(32), nullable=True),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("num_images", sa.Integer(), nullable=False),
        sa.Column("work", sa.BigInteger(), nullable=False),
        sa.Column("vae_px", sa.BigInteger(), nullable=False),
        sa.Column("error_code", sa.String(32), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("batch_id", "line", name="pk_batch_line"),
        sa.CheckConstraint("status IN ('waiting', 'fed', 'refused', 'cancelled')", name="ck_batch_line_status"),
    )
    op.create_index("ix_batch_line_status", "batch_line", ["batch_id", "status", "line"])


def downgrade() -> None:
    op.drop_table("batch_line")
    op.drop_table("batch")
    op.drop_index("ix_job_batch", "job")
    op.drop_column("job", "batch_line")
    op.drop_column("job", "batch_id")
