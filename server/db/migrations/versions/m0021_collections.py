"""Collections of pictures.

Revision ID: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

DOUBLE: sa.Double[float] = sa.Double()


def upgrade() -> None:
    op.create_table(
        "collection",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("key_id", sa.String(32)),
        sa.Column("end_user", sa.String(128)),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("created_at_s", DOUBLE, nullable=False),
    )
    op.create_index("ix_collection_owner", "collection", ["owner"])
    op.create_table(
        "collection_image",
        sa.Column("collection_id", sa.String(32), sa.ForeignKey("collection.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("image_id", sa.String(40), sa.ForeignKey("image.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("added_at_s", DOUBLE, nullable=False),
    )
    op.create_index("ix_collection_image_image", "collection_image", ["image_id"])


def downgrade() -> None:
    op.drop_table("collection_image")
    op.drop_table("collection")
