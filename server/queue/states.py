"""Every move a job makes, each one guarded UPDATE: 0 rows means that someone else was faster.

    accept        → queued                      insert
    claim         queued → processing           attempt + 1; so is a processing job whose lease ran out
    renew, release, expire_leases_of            keep the state, move the lease
    add_picture   processing → completed        with the last picture
    fail_mine     processing → failed           guarded by the lease
    fail_stale    queued, processing → failed   jobs that nobody may go on with
    cancel        queued, processing → cancelled

All run in the caller's transaction, and write the event that tells of the move in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.clock import now_s
from server.db.models import EventRow, ImageRow, JobRow
from server.queue import quotas
from server.queue.model import NEXT, JobError, JobStatus

MAX_LOST_LEASES = 10
"""A job whose process died under it this many times in a row, with no picture made in between, is given up: it may be
what kills them."""
SUSPECT_LEASES = 2
"""From so many on a job is made alone, so that it costs no neighbor its lease, and none is given up in its place."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A claim on a job. Writes carry it, so that a process that stalled cannot write over its successor."""

    job_id: str
    attempt: int

    @property
    def holds(self) -> ColumnElement[bool]:
        return and_(JobRow.id == self.job_id, JobRow.attempt == self.attempt, JobRow.status == JobStatus.PROCESSING)


def is_claimable() -> ColumnElement[bool]:
    return or_(
        JobRow.status == JobStatus.QUEUED,
        and_(JobRow.status == JobStatus.PROCESSING, JobRow.lease_until < now_s()),
    )


def lease_was_lost() -> ColumnElement[bool]:
    """Of a claimable job: its last process did not let go of it, it was gone."""
    return and_(JobRow.status == JobStatus.PROCESSING, JobRow.lease_owner.is_not(None))


def given_up(job: JobRow) -> bool:
    """A claimable job whose next claim would follow on one lost lease too many."""
    return _num_lost(job) >= MAX_LOST_LEASES


def is_suspect(job: JobRow) -> bool:
    """A claimable job that should be made alone."""
    return _num_lost(job) >= SUSPECT_LEASES


def unfinished() -> ColumnElement[bool]:
    return JobRow.status.in_([status for status in JobStatus if not status.ended])


async def claim(session: AsyncSession, job_id: str, lease_owner: str, lease_s: float) -> JobRow | None:
    """The job, now ours; None when another process has it, is just taking it, or it has ended."""
    free = select(JobRow.id).where(JobRow.id == job_id, is_claimable()).with_for_update(skip_locked=True)
    return await _update(
        session,
        JobRow.id == free.scalar_subquery(),
        status=JobStatus.PROCESSING,
        attempt=JobRow.attempt + 1,
        lost_leases=JobRow.lost_leases + case((lease_was_lost(), 1), else_=0),
        lease_owner=lease_owner,
        lease_until=now_s() + lease_s,
        started_at_s=func.coalesce(JobRow.started_at_s, now_s()),
    )


async def renew(session: AsyncSession, leases: Mapping[str, Lease], lease_owner: str, lease_s: float) -> set[str]:
    """Move our leases' ends. The ids of the jobs that are still ours."""
    statement = (
        update(JobRow)
        .where(JobRow.status == JobStatus.PROCESSING, JobRow.lease_owner == lease_owner, JobRow.id.in_(leases))
        .values(lease_until=now_s() + lease_s)
        .returning(JobRow.id, JobRow.attempt)
        .execution_options(synchronize_session=False)
    )
    rows = (await session.execute(statement)).all()
    return {job_id for job_id, attempt in rows if leases[job_id].attempt == attempt}


async def release(session: AsyncSession, lease_owner: str) -> None:
    """Let go of all our jobs: the next process goes on with them at once, and no lease counts as lost."""
    await session.execute(
        update(JobRow)
        .where(JobRow.status == JobStatus.PROCESSING, JobRow.lease_owner == lease_owner)
        .values(lease_owner=None, lease_until=0.0)
        .execution_options(synchronize_session=False)
    )


