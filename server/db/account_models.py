"""The tables of people and keys. Secrets are kept as hashes only: what leaves the database opens nothing."""

from sqlalchemy import JSON, Double, ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from server.db.models import Row


class AccountRow(Row):
    """`id` is what owners are made of: `user:{id}`."""

    __tablename__ = "account"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)  # in lower case
    password_hash: Mapped[str] = mapped_column(String(255))
    is_operator: Mapped[bool]
    created_at_s: Mapped[float] = mapped_column(Double)
    disabled_at_s: Mapped[float | None] = mapped_column(Double)  # by an operator: neither sessions nor keys open it
    is_unmoderated: Mapped[bool] = mapped_column(default=False, server_default=false())


class LoginRow(Row):
    """A session in a browser: the cookie's hash."""

    __tablename__ = "login"
    __table_args__ = (Index("ix_login_account", "account_id"),)

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    created_at_s: Mapped[float] = mapped_column(Double)
    expires_at_s: Mapped[float] = mapped_column(Double)


class LoginAttemptRow(Row):
    """A try to log in that has not succeeded yet. Kept for a quarter of an hour."""

    __tablename__ = "login_attempt"
    __table_args__ = (
        Index("ix_login_attempt_address", "address", "created_at_s"),
        Index("ix_login_attempt_account", "account_sha256", "created_at_s"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(64))
    account_sha256: Mapped[str] = mapped_column(String(64))  # of the e-mail or id, in lower case
    created_at_s: Mapped[float] = mapped_column(Double)


class ApiKeyRow(Row):
    """A revoked key keeps its row: jobs and usage name it."""

    __tablename__ = "api_key"
    __table_args__ = (Index("ix_api_key_account", "account_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(64))
    key_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at_s: Mapped[float] = mapped_column(Double)
    expires_at_s: Mapped[float | None] = mapped_column(Double)
    last_used_at_s: Mapped[float | None] = mapped_column(Double)
    revoked_at_s: Mapped[float | None] = mapped_column(Double)


class OneTimeCodeRow(Row):
    """An invitation (`account_id` None) or a password reset. Deleted when it is used."""

    __tablename__ = "one_time_code"

    code_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    expires_at_s: Mapped[float] = mapped_column(Double)


class RegistrationRow(Row):
    """That an address has made an account. Kept for a day, also when the account is deleted before."""

    __tablename__ = "registration"
    __table_args__ = (Index("ix_registration_address", "address"),)

    account_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    address: Mapped[str] = mapped_column(String(64))
    created_at_s: Mapped[float] = mapped_column(Double)


class StreamTokenRow(Row):
    """Lets its bearer read the events of one job."""

    __tablename__ = "stream_token"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"))
    expires_at_s: Mapped[float] = mapped_column(Double)


class PendingDeletionRow(Row):
    """A stored file that no row names any more, to be deleted: server/queue/deletion.py."""

    __tablename__ = "doomed_object"
    __table_args__ = (Index("ix_doomed_object_due", "due_at_s"),)

    storage_key: Mapped[str] = mapped_column(String(255), primary_key=True)
    due_at_s: Mapped[float] = mapped_column(Double)
    num_tries: Mapped[int] = mapped_column(default=0, server_default="0")
