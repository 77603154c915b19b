"""`JobFacts`, and `JobFactsCache`: the facts of unfinished jobs, read once for all of their readers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from cachetools import LRUCache
from sqlalchemy import func, select

from server.db.models import ImageRow, JobRow
from server.db.session import DATABASE_ERRORS, Database
from server.engine.requests import Candidate
from server.queue.mapping import requester_of
from server.queue.model import ImageStatus, JobStatus

T = TypeVar("T")

log = logging.getLogger(__name__)

MAX_JOBS = 4096
LOOK_S = 1.0
"""Seconds between two looks for changes by other processes."""
ALONE_FACTOR = 10
"""Looks are this much rarer while no other process is known."""
CHUNK = 500


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A job's row with the sums over its images that its state needs. `queued` is the job as the scheduler sees it."""

    job: JobRow
    num_done: int
    queued: Candidate
    num_blocked: int = 0


@dataclass(frozen=True, slots=True)
class _Kept:
    facts: JobFacts
    was_active: bool


class JobFactsCache:
    """Keeps the facts of an unfinished job until `forget` (the hub calls it when the rows change) or until
    `follow` finds that another process changed them. `is_active`: True for a job that this process makes. Runs on the
    event loop."""

    def __init__(
        self,
        database: Database,
        is_active: Callable[[str], bool],
        wake: Callable[[str], None] = lambda job_id: None,
        has_peers: Callable[[], bool] = lambda: False,
        look_s: float = LOOK_S,
    ) -> None:
        """`wake` wakes the readers of a job that another process changed."""
        self._database = database
        self._is_active = is_active
        self._wake = wake
        self._has_peers = has_peers
        self._look_s = look_s
        self._kept = LRUCache[str, _Kept](MAX_JOBS)
        self._loads: dict[str, asyncio.Task[JobFacts | None]] = {}
        self._tasks: set[asyncio.Task[JobFacts | None]] = set()  # of `_loads`, and stale ones

    async def get(self, job_id: str) -> JobFacts | None:
        """None: there is no such job. Callers at the same time share one query."""
        kept = self._kept.get(job_id)
        if kept is not None and kept.was_active == self._is_active(job_id):
            return kept.facts
        load = self._loads.get(job_id)
        if load is None:
            load = self._loads[job_id] = asyncio.create_task(self._load(job_id))
            self._tasks.add(load)
            load.add_done_callback(self._loaded)
        return await asyncio.shield(load)

    def _loaded(self, task: asyncio.Task[JobFacts | None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # its callers may all have gone

    async def close(self) -> None:
        """Wait for reads under way, whose callers may have gone: before the database is closed."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def get_anew(self, job_id: str) -> JobFacts | None:
        """From the database."""
        self.forget(job_id)
        return await self.get(job_id)

    def forget(self, job_id: str) -> None:
        """The job's rows have changed."""
        self._kept.pop(job_id, None)
        self._loads.pop(job_id, None)

    async def follow(self) -> None:
        """Look for changes by other processes, until cancelled. While the database is away nothing is kept."""
        while True:
            await asyncio.sleep(self._look_s * (1 if self._has_peers() else ALONE_FACTOR))
            try:
                await self.look()
            except DATABASE_ERRORS:
                log.debug("the jobs of other processes cannot be read", exc_info=True)
                self._kept.clear()

    async def look(self) -> None:
        """Forget the jobs whose rows have changed since they were read, and wake their readers."""
        job_ids = list(self._kept)
        for start in range(0, len(job_ids), CHUNK):
            chunk = job_ids[start : start + CHUNK]
            current = await self._versions(chunk)
            for job_id in chunk:
                kept = self._kept.get(job_id)
                if kept is not None and current.get(job_id) != _version(kept.facts.job):
                    self.forget(job_id)
                    self._wake(job_id)

    async def _load(self, job_id: str) -> JobFacts | None:
        task = asyncio.current_task()
        try:
            facts = await settled(self._is_active, job_id, lambda: self._read(job_id))
            if facts is not None and not JobStatus(facts.job.status).ended and self._loads.get(job_id) is task:
                self._kept[job_id] = _Kept(facts, self._is_active(job_id))
            return facts
        finally:
            if self._loads.get(job_id) is task:
                del self._loads[job_id]

    async def _read(self, job_id: str) -> JobFacts | None:
        by_status = (
            select(
                JobRow,
                ImageRow.status,
                func.count(ImageRow.id),
                func.sum(ImageRow.work),
                func.max(ImageRow.num_px),
                func.max(ImageRow.rows),
                func.sum(ImageRow.vae_px),
                func.sum(ImageRow.encode_px),
                func.sum(ImageRow.upscale_px),
            )
            .outerjoin(ImageRow, ImageRow.job_id == JobRow.id)
            .where(JobRow.id == job_id)
            .group_by(JobRow.id, ImageRow.status)
        )
        async with self._database.read() as session:
            rows = (await session.execute(by_status)).all()
        if not rows:
            return None
        job: JobRow = rows[0][0]
        sums = {status: numbers for _, status, *numbers in rows}
        queued = sums.get(ImageStatus.QUEUED, (0, 0, 0, 1, 0, 0, 0))
        num_done = sums.get(ImageStatus.DONE, (0,))[0]
        num_blocked = sums.get(ImageStatus.BLOCKED, (0,))[0]
        return JobFacts(job, num_done, _queued_part(job, *map(int, queued)), num_blocked)

    async def _versions(self, job_ids: Sequence[str]) -> dict[str, tuple[object, ...]]:
        statement = select(JobRow.id, *_VERSION).where(JobRow.id.in_(job_ids))
        async with self._database.read() as session:
            return {job_id: tuple(version) for job_id, *version in await session.execute(statement)}


_VERSION = (JobRow.status, JobRow.num_events, JobRow.attempt, JobRow.owner)


def _version(job: JobRow) -> tuple[object, ...]:
    return job.status, job.num_events, job.attempt, job.owner


async def settled(is_active: Callable[[str], bool], job_id: str, read: Callable[[], Awaitable[T]]) -> T:
    """The result of `read`, read again if the job left this process in the meantime. Otherwise rows from before the end
    would meet a tracker from after it, and progress would go back."""
    while True:
        was_active = is_active(job_id)
        rows = await read()
        if not was_active or is_active(job_id):
            return rows


def _queued_part(
    job: JobRow, num_images: int, work: int, num_px: int, rows: int, vae_px: int, encode_px: int, upscale_px: int
) -> Candidate:
    """The job as the scheduler sees it, from the sums over its queued images."""
    owner = requester_of(job).counted_as
    vae_work = (vae_px, encode_px, upscale_px)
    in_batch = job.batch_id is not None
    return Candidate(job.id, owner, work, num_images, job.created_at_s, num_px, rows, *vae_work, in_batch=in_batch)
