"""Jobs, pictures, events, LoRAs.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

DOUBLE: sa.Double[float] = sa.Double()


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("final_prompt", sa.Text(), nullable=False),
        sa.Column("negative_prompt", sa.Text(), nullable=False),
        sa.Column("num_images", sa.Integer(), nullable=False),
        sa.Column("quality", sa.String(length=16), nullable=False),
        sa.Column("num_inference_steps", sa.Integer(), nullable=False),
        sa.Column("guidance_scale", DOUBLE, nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("sampler", sa.String(length=32), nullable=False),
        sa.Column("image_format", sa.String(length=8), nullable=False),
        sa.Column("model", sa.String(length=160), nullable=True),
        sa.Column("loras", sa.JSON(), nullable=False),
        sa.Column("base_name", sa.String(length=255), nullable=False),
        sa.Column("base_sha256", sa.String(length=64), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lost_leases", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", DOUBLE, nullable=False),
        sa.Column("num_events", sa.Integer(), nullable=False),
        sa.Column("error_code", sa.String(length=32), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.Column("created_at_s", DOUBLE, nullable=False),
        sa.Column("started_at_s", DOUBLE, nullable=True),
        sa.Column("finished_at_s", DOUBLE, nullable=True),
        sa.CheckConstraint(
            "status IN ('queued', 'processing', 'completed', 'failed', 'cancelled')", name="ck_job_status"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
    )
    op.create_index("ix_job_owner_created", "job", ["owner", "created_at_s"])
    op.create_index("ix_job_status_created", "job", ["status", "created_at_s"])
    op.create_table(
        "lora",
        sa.Column("label", sa.String(length=160), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("short_hash", sa.String(length=12), nullable=False),
        sa.Column("num_bytes", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("num_modules", sa.Integer(), nullable=False),
        sa.Column("has_text_encoder", sa.Boolean(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("base_model", sa.String(length=255), nullable=True),
        sa.Column("file_metadata", sa.JSON(), nullable=False),
        sa.Column("loaded_at_s", DOUBLE, nullable=False),
        sa.PrimaryKeyConstraint("label", name="pk_lora"),
    )
    op.create_index("ix_lora_name", "lora", ["name"])
    op.create_table(
        "image",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("content_type", sa.String(length=32), nullable=False),
        sa.Column("num_bytes", sa.Integer(), nullable=False),
        sa.Column("storage_key", sa.String(length=255), nullable=False),
        sa.Column("thumbnail_key", sa.String(length=255), nullable=True),
        sa.Column("queued_at_s", DOUBLE, nullable=False),
        sa.Column("started_at_s", DOUBLE, nullable=False),
        sa.Column("finished_at_s", DOUBLE, nullable=False),
        sa.Column("encode_s", DOUBLE, nullable=False),
        sa.Column("step_share_s", DOUBLE, nullable=False),
        sa.Column("decode_s", DOUBLE, nullable=False),
        sa.Column("lora_sha256s", sa.JSON(), nullable=False),
        sa.Column("base_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_image_job_id_job", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_image"),
        sa.UniqueConstraint("job_id", "n", name="uq_image_job_id"),
    )
    op.create_table(
        "job_event",
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created_at_s", DOUBLE, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_job_event_job_id_job", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "seq", name="pk_job_event"),
    )


def downgrade() -> None:
    for table in ("job_event", "image", "lora", "job"):
        op.drop_table(table)
