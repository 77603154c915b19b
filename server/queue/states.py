"""Every transition of a job and its images, each one guarded UPDATE: 0 rows means that another process was faster.

    accept        → queued                      insert (generation/service.py)
    claim         queued → processing           attempt + 1; so is a processing job whose lease expired
    renew, release, expire_leases_of            keep the state, move the lease
    finish_image  image queued → done           with the last image, the job processing → completed or failed
    block_image   image queued → blocked        as finish_image; a job with blocked images only fails
    fail_image    image queued → failed         with the last image, the job processing → failed
    fail_mine     processing → failed           guarded by the lease
    fail_stale    queued, processing → failed   jobs that must not be made any more
    cancel        queued, processing → cancelled

All run in the caller's transaction and insert the event of the transition in it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.billing import ledger
from server.db.clock import now_s
from server.db.models import EventRow, ImageAttemptErrorRow, ImageRow, JobRow
from server.queue import decisions, quotas
from server.queue.model import NEXT, ImageStatus, JobError, JobStatus, Verdict
from server.tallies import days, facts
from server.tallies.days import Measure

MAX_LOST_LEASES = 10
"""After this many lost leases in a row, with no image finished in between, a job is given up: it may kill its
processes."""
SUSPECT_LEASES = 2
"""After this many lost leases in a row a job runs alone: if it kills the process again, no other job loses its lease or
is blamed."""

BLOCKED = JobError("blocked", "moderation blocked every picture of this job")

LONGEST_LEASE_S = 600.0
"""Leases last 10 s. One that ends later than this was given while the database's clock ran ahead; it has expired."""


Write = Callable[[ImageRow, JobRow, float], Awaitable[None]]
"""Changes the rows of an image that ends and of its job, now."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A claim on a job. Writes carry it, so that a stalled process cannot write over its successor."""

    job_id: str
    attempt: int

    @property
    def holds(self) -> ColumnElement[bool]:
        return and_(JobRow.id == self.job_id, JobRow.attempt == self.attempt, JobRow.status == JobStatus.PROCESSING)


def is_claimable() -> ColumnElement[bool]:
    expired = or_(JobRow.lease_until < now_s(), JobRow.lease_until > now_s() + LONGEST_LEASE_S)
    return or_(JobRow.status == JobStatus.QUEUED, and_(JobRow.status == JobStatus.PROCESSING, expired))


def lease_was_lost() -> ColumnElement[bool]:
    """Of a claimable job: True if its last process ended without releasing it."""
    return and_(JobRow.status == JobStatus.PROCESSING, JobRow.lease_owner.is_not(None))


def num_lost_leases() -> ColumnElement[int]:
    """Of a claimable job: leases lost in a row, with the one that a claim now would follow on."""
    return JobRow.lost_leases + case((lease_was_lost(), 1), else_=0)


def unfinished() -> ColumnElement[bool]:
    return JobRow.status.in_([status for status in JobStatus if not status.ended])


async def claim(session: AsyncSession, job_id: str, lease_owner: str, lease_s: float) -> JobRow | None:
    """The job, now ours; None when another process has it, is just claiming it, or it has ended."""
    free = select(JobRow.id).where(JobRow.id == job_id, is_claimable()).with_for_update(skip_locked=True)
    return await _update(
        session,
        JobRow.id == free.scalar_subquery(),
        status=JobStatus.PROCESSING,
        attempt=JobRow.attempt + 1,
        lost_leases=num_lost_leases(),
        lease_owner=lease_owner,
        lease_until=now_s() + lease_s,
        started_at_s=func.coalesce(JobRow.started_at_s, now_s()),
    )


async def renew(session: AsyncSession, leases: Mapping[str, Lease], lease_owner: str, lease_s: float) -> set[str]:
    """Extend our leases. Returns the ids of the jobs that are still ours."""
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
    """Release all our jobs: the next process claims them immediately, and no lease counts as lost."""
    await session.execute(
        update(JobRow)
        .where(JobRow.status == JobStatus.PROCESSING, JobRow.lease_owner == lease_owner)
        .values(lease_owner=None, lease_until=0.0)
        .execution_options(synchronize_session=False)
    )


