"""Credit: what a job costs, the ledger with its balances, purchases.

Revision ID: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

DOUBLE: sa.Double[float] = sa.Double()


def upgrade() -> None:
    op.add_column("job", sa.Column("price_micro_usd", sa.BigInteger(), nullable=True))
    op.create_table(
        "credit",
        sa.Column("owner", sa.String(255), primary_key=True),
        sa.Column("pocket", sa.String(7), primary_key=True),
        sa.Column("available_micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("held_micro_usd", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("available_micro_usd >= 0", name="ck_credit_available"),
        sa.CheckConstraint("held_micro_usd >= 0", name="ck_credit_held"),
    )
    op.create_table(
        "credit_entry",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("pocket", sa.String(7), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("available_change", sa.BigInteger(), nullable=False),
        sa.Column("held_change", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.String(32), nullable=True),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("made_by", sa.String(255), nullable=True),
        sa.Column("created_at_s", DOUBLE, nullable=False),
        sa.CheckConstraint(
            "kind IN ('grant', 'hold', 'capture', 'release', 'refund', 'adjust')", name="ck_credit_entry_kind"
        ),
        sa.UniqueConstraint("key", "pocket", name="uq_credit_entry_key"),
    )
    op.create_index("ix_credit_entry_owner", "credit_entry", ["owner", "id"])
    op.create_index("ix_credit_entry_job", "credit_entry", ["job_id"])
    op.create_table(
        "purchase",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("price_cents", sa.Integer(), nullable=False),
        sa.Column("credit_micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("payment_intent", sa.String(255), nullable=True),
        sa.Column("reversed_cents", sa.Integer(), nullable=False),
        sa.Column("created_at_s", DOUBLE, nullable=False),
        sa.CheckConstraint("status IN ('open', 'paid', 'failed')", name="ck_purchase_status"),
    )
    op.create_index("ix_purchase_payment", "purchase", ["payment_intent"])
    op.create_table(
        "payment_reversal",
        sa.Column("payment_intent", sa.String(255), primary_key=True),
        sa.Column("refunded_cents", sa.Integer(), nullable=False),
        sa.Column("disputed_cents", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("payment_reversal")
    op.drop_table("purchase")
    op.drop_table("credit_entry")
    op.drop_table("credit")
    op.drop_column("job", "price_micro_usd")
