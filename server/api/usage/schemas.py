"""Answers about use, limits, the queue and the users."""

import time
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from server.api.jobs.schemas import Status
from server.db.clock import DAY_S
from server.queue.quotas import Standing
from server.usage.service import Left


class LimitLeft(Struct, frozen=True, kw_only=True):
    """`reset_s`: seconds until some of it (of a daily limit: all of it) is available again."""

    limit: int
    remaining: int
    reset_s: int


class LimitsLeft(Struct, frozen=True, kw_only=True):
    """What is left of each limit; null: no limit. `pictures_per_day` counts requested pictures, `gpu_s_per_day` seconds
    of the model's time, including waiting jobs. Days are in UTC."""

    jobs_per_hour: LimitLeft | None
    pictures_per_day: LimitLeft | None
    gpu_s_per_day: LimitLeft | None


class UsageDay(Struct, frozen=True, kw_only=True):
    """`gpu_s`: seconds of the model's time for the finished `pictures`."""

    date: Annotated[str, Meta(description="In UTC.", examples=["2026-11-22"])]
    generations: int
    pictures: int
    gpu_s: float


class UsageTotal(Struct, frozen=True, kw_only=True):
    generations: int
    pictures: int
    gpu_s: float


class Usage(Struct, frozen=True, kw_only=True):
    """`days` with use, newest first; deleted jobs still count. `limits` null: of all callers together."""

    days: list[UsageDay]
    total: UsageTotal
    limits: LimitsLeft | None


class QueuedJob(Struct, frozen=True, kw_only=True):
    """`owner` is `user:{id}`, `anon:...` or an address. `queue_position` 0: running."""

    job_id: str
    owner: str
    end_user: str | None
    status: Status
    model: str
    created_at: str
    age_s: float
    queue_position: int
    estimated_time: int
    images_completed: int
    images_total: int


class OperatorQueue(Struct, frozen=True, kw_only=True):
    """Unfinished jobs, the next one first, at most 500. `pictures_per_min`: in the last minute, of all processes.
    `step_s` and `rows`: mean of the last UNet forwards of this process; null before the first."""

    waiting: int
    running: int
    pictures_per_min: float
    step_s: float | None
    rows: float | None
    jobs: list[QueuedJob]


class OperatorUser(Struct, frozen=True, kw_only=True):
    """`total`: in the last 30 days."""

    id: str
    email: str
    is_operator: bool
    disabled: bool
    created_at: str
    total: UsageTotal
    moderation_exempt: Annotated[
        bool | UnsetType, Meta(description="True: its pictures are not moderated. Else left out.")
    ] = UNSET


class ResetLink(Struct, frozen=True, kw_only=True):
    """A link that sets a new password. It works once."""

    url: str
    expires_in_s: int


class OperatorUsers(Struct, frozen=True, kw_only=True):
    users: list[OperatorUser]
    next_cursor: str | None


def limits_left(left: Left) -> LimitsLeft:
    return LimitsLeft(
        jobs_per_hour=_limit(left.jobs_per_hour),
        pictures_per_day=_limit(left.daily_pictures),
        gpu_s_per_day=_limit(left.daily_gpu_s),
    )


def _limit(standing: Standing | None) -> LimitLeft | None:
    if standing is None:
        return None
    return LimitLeft(limit=standing.limit, remaining=standing.remaining, reset_s=standing.reset_s)


def date_of(day: int) -> str:
    """`day` counts from 1970."""
    return time.strftime("%Y-%m-%d", time.gmtime(day * DAY_S))
