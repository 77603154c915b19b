"""Pictures that their owners have offered to the public gallery.

Revision ID: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

DOUBLE: sa.Double[float] = sa.Double()


def upgrade() -> None:
    op.create_table(
        "gallery_image",
        sa.Column("image_id", sa.String(40), sa.ForeignKey("image.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("changed_at_s", DOUBLE, nullable=False),
        sa.CheckConstraint("state IN ('offered', 'accepted', 'removed')", name="ck_gallery_image_state"),
    )
    op.create_index("ix_gallery_image_state", "gallery_image", ["state", "changed_at_s"])


def downgrade() -> None:
    op.drop_table("gallery_image")
