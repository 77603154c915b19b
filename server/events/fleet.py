"""What an api process without a worker knows of the workers: their rows, the queue, and forecasts from both."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from server.db.models import WorkerRow
from server.db.session import DATABASE_ERRORS, Database
from server.engine.requests import Candidate, Forecast
from server.engine.scheduler import Scheduler
from server.events.progress import ProgressTracker
from server.queue import claims, workers
from server.queue.model import BaseModelRef

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

    def forecast(self, candidates: Sequence[Candidate]) -> Mapping[str, Forecast]:
        by_one = self._scheduler.forecast(candidates, time.time())
        return {
            job_id: Forecast(forecast.queue_position, forecast.remaining_s / self._num_ready)
            for job_id, forecast in by_one.items()
        }

    def seconds_alone(self, job: Candidate) -> float:
        return self._scheduler.seconds_alone(job)


class FleetObserver:
    """Reads the queue and the worker rows every `poll_s`, and when it is woken. Learns the base model's hash from them.
    Runs on the event loop."""

    def __init__(
        self,
        database: Database,
        progress: ProgressTracker,
        forecaster: FleetForecaster,
        base_model: BaseModelRef,
        max_queue: int,
        poll_s: float = 1.0,
    ) -> None:
        self._database = database
        self._progress = progress
        self._forecaster = forecaster
        self._base_model = base_model
        self._max_queue = max_queue
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

    def wake(self) -> None:
        self._woken.set()

    def stop_making(self, job_id: str) -> bool:
        """No job is made here."""
        self.wake()
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
        queue = await claims.read_queue(self._database, self._max_queue)
        self._progress.set_queue([queued.candidate for queued in queue])