async def expire_leases_of(session: AsyncSession, folder_id: str) -> None:
    """End the leases held from this data folder. We hold its lock, so their process is gone."""
    await session.execute(
        update(JobRow)
        .where(JobRow.status == JobStatus.PROCESSING, JobRow.lease_owner.startswith(f"{folder_id}/"))
        .values(lease_until=0.0)
        .execution_options(synchronize_session=False)
    )


async def finish_image(session: AsyncSession, lease: Lease, n: int, stored: Mapping[str, Any]) -> bool:
    """Set the image's `stored` columns, insert its event and, with the last image, end the job. Returns False if the
    lease is not ours any more. An image that is done already (the commit went through, its answer was lost) is left as
    it is."""

    async def write(image: ImageRow, job: JobRow, now: float) -> None:
        for column, value in stored.items():
            setattr(image, column, value)
        image.status, image.finished_at_s = ImageStatus.DONE, now
        await quotas.note_image(session, image)
        facts.image_stored(session, image, job, now)
        await ledger.capture(session, job, n)
        if image.verdict is not None and Verdict(image.verdict).marks:
            session.add(decisions.of_image(image, job.owner, image.verdict, now))
        session.add(_event(job, "image", image_facts(image), now))

    return await _end_image(session, lease, n, write, num_events=1)


async def block_image(session: AsyncSession, lease: Lease, n: int, judged: Mapping[str, Any]) -> bool:
    """Record that moderation blocked the image: set its `judged` columns, insert its event and, with the last image,
    end the job. Nothing is charged for it. Returns False if the lease is not ours any more."""

    async def write(image: ImageRow, job: JobRow, now: float) -> None:
        for column, value in judged.items():
            setattr(image, column, value)
        image.status, image.finished_at_s, image.error_code = ImageStatus.BLOCKED, now, BLOCKED.code
        await quotas.note_image(session, image)
        days.add(session, Measure.BLOCKED, now)
        session.add(decisions.of_image(image, job.owner, Verdict.BLOCKED, now, image.error_detail or ""))
        session.add(_event(job, "blocked", blocked_facts(image), now))

    return await _end_image(session, lease, n, write, num_events=1)


async def fail_image(session: AsyncSession, lease: Lease, n: int, error: JobError) -> bool:
    """Record the failure and, with the last image, fail the job. Returns False if the lease is not ours any more."""

    async def write(image: ImageRow, job: JobRow, now: float) -> None:
        image.status, image.error_code, image.error_detail = ImageStatus.FAILED, error.code, error.detail
        days.add(session, Measure.FAILED, now, label=error.code)
        session.add(
            ImageAttemptErrorRow(
                image_id=image.id,
                attempt=job.attempt,
                worker=job.lease_owner,
                code=error.code,
                detail=error.detail,
                created_at_s=now,
            )
        )

    return await _end_image(session, lease, n, write, num_events=0)


async def fail_mine(session: AsyncSession, lease: Lease, error: JobError) -> bool:
    """Fail the job as it is. Returns False if the lease is not ours any more."""
    return await _end(session, lease.holds, JobStatus.FAILED, error) is not None


async def fail_stale(session: AsyncSession, job_id: str, error: JobError) -> bool:
    """Fail a job that no process works on. Returns False if one does, or it has ended."""
    return await _end(session, and_(JobRow.id == job_id, is_claimable()), JobStatus.FAILED, error) is not None


async def cancel(session: AsyncSession, job_id: str) -> bool:
    """Returns False if it has ended already, or there is no such job."""
    return await _end(session, JobRow.id == job_id, JobStatus.CANCELLED) is not None


def image_facts(image: ImageRow) -> dict[str, Any]:
    """The data of an image event: storage keys, not URLs."""
    return {
        "id": image.id,
        "index": image.n - 1,
        "storage_key": image.storage_key,
        "thumbnail_key": image.thumbnail_key,
        "seed": image.spec.sampling.seed,
        "width": image.spec.width,
        "height": image.spec.height,
        "content_type": image.content_type,
        "bytes": image.num_bytes,
        "from_image": image.spec.source.from_image if image.spec.source else None,
        **_mark(image),
    }