async def expire_leases_of(session: AsyncSession, folder_id: str) -> None:
    """End the leases held from this data folder. Its lock is ours, so their process is gone."""
    await session.execute(
        update(JobRow)
        .where(JobRow.status == JobStatus.PROCESSING, JobRow.lease_owner.startswith(f"{folder_id}/"))
        .values(lease_until=0.0)
        .execution_options(synchronize_session=False)
    )


async def add_picture(session: AsyncSession, lease: Lease, image: ImageRow) -> bool:
    """Add the picture and its event; with the last one, complete the job. False: the lease is not ours any more.
    A picture that is there already (the commit before went through, its answer was lost) is not added again."""
    if await session.get(ImageRow, image.id) is not None:
        return await session.scalar(select(JobRow.attempt).where(JobRow.id == lease.job_id)) == lease.attempt
    job = await _update(session, lease.holds, num_events=JobRow.num_events + 1, lost_leases=0)
    if job is None:
        return False
    image.finished_at_s = await _now(session)
    session.add(image)
    await quotas.note_picture(session, image)
    session.add(_event(job, "image", image_facts(image), image.finished_at_s))
    await session.flush()
    if await session.scalar(_num_images(lease.job_id)) == job.num_images:
        await _end(session, lease.holds, JobStatus.COMPLETED)
    return True


async def fail_mine(session: AsyncSession, lease: Lease, error: JobError) -> bool:
    """False: the lease is not ours any more."""
    return await _end(session, lease.holds, JobStatus.FAILED, error) is not None


async def fail_stale(session: AsyncSession, job_id: str, error: JobError) -> bool:
    """Fail a job that nobody works on. False: somebody does, or it has ended."""
    return await _end(session, and_(JobRow.id == job_id, is_claimable()), JobStatus.FAILED, error) is not None


async def cancel(session: AsyncSession, job_id: str) -> bool:
    """False: it has ended already, or was never there."""
    return await _end(session, JobRow.id == job_id, JobStatus.CANCELLED) is not None


def image_facts(image: ImageRow) -> dict[str, Any]:
    """What an image event keeps: keys, not addresses."""
    return {
        "id": image.id,
        "index": image.n - 1,
        "storage_key": image.storage_key,
        "thumbnail_key": image.thumbnail_key,
        "seed": image.seed,
        "width": image.width,
        "height": image.height,
        "content_type": image.content_type,
        "bytes": image.num_bytes,
    }


async def _end(
    session: AsyncSession, guard: ColumnElement[bool], to: JobStatus, error: JobError | None = None
) -> JobRow | None:
    """Move a job to one of its last states and tell of it, once."""
    job = await _update(
        session,
        and_(guard, JobRow.status.in_([status for status in JobStatus if to in NEXT[status]])),
        status=to,
        error_code=error.code if error else None,
        error_detail=error.detail if error else None,
        finished_at_s=now_s(),
        lease_owner=None,
        lease_until=0.0,
        num_events=JobRow.num_events + 1,
    )
    if job is not None:
        await quotas.note_end(session, job.id)
        facts = {
            "job_id": job.id,
            "status": to.value,
            "images_completed": await session.scalar(_num_images(job.id)),
            "images_total": job.num_images,
            "error": {"code": error.code, "detail": error.detail} if error else None,
        }
        session.add(_event(job, to.value, facts, job.finished_at_s or 0.0))
    return job


async def _update(session: AsyncSession, guard: ColumnElement[bool], **values: Any) -> JobRow | None:
    statement = update(JobRow).where(guard).values(**values).returning(JobRow)
    options = {"synchronize_session": False, "populate_existing": True}
    return (await session.execute(statement, execution_options=options)).scalar_one_or_none()


def _event(job: JobRow, name: str, data: dict[str, Any], at_s: float) -> EventRow:
    return EventRow(job_id=job.id, seq=job.num_events, name=name, data=data, created_at_s=at_s)


def _num_lost(job: JobRow) -> int:
    """Leases lost in a row, with the one that a claim now would follow on."""
    return job.lost_leases + (job.status == JobStatus.PROCESSING and job.lease_owner is not None)


def _num_images(job_id: str) -> Select[tuple[int]]:
    return select(func.count()).select_from(ImageRow).where(ImageRow.job_id == job_id)


async def _now(session: AsyncSession) -> float:
    return await session.scalar(select(now_s())) or 0.0
