"""The settings of costs: the fields that `Settings` (settings.py) begins with."""

import re
from dataclasses import dataclass

from server.config.parsers import setting

PRICE = re.compile(r"[0-9]{1,5}(\.[0-9]{1,6})?")


def price(text: str) -> float:
    if not PRICE.fullmatch(text):
        raise ValueError("dollars like 0.44, with at most six decimals")
    return float(text)


@dataclass(frozen=True, slots=True)
class CostSettings:
    """What the operator pays, in dollars. None: unknown."""

    gpu_hourly_usd: float | None = setting(
        None, price, "USD/h", "unknown", "what an hour of a worker with its GPU costs, for the operator's overview"
    )
    storage_usd_gb_month: float | None = setting(
        None, price, "USD", "unknown", "what it costs to store 1 GB of pictures for a month of 730 hours"
    )
    egress_usd_gb: float | None = setting(None, price, "USD", "unknown", "what it costs to send 1 GB of downloads")
