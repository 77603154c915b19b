"""The tables. Times are seconds since 1970 by the database's clock, sizes in pixels and bytes."""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from pipelines.spec import ImageSpec
from server.db.base import Row as Row
from server.db.struct_type import StructType


class JobRow(Row):
    """The envelope of one accepted request. server/queue/states.py lists who may change what.

    `prompt` is as typed; the prompts of a comparison stand one a line. `search_text` is what the history searches: the
    prompt as typed and as encoded. `attempt` counts claims; `lost_leases` counts leases that expired in a row, with no
    image finished in between. `num_events` is the seq of the newest event.
    """

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint("status IN ('queued', 'processing', 'completed', 'failed', 'cancelled')", name="status"),
        Index("ix_job_status_created", "status", "created_at_s"),
        Index("ix_job_owner_created", "owner", "created_at_s"),
        Index("ix_job_batch", "batch_id", "batch_line"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(255))
    address: Mapped[str | None] = mapped_column(String(64))  # of the caller, like ip:192.0.2.7
    key_id: Mapped[str | None] = mapped_column(String(32))  # of the API key
    end_user: Mapped[str | None] = mapped_column(String(128))  # X-End-User of that key
    kind: Mapped[str] = mapped_column(String(16), server_default="generate")  # generate, compare
    status: Mapped[str] = mapped_column(String(16))
    prompt: Mapped[str] = mapped_column(Text)
    search_text: Mapped[str] = mapped_column(Text, server_default=text("''"), deferred=True)
    request: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), deferred=True)  # as sent
    axes: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # of a comparison: queue/grid.py
    batch_id: Mapped[str | None] = mapped_column(String(32))  # server/db/batch_models.py
    batch_line: Mapped[int | None]
    num_images: Mapped[int]
    price_micro_usd: Mapped[int | None] = mapped_column(BigInteger)  # held at acceptance; None: not charged
    base_name: Mapped[str] = mapped_column(String(255))
    base_sha256: Mapped[str] = mapped_column(String(64))

    attempt: Mapped[int] = mapped_column(default=0)
    lost_leases: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None] = mapped_column(String(64))  # {data folder id}/{process}
    lease_until: Mapped[float] = mapped_column(Double, default=0.0)
    num_events: Mapped[int] = mapped_column(default=0)

    error_code: Mapped[str | None] = mapped_column(String(32))
    error_detail: Mapped[str | None] = mapped_column(Text)
    created_at_s: Mapped[float] = mapped_column(Double)
    started_at_s: Mapped[float | None] = mapped_column(Double)
    finished_at_s: Mapped[float | None] = mapped_column(Double)


