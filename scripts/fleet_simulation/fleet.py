"""A fleet on the virtual clock: arrivals, the queue, workers with their dispatchers."""

import math
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from scripts.fleet_simulation.clock import Clock
from scripts.fleet_simulation.demand import SIZES, Arrival, Mix
from scripts.fleet_simulation.dispatching import Notices, SimulatedDispatcher
from scripts.fleet_simulation.gpu import Gpu
from scripts.fleet_simulation.preference import Preference, Reports
from scripts.fleet_simulation.queue import MAX_STRANGERS, JobQueue, SeenBacklog, SimulatedJob
from scripts.fleet_simulation.worker import MAX_REPEATS, SimulatedWorker, scheduler_for
from server.engine.limits import Limits

NOTICE_S = 0.003
"""From a commit to the callback of a process that listens."""
MINUTE_S = 60.0


@dataclass(slots=True)
class EndedJob:
    """All times are seconds since the start."""

    job_id: str
    owner: str
    num_images: int
    num_made: int
    alone_s: float
    at_s: float
    claimed_s: float
    begun_s: float
    ended_s: float

    @property
    def wait_s(self) -> float:
        """From its acceptance to its first step."""
        return self.begun_s - self.at_s


@dataclass(slots=True)
class Run:
    """What happened."""

    workers: list[SimulatedWorker]
    duration_s: float
    counts: Counter[str]
    ended: list[EndedJob] = field(default_factory=list[EndedJob])
    num_unfinished: int = 0
    last_end_s: float = 0.0
    minutes: list[Counter[str]] = field(default_factory=list[Counter[str]])
    max_queue: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """What can differ from today's dispatcher, to see what it changes. `prefer_loras_s`: a job is left for so long to
    a worker that has its LoRAs in memory (preference.py). `notified_of_claims`: a worker forgets a job when it is
    notified that another one has claimed it, not at its next refresh. `spread_s`: for each worker of the fleet:
    notices of new jobs wake the workers within so many seconds, at random."""

    prefer_loras_s: float = 0.0
    notified_of_claims: bool = False
    spread_s: float = 0.0


class Fleet:
    """`max_repeats`, `max_strangers`: 1 and a large number simulate more exactly, and slower."""

    def __init__(
        self,
        num_workers: int,
        gpu: Gpu,
        limits: Limits | None = None,
        *,
        sizes_px: tuple[int, ...] = tuple(width * height for width, height, _ in SIZES[:2]),
        max_repeats: int = MAX_REPEATS,
        max_strangers: int = MAX_STRANGERS,
        policy: Policy = Policy(),
        starts_at_s: float | None = None,
        seed: int = 1,
    ) -> None:
        """`starts_at_s` None: the workers look at the queue for the first time within the first second."""
        self._clock = Clock()
        self._gpu = gpu
        limits = limits or Limits()
        reference = scheduler_for(gpu, limits, sizes_px)
        self._queue = JobQueue(reference.seconds_alone)
        self._seconds_alone = reference.seconds_alone
        self._notices = Notices()
        self.run = Run([], 0.0, Counter())
        reports = Reports(self._clock, self.run.workers)
        dice = random.Random(seed)
        for _ in range(num_workers):
            hears_after_s = NOTICE_S if policy.notified_of_claims else math.inf
            dispatcher = SimulatedDispatcher(
                self._clock,
                gpu,
                self._queue,
                self._notices,
                self.run.counts,
                SeenBacklog(self._clock, self._queue, hears_after_s, max_strangers),
                policy.spread_s * num_workers,
                random.Random(dice.random()),
            )
            dispatcher.worker = SimulatedWorker(
                self._clock,
                gpu,
                scheduler_for(gpu, limits, sizes_px),
                self._on_image,
                dispatcher.wake,
                max_repeats,
            )
            if policy.prefer_loras_s:
                dispatcher.preference = Preference(
                    self._clock, reports, len(self.run.workers), dispatcher.worker, policy.prefer_loras_s
                )
            self.run.workers.append(dispatcher.worker)
            dispatcher.start(dice.random() if starts_at_s is None else starts_at_s)

    def make(self, arrivals: Iterable[Arrival]) -> Run:
        """All of them."""
        self._arrivals = iter(arrivals)
        self._over = False
        self._next_arrival()
        self._clock.after(MINUTE_S, self._end_minute)
        self._clock.run(lambda: self._over and not self._queue.jobs)
        self.run.num_unfinished = len(self._queue.jobs)
        self.run.duration_s = self._clock.now_s
        self._end_minute()
        return self.run

    def _end_minute(self) -> None:
        counts = self.run.counts
        counts["forward"] = sum(worker.num_forwards for worker in self.run.workers)
        self.run.minutes.append(counts - sum(self.run.minutes, Counter[str]()))
        if not self._over:
            self._clock.after(MINUTE_S, self._end_minute)

    def _next_arrival(self) -> None:
        arrival = next(self._arrivals, None)
        if arrival is None:
            self._over = True
            return
        self._clock.at(arrival.at_s, lambda: self._accept(arrival))

    def _accept(self, arrival: Arrival) -> None:
        now_s = self._clock.now_s
        self._queue.accept(arrival, now_s)
        self.run.counts["accept"] += 1
        self.run.max_queue = max(self.run.max_queue, len(self._queue.free))
        self._clock.after(NOTICE_S, lambda: self._notices.send(self._clock.now_s))
        self._next_arrival()

    def _on_image(self, job: SimulatedJob) -> None:
        self.run.counts["image stored"] += 1
        if job.num_left == 0:
            self._clock.after(self._gpu.deliver_s, lambda: self._end(job))

    def _end(self, job: SimulatedJob) -> None:
        arrival = job.arrival
        del self._queue.jobs[arrival.job_id]
        self.run.counts["job ended"] += 1
        self.run.last_end_s = self._clock.now_s
        self.run.ended.append(
            EndedJob(
                arrival.job_id,
                arrival.owner,
                arrival.num_images,
                job.num_made,
                self._seconds_alone(job.candidate),
                arrival.at_s,
                job.claimed_s,
                job.begun_s,
                self._clock.now_s,
            )
        )


def jobs_per_s(gpu: Gpu, limits: Limits, jobs: Mix) -> float:
    """That one worker makes if its forwards are always full."""
    rows = limits.row_budget
    seconds = 0.0
    for spec, num_images, share in jobs:
        step_s = (gpu.forward_s(spec.num_px, rows) + gpu.turn_s) * spec.rows / rows
        decode_s = gpu.decode_s(spec.num_px) + gpu.turn_s
        seconds += share * num_images * (spec.evaluations * step_s + decode_s)
    return 1 / seconds
