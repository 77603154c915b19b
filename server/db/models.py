"""The tables. Times are seconds since 1970 by the database's clock, sizes in pixels and bytes."""

from typing import Any

from advanced_alchemy.base import AdvancedDeclarativeBase, create_registry
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
)
from sqlalchemy.orm import Mapped, mapped_column


class Row(AdvancedDeclarativeBase):
    """Base of our tables, with a registry of its own: nothing of the library's tables comes along."""

    __abstract__ = True
    registry = create_registry()
    metadata = registry.metadata


class JobRow(Row):
    """What one call asked for, fully resolved. Who may change what: server/queue/states.py.

    `loras` holds the exact LoRAs in order, the one of `model` first:
    [{name, version, sha256, short_hash, weight}]; of a comparison all that its pictures have. `attempt` counts claims,
    `lost_leases` those of them since its last picture that ended because their process was gone. `num_events` is the
    seq of the newest event.
    """

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint("status IN ('queued', 'processing', 'completed', 'failed', 'cancelled')", name="status"),
        Index("ix_job_status_created", "status", "created_at_s"),
        Index("ix_job_owner_created", "owner", "created_at_s"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(255))
    address: Mapped[str | None] = mapped_column(String(64))  # where it came from, like ip:192.0.2.7
    key_id: Mapped[str | None] = mapped_column(String(32))  # of the API key it came with
    end_user: Mapped[str | None] = mapped_column(String(128))  # whom that key called for
    status: Mapped[str] = mapped_column(String(16))

    prompt: Mapped[str] = mapped_column(Text)  # as typed
    final_prompt: Mapped[str] = mapped_column(Text)  # as encoded
    negative_prompt: Mapped[str] = mapped_column(Text)  # as encoded
    style: Mapped[str | None] = mapped_column(String(32))  # its name; final_prompt and negative_prompt hold its words
    num_images: Mapped[int]
    quality: Mapped[str] = mapped_column(String(16))
    num_inference_steps: Mapped[int]
    guidance_scale: Mapped[float] = mapped_column(Double)
    guidance_start: Mapped[float] = mapped_column(Double, default=0.0, server_default="0")  # shares of the way
    guidance_end: Mapped[float] = mapped_column(Double, default=1.0, server_default="1")
    width: Mapped[int]
    height: Mapped[int]
    seed: Mapped[int] = mapped_column(BigInteger)
    sampler: Mapped[str] = mapped_column(String(32))
    image_format: Mapped[str] = mapped_column(String(8))
    embed_parameters: Mapped[str] = mapped_column(
        String(8), default="full", server_default="full"
    )  # full, minimal, none
    model: Mapped[str | None] = mapped_column(String(160))  # label of the LoRA; None: the plain base model
    loras: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    comparison: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # server/queue/grid.py
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
    """One stored picture, n from 1. Addresses are computed from the keys at read. `encode_s` is text encoding and
    setting up, `step_share_s` its share, by rows, of the forwards it took part in."""

    __tablename__ = "image"
    __table_args__ = (UniqueConstraint("job_id", "n"), Index("ix_image_finished", "finished_at_s"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)  # {job_id}-{n}
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"))
    n: Mapped[int]
    seed: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int]
    height: Mapped[int]
    content_type: Mapped[str] = mapped_column(String(32))
    num_bytes: Mapped[int]
    storage_key: Mapped[str] = mapped_column(String(255))
    thumbnail_key: Mapped[str | None] = mapped_column(String(255))  # None: small enough to be its own
    queued_at_s: Mapped[float] = mapped_column(Double)
    started_at_s: Mapped[float] = mapped_column(Double)
    finished_at_s: Mapped[float] = mapped_column(Double)
    encode_s: Mapped[float] = mapped_column(Double)
    step_share_s: Mapped[float] = mapped_column(Double)
    decode_s: Mapped[float] = mapped_column(Double)
    lora_sha256s: Mapped[list[str]] = mapped_column(JSON)
    base_sha256: Mapped[str] = mapped_column(String(64))
    downloads: Mapped[int] = mapped_column(default=0, server_default="0")
    is_favorite: Mapped[bool] = mapped_column(default=False, server_default=false())


class EventRow(Row):
    """A durable thing that readers of a job's stream are told, seq from 1 within the job."""

    __tablename__ = "job_event"

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(16))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at_s: Mapped[float] = mapped_column(Double)


class LoraRow(Row):
    """The name → content hash map: what a bare or exact LoRA name means right now."""

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
