"""Batches: lists of requests that become jobs as the queue has room. A job refers to its line by `JobRow.batch_id` and
`JobRow.batch_line`."""

from sqlalchemy import BigInteger, CheckConstraint, Double, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.db.models import Row


class BatchRow(Row):
    """An accepted batch. `is_open`: a line may wait. `waits_until_s`, `waits_for`: the feeder makes no job of it before
    then, and why. `num_px` and `rows` are the most of an image. `answer` is the response to its acceptance, as JSON."""

    __tablename__ = "batch"
    __table_args__ = (
        Index("ix_batch_open", "is_open", "created_at_s"),
        Index("ix_batch_owner_created", "owner", "created_at_s"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(255))
    address: Mapped[str | None] = mapped_column(String(64))
    key_id: Mapped[str | None] = mapped_column(String(32))
    end_user: Mapped[str | None] = mapped_column(String(128))
    name: Mapped[str] = mapped_column(String(128))
    base_name: Mapped[str] = mapped_column(String(255))
    base_sha256: Mapped[str] = mapped_column(String(64))
    num_lines: Mapped[int]
    num_images: Mapped[int]
    num_px: Mapped[int]
    rows: Mapped[int]
    is_open: Mapped[bool]
    waits_until_s: Mapped[float] = mapped_column(Double, default=0.0)
    waits_for: Mapped[str | None] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text, deferred=True)
    created_at_s: Mapped[float] = mapped_column(Double)


class BatchLineRow(Row):
    """One request of a batch; `line` is its place in what was sent. server/generation/batch_lines.py lists who may
    change its status. `draft` is a `LineDraft` as JSON: thousands are written in one transaction, so a thread encodes
    them. `work` and `vae_px` are sums over its images. `job_id` is its newest job."""

    __tablename__ = "batch_line"
    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'fed', 'refused', 'cancelled')", name="status"),
        Index("ix_batch_line_status", "batch_id", "status", "line"),
    )

    batch_id: Mapped[str] = mapped_column(ForeignKey("batch.id", ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    status: Mapped[str] = mapped_column(String(16))
    job_id: Mapped[str | None] = mapped_column(String(32))
    prompt: Mapped[str] = mapped_column(Text)
    draft: Mapped[str] = mapped_column(Text, deferred=True)
    num_images: Mapped[int]
    work: Mapped[int] = mapped_column(BigInteger)
    vae_px: Mapped[int] = mapped_column(BigInteger)
    error_code: Mapped[str | None] = mapped_column(String(32))
    error_detail: Mapped[str | None] = mapped_column(Text)
