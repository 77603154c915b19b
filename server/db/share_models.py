"""What is stored about pictures that their owners have shared."""

from sqlalchemy import Double, ForeignKey, String, false
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
