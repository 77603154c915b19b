"""What a worker reports of itself and what the operator orders it; how many workers are wanted, as a view that an
autoscaler reads with SQL alone; LoRAs that workers fetch from the bucket.

Revision ID: 0024
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0022"
branch_labels = None
depends_on = None

DOUBLE: sa.Double[float] = sa.Double()
COLUMNS: tuple[tuple[str, sa.types.TypeEngine[Any]], ...] = (
    ("version", sa.String(64)),
    ("gpu", sa.String(128)),
    ("memory_used_bytes", sa.BigInteger()),
    ("memory_total_bytes", sa.BigInteger()),
    ("row_mpx_s", DOUBLE),
    ("decode_mpx_s", DOUBLE),
    ("upscale_mpx_s", DOUBLE),
    ("step_s", DOUBLE),
    ("step_rows", DOUBLE),
    ("drain", sa.String(16)),
)
NOW_S = {
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
    "postgresql": "CAST(extract(epoch FROM clock_timestamp()) AS DOUBLE PRECISION)",
}
VIEW = """
CREATE VIEW studio_workers_wanted AS
WITH measured AS (
    SELECT COALESCE(AVG(row_mpx_s), 1.0) AS row_s,
           COALESCE(AVG(decode_mpx_s), 0.0) AS decode_s,
           COALESCE(AVG(upscale_mpx_s), 0.0) AS upscale_s
    FROM worker
    WHERE row_mpx_s IS NOT NULL
      AND heartbeat_at_s >= (SELECT MAX(heartbeat_at_s) FROM worker WHERE row_mpx_s IS NOT NULL) - 15.0
),
work AS (
    SELECT job.status = 'processing' AND job.lease_until BETWEEN {now_s} AND {now_s} + 600.0 AS is_held,
           CAST(image.work AS DOUBLE PRECISION) * image.num_px / 1000000.0 AS row_mpx,
           (image.vae_px + 0.5 * image.encode_px) / 1000000.0 AS vae_mpx,
           image.upscale_px / 1000000.0 AS upscale_mpx
    FROM job JOIN image ON image.job_id = job.id AND image.status = 'queued'
    WHERE job.status IN ('queued', 'processing')
),
seconds AS (
    SELECT COALESCE(SUM(CASE WHEN is_held THEN 0.0
               ELSE row_mpx * row_s + vae_mpx * decode_s + upscale_mpx * upscale_s END), 0.0) AS queued_gpu_s,
           COALESCE(SUM(CASE WHEN is_held
               THEN row_mpx * row_s + vae_mpx * decode_s + upscale_mpx * upscale_s ELSE 0.0 END), 0.0) AS held_gpu_s
    FROM measured LEFT JOIN work ON 1 = 1
),
living AS (
    SELECT COUNT(*) AS num_workers FROM worker
    WHERE state IN ('loading', 'ready') AND heartbeat_at_s BETWEEN {now_s} - 15.0 AND {now_s} + 15.0
)
SELECT CASE WHEN enough > max_workers THEN max_workers WHEN enough < min_workers THEN min_workers ELSE enough END
           AS wanted,
       queued_gpu_s, held_gpu_s, num_workers, target_s, min_workers, max_workers, row_mpx_s
FROM (
    SELECT {ceiling} AS enough, queued_gpu_s, held_gpu_s, num_workers, target_s, min_workers, max_workers,
           row_s AS row_mpx_s
    FROM seconds, measured, living, fleet_target
    WHERE fleet_target.id = 1
) AS numbers
"""
"""In a row: workers wanted; the GPU seconds of what is queued and of what living workers hold; living workers; the
settings; the measured seconds of a megapixel row (1 before a worker has measured it). An image that is begun counts
whole."""
RATIO = "((queued_gpu_s + held_gpu_s) / target_s)"
CEILING = {
    "sqlite": f"CAST({RATIO} AS INTEGER) + (CAST({RATIO} AS INTEGER) < {RATIO})",  # its ceil() is optional
    "postgresql": f"CAST(ceil({RATIO}) AS BIGINT)",
}


def upgrade() -> None:
    for name, kind in COLUMNS:
        op.add_column("worker", sa.Column(name, kind))
    op.add_column("worker", sa.Column("exits", sa.Boolean(), nullable=False, server_default=sa.false()))
    target = op.create_table(
        "fleet_target",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("target_s", DOUBLE, nullable=False),
        sa.Column("min_workers", sa.Integer(), nullable=False),
        sa.Column("max_workers", sa.Integer(), nullable=False),
    )
    op.bulk_insert(target, [{"id": 1, "target_s": 60.0, "min_workers": 0, "max_workers": 4}])
    op.create_table(
        "lora_object",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("storage_key", sa.String(255), nullable=False),
    )
    dialect = op.get_bind().dialect.name
    op.execute(VIEW.format(now_s=NOW_S[dialect], ceiling=CEILING[dialect]))


def downgrade() -> None:
    op.execute("DROP VIEW studio_workers_wanted")
    op.drop_table("lora_object")
    op.drop_table("fleet_target")
    for name in ("exits", *(name for name, _ in COLUMNS)):
        op.drop_column("worker", name)