class ImageRow(Row):
    """One image of a job, n from 1, from acceptance on.

    `work` is the rows of its UNet forwards, `rows` the most of one forward, `num_px` width times height, `vae_px`,
    `encode_px`, `upscale_px` the pixels that the VAE decodes, that it encodes, and that upscalers enlarge. The columns
    from `content_type` on are set when it is done; a deleted image keeps its spec only. `encode_s` is text encoding and
    setup, `step_share_s` its share, by rows, of the shared forwards, `prepare_s` of VAE encodes and upscalers' tiles.
    `is_remade`: its job was made again; `is_varied`: another image was made from it.
    """

    __tablename__ = "image"
    __table_args__ = (
        UniqueConstraint("job_id", "n"),
        CheckConstraint("status IN ('queued', 'done', 'failed', 'blocked', 'deleted')", name="status"),
        Index("ix_image_finished", "finished_at_s"),
        Index("ix_image_verdict", "verdict", "finished_at_s"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)  # {job_id}-{n}
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"))
    n: Mapped[int]
    status: Mapped[str] = mapped_column(String(16))
    spec: Mapped[ImageSpec] = mapped_column(StructType(ImageSpec))
    work: Mapped[int]
    num_px: Mapped[int]
    vae_px: Mapped[int] = mapped_column(server_default="0")
    encode_px: Mapped[int] = mapped_column(server_default="0")
    upscale_px: Mapped[int] = mapped_column(server_default="0")
    rows: Mapped[int]
    error_code: Mapped[str | None] = mapped_column(String(32))
    error_detail: Mapped[str | None] = mapped_column(Text)

    content_type: Mapped[str | None] = mapped_column(String(32))
    num_bytes: Mapped[int | None]
    storage_key: Mapped[str | None] = mapped_column(String(255))
    thumbnail_key: Mapped[str | None] = mapped_column(String(255))  # None: the image is its own thumbnail
    started_at_s: Mapped[float | None] = mapped_column(Double)
    finished_at_s: Mapped[float | None] = mapped_column(Double)
    encode_s: Mapped[float | None] = mapped_column(Double)
    step_share_s: Mapped[float | None] = mapped_column(Double)
    decode_s: Mapped[float | None] = mapped_column(Double)
    prepare_s: Mapped[float | None] = mapped_column(Double)
    downloads: Mapped[int] = mapped_column(default=0, server_default="0")
    is_favorite: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_remade: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_varied: Mapped[bool] = mapped_column(default=False, server_default=false())
    verdict: Mapped[str | None] = mapped_column(String(16))  # of moderation; None: it was not scored
    moderation_score: Mapped[float | None] = mapped_column(Double)

    @property
    def gpu_s(self) -> float:
        """Its part of the model's time."""
        return sum(part or 0.0 for part in (self.encode_s, self.step_share_s, self.decode_s, self.prepare_s))


class ImageAttemptErrorRow(Row):
    """Why one attempt at an image failed."""

    __tablename__ = "image_attempt_error"
    __table_args__ = (Index("ix_image_attempt_error_image", "image_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[str] = mapped_column(ForeignKey("image.id", ondelete="CASCADE"))
    attempt: Mapped[int]  # of the job
    worker: Mapped[str | None] = mapped_column(String(64))  # its lease_owner
    code: Mapped[str] = mapped_column(String(32))
    detail: Mapped[str] = mapped_column(Text)
    created_at_s: Mapped[float] = mapped_column(Double)


class JobLoraRow(Row):
    """An exact LoRA that images of a job use. `weight` is that of the first image that does."""

    __tablename__ = "job_lora"
    __table_args__ = (Index("ix_job_lora_name", "name", "version"),)

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    version: Mapped[str | None] = mapped_column(String(64))
    weight: Mapped[float] = mapped_column(Double)


class AssetRow(Row):
    """Bytes that a caller brought: an init image or a mask. Identified by content, one row and one stored object an
    owner."""

    __tablename__ = "asset"
    __table_args__ = (Index("ix_asset_expires", "expires_at_s"), Index("ix_asset_owner", "owner"))

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(255), primary_key=True)
    storage_key: Mapped[str] = mapped_column(String(255))
    content_type: Mapped[str] = mapped_column(String(32))
    width: Mapped[int]
    height: Mapped[int]
    num_bytes: Mapped[int]
    created_at_s: Mapped[float] = mapped_column(Double)
    expires_at_s: Mapped[float] = mapped_column(Double)


class JobAssetRow(Row):
    """An asset that images of a job are made from. Its object stays stored as long as this row exists."""

    __tablename__ = "job_asset"
    __table_args__ = (Index("ix_job_asset_key", "storage_key"),)

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    storage_key: Mapped[str] = mapped_column(String(255))


class WorkerRow(Row):
    """A process that makes images, as it last reported itself. An api process estimates from `cost_lines`.

    `row_mpx_s`, `decode_mpx_s`, `upscale_mpx_s`: seconds of one megapixel as one row of a full forward, decoded by the
    VAE, enlarged by an upscaler; None: not measured. `step_s`, `step_rows`: means of the last forwards. `drain` is the
    operator's order: "finish" what it has, or "hand_back"; `exits`: then the process ends.
    """

    __tablename__ = "worker"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)  # the lease_owner of its jobs
    state: Mapped[str] = mapped_column(String(16))  # loading, ready, draining
    base_name: Mapped[str] = mapped_column(String(255))
    base_sha256: Mapped[str | None] = mapped_column(String(64))
    cost_lines: Mapped[dict[str, Any]] = mapped_column(JSON)
    resident_loras: Mapped[list[str]] = mapped_column(JSON)
    url: Mapped[str | None] = mapped_column(String(255))  # its own HTTP server, for previews
    token: Mapped[str] = mapped_column(String(64))  # what that server asks for
    version: Mapped[str | None] = mapped_column(String(64))  # of the software
    gpu: Mapped[str | None] = mapped_column(String(128))  # its name; None: the CPU makes the images
    memory_used_bytes: Mapped[int | None] = mapped_column(BigInteger)  # of the GPU, by all processes
    memory_total_bytes: Mapped[int | None] = mapped_column(BigInteger)
    row_mpx_s: Mapped[float | None] = mapped_column(Double)
    decode_mpx_s: Mapped[float | None] = mapped_column(Double)
    upscale_mpx_s: Mapped[float | None] = mapped_column(Double)
    step_s: Mapped[float | None] = mapped_column(Double)
    step_rows: Mapped[float | None] = mapped_column(Double)
    drain: Mapped[str | None] = mapped_column(String(16))
    exits: Mapped[bool] = mapped_column(default=False, server_default=false())
    started_at_s: Mapped[float] = mapped_column(Double)
    heartbeat_at_s: Mapped[float] = mapped_column(Double)


class FleetTargetRow(Row):
    """How many workers are wanted, by the settings of the process that started last: one row, id 1. The view
    `studio_workers_wanted` reads it."""

    __tablename__ = "fleet_target"

    id: Mapped[int] = mapped_column(primary_key=True)
    target_s: Mapped[float] = mapped_column(Double)
    min_workers: Mapped[int]
    max_workers: Mapped[int]


class EventRow(Row):
    """A durable event of a job's stream, seq from 1 within the job."""

    __tablename__ = "job_event"

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(16))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at_s: Mapped[float] = mapped_column(Double)


class LoraRow(Row):
    """The name → content hash map: what a bare or exact LoRA name means now."""

    __tablename__ = "lora"
    __table_args__ = (Index("ix_lora_name", "name"),)

    label: Mapped[str] = mapped_column(String(160), primary_key=True)  # jade-v1, or jade without a version
    name: Mapped[str] = mapped_column(String(64))
    version: Mapped[str | None] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    short_hash: Mapped[str] = mapped_column(String(12))
    num_bytes: Mapped[int] = mapped_column(BigInteger)
    rank: Mapped[int]
    num_modules: Mapped[int]
    has_text_encoder: Mapped[bool]
    trigger: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    base_model: Mapped[str | None] = mapped_column(String(255))
    default_weight: Mapped[float | None] = mapped_column(Double)  # what the file says
    file_metadata: Mapped[dict[str, Any]] = mapped_column(JSON, deferred=True)  # may be megabytes
    loaded_at_s: Mapped[float] = mapped_column(Double)
    file: Mapped[str] = mapped_column(Text, server_default=text("''"))  # path in the LoRA folder, as it is shown
    ignored: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))  # IgnoredKeys; null: none
    failure: Mapped[str | None] = mapped_column(Text)  # why these bytes make no image; then they are not offered
