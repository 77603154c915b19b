"""Errors about credit.

DomainError
├── BillingOff          this server charges nothing
├── AccountNeeded       a caller without an account cannot pay
├── InsufficientCredit  402, with what the job needs and what is available
├── NothingToTake       an adjustment would make the balance negative
├── NotRefundable       the job was not charged, has not ended, or was refunded before
├── NothingForSale      no packs, or no Stripe key
├── TooManyCheckouts    the account has begun to buy too often
├── PaymentsAway        Stripe does not answer, or refuses the call
└── ForgedEvent         a webhook's signature is wrong or too old
InvalidRequest
└── UnknownPack
"""

from server.billing.money import in_dollars
from server.errors import (
    CONFLICT,
    FORGED_EVENT,
    INSUFFICIENT_CREDIT,
    NOT_FOUND,
    PAYMENTS_AWAY,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
    DomainError,
    FieldError,
    InvalidRequest,
)


class BillingOff(DomainError):
    kind = NOT_FOUND

    def __init__(self) -> None:
        super().__init__("this server charges nothing (STUDIO_BILLING is off)")


class AccountNeeded(DomainError):
    kind = UNAUTHORIZED

    def __init__(self) -> None:
        super().__init__("pictures cost credit here, which an account holds: log in or register")


class InsufficientCredit(DomainError):
    """Micro-dollars; the problem document has both."""

    kind = INSUFFICIENT_CREDIT

    def __init__(self, needed: int, available: int) -> None:
        self.needed = needed
        self.available = available
        super().__init__(
            f"this costs {in_dollars(needed)}, and {in_dollars(available)} of your credit is left: buy more on the page"
            " of your account"
        )


class NothingToTake(DomainError):
    kind = CONFLICT

    def __init__(self, available: int) -> None:
        super().__init__(f"{in_dollars(available)} is available ({available:,} micro-dollars); no more can be taken")


class NotRefundable(DomainError):
    """`reason` is the end of a sentence about the job."""

    kind = CONFLICT

    def __init__(self, job_id: str, reason: str) -> None:
        super().__init__(f"the job {job_id[:32]} {reason}")


class NothingForSale(DomainError):
    kind = NOT_FOUND

    def __init__(self) -> None:
        super().__init__("this server sells no credit (STUDIO_STRIPE_KEY is not set); ask its operator for some")


class TooManyCheckouts(DomainError):
    kind = TOO_MANY_REQUESTS
    retry_after_s = 600

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} payments an hour may be begun; finish one of them, or try again later")


class PaymentsAway(DomainError):
    kind = PAYMENTS_AWAY
    retry_after_s = 10

    def __init__(self) -> None:
        super().__init__("the payment service does not answer; nothing was paid, try again in a few seconds")


class ForgedEvent(DomainError):
    kind = FORGED_EVENT

    def __init__(self) -> None:
        super().__init__("the Stripe-Signature is missing, wrong, or older than 5 minutes")


class UnknownPack(InvalidRequest):
    def __init__(self, allowed: str) -> None:
        super().__init__([FieldError("price_micro_usd", "no pack has this price", allowed)])
