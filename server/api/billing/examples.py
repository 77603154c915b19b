"""An example of each body and answer about credit."""

from server.api.billing import schemas
from server.api.jobs.examples import JOB_ID

PURCHASE_ID = "fedcba98" * 4
QUOTE = schemas.Quote(price_micro_usd=500_000, available_micro_usd=9_500_000)
CREDIT = schemas.Credit(
    available_micro_usd=9_500_000,
    held_micro_usd=500_000,
    free_micro_usd=0,
    price_per_generation_micro_usd=500_000,
    packs=[schemas.PackForSale(price_micro_usd=10_000_000, credit_micro_usd=11_000_000)],
)
ENTRIES = schemas.Entries(
    entries=[
        schemas.Entry(
            id=7,
            kind="hold",
            amount_micro_usd=-500_000,
            is_free=False,
            job_id=JOB_ID,
            note=None,
            created_at="2026-11-22T10:05:00Z",
            receipt_url=None,
        ),
        schemas.Entry(
            id=6,
            kind="grant",
            amount_micro_usd=10_000_000,
            is_free=False,
            job_id=None,
            note="bought for $10.00",
            created_at="2026-11-22T10:00:00Z",
            receipt_url=f"https://studio.example.org/api/billing/receipts/{PURCHASE_ID}",
        ),
    ],
    next_cursor=None,
)
CHECKOUT = schemas.Checkout(price_micro_usd=10_000_000)
PAYMENT_PAGE = schemas.PaymentPage(url="https://checkout.stripe.com/c/pay/cs_live_a1b2c3")
GRANT = schemas.Grant(micro_usd=5_000_000, reason="a gift")
ADJUSTMENT = schemas.Adjustment(micro_usd=-500_000, reason="granted twice by mistake")
REFUND = schemas.Refund(reason="the pictures were all black")
REFUNDED = schemas.Refunded(job_id=JOB_ID, owner=f"user:{'01234567' * 4}", micro_usd=500_000)
