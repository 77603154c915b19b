"""Packs of credit, paid by Stripe Checkout. Only Stripe's webhook grants credit: any caller can open the landing page.
The webhook comes at least once, late, and in any order."""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.billing import ledger
from server.billing.errors import NothingForSale, TooManyCheckouts, UnknownPack
from server.billing.money import MICRO_PER_CENT, in_dollars
from server.billing.stripe_gateway import Order, StripeGateway, StripeObject
from server.db.billing_models import PaymentReversalRow, PurchaseRow
from server.db.clock import now_s
from server.db.session import Database
from server.tallies import days
from server.tallies.days import Measure

log = logging.getLogger(__name__)

MAX_CHECKOUTS_AN_HOUR = 20
HOUR_S = 3600.0

PAID = frozenset({"checkout.session.completed", "checkout.session.async_payment_succeeded"})
FAILED = frozenset({"checkout.session.async_payment_failed", "checkout.session.expired"})
REFUNDED, DISPUTED = "charge.refunded", "charge.dispute.created"
KINDS = PAID | FAILED | {REFUNDED, DISPUTED}


@dataclass(frozen=True, slots=True)
class Pack:
    """Micro-dollars; the price is whole cents."""

    price: int
    credit: int


class Purchases:
    """Runs on the event loop. `gateway` None: nothing is sold."""

    def __init__(self, database: Database, packs: Sequence[Pack], gateway: StripeGateway | None) -> None:
        self._database = database
        self._gateway = gateway
        self.packs = tuple(packs) if gateway is not None else ()

    async def checkout(self, owner: str, email: str, price: int, return_url: str) -> str:
        """Begin to buy the pack of a price. Returns the address of the payment page. Raises NothingForSale,
        UnknownPack, TooManyCheckouts and PaymentsAway."""
        gateway = self._require_gateway()
        pack = next((pack for pack in self.packs if pack.price == price), None)
        if pack is None:
            raise UnknownPack(", ".join(f"{each.price}" for each in self.packs) + " (micro-dollars)")
        purchase = PurchaseRow(
            id=secrets.token_hex(16),
            owner=owner,
            price_cents=pack.price // MICRO_PER_CENT,
            credit_micro_usd=pack.credit,
            created_at_s=now_s(),
        )
        recent = (PurchaseRow.owner == owner) & (PurchaseRow.created_at_s > now_s() - HOUR_S)
        async with self._database.write() as session:
            if (await session.scalar(select(func.count()).where(recent)) or 0) >= MAX_CHECKOUTS_AN_HOUR:
                raise TooManyCheckouts(MAX_CHECKOUTS_AN_HOUR)
            session.add(purchase)
            order = Order(purchase.id, email, purchase.price_cents, pack.credit, return_url)
        return await gateway.payment_page(order)  # the row is committed: the webhook may be faster than this answer

    async def receipt_url(self, owner: str, purchase_id: str) -> str | None:
        """None: there is no such purchase of the owner's, or it has no receipt. Raises NothingForSale, PaymentsAway."""
        gateway = self._require_gateway()
        async with self._database.read() as session:
            purchase = await session.get(PurchaseRow, purchase_id)
        if purchase is None or purchase.owner != owner or purchase.payment_intent is None:
            return None
        return await gateway.receipt_url(purchase.payment_intent)

    async def on_event(self, payload: bytes, signature: str | None) -> None:
        """Handle a webhook of Stripe. Raises NothingForSale, ForgedEvent and StudioError."""
        event = await self._require_gateway().event(payload, signature, KINDS)
        if event is None:
            return
        about = event.data.object
        async with self._database.write() as session:
            await self._database.lock(session, "billing")  # a payment and its refund may arrive at the same time
            if event.type in PAID and about.payment_status != "unpaid":
                await _grant(session, about)
            elif event.type in FAILED:
                await _fail(session, about)
            elif event.type == REFUNDED:
                await _reverse(session, about.payment_intent, refunded_cents=about.amount_refunded)
            elif event.type == DISPUTED:
                await _reverse(session, about.payment_intent, disputed_cents=about.amount)

    def _require_gateway(self) -> StripeGateway:
        if self._gateway is None:
            raise NothingForSale
        return self._gateway


async def _grant(session: AsyncSession, about: StripeObject) -> None:
    """Once a purchase, however often Stripe says that it is paid."""
    purchase = await session.get(PurchaseRow, about.client_reference_id or "")
    if purchase is None:
        log.warning("Stripe reports a payment of no purchase here: %s", about.client_reference_id)
        return
    if purchase.status == "paid":
        return
    purchase.status, purchase.payment_intent = "paid", about.payment_intent
    days.add(session, Measure.SOLD, await _now(session), purchase.price_cents * MICRO_PER_CENT)
    note = f"bought for {in_dollars(purchase.price_cents * MICRO_PER_CENT)}"
    await ledger.grant(session, purchase.owner, purchase.credit_micro_usd, grant_key(purchase.id), note, None)
    await _take_back(session, purchase)


async def _fail(session: AsyncSession, about: StripeObject) -> None:
    purchase = await session.get(PurchaseRow, about.client_reference_id or "")
    if purchase is not None and purchase.status == "open":
        purchase.status = "failed"


async def _reverse(
    session: AsyncSession, payment_intent: str | None, refunded_cents: int = 0, disputed_cents: int = 0
) -> None:
    """Note what was refunded or disputed of a payment, in all; it may not have arrived yet. An event that comes late
    has the smaller sum."""
    if payment_intent is None:
        return
    reversal = await session.get(PaymentReversalRow, payment_intent)
    if reversal is None:
        reversal = PaymentReversalRow(payment_intent=payment_intent, refunded_cents=0, disputed_cents=0)
        session.add(reversal)
    reversal.refunded_cents = max(reversal.refunded_cents, refunded_cents)
    reversal.disputed_cents = max(reversal.disputed_cents, disputed_cents)
    await session.flush()
    purchase = await session.scalar(select(PurchaseRow).where(PurchaseRow.payment_intent == payment_intent))
    if purchase is not None:
        await _take_back(session, purchase)


async def _take_back(session: AsyncSession, purchase: PurchaseRow) -> None:
    """Of the credit of a paid purchase, the part that was refunded or disputed, once."""
    reversal = await session.get(PaymentReversalRow, purchase.payment_intent or "")
    if reversal is None:
        return
    before, total = purchase.reversed_cents, reversal.refunded_cents + reversal.disputed_cents
    after = min(purchase.price_cents, total)
    if after <= before:
        return
    credit, price = purchase.credit_micro_usd, purchase.price_cents
    amount = credit * after // price - credit * before // price
    purchase.reversed_cents = after
    days.add(session, Measure.SOLD, await _now(session), -(after - before) * MICRO_PER_CENT)
    note = f"{in_dollars((after - before) * MICRO_PER_CENT)} of a payment was refunded or disputed"
    missing = await ledger.take_back(session, purchase.owner, amount, f"reversal:{purchase.id}:{after}", note)
    if missing:
        log.warning("%s has spent %s of a payment that was reversed", purchase.owner, in_dollars(missing))


async def _now(session: AsyncSession) -> float:
    return await session.scalar(select(now_s())) or 0.0


def grant_key(purchase_id: str) -> str:
    return f"purchase:{purchase_id}"


def purchase_of(key: str) -> str | None:
    """The purchase that an entry of the ledger is about."""
    kind, _, purchase_id = key.partition(":")
    return purchase_id if kind == "purchase" else None
