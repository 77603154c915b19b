"""Report this worker in its row: api processes and other workers read who makes images and what a step costs."""

import asyncio
import contextlib
import logging
import secrets

from server.db.session import DATABASE_ERRORS, Database
from server.engine.engine import Engine
from server.queue import workers
from server.queue.model import BaseModelRef
from server.queue.workers import WorkerReport

log = logging.getLogger(__name__)

HEARTBEAT_S = 3.0


class Registration:
    """Runs on the event loop. `token` is what its preview stream asks for."""

    def __init__(self, database: Database, engine: Engine, base_model: BaseModelRef, worker_id: str, url: str) -> None:
        self._database = database
        self._engine = engine
        self._base_model = base_model
        self._worker_id = worker_id
        self._url = url
        self._changed = asyncio.Event()
        self._state = "loading"
        self.token = secrets.token_urlsafe(32)

    def set_state(self, state: str) -> None:
        """loading, ready or draining; reported immediately."""
        self._state = state
        self._changed.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._changed.clear()
            await self.report()
            with contextlib.suppress(TimeoutError):
                # on SQLite there is no other process to read a heartbeat
                async with asyncio.timeout(HEARTBEAT_S if self._database.is_shared else None):
                    await self._changed.wait()

    async def report(self) -> None:
        """Never raises: what is missed now is reported by the next heartbeat."""
        report = WorkerReport(
            id=self._worker_id,
            state=self._state,
            base_name=self._base_model.name,
            base_sha256=self._base_model.sha256,
            cost_lines=self._engine.cost_lines(),
            mpx_s=self._engine.mpx_s(),
            resident_loras=sorted(self._engine.resident_loras),
            url=self._url,
            token=self.token,
        )
        try:
            async with self._database.write() as session:
                await workers.report(session, report)
        except DATABASE_ERRORS as error:
            log.warning("this worker's row cannot be written: %s", error)
