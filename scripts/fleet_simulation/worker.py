"""A worker's engine on the virtual clock: the product's scheduler, and a machine that takes its time.

Where the next plans are the same one (no image ends, comes or becomes ready), they are carried out as one event:
`max_repeats` forwards at most. 1: each forward is an event of its own; the waits are the same."""

import math
from collections import Counter, OrderedDict
from collections.abc import Callable

from pipelines.plan import RawImage, StepPlan, StepResult
from scripts.fleet_simulation.clock import Clock
from scripts.fleet_simulation.gpu import Gpu
from scripts.fleet_simulation.queue import SimulatedJob
from server.config.settings import ROW_BUCKETS
from server.engine.cost_model import CostModel
from server.engine.limits import Limits
from server.engine.requests import Finished, ImageRequest, Phase
from server.engine.scheduler import Scheduler

PIXELS = RawImage(1, 1, b"\0\0\0")
NUM_CONTEXT_TOKENS = 77
MAX_REPEATS = 50


def scheduler_for(gpu: Gpu, limits: Limits, sizes_px: tuple[int, ...]) -> Scheduler:
    """One that knows the machine."""
    cost = CostModel(ROW_BUCKETS)
    gpu.teach(cost, sizes_px)
    return Scheduler(cost, limits)


class SimulatedWorker:
    """`on_image(job)`: one of its images is decoded; `on_capacity`: an image has left."""

    def __init__(
        self,
        clock: Clock,
        gpu: Gpu,
        scheduler: Scheduler,
        on_image: Callable[[SimulatedJob], None],
        on_capacity: Callable[[], None],
        max_repeats: int = MAX_REPEATS,
    ) -> None:
        self._clock = clock
        self._gpu = gpu
        self.scheduler = scheduler
        self._on_image, self._on_capacity = on_image, on_capacity
        self._max_repeats = max_repeats
        self.jobs: dict[str, SimulatedJob] = {}
        self._requests: dict[str, ImageRequest] = {}
        self._loras: OrderedDict[str, None] = OrderedDict()  # in memory, the least recently used first
        self._loader_free_s = 0.0
        self._plan: StepPlan | None = None  # that is carried out
        self._repeats = 1
        self._begun_s = self._forward_s = 0.0
        self._event = 0  # the number of the last event of this machine; older ones count for nothing
        self.busy_s = 0.0
        self.num_forwards = self.num_rows = self.num_lora_loads = self.num_lora_uses = 0
        self.rows: Counter[int] = Counter()

    @property
    def resident_loras(self) -> frozenset[str]:
        return frozenset(self._loras)

    def add(self, job: SimulatedJob) -> None:
        arrival = job.arrival
        self.jobs[arrival.job_id] = job
        ready_s = self._ready_s(job)
        added = [
            ImageRequest(arrival.job_id, n, arrival.owner, arrival.spec, arrival.at_s, NUM_CONTEXT_TOKENS)
            for n in range(arrival.num_images)
        ]
        for request in added:
            self._requests[request.id] = request
            request.ready = ready_s <= self._clock.now_s
        self.scheduler.add(added)
        if added[0].ready:
            self._changed()
        else:
            self._clock.at(ready_s, lambda: self._become_ready(added))

    # ---- LoRAs

    def _ready_s(self, job: SimulatedJob) -> float:
        """When its LoRAs are read; one thread reads them one after another."""
        in_use = {sha256 for each in self.jobs.values() for sha256 in each.loras}
        for sha256 in sorted(job.loras):
            self.num_lora_uses += 1
            if sha256 in self._loras:
                self._loras.move_to_end(sha256)
                continue
            self.num_lora_loads += 1
            self._loader_free_s = max(self._loader_free_s, self._clock.now_s) + self._gpu.lora_s
            self._loras[sha256] = None
            spare = len(self._loras) - self._gpu.max_loras
            for old in [old for old in self._loras if old not in in_use][: max(spare, 0)]:
                del self._loras[old]
        return self._loader_free_s if job.loras else self._clock.now_s

    def _become_ready(self, requests: list[ImageRequest]) -> None:
        for request in requests:
            request.ready = True
        self._changed()

    # ---- turns

    def _changed(self) -> None:
        """Other images can take a step: plan again after the forward that runs."""
        if self._plan is None:
            self._turn()
        elif self._repeats > 1:
            done = max(1, math.ceil((self._clock.now_s - self._begun_s) / self._forward_s - 1e-9))
            if done < self._repeats:
                self._repeats = done
                self._end_at(self._begun_s + done * self._forward_s)

    def _end_at(self, when_s: float) -> None:
        self._event += 1
        event = self._event
        self._clock.at(when_s, lambda: self._end_turn() if event == self._event else None)

    def _turn(self) -> None:
        now_s = self._clock.now_s
        plan = self.scheduler.schedule(now_s, lambda job_id: False)
        if plan.empty:
            self._plan = None
            return
        for order in plan.begin:
            job = self.jobs[order.image_id.rpartition("-")[0]]
            if math.isinf(job.begun_s):
                job.begun_s = now_s
        self._plan, self._begun_s, self._repeats = plan, now_s, 1
        if not plan.step:
            num_px = sum(self._requests[image_id].spec.num_px for image_id in plan.decode)
            self._forward_s = self._gpu.decode_s(num_px) + self._gpu.turn_s
        else:
            num_px = self._requests[plan.step[0]].spec.num_px
            self._forward_s = self._gpu.forward_s(num_px, plan.pad_to_rows) + self._gpu.turn_s
            if plan.begin:
                self._forward_s += self._gpu.begin_s
            else:
                self._repeats = self._num_equal(plan)
        self._end_at(now_s + self._repeats * self._forward_s)

    def _num_equal(self, plan: StepPlan) -> int:
        """Forwards until the next plan is another one, if nothing comes."""
        left = min(
            request.pass_totals[0] - request.pass_done
            for request in (self._requests[image_id] for image_id in plan.step)
        )
        return max(1, min(left, self._max_repeats))

    def _end_turn(self) -> None:
        plan, now_s = self._plan, self._clock.now_s
        assert plan is not None
        seconds = self._forward_s - self._gpu.turn_s
        self.busy_s += seconds * self._repeats
        for image_id in plan.step:
            self._requests[image_id].pass_done += self._repeats - 1
        if plan.step:
            self.num_forwards += self._repeats
            self.num_rows += self._repeats * plan.pad_to_rows
            self.rows[plan.pad_to_rows] += self._repeats
        result = StepResult(
            begun={order.image_id: order.spec.pass_evaluations(0) for order in plan.begin},
            stepped=plan.step,
            decoded=dict.fromkeys(plan.decode, PIXELS),
            begin_s=self._gpu.begin_s if plan.begin else 0.0,
            step_s=seconds - (self._gpu.begin_s if plan.begin else 0.0) if plan.step else 0.0,
            step_rows=plan.pad_to_rows,
            decode_s=dict.fromkeys(plan.decode, seconds),
        )
        self._plan = None
        finished = [e for e in self.scheduler.update(plan, result, now_s) if isinstance(e, Finished)]
        for event in finished:
            request = self._requests.pop(f"{event.job_id}-{event.index + 1}")
            assert request.phase is Phase.ENDED
            job = self.jobs[event.job_id]
            job.num_left -= 1
            job.num_made += 1
            if not job.num_left:
                del self.jobs[event.job_id]
            self._on_image(job)
        self._turn()
        if finished:
            self._on_capacity()
