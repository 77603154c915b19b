"""What was decided about pictures that moderation found."""

from sqlalchemy import Double, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.db.models import Row


class ModerationDecisionRow(Row):
    """One decision: `flagged`, `blurred` and `blocked` are the classifier's, `released`, `deleted`, `exempted` and
    `unexempted` an operator's. It outlives the image, the job and the account that it names. `owner` is theirs."""

    __tablename__ = "moderation_decision"
    __table_args__ = (Index("ix_moderation_decision_created", "created_at_s"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at_s: Mapped[float] = mapped_column(Double)
    decision: Mapped[str] = mapped_column(String(16))
    decided_by: Mapped[str] = mapped_column(String(255))  # classifier, or the operator as an owner
    owner: Mapped[str] = mapped_column(String(255))
    image_id: Mapped[str | None] = mapped_column(String(40))
    asset_sha256: Mapped[str | None] = mapped_column(String(64))  # of an upload
    score: Mapped[float | None] = mapped_column(Double)
    note: Mapped[str] = mapped_column(Text)
