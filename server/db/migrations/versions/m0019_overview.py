"""Daily roll-ups with what is known of the days before; what images took of VAE encodes and upscalers; whether an image
was made again or varied.

Revision ID: 0019
"""

import math
from collections import Counter
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

DOUBLE: sa.Double[float] = sa.Double()
DAY_S = 86_400
CHUNK = 1000
Tallies = Counter[tuple[int, str, str]]


def upgrade() -> None:
    op.add_column("image", sa.Column("prepare_s", DOUBLE, nullable=True))
    for name in ("is_remade", "is_varied"):
        op.add_column("image", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "tally",
        sa.Column("day", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("measure", sa.String(16), nullable=False),
        sa.Column("label", sa.String(136), nullable=False),
        sa.Column("value", DOUBLE, nullable=False),
        sa.PrimaryKeyConstraint("day", "measure", "label", name="pk_tally"),
    )
    op.create_index("ix_tally_measure", "tally", ["measure", "day"])
    op.create_table(
        "active_day",
        sa.Column("day", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("is_first", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("day", "owner", name="pk_active_day"),
    )
    op.create_index("ix_active_day_owner", "active_day", ["owner"])
    fill_in(op.get_bind())


def downgrade() -> None:
    op.drop_table("active_day")
    op.drop_table("tally")
    for name in ("is_varied", "is_remade", "prepare_s"):
        op.drop_column("image", name)


def fill_in(connection: sa.Connection) -> None:
    """What the rows say of the days before."""
    tallies = Tallies()
    _count_generations(connection, tallies)
    _count_jobs(connection, tallies)
    _count_images(connection, tallies)
    _count_downloads(connection, tallies)
    _count_credit(connection, tallies)
    rows = [
        {"day": day, "measure": measure, "label": label, "value": float(value)}
        for (day, measure, label), value in tallies.items()
        if value
    ]
    for start in range(0, len(rows), CHUNK):
        connection.execute(sa.insert(TALLY), rows[start : start + CHUNK])


def _count_generations(connection: sa.Connection, tallies: Tallies) -> None:
    """The table `generation` outlives the jobs: finished images count on the day of their job's acceptance."""
    connection.execute(
        sa.text(
            "INSERT INTO active_day (day, owner, is_first) SELECT day, owner, FALSE FROM generation GROUP BY day, owner"
        )
    )
    connection.execute(
        sa.text(
            "UPDATE active_day SET is_first = TRUE"
            " WHERE day = (SELECT min(same.day) FROM active_day AS same WHERE same.owner = active_day.owner)"
        )
    )
    sums = "SELECT day, count(*), sum(num_finished), sum(gpu_s) FROM generation GROUP BY day"
    for day, num_jobs, num_images, gpu_s in connection.execute(sa.text(sums)):
        tallies[day, "jobs", ""] += num_jobs
        tallies[day, "images", ""] += num_images
        tallies[day, "gpu_s", ""] += gpu_s


def _count_jobs(connection: sa.Connection, tallies: Tallies) -> None:
    """Jobs that failed or were cancelled, and the images that were not made for it."""
    ended = (
        "SELECT job.status, job.error_code, job.finished_at_s, count(image.id) FROM job"
        " LEFT JOIN image ON image.job_id = job.id AND image.status = 'queued'"
        " WHERE job.status IN ('failed', 'cancelled') AND job.finished_at_s IS NOT NULL"
        " GROUP BY job.id, job.status, job.error_code, job.finished_at_s"
    )
    for status, code, finished_at_s, num_unmade in connection.execute(sa.text(ended)):
        day, label = _day(finished_at_s), (code or "") if status == "failed" else ""
        tallies[day, f"jobs_{status}", label] += 1
        tallies[day, status, label] += num_unmade


IMAGE = sa.table(
    "image",
    *map(
        sa.column,
        ("id", "job_id", "status", "error_code", "started_at_s", "finished_at_s", "num_bytes", "downloads"),
    ),
    sa.column("spec", sa.JSON()),
    sa.column("is_favorite", sa.Boolean()),
    sa.column("is_remade", sa.Boolean()),
    sa.column("is_varied", sa.Boolean()),
)
TALLY = sa.table("tally", *map(sa.column, ("day", "measure", "label", "value")))
JOB = sa.table("job", *map(sa.column, ("id", "created_at_s", "finished_at_s")))
ENGAGEMENT = sa.table("engagement", *map(sa.column, ("kind", "job_id", "image_id", "created_at_s")))


def _count_images(connection: sa.Connection, tallies: Tallies) -> None:
    remade = sa.select(ENGAGEMENT.c.job_id).where(ENGAGEMENT.c.kind == "again")
    connection.execute(
        sa.update(IMAGE).where(IMAGE.c.job_id.in_(remade), IMAGE.c.status == "done").values(is_remade=True)
    )
    columns = [*IMAGE.c, JOB.c.created_at_s, JOB.c.finished_at_s.label("job_finished_at_s")]
    rows = sa.select(*columns).join_from(IMAGE, JOB, IMAGE.c.job_id == JOB.c.id)
    sources: set[str] = set()
    for image in connection.execute(rows, execution_options={"yield_per": CHUNK}).mappings():
        source: dict[str, Any] | None = image["spec"].get("source")
        if source is not None and (from_image := source.get("from_image")):
            sources.add(from_image)
        _count_image(image, tallies)
    for start in range(0, len(sources), CHUNK):
        these = IMAGE.c.id.in_(sorted(sources)[start : start + CHUNK])
        connection.execute(sa.update(IMAGE).where(these).values(is_varied=True))
    varied = sa.select(IMAGE.c.finished_at_s).where(IMAGE.c.is_varied, IMAGE.c.finished_at_s.is_not(None))
    for finished_at_s in connection.execute(varied).scalars():
        tallies[_day(finished_at_s), "varied", ""] += 1


def _count_image(image: sa.RowMapping, tallies: Tallies) -> None:
    at_s = image["finished_at_s"]
    if image["status"] == "failed":
        tallies[_day(image["job_finished_at_s"] or image["created_at_s"]), "failed", image["error_code"] or ""] += 1
        return
    if at_s is None:
        return
    day = _day(at_s)
    if image["status"] == "blocked":
        tallies[day, "blocked", ""] += 1
        return
    if image["started_at_s"] is not None:
        tallies[day, "wait", str(_bucket(image["started_at_s"] - image["created_at_s"]))] += 1
    num_bytes = image["num_bytes"] or 0
    tallies[day, "bytes", ""] += num_bytes
    tallies[day, "byte_s", ""] += num_bytes * (DAY_S - at_s % DAY_S)
    marks = {"downloaded": image["downloads"] > 0, "favorites": image["is_favorite"], "remade": image["is_remade"]}
    for measure, is_marked in marks.items():
        tallies[day, measure, ""] += is_marked
    for label in {f"{lora['name']}/{lora.get('version') or ''}" for lora in image["spec"].get("loras", ())}:
        tallies[day, "lora_images", label] += 1
        tallies[day, "lora_favorites", label] += image["is_favorite"]


def _count_downloads(connection: sa.Connection, tallies: Tallies) -> None:
    downloads = sa.select(ENGAGEMENT.c.created_at_s, IMAGE.c.num_bytes)
    downloads = downloads.outerjoin_from(ENGAGEMENT, IMAGE, ENGAGEMENT.c.image_id == IMAGE.c.id)
    for created_at_s, num_bytes in connection.execute(downloads.where(ENGAGEMENT.c.kind == "downloaded")):
        tallies[_day(created_at_s), "downloads", ""] += 1
        tallies[_day(created_at_s), "egress_bytes", ""] += num_bytes or 0


def _count_credit(connection: sa.Connection, tallies: Tallies) -> None:
    entries = "SELECT kind, pocket, created_at_s, -held_change - available_change FROM credit_entry"
    for kind, pocket, created_at_s, amount in connection.execute(
        sa.text(f"{entries} WHERE kind IN ('capture', 'refund')")
    ):
        measure = "free" if pocket else "charged" if kind == "capture" else "refunded"
        tallies[_day(created_at_s), measure, ""] += -amount if measure == "refunded" else amount
    sold = (
        "SELECT credit_entry.created_at_s, price_cents - reversed_cents FROM purchase"
        " JOIN credit_entry ON credit_entry.key = 'purchase:' || purchase.id"
    )
    for paid_at_s, cents in connection.execute(sa.text(sold)):
        tallies[_day(paid_at_s), "sold", ""] += cents * 10_000


def _day(at_s: float) -> int:
    return int(at_s // DAY_S)


def _bucket(seconds: float) -> int:
    return 0 if seconds <= 0.01 else min(90, math.ceil(math.log(seconds / 0.01, 1.25) - 1e-9))
