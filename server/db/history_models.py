"""What people did with jobs and images, their collections, and responses kept for Idempotency-Key."""

from typing import Any

from sqlalchemy import JSON, Double, ForeignKey, Index, String
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


class CollectionRow(Row):
    """Images under a name. `key_id` and `end_user` are set where a key made it for one of its end users."""

    __tablename__ = "collection"
    __table_args__ = (Index("ix_collection_owner", "owner"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(255))
    key_id: Mapped[str | None] = mapped_column(String(32))
    end_user: Mapped[str | None] = mapped_column(String(128))
    name: Mapped[str] = mapped_column(String(100))
    created_at_s: Mapped[float] = mapped_column(Double)


class CollectionImageRow(Row):
    """That an image is in a collection. Deleted with either."""

    __tablename__ = "collection_image"
    __table_args__ = (Index("ix_collection_image_image", "image_id"),)

    collection_id: Mapped[str] = mapped_column(ForeignKey("collection.id", ondelete="CASCADE"), primary_key=True)
    image_id: Mapped[str] = mapped_column(ForeignKey("image.id", ondelete="CASCADE"), primary_key=True)
    added_at_s: Mapped[float] = mapped_column(Double)


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
