"""Report this worker in its row: api processes and other workers read who makes images and what a step costs. With each
heartbeat it reads the operator's order."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import replace

from server.db.session import DATABASE_ERRORS, Database
from server.engine.engine import Engine
from server.queue import workers
from server.queue.model import BaseModelRef
from server.queue.workers import DrainOrder, Gpu, WorkerReport

log = logging.getLogger(__name__)

HEARTBEAT_S = 3.0
CHANGED_GAP_S = 0.5
ALONE_HEARTBEAT_S = 10.0
"""On SQLite, where only this process reads it: each one is a write to the disk."""


class Registration:
    """Runs on the event loop. `token` is what its preview stream asks for. `about` is what does not change: id, base
    model, version, address. `gpu` runs on a thread; `step` gives mean seconds and rows of the last forwards; `on_order`
    receives the operator's order when it changes."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        base_model: BaseModelRef,
        worker_id: str,
        url: str,
        version: str = "",
        gpu: Callable[[], Gpu | None] = lambda: None,
        step: Callable[[], tuple[float, float] | None] = lambda: None,
        on_order: Callable[[DrainOrder | None], None] = lambda order: None,
    ) -> None:
        self._database = database
        self._engine = engine
        self._base_model = base_model
        self._gpu = gpu
        self._step = step
        self._on_order = on_order
        self._changed = asyncio.Event()
        self._state = "loading"
        self._reported_loras: frozenset[str] = frozenset()
        self._reported_at_s = 0.0
        self.order: DrainOrder | None = None
        self.token = secrets.token_urlsafe(32)
        self._report = WorkerReport(worker_id, "", base_model.name, None, {}, (), url, self.token, version=version)

    def set_state(self, state: str) -> None:
        """loading, ready or draining; reported immediately."""
        self._state = state
        self.wake()

    def wake(self) -> None:
        """Report, and read the order, now."""
        self._changed.set()

    def note_loras(self) -> None:
        """Report soon if the LoRAs in memory have changed: other workers leave jobs to the one that has theirs."""
        is_due = time.monotonic() - self._reported_at_s >= CHANGED_GAP_S and self._database.is_shared
        if is_due and self._engine.resident_loras != self._reported_loras:
            self.wake()

    async def run(self) -> None:
        """Until it is cancelled."""
        every_s = HEARTBEAT_S if self._database.is_shared else ALONE_HEARTBEAT_S
        while True:
            self._changed.clear()
            await self.report()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(every_s):
                    await self._changed.wait()

    async def report(self) -> None:
        """Never raises: what is missed now is reported by the next heartbeat."""
        self._reported_loras, self._reported_at_s = self._engine.resident_loras, time.monotonic()
        report = replace(
            self._report,
            state="draining" if self.order is not None else self._state,
            base_name=self._base_model.name,
            base_sha256=self._base_model.sha256,
            cost_lines=self._engine.cost_lines(),
            mpx_s=self._engine.mpx_s(),
            resident_loras=sorted(self._reported_loras),
            gpu=await asyncio.to_thread(self._gpu),
            step=self._step(),
        )
        try:
            async with self._database.write() as session:
                order = await workers.report(session, report)
        except DATABASE_ERRORS as error:
            log.warning("this worker's row cannot be written: %s", error)
            return
        if order != self.order:
            log.info("the operator's order to drain: %s", order or "none")
            self.order = order
            self._on_order(order)
            self.wake()
