"""Credit. Nothing here refers to a job's or an account's row: the ledger outlives both. Amounts are micro-dollars."""

from sqlalchemy import BigInteger, CheckConstraint, Double, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db.models import Row


class CreditRow(Row):
    """The balance of one pocket of an owner: the sums over its entries. `pocket` is empty for credit that stays, or the
    month of a free allowance, like 2026-11."""

    __tablename__ = "credit"
    __table_args__ = (
        CheckConstraint("available_micro_usd >= 0", name="available"),
        CheckConstraint("held_micro_usd >= 0", name="held"),
    )

    owner: Mapped[str] = mapped_column(String(255), primary_key=True)
    pocket: Mapped[str] = mapped_column(String(7), primary_key=True)
    available_micro_usd: Mapped[int] = mapped_column(BigInteger, default=0)
    held_micro_usd: Mapped[int] = mapped_column(BigInteger, default=0)


class CreditEntryRow(Row):
    """One movement, never changed and never deleted. `kind` is grant, hold, capture, release, refund or adjust.
    `key` says what it is for; the same key twice in one pocket is refused. `made_by` is the operator."""

    __tablename__ = "credit_entry"
    __table_args__ = (
        CheckConstraint("kind IN ('grant', 'hold', 'capture', 'release', 'refund', 'adjust')", name="kind"),
        UniqueConstraint("key", "pocket"),
        Index("ix_credit_entry_owner", "owner", "id"),
        Index("ix_credit_entry_job", "job_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(255))
    pocket: Mapped[str] = mapped_column(String(7))
    kind: Mapped[str] = mapped_column(String(8))
    available_change: Mapped[int] = mapped_column(BigInteger)
    held_change: Mapped[int] = mapped_column(BigInteger)
    job_id: Mapped[str | None] = mapped_column(String(32))
    key: Mapped[str] = mapped_column(String(80))
    note: Mapped[str | None] = mapped_column(Text)
    made_by: Mapped[str | None] = mapped_column(String(255))
    created_at_s: Mapped[float] = mapped_column(Double)


class PurchaseRow(Row):
    """A pack that an account wants to buy: a session of Stripe Checkout. `status` is open, paid or failed.
    `reversed_cents`: what of its price was refunded or disputed, and is taken back."""

    __tablename__ = "purchase"
    __table_args__ = (
        CheckConstraint("status IN ('open', 'paid', 'failed')", name="status"),
        Index("ix_purchase_payment", "payment_intent"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)  # client_reference_id of the session
    owner: Mapped[str] = mapped_column(String(255))
    price_cents: Mapped[int]
    credit_micro_usd: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(8), default="open")
    payment_intent: Mapped[str | None] = mapped_column(String(255))
    reversed_cents: Mapped[int] = mapped_column(default=0)
    created_at_s: Mapped[float] = mapped_column(Double)


class PaymentReversalRow(Row):
    """What was refunded and disputed of a payment. It may arrive before the payment does."""

    __tablename__ = "payment_reversal"

    payment_intent: Mapped[str] = mapped_column(String(255), primary_key=True)
    refunded_cents: Mapped[int] = mapped_column(default=0)
    disputed_cents: Mapped[int] = mapped_column(default=0)
