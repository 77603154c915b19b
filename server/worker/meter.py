"""Meters how long this worker runs and how long its model works, for the operator's costs. The time to load the model
counts: the machine is paid for it."""

import asyncio
import logging
import time

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.clock import DAY_S, now_s
from server.db.session import DATABASE_ERRORS, Database
from server.engine.engine import Turn
from server.tallies.days import Measure, add

log = logging.getLogger(__name__)

EVERY_S = 60.0


class Meter:
    """Runs on the event loop, from its construction on. After a crash up to `EVERY_S` are missing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._since_s = time.monotonic()
        self._busy_s = 0.0

    def on_turn(self, turn: Turn) -> None:
        self._busy_s += turn.result.busy_s

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.report()

    async def report(self) -> None:
        """Add what was not reported yet. Never raises: what cannot be written now is part of the next report."""
        now = time.monotonic()
        up_s, busy_s = now - self._since_s, self._busy_s
        try:
            async with self._database.write() as session:
                await record(session, up_s, busy_s)
        except DATABASE_ERRORS as error:
            log.warning("the worker's hours are not recorded now: %s", error)
            return
        self._since_s, self._busy_s = now, self._busy_s - busy_s


async def record(session: AsyncSession, up_s: float, busy_s: float) -> None:
    """The last `up_s` seconds, on each of their days."""
    end_s = await session.scalar(select(now_s())) or 0.0
    start_s = end_s - up_s
    while end_s > start_s:
        begin_s = max(start_s, (end_s - 1e-6) // DAY_S * DAY_S)
        add(session, Measure.UP_S, begin_s, end_s - begin_s)
        add(session, Measure.BUSY_S, begin_s, busy_s * (end_s - begin_s) / up_s)
        end_s = begin_s
