"""The engine loop: one asyncio task, one torch thread.

    plan = scheduler.schedule()  →  torch thread: runner.execute(plan)  →  scheduler.update(result)  →  events

Everything here runs on the event loop, but `execute`, which runs on the one torch thread. Torch-free: the runner is
handed in as a callable.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from pipelines.plan import BeginOrder, DeviceLost, ImageError, Piece, StepPlan, StepResult
from pipelines.spec import ImageSpec
from server.engine.backlog import Backlog
from server.engine.forecast import QueueForecast
from server.engine.requests import Candidate, EngineEvent, Finished, Forecast, ImageFailed, ImageRequest
from server.engine.scheduler import Scheduler

log = logging.getLogger(__name__)

Execute = Callable[[StepPlan], StepResult]

MAX_CALIBRATION_STEP_S = 5.0


class LoraSource(Protocol):
    """The LoRAs of a runner, as the event loop sees them. Nothing here waits for the torch thread."""

    @property
    def resident_loras(self) -> frozenset[str]:
        """Hashes of the LoRAs in the model's memory: an image with one of them needs no file."""
        ...

    def fetch_loras(self, sha256s: Collection[str]) -> Future[None]:
        """Read the LoRAs that are not in memory. An image that begins earlier is deferred."""
        ...


@dataclass(frozen=True, slots=True)
class Turn:
    """One plan carried out. `predicted_step_s` is what the cost model expected of its step, 0 where it has none;
    `turn_s` runs from before the plan was made until its events were published."""

    plan: StepPlan
    result: StepResult
    predicted_step_s: float
    turn_s: float


class EngineListener(Protocol):
    """What `run` calls, on the event loop. Must not block."""

    def on_event(self, event: EngineEvent) -> None: ...

    def wants_preview(self, job_id: str) -> bool:
        """True if a client watches the job."""
        ...

    def on_capacity(self) -> None:
        """An image has left."""
        ...

    def on_turn(self, turn: Turn) -> None:
        """A plan was carried out."""
        ...


