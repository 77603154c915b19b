"""What people did with jobs and images, and responses kept for Idempotency-Key."""

from typing import Any

from sqlalchemy import JSON, Double, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.models import Row


class EngagementRow(Row):
    """One action: `kind` is downloaded, favorited, unfavorited, again, varied or deleted. It names the LoRAs that made
    the image and outlives it. `image_id` None: the whole job is meant."""

    __tablename__ = "engagement"
    __table_args__ = (Index("ix_engagement_kind_created", "kind", "created_at_s"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    created_at_s: Mapped[float] = mapped_column(Double)
    owner: Mapped[str] = mapped_column(String(255))  # of the job
    job_id: Mapped[str] = mapped_column(String(32))
    image_id: Mapped[str | None] = mapped_column(String(40))
    model: Mapped[str | None] = mapped_column(String(160))
    lora_sha256s: Mapped[list[str]] = mapped_column(JSON)


class IdempotencyRow(Row):
    """The response to a request with an Idempotency-Key. Kept for 24 h."""

    __tablename__ = "answer"
    __table_args__ = (Index("ix_answer_created", "created_at_s"),)

    asked_by: Mapped[str] = mapped_column(String(255), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_sha256: Mapped[str] = mapped_column(String(64))
    job_id: Mapped[str] = mapped_column(String(32))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at_s: Mapped[float] = mapped_column(Double)
