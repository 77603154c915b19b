"""Accounts, sessions, keys; who called for a job; files to be deleted.

Revision ID: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DOUBLE: sa.Double[float] = sa.Double()


def upgrade() -> None:
    op.add_column("job", sa.Column("address", sa.String(length=64), nullable=True))
    op.add_column("job", sa.Column("key_id", sa.String(length=32), nullable=True))
    op.add_column("job", sa.Column("end_user", sa.String(length=128), nullable=True))
    op.create_table(
        "account",
        sa.Column("id", sa.String(length=32), primary_key=True),
        sa.Column("email", sa.String(length=254), nullable=False, unique=True),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("is_operator", sa.Boolean(), nullable=False),
        sa.Column("created_at_s", DOUBLE, nullable=False),
    )
    op.create_table(
        "login",
        sa.Column("token_sha256", sa.String(length=64), primary_key=True),
        _account(nullable=False),
        sa.Column("created_at_s", DOUBLE, nullable=False),
        sa.Column("expires_at_s", DOUBLE, nullable=False),
    )
    op.create_index("ix_login_account", "login", ["account_id"])
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(length=32), primary_key=True),
        _account(nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("key_sha256", sa.String(length=64), nullable=False, unique=True),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at_s", DOUBLE, nullable=False),
        sa.Column("expires_at_s", DOUBLE, nullable=True),
        sa.Column("last_used_at_s", DOUBLE, nullable=True),
        sa.Column("revoked_at_s", DOUBLE, nullable=True),
    )
    op.create_index("ix_api_key_account", "api_key", ["account_id"])
    op.create_table(
        "one_time_code",
        sa.Column("code_sha256", sa.String(length=64), primary_key=True),
        _account(nullable=True),
        sa.Column("expires_at_s", DOUBLE, nullable=False),
    )
    op.create_table(
        "registration",
        sa.Column("account_id", sa.String(length=32), primary_key=True),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("created_at_s", DOUBLE, nullable=False),
    )
    op.create_index("ix_registration_address", "registration", ["address"])
    op.create_table(
        "stream_token",
        sa.Column("token_sha256", sa.String(length=64), primary_key=True),
        sa.Column("job_id", sa.String(length=32), sa.ForeignKey("job.id", ondelete="CASCADE"), nullable=False),
        sa.Column("expires_at_s", DOUBLE, nullable=False),
    )
    op.create_table(
        "doomed_object",
        sa.Column("storage_key", sa.String(length=255), primary_key=True),
        sa.Column("due_at_s", DOUBLE, nullable=False),
        sa.Column("num_tries", sa.Integer(), nullable=False, server_default="0"),
    )
    op.create_index("ix_doomed_object_due", "doomed_object", ["due_at_s"])


def _account(nullable: bool) -> "sa.Column[str]":
    account = sa.ForeignKey("account.id", ondelete="CASCADE")
    return sa.Column("account_id", sa.String(length=32), account, nullable=nullable)


def downgrade() -> None:
    tables = ("doomed_object", "stream_token", "registration", "one_time_code", "api_key", "login", "account")
    for table in tables:
        op.drop_table(table)
    for column in ("end_user", "key_id", "address"):
        op.drop_column("job", column)
