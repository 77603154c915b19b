"""Amounts of money: whole micro-dollars in tables and code, whole cents at Stripe, dollars for people."""

from decimal import Decimal

MICRO_PER_USD = 1_000_000
MICRO_PER_CENT = 10_000


def micro_usd(usd: Decimal) -> int:
    """Of an amount of whole cents."""
    return int(usd * MICRO_PER_USD)


def in_dollars(micro: int) -> str:
    """`$0.50`; parts of a cent are left out."""
    cents = abs(micro) // MICRO_PER_CENT
    return f"{'-' if micro < 0 else ''}${cents // 100:,}.{cents % 100:02}"
