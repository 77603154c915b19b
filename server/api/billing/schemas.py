"""What the API of credit takes and answers. Amounts are whole micro-dollars: 500000 is $0.50."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from server.billing.ledger import Balance

MAX_MICRO_USD = 10_000_000_000
EntryKind = Literal["grant", "hold", "capture", "release", "refund", "adjust"]
Reason = Annotated[
    str, Meta(min_length=1, max_length=500, description="For the account's history.", examples=["a gift"])
]


class Quote(Struct, frozen=True, kw_only=True):
    """What a job costs, and the caller's credit for it: 0 without an account."""

    price_micro_usd: int
    available_micro_usd: int


class PackForSale(Struct, frozen=True, kw_only=True):
    price_micro_usd: int
    credit_micro_usd: int


class CreditLeft(Struct, frozen=True, kw_only=True):
    """`available_micro_usd` can be spent now; `free_micro_usd` of it expires at the end of the month (UTC).
    `held_micro_usd` is set aside for unfinished jobs."""

    available_micro_usd: int
    held_micro_usd: int
    free_micro_usd: int


class Credit(CreditLeft, frozen=True, kw_only=True):
    """The caller's credit and the price list."""

    price_per_generation_micro_usd: int
    packs: list[PackForSale]


class Entry(Struct, frozen=True, kw_only=True):
    """One movement. `amount_micro_usd`: the change of the available credit. `is_free`: of a month's free credit.
    `receipt_url` of a purchase."""

    id: int
    kind: EntryKind
    amount_micro_usd: int
    is_free: bool
    job_id: str | None
    note: str | None
    created_at: str
    receipt_url: str | None


class Entries(Struct, frozen=True, kw_only=True):
    entries: list[Entry]
    next_cursor: int | None


class Checkout(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pack to buy, by its price."""

    price_micro_usd: Annotated[int, Meta(ge=1, le=MAX_MICRO_USD, description="Of a pack of /api/billing.")]


class PaymentPage(Struct, frozen=True, kw_only=True):
    """Where to pay. It leads back to the page of the account."""

    url: str


class Grant(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Credit that does not expire."""

    micro_usd: Annotated[int, Meta(ge=1, le=MAX_MICRO_USD)]
    reason: Reason


class Adjustment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`micro_usd` is added; a negative amount is taken away, at most what is available."""

    micro_usd: Annotated[int, Meta(ge=-MAX_MICRO_USD, le=MAX_MICRO_USD)]
    reason: Reason


class Refund(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a job is refunded."""

    reason: Reason


class Refunded(Struct, frozen=True, kw_only=True):
    """`owner` is that of the job."""

    job_id: str
    owner: str
    micro_usd: int


def credit_left(balance: Balance) -> CreditLeft:
    return CreditLeft(available_micro_usd=balance.available, held_micro_usd=balance.held, free_micro_usd=balance.free)
