"""Tries to log in, accounts that are switched off, pictures by their age.

Revision ID: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

DOUBLE: sa.Double[float] = sa.Double()


def upgrade() -> None:
    op.create_table(
        "login_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("account_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at_s", DOUBLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_login_attempt"),
    )
    op.create_index("ix_login_attempt_address", "login_attempt", ["address", "created_at_s"])
    op.create_index("ix_login_attempt_account", "login_attempt", ["account_sha256", "created_at_s"])
    op.add_column("account", sa.Column("disabled_at_s", DOUBLE, nullable=True))
    op.create_index("ix_image_finished", "image", ["finished_at_s"])


def downgrade() -> None:
    op.drop_index("ix_image_finished", "image")
    op.drop_column("account", "disabled_at_s")
    op.drop_table("login_attempt")