def blocked_facts(image: ImageRow) -> dict[str, Any]:
    """The data of a blocked event."""
    return {
        "id": image.id,
        "index": image.n - 1,
        "seed": image.spec.sampling.seed,
        "score": image.moderation_score or 0.0,
        "detail": image.error_detail or "",
    }


def _mark(image: ImageRow) -> dict[str, Any]:
    if image.verdict is None or not Verdict(image.verdict).marks:
        return {}
    return {"moderation": {"verdict": image.verdict, "score": image.moderation_score}}


async def _end_image(session: AsyncSession, lease: Lease, n: int, write: Write, num_events: int) -> bool:
    """`write` the end of a queued image, with so many events. Returns False if the lease is not ours any more."""
    image = await session.get(ImageRow, f"{lease.job_id}-{n}")
    if image is None or image.status != ImageStatus.QUEUED:
        return image is not None and await _is_ours(session, lease)
    job = await _update(session, lease.holds, num_events=JobRow.num_events + num_events, lost_leases=0)
    if job is None:
        return False
    await write(image, job, await session.scalar(select(now_s())) or 0.0)
    await session.flush()
    await _end_if_last(session, lease)
    return True


async def _end_if_last(session: AsyncSession, lease: Lease) -> None:
    """End the job where no image is queued any more: as failed where one has failed, or all are blocked."""
    counts = await _count_images(session, lease.job_id)
    if counts.get(ImageStatus.QUEUED):
        return
    num_failed = counts.get(ImageStatus.FAILED, 0)
    if counts.get(ImageStatus.BLOCKED) == sum(counts.values()):
        await _end(session, lease.holds, JobStatus.FAILED, BLOCKED)
        return
    if not num_failed:
        await _end(session, lease.holds, JobStatus.COMPLETED)
        return
    failed = select(ImageRow).where(ImageRow.job_id == lease.job_id, ImageRow.status == ImageStatus.FAILED)
    first = (await session.scalars(failed.order_by(ImageRow.n).limit(1))).one()
    others = f" ({num_failed} of {sum(counts.values())} failed)" if num_failed > 1 else ""
    error = JobError(first.error_code or "internal", f"picture {first.n}: {first.error_detail}{others}")
    await _end(session, lease.holds, JobStatus.FAILED, error)


async def _end(
    session: AsyncSession, guard: ColumnElement[bool], to: JobStatus, error: JobError | None = None
) -> JobRow | None:
    """Move a job to one of its last states and insert the event, once."""
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
        await ledger.release(session, job)
        counts = await _count_images(session, job.id)
        facts.job_ended(session, job, counts.get(ImageStatus.QUEUED, 0))
        data = {
            "job_id": job.id,
            "status": to.value,
            "images_completed": counts.get(ImageStatus.DONE, 0),
            "images_total": job.num_images,
            "error": {"code": error.code, "detail": error.detail} if error else None,
        }
        if num_blocked := counts.get(ImageStatus.BLOCKED):
            data["images_blocked"] = num_blocked
        session.add(_event(job, to.value, data, job.finished_at_s or 0.0))
    return job


async def _update(session: AsyncSession, guard: ColumnElement[bool], **values: Any) -> JobRow | None:
    statement = update(JobRow).where(guard).values(**values).returning(JobRow)
    options = {"synchronize_session": False, "populate_existing": True}
    return (await session.execute(statement, execution_options=options)).scalar_one_or_none()


async def _is_ours(session: AsyncSession, lease: Lease) -> bool:
    """True if the job's last claim is this one."""
    return await session.scalar(select(JobRow.attempt).where(JobRow.id == lease.job_id)) == lease.attempt


def _event(job: JobRow, name: str, data: dict[str, Any], at_s: float) -> EventRow:
    return EventRow(job_id=job.id, seq=job.num_events, name=name, data=data, created_at_s=at_s)


async def _count_images(session: AsyncSession, job_id: str) -> dict[str, int]:
    """By status."""
    counts = select(ImageRow.status, func.count()).where(ImageRow.job_id == job_id).group_by(ImageRow.status)
    return dict((await session.execute(counts)).tuples().all())
