"""Stripe: the only module that uses its package, which is part of an extra and imported at the first call."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import msgspec
from msgspec import Struct

from server.billing.errors import ForgedEvent, PaymentsAway
from server.billing.money import in_dollars
from server.errors import INVALID_REQUEST, StudioError

log = logging.getLogger(__name__)

TIMEOUT_S = 15.0
TOLERANCE_S = 300
"""A webhook is refused this long after it was signed."""


@dataclass(frozen=True, slots=True)
class StripeAccount:
    """The operator's keys at Stripe; `url` None: Stripe's own address."""

    key: str
    webhook_secret: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One pack to pay for. `return_url` is where the payment page leads back to."""

    purchase_id: str
    email: str
    price_cents: int
    credit_micro_usd: int
    return_url: str


class StripeObject(Struct, frozen=True):
    """The fields that are read of a checkout session, a charge or a dispute. Amounts are cents."""

    client_reference_id: str | None = None
    payment_status: str | None = None
    payment_intent: str | None = None
    amount: int = 0
    amount_refunded: int = 0


class EventData(Struct, frozen=True):
    object: StripeObject


class StripeEvent(Struct, frozen=True):
    type: str
    data: EventData


class _EventType(Struct, frozen=True):
    type: str


class StripeGateway:
    """Runs on the event loop."""

    def __init__(self, account: StripeAccount) -> None:
        self._account = account

    async def payment_page(self, order: Order) -> str:
        """Create a session of Stripe Checkout and return its address. Raises PaymentsAway."""
        params: dict[str, Any] = {
            "mode": "payment",
            "client_reference_id": order.purchase_id,
            "customer_email": order.email,
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": "usd",
                        "unit_amount": order.price_cents,
                        "product_data": {"name": f"Credit of {in_dollars(order.credit_micro_usd)}"},
                    },
                }
            ],
            "metadata": {"purchase": order.purchase_id},
            "payment_intent_data": {"metadata": {"purchase": order.purchase_id}},
            "success_url": f"{order.return_url}?bought={order.purchase_id}",
            "cancel_url": order.return_url,
        }
        async with self._client() as client:
            options = {"idempotency_key": order.purchase_id}
            session = await client.v1.checkout.sessions.create_async(params=params, options=options)
            return str(session.url)

    async def receipt_url(self, payment_intent: str) -> str | None:
        """Raises PaymentsAway."""
        async with self._client() as client:
            intent = await client.v1.payment_intents.retrieve_async(
                payment_intent, params={"expand": ["latest_charge"]}
            )
            return getattr(intent.latest_charge, "receipt_url", None)

    async def event(self, payload: bytes, signature: str | None, kinds: frozenset[str]) -> StripeEvent | None:
        """The event of a webhook; None: it is none of `kinds`. Raises ForgedEvent, and StudioError for one that cannot
        be read."""
        stripe = await _stripe()
        try:
            stripe.WebhookSignature.verify_header(payload, signature, self._account.webhook_secret, TOLERANCE_S)
        except (stripe.SignatureVerificationError, UnicodeDecodeError):
            raise ForgedEvent from None
        try:
            if msgspec.json.decode(payload, type=_EventType).type not in kinds:
                return None
            return msgspec.json.decode(payload, type=StripeEvent)
        except msgspec.MsgspecError as error:
            raise StudioError(INVALID_REQUEST, f"the event cannot be read: {error}") from None

    @asynccontextmanager
    async def _client(self) -> AsyncGenerator[Any]:
        """Translates Stripe's errors: PaymentsAway."""
        stripe = await _stripe()
        connections = stripe.HTTPXClient(timeout=TIMEOUT_S)
        addresses = {"base_addresses": {"api": self._account.url}} if self._account.url else {}
        try:
            yield stripe.StripeClient(self._account.key, http_client=connections, max_network_retries=2, **addresses)
        except stripe.StripeError as error:
            log.error("Stripe refuses a call: %s", error)
            raise PaymentsAway from error
        finally:
            await connections.close_async()


async def _stripe() -> Any:
    """The package has 1,600 files: the first import runs on a thread."""
    return await asyncio.to_thread(import_module, "stripe")
