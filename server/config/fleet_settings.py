"""The settings of a fleet of workers: fields that `Settings` (settings.py) begins with."""

from dataclasses import dataclass

from server.config.billing_settings import BillingSettings
from server.config.parsers import integer, setting

MAX_WORKERS = 10_000


@dataclass(frozen=True, slots=True)
class FleetSettings(BillingSettings):
    """How many workers a fleet wants."""

    workers_target_s: int = setting(
        60,
        integer(1, 86_400),
        "s",
        "60",
        "seconds in which the accepted jobs are to be made: `studio_workers_wanted` is their seconds of a GPU divided"
        " by this ([fleet.md](operations/fleet.md))",
    )
    workers_min: int = setting(0, integer(0, MAX_WORKERS), "workers", "0", "fewest workers of `studio_workers_wanted`")
    workers_max: int = setting(4, integer(1, MAX_WORKERS), "workers", "4", "most workers of `studio_workers_wanted`")
