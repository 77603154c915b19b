"""The settings of credit and payments: fields that `Settings` (settings.py) begins with."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from importlib.util import find_spec

from server.config.moderation_settings import ModerationSettings
from server.config.parsers import secret, setting, switch, web_address

MAX_USD = 10_000
USD = re.compile(r"[0-9]{1,5}(\.[0-9]{1,2})?")
Packs = tuple[tuple[Decimal, Decimal], ...]


def usd(low: str) -> Callable[[str], Decimal]:
    def read(text: str) -> Decimal:
        if not USD.fullmatch(text) or not Decimal(low) <= Decimal(text) <= MAX_USD:
            raise ValueError(f"dollars from {low} to {MAX_USD} with at most two decimals, like 0.50")
        return Decimal(text)

    return read


def packs(text: str) -> Packs:
    """Pairs of price and credit."""
    pairs: list[tuple[Decimal, Decimal]] = []
    for part in text.split(","):
        price, _, credit = (each.strip() for each in part.partition("="))
        try:
            pairs.append((usd("0.50")(price), usd("0.50")(credit or price)))
        except ValueError:
            raise ValueError("prices in dollars from 0.50, with the credit where it differs, like 5,10,25=30") from None
    if len({price for price, _ in pairs}) < len(pairs):
        raise ValueError("a list in which no price stands twice")
    return tuple(pairs)


def stripe_key(text: str) -> str:
    if find_spec("stripe") is None:
        raise ValueError("a key only with the package stripe: pip install stripe")
    return secret(text)


@dataclass(frozen=True, slots=True)
class BillingSettings(ModerationSettings):
    """Amounts in dollars."""

    billing: bool = setting(
        False, switch, "", "off", "`on`: pictures cost credit, which accounts hold ([billing.md](billing.md))"
    )
    price_per_generation_usd: Decimal = setting(
        Decimal("0.50"),
        usd("0.01"),
        "USD",
        "0.50",
        "price of up to 4 pictures at the model's own size with 30 steps; more pictures, pixels or steps cost more",
    )
    free_usd_per_month: Decimal = setting(
        Decimal(0), usd("0"), "USD", "0", "credit that each account has for nothing in each month (UTC)"
    )
    credit_packs_usd: Packs = setting(
        ((Decimal(5), Decimal(5)), (Decimal(10), Decimal(10)), (Decimal(25), Decimal(25))),
        packs,
        "USD",
        "5,10,25",
        "credit that can be bought: prices, with the credit where it differs, like `5,10,25=30`",
    )
    stripe_key: str | None = setting(
        None, stripe_key, "", "none: nothing is sold", "secret key of the Stripe account", repr=False
    )
    stripe_webhook_secret: str | None = setting(
        None, secret, "", "none", "signing secret of the webhook `/api/billing/stripe`; `whsec_...`", repr=False
    )
    stripe_url: str | None = setting(None, web_address, "", "Stripe", "address of another server with Stripe's API")
