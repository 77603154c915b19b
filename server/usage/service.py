"""Usage by day and what is left of the quotas. Read from the table `generation`, which outlives the jobs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select

from server.db.clock import DAY_S, now_s
from server.db.session import Database
from server.db.usage_models import GenerationRow
from server.queue import quotas
from server.queue.model import Requester
from server.queue.quotas import Quotas, Standing
from server.tallies.days import day_of


@dataclass(frozen=True, slots=True)
class DayUsage:
    """`day` counts from 1970, in UTC. `gpu_s`: seconds of the model's time for `num_images` finished pictures."""

    day: int
    num_jobs: int
    num_images: int
    gpu_s: float


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of each limit; None: there is none."""

    jobs_per_hour: Standing | None
    daily_pictures: Standing | None
    daily_gpu_s: Standing | None


class Usage:
    """Runs on the event loop."""

    def __init__(self, database: Database, quotas: Quotas) -> None:
        self._database = database
        self._quotas = quotas

    async def days(self, requester: Requester | None, num_days: int) -> Sequence[DayUsage]:
        """The last days, today's first; days without use are left out. `requester` None: all callers together."""
        async with self._database.read() as session:
            today = day_of(await session.scalar(select(now_s())) or 0.0)
            statement = (
                select(
                    GenerationRow.day,
                    func.count(),
                    func.sum(GenerationRow.num_finished),
                    func.sum(GenerationRow.gpu_s),
                )
                .where(GenerationRow.day > today - num_days, GenerationRow.day <= today)
                .group_by(GenerationRow.day)
                .order_by(GenerationRow.day.desc())
            )
            rows = await session.execute(statement.where(_rows_of(requester)) if requester else statement)
            return [DayUsage(day, count, int(num or 0), float(gpu_s or 0.0)) for day, count, num, gpu_s in rows]

    async def left(self, requester: Requester) -> Left:
        quota, who = self._quotas.of(requester.owner), requester.counted_as
        async with self._database.read() as session:
            now = await session.scalar(select(now_s())) or 0.0
            num_images, gpu_s = await quotas.used_today(session, who, now)
            per_hour = await quotas.standing_of(session, quota, who, now)
        reset_s = math.ceil(DAY_S - now % DAY_S)
        return Left(
            per_hour, _left(quota.daily_pictures, num_images, reset_s), _left(quota.daily_gpu_s, gpu_s, reset_s)
        )


def _rows_of(requester: Requester) -> ColumnElement[bool]:
    """All that the owner has used, with whatever key; of an end user, what that one has."""
    if requester.end_user is None:
        return GenerationRow.owner == requester.owner
    return GenerationRow.counted_by == requester.counted_as


def _left(limit: int, used: float, reset_s: int) -> Standing | None:
    return Standing(limit, max(0, math.floor(limit - used)), reset_s) if limit else None
