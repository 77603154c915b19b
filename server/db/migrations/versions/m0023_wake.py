"""The wake hook: its row, and when workers were woken and ready.

Revision ID: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

DOUBLE: sa.Double[float] = sa.Double()


def upgrade() -> None:
    op.add_column("worker", sa.Column("woken_at_s", DOUBLE, nullable=True))
    op.add_column("worker", sa.Column("ready_at_s", DOUBLE, nullable=True))
    wake = op.create_table(
        "wake",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("num_calls", sa.Integer(), nullable=False),
        sa.Column("called_at_s", DOUBLE, nullable=True),
        sa.Column("next_at_s", DOUBLE, nullable=False),
        sa.Column("paid_since_s", DOUBLE, nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
    )
    op.bulk_insert(wake, [{"id": 1, "num_calls": 0, "next_at_s": 0.0}])


def downgrade() -> None:
    op.drop_table("wake")
    op.drop_column("worker", "ready_at_s")
    op.drop_column("worker", "woken_at_s")
