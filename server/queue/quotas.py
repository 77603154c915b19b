"""Quotas of one caller, counted in the table `generation`. `check` runs in the accepting transaction, under the lock
"queue": exact over concurrent requests and several processes."""

import math
from dataclasses import dataclass

from sqlalchemy import case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.clock import DAY_S
from server.db.models import ImageRow, JobRow
from server.db.usage_models import GenerationRow
from server.queue.errors import LimitReached
from server.queue.mapping import requester_of
from server.queue.model import ImageStatus, is_anonymous_owner
from server.tallies.days import day_of

HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Quota:
    """Limits of one caller; 0 is no limit. Days are UTC's."""

    per_hour: int = 0
    daily_pictures: int = 0
    daily_gpu_s: int = 0


@dataclass(frozen=True, slots=True)
class Quotas:
    """By kind of caller."""

    anonymous: Quota = Quota()
    users: Quota = Quota()

    def of(self, owner: str) -> Quota:
        return self.anonymous if is_anonymous_owner(owner) else self.users


@dataclass(frozen=True, slots=True)
class Standing:
    """A caller's rate limit of jobs an hour; `reset_s` is the time until the next job is given back."""

    limit: int
    remaining: int
    reset_s: int


async def check(session: AsyncSession, quota: Quota, who: str, num_images: int, now: float) -> Standing | None:
    """The caller's standing once the job is accepted; None: no hourly limit. Raises LimitReached."""
    standing = await standing_of(session, quota, who, now)
    if standing is not None and standing.remaining == 0:
        detail = f"{quota.per_hour} jobs an hour are allowed; try again in {standing.reset_s} s"
        raise LimitReached(detail, standing.limit, standing.reset_s)
    if quota.daily_pictures or quota.daily_gpu_s:
        await _check_day(session, quota, who, num_images, now)
    if standing is None:
        return None
    untouched = standing.remaining == standing.limit
    return Standing(standing.limit, standing.remaining - 1, HOUR_S if untouched else standing.reset_s)


async def standing_of(session: AsyncSession, quota: Quota, who: str, now: float) -> Standing | None:
    """None: no limit by the hour."""
    if not quota.per_hour:
        return None
    statement = select(func.count(), func.min(GenerationRow.created_at_s)).where(
        GenerationRow.counted_by == who,
        GenerationRow.created_at_s > now - HOUR_S,
        GenerationRow.created_at_s <= now,  # a clock that ran ahead leaves rows of the future
    )
    count, oldest = (await session.execute(statement)).one()
    reset_s = max(1, math.ceil(oldest + HOUR_S - now)) if count else 0
    return Standing(quota.per_hour, max(0, quota.per_hour - count), reset_s)


async def used_today(session: AsyncSession, who: str, now: float) -> tuple[int, float]:
    """Pictures asked for and seconds of the model's time since midnight UTC, what waits included."""
    statement = select(
        func.sum(GenerationRow.num_images), func.sum(GenerationRow.gpu_s + GenerationRow.reserved_gpu_s)
    ).where(
        GenerationRow.counted_by == who,
        GenerationRow.created_at_s >= now - now % DAY_S,
        GenerationRow.created_at_s <= now,
    )
    num_pictures, gpu_s = (await session.execute(statement)).one()
    return int(num_pictures or 0), float(gpu_s or 0.0)


async def _check_day(session: AsyncSession, quota: Quota, who: str, num_images: int, now: float) -> None:
    num_pictures, gpu_s = await used_today(session, who, now)
    reset_s = math.ceil(DAY_S - now % DAY_S)
    if quota.daily_pictures and num_pictures + num_images > quota.daily_pictures:
        left = max(0, quota.daily_pictures - num_pictures)
        detail = (
            f"{quota.daily_pictures} pictures a day are allowed, {left} are left; the next day begins in {reset_s} s"
        )
        raise LimitReached(detail, quota.daily_pictures, reset_s, left)
    if quota.daily_gpu_s and gpu_s >= quota.daily_gpu_s:
        detail = f"{quota.daily_gpu_s} s of the model's time a day are used up; the next day begins in {reset_s} s"
        raise LimitReached(detail, quota.daily_gpu_s, reset_s)


def generation_row(job: JobRow, expected_gpu_s: float) -> GenerationRow:
    return GenerationRow(
        job_id=job.id,
        owner=job.owner,
        counted_by=requester_of(job).counted_as,
        created_at_s=job.created_at_s,
        day=day_of(job.created_at_s),
        num_images=job.num_images,
        reserved_gpu_s=expected_gpu_s,
    )


async def note_image(session: AsyncSession, image: ImageRow) -> None:
    """Count the seconds that the image took, and reserve that much less for the rest. A blocked image is no finished
    picture, but the model's time for it is spent."""
    gpu_s = image.gpu_s
    left_s = GenerationRow.reserved_gpu_s - gpu_s
    await session.execute(
        update(GenerationRow)
        .where(GenerationRow.job_id == image.job_id)
        .values(
            num_finished=GenerationRow.num_finished + int(image.status == ImageStatus.DONE),
            gpu_s=GenerationRow.gpu_s + gpu_s,
            reserved_gpu_s=case((left_s > 0, left_s), else_=0.0),
        )
        .execution_options(synchronize_session=False)
    )


async def note_end(session: AsyncSession, job_id: str) -> None:
    """The job has ended: drop its reservation."""
    await session.execute(
        update(GenerationRow)
        .where(GenerationRow.job_id == job_id)
        .values(reserved_gpu_s=0.0)
        .execution_options(synchronize_session=False)
    )
