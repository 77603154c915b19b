"""What the dispatcher reads and writes, each a unit of work of its own."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, select

from server.db.models import ImageRow, JobLoraRow, JobRow
from server.db.session import Database
from server.engine.requests import Candidate
from server.queue import states
from server.queue.model import BaseModelRef, ImageStatus, JobError, Requester

CHUNK = 200
"""Jobs of one statement: the event loop builds no more rows in one go."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that is ours now. `images` are all of its images, by n."""

    row: JobRow
    images: tuple[ImageRow, ...]

    @property
    def queued(self) -> tuple[ImageRow, ...]:
        return tuple(image for image in self.images if image.status == ImageStatus.QUEUED)


async def take_over(database: Database, lease_owner: str) -> None:
    """Make the jobs that a predecessor in this data folder held claimable."""
    async with database.write() as session:
        await states.expire_leases_of(session, lease_owner.partition("/")[0])


@dataclass(frozen=True, slots=True)
class Claimable:
    """A claimable job, the content hashes of its LoRAs, and what decides whether it may still be made."""

    candidate: Candidate
    loras: frozenset[str]
    base_name: str
    base_sha256: str
    num_lost_leases: int

    def reason_to_fail(self, base_model: BaseModelRef) -> JobError | None:
        if self.base_sha256 != base_model.sha256:
            detail = f"the job was accepted for the base model {self.base_name}; the server now runs {base_model.name}"
            return JobError("base_model_changed", detail)
        if self.num_lost_leases >= states.MAX_LOST_LEASES:
            return JobError("given_up", f"{states.MAX_LOST_LEASES} attempts at this job broke off")
        return None


async def claimable_ids(database: Database, max_queue: int) -> dict[str, int]:
    """The claimable jobs, the oldest first, at most `max_queue`: id → leases lost in a row."""
    oldest = (
        select(JobRow.id, states.num_lost_leases())
        .where(states.is_claimable())
        .order_by(JobRow.created_at_s, JobRow.id)
        .limit(max_queue)
    )
    async with database.read() as session:
        return dict((await session.execute(oldest)).tuples().all())


async def read_jobs(database: Database, job_ids: Sequence[str]) -> AsyncIterator[Claimable]:
    """The jobs among these that are claimable: the numbers that the scheduler needs, no prompts and no specs."""
    for start in range(0, len(job_ids), CHUNK):
        chunk = job_ids[start : start + CHUNK]
        async with database.read() as session:
            rows = (await session.execute(_numbers().where(JobRow.id.in_(chunk)))).all()
            named = (
                await session.execute(select(JobLoraRow.job_id, JobLoraRow.sha256).where(JobLoraRow.job_id.in_(chunk)))
            ).all()
        loras: dict[str, set[str]] = {}
        for job_id, sha256 in named:
            loras.setdefault(job_id, set()).add(sha256)
        for row in rows:
            named_loras = frozenset(loras.get(row.id, ()))
            yield Claimable(_candidate(row), named_loras, row.base_name, row.base_sha256, row.num_lost_leases)


async def fail_stale(database: Database, job_id: str, error: JobError) -> None:
    """Fail a job that must not be made any more."""
    async with database.write() as session:
        await states.fail_stale(session, job_id, error)


async def unfinished_of(database: Database, job_ids: Collection[str]) -> set[str]:
    """The jobs among these that have not ended."""
    async with database.read() as session:
        return set(await session.scalars(select(JobRow.id).where(JobRow.id.in_(job_ids), states.unfinished())))


async def claim(database: Database, job_id: str, lease_owner: str, lease_s: float) -> Claimed | None:
    """None: another process was faster, or the job has ended."""
    async with database.write() as session:
        row = await states.claim(session, job_id, lease_owner, lease_s)
        if row is None:
            return None
        images = await session.scalars(select(ImageRow).where(ImageRow.job_id == job_id).order_by(ImageRow.n))
        return Claimed(row, tuple(images))


def _numbers() -> Select[Any]:
    """A row a claimable job, with the sums over its queued images."""
    return (
        select(
            JobRow.id,
            JobRow.owner,
            JobRow.address,
            JobRow.key_id,
            JobRow.end_user,
            JobRow.created_at_s,
            JobRow.batch_id,
            JobRow.base_name,
            JobRow.base_sha256,
            states.num_lost_leases().label("num_lost_leases"),
            func.count(ImageRow.id).label("num_images"),
            func.coalesce(func.sum(ImageRow.work), 0).label("work"),
            func.coalesce(func.max(ImageRow.num_px), 0).label("num_px"),
            func.coalesce(func.max(ImageRow.rows), 1).label("rows"),
            func.coalesce(func.sum(ImageRow.vae_px), 0).label("vae_px"),
            func.coalesce(func.sum(ImageRow.encode_px), 0).label("encode_px"),
            func.coalesce(func.sum(ImageRow.upscale_px), 0).label("upscale_px"),
        )
        .outerjoin(ImageRow, (ImageRow.job_id == JobRow.id) & (ImageRow.status == ImageStatus.QUEUED))
        .where(states.is_claimable())
        .group_by(JobRow.id)
    )


def _candidate(row: Row[Any]) -> Candidate:
    return Candidate(
        job_id=row.id,
        owner=Requester(row.owner, row.address, row.key_id, row.end_user).counted_as,
        work=int(row.work),
        num_images=row.num_images,
        arrival_s=row.created_at_s,
        num_px=row.num_px,
        rows=row.rows,
        vae_px=int(row.vae_px),
        encode_px=int(row.encode_px),
        upscale_px=int(row.upscale_px),
        alone=row.num_lost_leases >= states.SUSPECT_LEASES,
        in_batch=row.batch_id is not None,
    )
