"""Images as rows from acceptance, each with a spec; jobs as envelopes; LoRAs of jobs, attempts, assets, workers.

Revision ID: 0011
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

DOUBLE: sa.Double[float] = sa.Double()
CHUNK = 500

IN_SPEC = (
    "final_prompt",
    "negative_prompt",
    "style",
    "quality",
    "num_inference_steps",
    "guidance_scale",
    "guidance_start",
    "guidance_end",
    "width",
    "height",
    "seed",
    "sampler",
    "image_format",
    "embed_parameters",
    "model",
    "loras",
    "comparison",
)
"""Columns of `job` that move into the specs of its images."""


def upgrade() -> None:
    op.add_column("job", sa.Column("kind", sa.String(16), nullable=False, server_default="generate"))
    op.add_column("job", sa.Column("search_text", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("job", sa.Column("request", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("job", sa.Column("axes", sa.JSON(none_as_null=True), nullable=True))
    _create_tables()
    op.drop_index("ix_image_finished", "image")
    op.rename_table("image", "old_image")
    if op.get_bind().dialect.name == "postgresql":  # its names of keys are the schema's
        for key in ("pk_image", "uq_image_job_id"):
            op.execute(f"ALTER TABLE old_image RENAME CONSTRAINT {key} TO old_{key}")
    _create_image()
    _move_all()
    op.drop_table("old_image")
    op.create_index("ix_image_finished", "image", ["finished_at_s"])
    _create_attempts()
    for column in IN_SPEC:
        op.drop_column("job", column)


def downgrade() -> None:
    raise RuntimeError("this migration cannot be undone: restore the backup that was made before the upgrade")


def _create_image() -> None:
    op.create_table(
        "image",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("spec", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("work", sa.Integer(), nullable=False),
        sa.Column("num_px", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("error_code", sa.String(32), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.Column("content_type", sa.String(32), nullable=True),
        sa.Column("num_bytes", sa.Integer(), nullable=True),
        sa.Column("storage_key", sa.String(255), nullable=True),
        sa.Column("thumbnail_key", sa.String(255), nullable=True),
        sa.Column("started_at_s", DOUBLE, nullable=True),
        sa.Column("finished_at_s", DOUBLE, nullable=True),
        sa.Column("encode_s", DOUBLE, nullable=True),
        sa.Column("step_share_s", DOUBLE, nullable=True),
        sa.Column("decode_s", DOUBLE, nullable=True),
        sa.Column("downloads", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("is_favorite", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.CheckConstraint("status IN ('queued', 'done', 'failed', 'blocked', 'deleted')", name="ck_image_status"),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_image_job_id_job", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_image"),
        sa.UniqueConstraint("job_id", "n", name="uq_image_job_id"),
    )


def _create_attempts() -> None:
    op.create_table(
        "image_attempt_error",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.String(40), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(64), nullable=True),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("created_at_s", DOUBLE, nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"], ["image.id"], name="fk_image_attempt_error_image_id_image", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_image_attempt_error"),
    )
    op.create_index("ix_image_attempt_error_image", "image_attempt_error", ["image_id"])


def _create_tables() -> None:
    op.create_table(
        "job_lora",
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("version", sa.String(64), nullable=True),
        sa.Column("weight", DOUBLE, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_job_lora_job_id_job", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "sha256", name="pk_job_lora"),
    )
    op.create_index("ix_job_lora_name", "job_lora", ["name", "version"])
    op.create_table(
        "asset",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("storage_key", sa.String(255), nullable=False),
        sa.Column("content_type", sa.String(32), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("num_bytes", sa.Integer(), nullable=False),
        sa.Column("created_at_s", DOUBLE, nullable=False),
        sa.Column("expires_at_s", DOUBLE, nullable=False),
        sa.PrimaryKeyConstraint("sha256", "owner", name="pk_asset"),
    )
    op.create_index("ix_asset_expires", "asset", ["expires_at_s"])
    op.create_table(
        "worker",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("base_name", sa.String(255), nullable=False),
        sa.Column("base_sha256", sa.String(64), nullable=True),
        sa.Column("cost_lines", sa.JSON(), nullable=False),
        sa.Column("resident_loras", sa.JSON(), nullable=False),
        sa.Column("url", sa.String(255), nullable=True),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("started_at_s", DOUBLE, nullable=False),
        sa.Column("heartbeat_at_s", DOUBLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_worker"),
    )


# ---- data

JSON_COLUMNS = frozenset({"loras", "comparison", "request", "axes", "spec"})


JSON_TYPE = sa.JSON(none_as_null=True)


def _table(name: str, columns: Sequence[str]) -> sa.TableClause:
    plain: list[sa.ColumnClause[Any]] = [sa.column(each) for each in columns if each not in JSON_COLUMNS]
    documents: list[sa.ColumnClause[Any]] = [sa.column(each, JSON_TYPE) for each in columns if each in JSON_COLUMNS]
    return sa.table(name, *plain, *documents)


STORED = (
    "content_type",
    "num_bytes",
    "storage_key",
    "thumbnail_key",
    "started_at_s",
    "finished_at_s",
    "encode_s",
    "step_share_s",
    "decode_s",
    "downloads",
    "is_favorite",
)
JOB = _table("job", ("id", "status", "num_images", "prompt", "kind", "search_text", "axes", *IN_SPEC))
OLD_IMAGE = _table("old_image", ("job_id", "n", *STORED))
IMAGE = _table("image", ("id", "job_id", "n", "status", "spec", "work", "num_px", "rows", *STORED))
JOB_LORA = _table("job_lora", ("job_id", "sha256", "name", "version", "weight"))


def _move_all() -> None:
    """Jobs in chunks by id, so that memory is bounded."""
    connection = op.get_bind()
    last = ""
    while True:
        page = sa.select(JOB).where(JOB.c.id > last).order_by(JOB.c.id).limit(CHUNK)
        jobs = connection.execute(page).mappings().all()
        if not jobs:
            return
        last = jobs[-1]["id"]
        _move(connection, jobs)


def _move(connection: sa.Connection, jobs: Iterable[sa.RowMapping]) -> None:
    by_job = {job["id"]: job for job in jobs}
    stored: dict[str, dict[int, sa.RowMapping]] = {job_id: {} for job_id in by_job}
    for image in connection.execute(sa.select(OLD_IMAGE).where(OLD_IMAGE.c.job_id.in_(by_job))).mappings():
        stored[image["job_id"]][image["n"]] = image
    images = [row for job in by_job.values() for row in _image_rows(job, stored[job["id"]])]
    loras = [row for job in by_job.values() for row in _lora_rows(job)]
    connection.execute(sa.insert(IMAGE), images)
    if loras:
        connection.execute(sa.insert(JOB_LORA), loras)
    for job in by_job.values():
        connection.execute(sa.update(JOB).where(JOB.c.id == job["id"]).values(**_envelope(job)))


def _envelope(job: sa.RowMapping) -> dict[str, Any]:
    comparison = job["comparison"]
    if comparison is None:
        finals, axes = [job["final_prompt"]], None
    else:
        finals = [cell["final_prompt"] for row in comparison["cells"] for cell in row]
        axes = {name: comparison[name] for name in ("prompts", "seeds", "variants")}
    return {
        "kind": "generate" if comparison is None else "compare",
        "search_text": "\n".join(dict.fromkeys([job["prompt"], *finals])),
        "axes": axes,
    }


def _lora_rows(job: sa.RowMapping) -> list[dict[str, Any]]:
    columns = ("sha256", "name", "version", "weight")
    by_hash = {lora["sha256"]: {name: lora[name] for name in columns} for lora in reversed(job["loras"])}
    return [{"job_id": job["id"], **lora} for lora in by_hash.values()]


def _image_rows(job: sa.RowMapping, stored: Mapping[int, sa.RowMapping]) -> list[dict[str, Any]]:
    """An image without a row was deleted where the job is completed; else it was not made."""
    nothing = dict.fromkeys(STORED) | {"downloads": 0, "is_favorite": False}
    rows: list[dict[str, Any]] = []
    for n in range(1, job["num_images"] + 1):
        spec = _spec(job, n - 1)
        image = stored.get(n)
        missing = "deleted" if job["status"] == "completed" else "queued"
        rows.append(
            {
                "id": f"{job['id']}-{n}",
                "job_id": job["id"],
                "n": n,
                "status": missing if image is None else "done",
                "spec": spec,
                "work": _work(spec["sampling"]),
                "num_px": job["width"] * job["height"],
                "rows": 2 if job["guidance_scale"] > 1 else 1,
                **(nothing if image is None else {name: image[name] for name in STORED}),
            }
        )
    return rows


def _spec(job: sa.RowMapping, index: int) -> dict[str, Any]:
    """Version 1 of ImageSpec as JSON."""
    prompt, loras, seed, model = job["final_prompt"], job["loras"], (job["seed"] + index) % 2**32, job["model"]
    if (comparison := job["comparison"]) is not None:
        row, variant = divmod(index, len(comparison["variants"]))
        prompt_index, seed_index = divmod(row, len(comparison["seeds"]))
        cell = comparison["cells"][prompt_index][variant]
        prompt, loras, seed = cell["final_prompt"], cell["loras"], comparison["seeds"][seed_index]
        model = _label(loras[0]) if loras else None
    return {
        "spec": "v1",
        "prompt": prompt,
        "negative_prompt": job["negative_prompt"],
        "sampling": {
            "sampler": job["sampler"],
            "steps": job["num_inference_steps"],
            "guidance_scale": float(job["guidance_scale"]),
            "seed": seed,
            "guidance_start": float(job["guidance_start"]),
            "guidance_end": float(job["guidance_end"]),
        },
        "passes": [{"width": job["width"], "height": job["height"]}],
        "loras": loras,
        "output": {"format": job["image_format"], "embed_parameters": job["embed_parameters"]},
        "model": model,
        "style": job["style"],
        "quality": job["quality"],
    }


def _label(lora: Mapping[str, Any]) -> str:
    return lora["name"] if lora["version"] is None else f"{lora['name']}-v{lora['version']}"


def _work(sampling: Mapping[str, Any]) -> int:
    """Rows of all UNet forwards of an image."""
    steps = sampling["steps"]
    evaluations = 2 * steps - 1 if sampling["sampler"] == "heun" else steps
    if sampling["guidance_scale"] <= 1:
        return evaluations
    start, end = (math.ceil(sampling[name] * evaluations) for name in ("guidance_start", "guidance_end"))
    return evaluations + len(range(start, end))
