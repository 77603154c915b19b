"""What server/worker/dispatcher.py does for a worker, on the virtual clock: look at the queue, claim what the scheduler
chooses one job after another, wait until there is room or the queue changed."""

import random
from collections import Counter
from collections.abc import Generator

from scripts.fleet_simulation.clock import Clock
from scripts.fleet_simulation.gpu import Gpu
from scripts.fleet_simulation.preference import Preference
from scripts.fleet_simulation.queue import JobQueue, SeenBacklog, SimulatedJob
from scripts.fleet_simulation.worker import SimulatedWorker
from server.engine.pace import RefreshPace

MAX_SERVED = 200
"""Owners that are remembered as served."""


class Notices:
    """NOTIFY that a job was accepted: every dispatcher looks again. `resting` have not been woken since they looked."""

    def __init__(self) -> None:
        self.last_s = -1.0
        self.resting: dict[SimulatedDispatcher, None] = {}

    def send(self, now_s: float) -> None:
        self.last_s = now_s
        woken, self.resting = self.resting, {}
        for dispatcher in woken:
            dispatcher.queue_changed()


class SimulatedDispatcher:
    """`spread_s`: woken by a notice, it begins within so many seconds, so that not all look at the same moment.
    `worker` is set before the start, and `preference` if it leaves jobs to others."""

    def __init__(
        self,
        clock: Clock,
        gpu: Gpu,
        queue: JobQueue,
        notices: Notices,
        counts: Counter[str],
        seen: SeenBacklog,
        spread_s: float = 0.0,
        dice: random.Random | None = None,
    ) -> None:
        self._clock, self._gpu, self._queue, self._notices, self._counts = clock, gpu, queue, notices, counts
        self.preference: Preference | None = None
        self._spread_s = spread_s
        self._dice = dice or random.Random(1)
        self.seen = seen
        self.worker: SimulatedWorker
        self._pace = RefreshPace()
        self._woken = False
        self._pause = 0  # the number of the last pause; the ends of older ones count for nothing
        self._paused = False
        self._steps = self._run()

    def start(self, after_s: float) -> None:
        self._clock.after(after_s, self._go_on)

    def wake(self) -> None:
        """There is room."""
        self._woken = True
        if self._paused:
            self._resume(self._pause)

    def queue_changed(self) -> None:
        """Another process accepted a job. While it rests, the product's loop runs through its old view once more and
        finds no other result; this one goes on when the rest is over."""
        self._pace.invalidate()
        self._pause_for(max(self._pace.due_in_s(self._clock.now_s), self._spread_s * self._dice.random()))

    # ---- the loop

    def _run(self) -> Generator[float | None]:
        """Yields seconds that it works, and None to pause."""
        while True:
            self._woken = False
            if self._due_in_s() <= 0:
                started_s = self._clock.now_s
                self._counts["refresh"] += 1
                self._counts["refresh with a new job"] += self._queue.accepted_s > self.seen.read_s
                self._pace.begin()
                self.seen.refresh(started_s)
                yield self._about(self._gpu.refresh_s + self._gpu.job_s * len(self._queue.free))
                self._pace.end(started_s, self._clock.now_s)
            if not self.seen.is_empty:
                for job_id in self.worker.scheduler.choose(self.seen, self._clock.now_s, self._is_makeable):
                    if self.seen.get(job_id) is None:
                        continue
                    job = self._queue.claim(job_id, self._clock.now_s)
                    self._counts["claim" if job else "lost_claim"] += 1
                    yield self._about(self._gpu.claim_s if job else self._gpu.lost_claim_s)
                    self.seen.remove(job_id)
                    if job is not None:
                        self._note_served(job)
                        self.worker.add(job)
            yield None

    def _about(self, seconds: float) -> float:
        """No two calls of a database take the same time; workers would look and claim in lockstep."""
        return seconds * self._dice.uniform(0.5, 1.5)

    def _is_makeable(self, job_id: str) -> bool:
        return self.preference is None or self.preference.permits(job_id, self._queue.jobs[job_id].loras)

    def _note_served(self, job: SimulatedJob) -> None:
        served = self.seen.served
        served.add(job.candidate.owner)
        if len(served) > MAX_SERVED:
            served.clear()
            served.update(each.candidate.owner for each in self.worker.jobs.values())

    def _due_in_s(self) -> float:
        if self._notices.last_s > self.seen.read_s:
            self._pace.invalidate()
        return self._pace.due_in_s(self._clock.now_s)

    def _go_on(self) -> None:
        seconds = next(self._steps)
        if seconds is not None:
            self._clock.after(seconds, self._go_on)
        elif self._woken:
            self._go_on()
        else:
            due_in_s = self._due_in_s()
            if self._notices.last_s > self.seen.read_s:
                due_in_s += self._spread_s * self._dice.random()
            else:
                self._notices.resting[self] = None
            self._paused = True
            if self.preference is not None:
                due_in_s = min(due_in_s, self.preference.due_in_s)
            self._pause_for(max(due_in_s, 0.0))

    def _pause_for(self, seconds: float) -> None:
        self._pause += 1
        number = self._pause
        self._clock.after(seconds, lambda: self._resume(number))

    def _resume(self, number: int) -> None:
        if self._paused and number == self._pause:
            self._paused = False
            self._notices.resting.pop(self, None)
            self._go_on()
