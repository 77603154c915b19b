"""Counts over all jobs, of all processes."""

import asyncio

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.clock import now_s
from server.db.models import ImageRow, JobRow
from server.db.session import Database
from server.queue import states
from server.queue.demand import Demand, demand
from server.queue.model import JobStatus


class QueueCounts:
    """Runs on the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = asyncio.Lock()
        self._num_calls = 0
        self._num_counted = 0  # calls that the last count answers
        self._depth = 0

    async def depth(self, session: AsyncSession) -> int:
        """Unfinished jobs, as the transaction sees them."""
        return await session.scalar(select(func.count()).select_from(JobRow).where(states.unfinished())) or 0

    async def shared_depth(self) -> int:
        """Unfinished jobs, counted after this call started. Concurrent callers share one query (single-flight)."""
        self._num_calls += 1
        call = self._num_calls
        async with self._turn:
            if self._num_counted < call:
                started = self._num_calls
                async with self._database.read() as session:
                    self._depth = await self.depth(session)
                self._num_counted = started
            return self._depth

    async def any_unfinished(self) -> bool:
        async with self._database.read() as session:
            return await session.scalar(select(JobRow.id).where(states.unfinished()).limit(1)) is not None

    async def by_status(self) -> dict[JobStatus, int]:
        """All jobs in the database; a status that no job has is left out."""
        async with self._database.read() as session:
            counts = await session.execute(select(JobRow.status, func.count()).group_by(JobRow.status))
            return {JobStatus(status): count for status, count in counts}

    async def demand(self) -> Demand:
        """How many workers are wanted."""
        async with self._database.read() as session:
            return await demand(session)

    async def images_since(self, seconds: float) -> int:
        """Images that were finished in the last `seconds`."""
        recent = (
            select(func.count()).select_from(ImageRow).where(ImageRow.finished_at_s.between(now_s() - seconds, now_s()))
        )
        async with self._database.read() as session:
            return await session.scalar(recent) or 0
