"""What an api process without a worker knows of the workers: their rows, the queue, and forecasts from both."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from server.db.models import WorkerRow
from server.db.session import DATABASE_ERRORS, Database
from server.engine.backlog import Backlog
from server.engine.forecast import QueueForecast
from server.engine.requests import Candidate, Forecast
from server.engine.scheduler import Scheduler
from server.queue import workers
from server.queue.model import BaseModelRef
from server.queue.view import QueueView

log = logging.getLogger(__name__)


class FleetForecaster:
    """A `Forecaster` (server/events/progress.py) without an engine: the scheduler's own forecast over the queue, with
    the step costs that a worker reported, shared by the ready workers. Runs on the event loop."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._num_ready = 1

    def update(self, cost_lines: Mapping[str, Any], num_ready: int) -> None:
        self._scheduler.cost.load(cost_lines)
        self._num_ready = max(1, num_ready)

    def evaluations(self, job_id: str) -> Mapping[int, tuple[int, int]]:
        return {}

    def forecast(self, backlog: Backlog) -> QueueForecast:
        return self._scheduler.forecast(backlog, time.time(), self._num_ready)

    def forecast_newcomer(self, job: Candidate, backlog: Backlog, known: QueueForecast) -> Forecast:
        return self._scheduler.forecast_newcomer(job, backlog, known, time.time(), self._num_ready)

    def seconds_alone(self, job: Candidate) -> float:
        return self._scheduler.seconds_alone(job)


class FleetObserver:
    """Reads the worker rows and the queue every `poll_s`, and after a change by another process. Learns the base
    model's hash from them. Runs on the event loop."""

    def __init__(
        self,
        database: Database,
        view: QueueView,
        forecaster: FleetForecaster,
        base_model: BaseModelRef,
        poll_s: float = 1.0,
    ) -> None:
        self._database = database
        self._view = view
        self._forecaster = forecaster
        self._base_model = base_model
        self._poll_s = poll_s
        self._woken = asyncio.Event()
        self._alive: Sequence[WorkerRow] = ()

    @property
    def resident_loras(self) -> frozenset[str]:
        """Hashes of the LoRAs in the memory of some worker."""
        return frozenset(sha256 for worker in self._alive for sha256 in worker.resident_loras)

    @property
    def num_ready(self) -> int:
        """Workers that make images now."""
        return sum(worker.state == "ready" for worker in self._alive)

    def job_accepted(self, candidate: Candidate, loras: Collection[str]) -> None:
        """Here: the job counts in forecasts."""
        self._view.add(candidate, loras)

    def queue_changed(self, job_id: str | None = None, loras: Collection[str] = ()) -> None:
        """Another process accepted a job."""
        self._view.invalidate()
        self._woken.set()

    def stop_making(self, job_id: str) -> bool:
        """No job is made here."""
        self._view.remove(job_id)
        return False

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._woken.clear()
            try:
                await self.look()
            except DATABASE_ERRORS as error:
                log.warning("the queue and the workers cannot be read: %s", error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await self._woken.wait()

    async def look(self) -> None:
        """Raises DATABASE_ERRORS."""
        async with self._database.read() as session:
            self._alive = await workers.alive(session)
            if self._base_model.sha256 is None:
                self._base_model.sha256 = await workers.last_known_hash(session, self._base_model.name)
        measured = [worker.cost_lines for worker in self._alive if worker.cost_lines]
        self._forecaster.update(measured[0] if measured else {}, self.num_ready)
        if self._view.due_in_s <= 0:
            await self._view.refresh()  # a worker fails the stale jobs
