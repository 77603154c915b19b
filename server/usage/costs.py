"""What pictures cost their operator. Pure."""

from dataclasses import dataclass

HOUR_S = 3600.0
MONTH_S = 730 * HOUR_S
GB = 1e9


@dataclass(frozen=True, slots=True)
class Prices:
    """In dollars; None: unknown."""

    gpu_hour: float | None = None
    storage_gb_month: float | None = None
    egress_gb: float | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """What was used. `up_s`: seconds that workers ran; `busy_s` of them the model worked; of these `image_s` for images
    that were stored."""

    up_s: float = 0.0
    busy_s: float = 0.0
    image_s: float = 0.0
    byte_s: float = 0.0
    egress_bytes: float = 0.0


@dataclass(frozen=True, slots=True)
class Costs:
    """In dollars; None: its price is unknown. `work` is for stored images, `lost` for images that were not stored,
    `idle` the rest of the workers' time: together they are its cost. Where the time is unknown, `idle` is 0."""

    work: float | None
    lost: float | None
    idle: float | None
    storage: float | None
    egress: float | None

    @property
    def total(self) -> float | None:
        """Of what is known; None: nothing is."""
        known = [each for each in (self.work, self.lost, self.idle, self.storage, self.egress) if each is not None]
        return sum(known) if known else None


def costs(spent: Spent, prices: Prices) -> Costs:
    lost_s = max(0.0, spent.busy_s - spent.image_s)
    idle_s = max(0.0, spent.up_s - spent.image_s - lost_s)
    return Costs(
        work=_times(prices.gpu_hour, spent.image_s / HOUR_S),
        lost=_times(prices.gpu_hour, lost_s / HOUR_S),
        idle=_times(prices.gpu_hour, idle_s / HOUR_S),
        storage=_times(prices.storage_gb_month, spent.byte_s / GB / MONTH_S),
        egress=_times(prices.egress_gb, spent.egress_bytes / GB),
    )


def _times(price: float | None, amount: float) -> float | None:
    return None if price is None else price * amount
