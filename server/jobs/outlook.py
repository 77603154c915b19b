"""Where jobs stand and when they will be done, from what the engine and the last look at the queue know."""

import math
import time
from collections.abc import Mapping, Sequence

from server.engine.engine import Engine
from server.engine.requests import Candidate, Forecast

FRESH_S = 0.25


class Outlook:
    """Runs on the event loop. The dispatcher keeps `candidates` (the queue as it last saw it) and `active` (the jobs
    this process works on) up to date, and in `waiting` what those of them wait for whose pictures cannot be stored."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._candidates: tuple[Candidate, ...] = ()
        self._forecasts: Mapping[str, Forecast] = {}
        self._made_at_s = -math.inf
        self.active: set[str] = set()
        self.waiting: dict[str, str] = {}

    def look_at(self, candidates: Sequence[Candidate]) -> None:
        """The queue has been read again."""
        self._candidates = tuple(candidates)
        self._made_at_s = -math.inf

    def forecast(self, job: Candidate) -> Forecast:
        """Of an unfinished job, whoever works on it; another process's is taken for one that waits here."""
        if job.job_id in self.active and not self._engine.evaluations(job.job_id):
            return Forecast(0, 0.0)  # made, being stored
        known = self._current().get(job.job_id)
        return known or self._engine.forecast([*self._candidates, job])[job.job_id]

    def progress(self, job_id: str, num_evaluations: int, num_images: int, num_stored: int) -> float:
        """Share of the job's UNet evaluations that are done, 0..1; by stored pictures where another process works."""
        if job_id not in self.active:
            return num_stored / num_images
        left = sum(total - done for done, total in self._engine.evaluations(job_id).values())
        return max(0.0, 1 - left / (num_evaluations * num_images))

    def seconds_alone(self, job: Candidate) -> float:
        """What the job would take if it ran alone."""
        return self._engine.seconds_alone(job)

    def next_end_s(self) -> float:
        """Seconds until the first of the jobs known here will have ended."""
        return min((each.remaining_s for each in self._current().values()), default=1.0)

    def _current(self) -> Mapping[str, Forecast]:
        now_s = time.monotonic()
        if now_s - self._made_at_s > FRESH_S:
            self._forecasts, self._made_at_s = self._engine.forecast(self._candidates), now_s
        return self._forecasts
