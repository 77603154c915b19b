"""Claims that prefer workers whose LoRAs are in memory, as server/worker/eligibility.py has them: a job is left for
`wait_s` to a worker that holds more of its LoRAs, by what the workers reported last."""

from collections.abc import Sequence

from scripts.fleet_simulation.clock import Clock
from scripts.fleet_simulation.worker import SimulatedWorker

REPORTS_S = 3.0
MAX_OTHERS = 100
FORGOTTEN_S = 60.0


class Reports:
    """Which LoRAs the workers hold, as they reported it last: all at the same moments here."""

    def __init__(self, clock: Clock, workers: Sequence[SimulatedWorker]) -> None:
        self._clock = clock
        self._workers = workers
        self._at_s = -REPORTS_S
        self._resident: list[frozenset[str]] = []

    def resident(self) -> Sequence[frozenset[str]]:
        """Of the first workers."""
        if self._clock.now_s - self._at_s >= REPORTS_S:
            self._at_s = self._clock.now_s
            self._resident = [worker.resident_loras for worker in self._workers[: MAX_OTHERS + 1]]
        return self._resident


class Preference:
    """Of one worker, the one with this `index`."""

    def __init__(self, clock: Clock, reports: Reports, index: int, worker: SimulatedWorker, wait_s: float) -> None:
        self._clock = clock
        self._reports = reports
        self._index = index
        self._worker = worker
        self._wait_s = wait_s
        self._left_since_s: dict[str, float] = {}

    def permits(self, job_id: str, loras: frozenset[str]) -> bool:
        if not loras:
            return True
        num_missing = len(loras - self._worker.resident_loras)
        others = (each for index, each in enumerate(self._reports.resident()) if index != self._index)
        if num_missing <= min((len(loras - other) for other in others), default=len(loras)):
            return True
        now_s = self._clock.now_s
        if len(self._left_since_s) > MAX_OTHERS:
            self._left_since_s = {j: at_s for j, at_s in self._left_since_s.items() if now_s - at_s < FORGOTTEN_S}
        return now_s - self._left_since_s.setdefault(job_id, now_s) >= self._wait_s

    @property
    def due_in_s(self) -> float:
        """Until the first job that is left to others is claimed here after all."""
        waits = (at_s + self._wait_s - self._clock.now_s for at_s in self._left_since_s.values())
        return min((wait_s for wait_s in waits if wait_s > 0), default=REPORTS_S)
