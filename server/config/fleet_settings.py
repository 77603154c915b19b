"""The settings of a fleet of workers: fields that `Settings` (settings.py) begins with."""

import base64
import binascii
import re
import shlex
import shutil
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from server.config.billing_settings import BillingSettings
from server.config.parsers import integer, setting, web_address

HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])(?: +(\S+))?")
AMOUNT = re.compile(r"[0-9]{1,5}(\.[0-9]{1,2})?")
SECRET_BYTES = range(24, 65)
"""Of a secret of Standard Webhooks."""
MAX_WORKERS = 10_000


@dataclass(frozen=True, slots=True)
class WorkerHours:
    """The hours of each day in which workers run. `ends` before `begins`: over midnight."""

    begins: time
    ends: time
    zone: ZoneInfo

    def seconds_until_open(self, at_s: float) -> float:
        """From a moment since 1970 on; 0: workers run then."""
        now = datetime.fromtimestamp(at_s, self.zone)
        at, begins, ends = now.time(), self.begins, self.ends
        is_open = begins <= at < ends if begins < ends else at >= begins or at < ends
        if is_open:
            return 0.0
        day = now.date() if at < begins else now.date() + timedelta(days=1)
        return max(0.0, datetime.combine(day, begins, self.zone).timestamp() - at_s)

    def __str__(self) -> str:
        return f"{self.begins:%H:%M} to {self.ends:%H:%M} ({self.zone.key})"


def worker_hours(text: str) -> WorkerHours:
    match = HOURS.fullmatch(text)
    if match is None or match[1] + match[2] == match[3] + match[4]:
        raise ValueError("hours of a day with a time zone, like 09:00-17:00 Europe/Berlin; without one: UTC")
    try:
        zone = ZoneInfo(match[5] or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("a time zone of this machine's tz database, like Europe/Berlin") from None
    return WorkerHours(time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4])), zone)


def command(text: str) -> tuple[str, ...]:
    """Words as a shell splits them; no shell runs them."""
    try:
        words = tuple(shlex.split(text))
    except ValueError:
        words = ()
    if not words or shutil.which(words[0]) is None:
        raise ValueError("a program of this machine with its arguments, quoted as for a shell; no shell runs it")
    return words


def webhook_secret(text: str) -> str:
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if not text.startswith("whsec_") or len(key) not in SECRET_BYTES:
        raise ValueError("whsec_ and 24 to 64 bytes in base64: echo whsec_$(openssl rand -base64 32) makes one")
    return text


def amount(text: str) -> float:
    if not AMOUNT.fullmatch(text):
        raise ValueError("a number like 8 or 2.50; 0 for no limit")
    return float(text)


@dataclass(frozen=True, slots=True)
class FleetSettings(BillingSettings):
    """Workers that come and go, and how many are wanted."""

    worker_hours: WorkerHours | None = setting(
        None,
        worker_hours,
        "",
        "always",
        "hours of a day in which workers run, with a time zone, like `09:00-17:00 Europe/Berlin`; callers see them, and"
        " outside them nothing is woken ([fleet.md](operations/fleet.md))",
    )
    worker_start_s: int | None = setting(
        None,
        integer(1, 86_400),
        "s",
        "learned from past starts",
        "time from a wake call until a worker makes pictures, as callers see it",
    )
    wake_command: tuple[str, ...] | None = setting(
        None,
        command,
        "",
        "none",
        "with `STUDIO_ROLE=api`: program that starts a worker, with its arguments; it runs without a shell and without"
        " the variables `STUDIO_...`, when jobs wait and no worker runs",
        repr=False,
    )
    wake_url: str | None = setting(
        None,
        web_address,
        "",
        "none",
        "the same by a signed POST (Standard Webhooks) to this address; with a command, both are called",
        repr=False,
    )
    wake_secret: str | None = setting(
        None, webhook_secret, "", "none", "secret of the signature of `STUDIO_WAKE_URL`; `whsec_...`", repr=False
    )
    wake_retry_s: int = setting(
        120,
        integer(1, 86_400),
        "s",
        "120",
        "time without a worker after which the wake call is made again; it doubles each time, up to an hour",
    )
    wake_max_hours_per_day: float = setting(
        0.0, amount, "h", "0 (no limit)", "hours of workers on a day (UTC) after which nothing is woken"
    )
    wake_max_usd_per_day: float = setting(
        0.0,
        amount,
        "USD",
        "0 (no limit)",
        "cost of workers on a day (UTC), by `STUDIO_GPU_HOURLY_USD`, after which nothing is woken",
    )
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
