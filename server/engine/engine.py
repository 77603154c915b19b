"""The loop: one asyncio task, one torch thread.

    plan = scheduler.schedule()  →  torch thread: runner.execute(plan)  →  scheduler.update(result)  →  events

Everything here runs on the event loop, but `execute`, which runs on the one torch thread. Torch-free: the runner is
handed in as a callable.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from pipelines.params import GenerationParams
from pipelines.plan import BeginOrder, DeviceLost, PictureError, StepPlan, StepResult
from server.engine.requests import Candidate, EngineEvent, Finished, Forecast, ImageRequest, PictureFailed
from server.engine.scheduler import Scheduler

log = logging.getLogger(__name__)

Execute = Callable[[StepPlan], StepResult]


class Engine:
    """Owns the scheduler. `sink` is called with each event on the event loop and must not block; `wants_preview`
    says whether somebody looks at a job; `on_capacity` is called when a picture has left."""

    def __init__(
        self,
        scheduler: Scheduler,
        torch_thread: ThreadPoolExecutor,
        sink: Callable[[EngineEvent], None],
        wants_preview: Callable[[str], bool],
        on_capacity: Callable[[], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._scheduler = scheduler
        self._torch_thread = torch_thread
        self._sink = sink
        self._wants_preview = wants_preview
        self._on_capacity = on_capacity
        self._clock = clock
        self._work = asyncio.Event()
        self._stopping = False
        self._running = False

    @property
    def running(self) -> bool:
        """True while `run` turns plans into pictures; until then nothing should be claimed."""
        return self._running

    def choose(self, candidates: Sequence[Candidate]) -> list[str]:
        """The jobs to claim now, best first."""
        return self._scheduler.choose(candidates, self._clock()) if self._running else []

    def add(self, requests: Iterable[ImageRequest]) -> None:
        self._scheduler.add(requests)
        self._work.set()

    def abort(self, job_id: str) -> None:
        """The job's pictures take no further step."""
        self._scheduler.abort(job_id)
        self._work.set()
        self._on_capacity()

    def evaluations(self, job_id: str) -> Mapping[int, tuple[int, int]]:
        """Picture index -> (UNet evaluations done, in all), for the job's unfinished pictures here."""
        return self._scheduler.evaluations(job_id)

    def forecast(self, candidates: Sequence[Candidate]) -> dict[str, Forecast]:
        return self._scheduler.forecast(candidates, self._clock())

    async def calibrate(self, execute: Execute, params: GenerationParams, pictures: Sequence[int] = (1, 4)) -> None:
        """Warm the runner up and teach the cost model: each count of copies of `params` takes two steps together (the
        second is measured) and one copy is decoded. Raises RuntimeError where the model cannot make a picture."""
        num_px, limits, cost = params.width * params.height, self._scheduler.limits, self._scheduler.cost
        for count in pictures:
            if count > 1 and count * params.rows > limits.row_budget:
                continue
            ids = tuple(f"calibration-{count}-{i}" for i in range(count))
            begin = tuple(BeginOrder(i, params.with_index(n)) for n, i in enumerate(ids))
            pad = limits.exact_rows or cost.bucket(count * params.rows)
            warm = await self._execute(execute, StepPlan(begin=begin, step=ids, pad_to_rows=pad))
            measured = await self._execute(execute, StepPlan(step=ids, pad_to_rows=pad))
            decoded = await self._execute(execute, StepPlan(decode=ids[:1], release=ids[1:]))
            for result in (warm, measured, decoded):
                for error in result.failed.values():
                    raise RuntimeError(f"the model cannot make a picture: {error.detail}")
            if measured.step_rows:
                cost.observe_step(num_px, measured.step_rows, measured.step_s)
            for seconds in decoded.decode_s.values():
                cost.observe_decode(num_px, seconds)

    async def run(self, execute: Execute) -> None:
        """Make pictures until `stop`. Ends after the plan in flight. Raises DeviceLost."""
        self._running = True
        self._on_capacity()
        try:
            while not self._stopping:
                plan = self._scheduler.schedule(self._clock(), self._wants_preview)
                if plan.empty:
                    self._work.clear()
                    await self._work.wait()
                    continue
                result = await self._execute(execute, plan)
                events = self._scheduler.update(plan, result, self._clock())
                for event in events:
                    self._sink(event)
                if any(isinstance(event, Finished | PictureFailed) for event in events):
                    self._on_capacity()
        finally:
            self._running = False

    def stop(self) -> None:
        """Let `run` return after the plan in flight; the pictures it holds are dropped with the process."""
        self._stopping = True
        self._work.set()

    async def _execute(self, execute: Execute, plan: StepPlan) -> StepResult:
        """Raises DeviceLost. Whatever else the runner raises fails the pictures of this plan and no others."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._torch_thread, execute, plan)
        except DeviceLost:
            raise
        except Exception:
            log.exception("the runner raised; the pictures of this plan fail")
            error = PictureError("internal", "the server could not make this picture; its log says more")
            ids = {*plan.step, *plan.decode, *(order.picture_id for order in plan.begin)}
            await loop.run_in_executor(self._torch_thread, execute, StepPlan(release=tuple(ids)))
            return StepResult(failed=dict.fromkeys(ids, error))