class Engine:
    """Owns the scheduler."""

    def __init__(self, scheduler: Scheduler, torch_thread: ThreadPoolExecutor) -> None:
        self._scheduler = scheduler
        self._torch_thread = torch_thread
        self._work = asyncio.Event()
        self._stopping = False
        self._listener: EngineListener | None = None  # while `run` runs
        self._loras: LoraSource | None = None

    @property
    def resident_loras(self) -> frozenset[str]:
        """Hashes of the LoRAs in the model's memory; none before the model is there."""
        return frozenset() if self._loras is None else self._loras.resident_loras

    @property
    def running(self) -> bool:
        """True while `run` makes images; before that nothing should be claimed."""
        return self._listener is not None

    @property
    def num_images(self) -> int:
        """Images that are not decoded yet, waiting ones included."""
        return len(self._scheduler)

    def choose(self, backlog: Backlog, is_makeable: Callable[[str], bool]) -> list[str]:
        """The jobs of the backlog to claim now, best first. `is_makeable(job_id)` False passes one over."""
        return self._scheduler.choose(backlog, time.time(), is_makeable) if self.running else []

    def add(self, requests: Iterable[ImageRequest]) -> None:
        """Take over claimed images. Each begins once its LoRAs are read; the others go on meanwhile."""
        added = list(requests)
        self._fetch_loras(added)
        self._scheduler.add(added)
        self._work.set()

    def wake(self) -> None:
        """The source of an image is there."""
        self._work.set()

    def abort(self, job_id: str) -> None:
        """The job's images take no further step."""
        self._scheduler.abort(job_id)
        self._work.set()
        if self._listener is not None:
            self._listener.on_capacity()

    def evaluations(self, job_id: str) -> Mapping[int, tuple[int, int]]:
        """Image index → (UNet evaluations done, in all), for the job's unfinished images here."""
        return self._scheduler.evaluations(job_id)

    def forecast(self, backlog: Backlog) -> QueueForecast:
        return self._scheduler.forecast(backlog, time.time())

    def forecast_newcomer(self, job: Candidate, backlog: Backlog, known: QueueForecast) -> Forecast:
        return self._scheduler.forecast_newcomer(job, backlog, known, time.time())

    def seconds_alone(self, job: Candidate) -> float:
        """What the job would take if it ran alone, by the cost model."""
        return self._scheduler.seconds_alone(job)

    def cost_lines(self) -> dict[str, Any]:
        """What was measured: CostModel.snapshot()."""
        return self._scheduler.cost.snapshot()

    def mpx_s(self) -> Mapping[str, float]:
        """Seconds of one megapixel, by kind of work: CostModel.mpx_s()."""
        return self._scheduler.cost.mpx_s(self._scheduler.limits.row_budget)

    async def calibrate(
        self,
        execute: Execute,
        spec: ImageSpec,
        images: Sequence[int] = (1, 4),
        max_step_s: float = MAX_CALIBRATION_STEP_S,
    ) -> None:
        """Warm the runner up and teach the cost model: each count of copies of `spec` takes two steps together (the
        second is measured) and one copy is decoded. A count whose step is expected to take more than `max_step_s` is
        passed over. Raises RuntimeError if the model cannot make an image."""
        num_px, limits, cost = spec.num_px, self._scheduler.limits, self._scheduler.cost
        for count in images:
            rows = count * spec.rows
            if (count > 1 and rows > limits.row_budget) or cost.step_s(num_px, rows) > max_step_s:
                continue
            ids = tuple(f"calibration-{count}-{i}" for i in range(count))
            begin = tuple(BeginOrder(i, spec.with_seed(n)) for n, i in enumerate(ids))
            pad = limits.computed_rows(rows, cost.bucket(rows))
            warm = await self._execute(execute, StepPlan(begin=begin, step=ids, pad_to_rows=pad))
            measured = await self._execute(execute, StepPlan(step=ids, pad_to_rows=pad))
            decoded = await self._execute(execute, StepPlan(decode=ids[:1], release=ids[1:]))
            for result in (warm, measured, decoded):
                self._scheduler.note_memory(num_px, result)
                for error in result.failed.values():
                    raise RuntimeError(f"the model cannot make a picture: {error.detail}")
            if measured.step_rows:
                cost.observe_step(num_px, measured.step_rows, measured.step_s)
            for seconds in decoded.decode_s.values():
                cost.observe_piece(Piece("decode", num_px), seconds)

    async def run(self, execute: Execute, listener: EngineListener, loras: LoraSource | None = None) -> None:
        """Make images until `stop`. Ends after the plan in flight. Raises DeviceLost."""
        self._listener = listener
        self._loras = loras
        listener.on_capacity()
        try:
            while not self._stopping:
                begun_s = time.perf_counter()
                plan = self._scheduler.schedule(time.time(), listener.wants_preview)
                if plan.empty:
                    self._work.clear()
                    await self._work.wait()
                    continue
                predicted_step_s = self._scheduler.expected_step_s(plan)
                result = await self._execute(execute, plan)
                events = self._scheduler.update(plan, result, time.time())
                self._fetch_loras(self._scheduler.put_back(result.deferred))
                for event in events:
                    listener.on_event(event)
                if any(isinstance(event, Finished | ImageFailed) for event in events):
                    listener.on_capacity()
                listener.on_turn(Turn(plan, result, predicted_step_s, time.perf_counter() - begun_s))
        finally:
            self._listener = None

    def stop(self) -> None:
        """Let `run` return after the plan in flight; the images it holds are dropped with the process."""
        self._stopping = True
        self._work.set()

    def _fetch_loras(self, requests: Iterable[ImageRequest]) -> None:
        loras = self._loras
        for request in requests:
            missing = {lora.sha256 for lora in request.spec.loras} - self.resident_loras
            if loras is not None and missing:
                request.ready = False
                loop = asyncio.get_running_loop()
                loras.fetch_loras(missing).add_done_callback(
                    lambda _, loop=loop, request=request: self._on_fetched(loop, request)
                )

    def _on_fetched(self, loop: asyncio.AbstractEventLoop, request: ImageRequest) -> None:
        """On the thread that reads LoRAs."""

        def begin() -> None:
            request.ready = True
            self._work.set()

        with contextlib.suppress(RuntimeError):  # the loop is closed: the server ends
            loop.call_soon_threadsafe(begin)

    async def _execute(self, execute: Execute, plan: StepPlan) -> StepResult:
        """Raises DeviceLost. Any other exception of the runner fails the images of this plan and no others."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._torch_thread, execute, plan)
        except DeviceLost:
            raise
        except Exception:
            log.exception("the runner raised; the pictures of this plan fail")
            error = ImageError("internal", "the server could not make this picture; its log says more")
            ids = {*plan.step, *plan.advance, *plan.decode, *(order.image_id for order in plan.begin)}
            await loop.run_in_executor(self._torch_thread, execute, StepPlan(release=tuple(ids)))
            sources = (order.key for order in plan.encode)
            return StepResult(failed=dict.fromkeys(ids, error), encode_failed=dict.fromkeys(sources, error))
