"""Where jobs stand and when they will be done, from what the engine and the last look at the queue know."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.engine.engine import Engine
from server.engine.requests import Candidate, Forecast

FRESH_S = 0.25
HEARD_S = 5.0
"""What another process has told of its job counts for so long."""


@dataclass(frozen=True, slots=True)
class RemoteProgress:
    """How another process says that its job stands. `at_s`: when it was heard, of the monotonic clock."""

    progress: float
    remaining_s: float
    waiting: str | None
    at_s: float


class ProgressTracker:
    """Runs on the event loop. The dispatcher keeps `candidates` (the queue as it last saw it) and `active` (the jobs
    this process works on) up to date, and in `waiting` what those of them wait for whose pictures cannot be stored."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._candidates: tuple[Candidate, ...] = ()
        self._forecasts: Mapping[str, Forecast] = {}
        self._made_at_s = -math.inf
        self.active: set[str] = set()
        self.num_evaluations: dict[str, int] = {}  # of all the pictures of an active job
        self.waiting: dict[str, str] = {}
        self._elsewhere: dict[str, RemoteProgress] = {}

    def set_queue(self, candidates: Sequence[Candidate]) -> None:
        """The queue has been read again."""
        self._candidates = tuple(candidates)
        self._made_at_s = -math.inf

    def forecast(self, job: Candidate) -> Forecast:
        """Of an unfinished job, whoever works on it; another process's is taken for one that waits here."""
        if (told := self._told(job.job_id)) is not None:
            return Forecast(0, told.remaining_s)
        if job.job_id in self.active and not self._engine.evaluations(job.job_id):
            return Forecast(0, 0.0)  # made, being stored
        known = self._current().get(job.job_id)
        return known or self._engine.forecast([*self._candidates, job])[job.job_id]

    def progress(self, job_id: str, num_evaluations: int, num_images: int, num_stored: int) -> float:
        """Share of the job's UNet evaluations that are done, 0..1; where another process works by what it
        tells, else by stored pictures."""
        if job_id not in self.active:
            told = self._told(job_id)
            return max(num_stored / num_images, told.progress if told else 0.0)
        left = sum(total - done for done, total in self._engine.evaluations(job_id).values())
        return max(0.0, 1 - left / (num_evaluations * num_images))

    def waits_for(self, job_id: str) -> str | None:
        """Why its finished pictures are not stored yet."""
        told = self._told(job_id)
        return told.waiting if told else self.waiting.get(job_id)

    def standing(self) -> dict[str, tuple[float, float, str | None]]:
        """Of the jobs of this process: progress, seconds left, what it waits for; as `update_remote` takes it."""
        found: dict[str, tuple[float, float, str | None]] = {}
        for job_id in self.active:
            pictures = self._engine.evaluations(job_id).values()
            in_all = self.num_evaluations.get(job_id, 0)
            left = sum(total - done for done, total in pictures)
            forecast = self._current().get(job_id, Forecast(0, 0.0))
            progress = max(0.0, 1 - left / in_all) if in_all else 0.0
            found[job_id] = (round(progress, 4), round(forecast.remaining_s, 1), self.waiting.get(job_id))
        return found

    def update_remote(self, job_id: str, told: RemoteProgress) -> None:
        self._elsewhere[job_id] = told
        if len(self._elsewhere) > 1000:
            self._elsewhere = {job_id: each for job_id, each in self._elsewhere.items() if _is_fresh(each)}

    def _told(self, job_id: str) -> RemoteProgress | None:
        told = self._elsewhere.get(job_id)
        return told if told is not None and job_id not in self.active and _is_fresh(told) else None

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


def _is_fresh(told: RemoteProgress) -> bool:
    return time.monotonic() - told.at_s < HEARD_S
