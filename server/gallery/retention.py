"""Retention: delete old jobs with their images, by the operator's limits of age and size. Usage and engagement rows
are kept."""

import asyncio
import logging

from sqlalchemy import delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.batch_models import BatchRow
from server.db.clock import now_s
from server.db.models import ImageRow, JobRow
from server.db.session import DATABASE_ERRORS, Database
from server.queue import idempotency, states
from server.queue.deletion import Remover, remove_jobs

log = logging.getLogger(__name__)

PAUSE_S = 600.0
ROUND = 100  # jobs deleted in one transaction


class Retention:
    """`max_age_s` since a job's end, `max_bytes` of all images together, without thumbnails; 0: no limit. Runs on the
    event loop."""

    def __init__(self, database: Database, remover: Remover, max_age_s: float, max_bytes: int) -> None:
        self._database = database
        self._remover = remover
        self._max_age_s = max_age_s
        self._max_bytes = max_bytes

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                while await self.run_once():
                    pass
            except DATABASE_ERRORS as error:
                log.warning("retention waits, the database does not answer: %s", error)
            await asyncio.sleep(PAUSE_S)

    async def run_once(self) -> bool:
        """Delete a batch of jobs that are too old or too much, the oldest first. Returns True if there may be more.
        Raises DATABASE_ERRORS."""
        async with self._database.write() as session:
            await self._database.lock(session, "retention")  # one process at a time, or twice too much is deleted
            now = await session.scalar(select(now_s())) or 0.0
            await idempotency.forget_old(session, now)
            job_ids = await self._too_old(session, now) or await self._too_much(session)
            await self._forget_batches(session, now)
            if job_ids:
                await remove_jobs(session, JobRow.id.in_(job_ids))
        if job_ids:
            log.info(
                "%d jobs are deleted with their pictures: too old, or too much (STUDIO_RETENTION_...)", len(job_ids)
            )
            self._remover.removed(job_ids)
        return bool(job_ids)

    async def _too_old(self, session: AsyncSession, now: float) -> list[str]:
        if not self._max_age_s:
            return []
        old = select(JobRow.id).where(~states.unfinished(), JobRow.finished_at_s < now - self._max_age_s)
        return list(await session.scalars(old.order_by(JobRow.finished_at_s).limit(ROUND)))

    async def _forget_batches(self, session: AsyncSession, now: float) -> None:
        """Of old batches whose jobs are deleted, delete what is left."""
        if not self._max_age_s:
            return
        has_jobs = exists().where(JobRow.batch_id == BatchRow.id)
        old = ~BatchRow.is_open & (BatchRow.created_at_s < now - self._max_age_s) & ~has_jobs
        await session.execute(delete(BatchRow).where(old).execution_options(synchronize_session=False))

    async def _too_much(self, session: AsyncSession) -> list[str]:
        if not self._max_bytes:
            return []
        excess_bytes = (await session.scalar(select(func.sum(ImageRow.num_bytes))) or 0) - self._max_bytes
        if excess_bytes <= 0:
            return []
        oldest = (
            select(JobRow.id, func.sum(ImageRow.num_bytes))
            .join(ImageRow)
            .where(~states.unfinished())
            .group_by(JobRow.id)
            .order_by(JobRow.finished_at_s)
            .limit(ROUND)
        )
        job_ids: list[str] = []
        for job_id, num_bytes in await session.execute(oldest):
            if excess_bytes <= 0:
                break
            job_ids.append(job_id)
            excess_bytes -= num_bytes
        return job_ids
