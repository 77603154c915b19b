"""How many jobs have not ended, counted once for all who ask at the same time."""

import asyncio

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.models import JobRow
from server.db.session import Database
from server.queue import states


class QueueDepth:
    """Runs on the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = asyncio.Lock()
        self._num_asked = 0
        self._num_told = 0
        self._depth = 0

    async def in_(self, session: AsyncSession) -> int:
        """As the transaction sees it."""
        return await session.scalar(select(func.count()).select_from(JobRow).where(states.unfinished())) or 0

    async def now(self) -> int:
        """As it was at some moment after the call. In a flood hundreds ask at once: whoever asked before a count began
        is told by that one."""
        self._num_asked += 1
        mine = self._num_asked
        async with self._turn:
            if self._num_told < mine:
                asked = self._num_asked
                async with self._database.read() as session:
                    self._depth = await self.in_(session)
                self._num_told = asked
            return self._depth
