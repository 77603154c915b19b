"""What is stored about pictures that their owners have shared."""

from sqlalchemy import CheckConstraint, Double, ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from server.db.models import Row


class ShareRow(Row):
    """A public address of one image. Deleted when it is revoked. `is_example`: the operator shows it on the create
    page."""

    __tablename__ = "share"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)  # random: who has it may see the image
    image_id: Mapped[str] = mapped_column(ForeignKey("image.id", ondelete="CASCADE"), unique=True)
    created_at_s: Mapped[float] = mapped_column(Double)
    is_example: Mapped[bool] = mapped_column(default=False, server_default=false())


class GalleryRow(Row):
    """That an image was offered to the public gallery. `state`: `offered` by its owner, `accepted` or `removed` by the
    operator; the gallery shows it as long as it is shared, too. `changed_at_s`: since when it is in this state."""

    __tablename__ = "gallery_image"
    __table_args__ = (
        CheckConstraint("state IN ('offered', 'accepted', 'removed')", name="state"),
        Index("ix_gallery_image_state", "state", "changed_at_s"),
    )

    image_id: Mapped[str] = mapped_column(ForeignKey("image.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    changed_at_s: Mapped[float] = mapped_column(Double)
