"""Progress and forecasts of unfinished jobs, from what this process makes and what other processes report."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from server.engine.requests import Candidate, Forecast

FRESH_S = 0.25
REPORT_S = 5.0
"""How long a report of another process counts."""
MAX_REPORTS = 1000


class Forecaster(Protocol):
    """What the engine of this process knows; server/engine/engine.py is one."""

    def evaluations(self, job_id: str) -> Mapping[int, tuple[int, int]]:
        """Image index → (UNet evaluations done, in all), for the job's unfinished images here."""
        ...

    def forecast(self, candidates: Sequence[Candidate]) -> Mapping[str, Forecast]: ...
    def seconds_alone(self, job: Candidate) -> float: ...


@dataclass(frozen=True, slots=True)
class RemoteProgress:
    """What another process reports of a job that it makes. `at_s`: when it arrived, by the monotonic clock."""

    progress: float
    remaining_s: float
    waiting: str | None
    at_s: float


class ProgressTracker:
    """Runs on the event loop. The dispatcher keeps up to date: the queue, `active` (the jobs that this process makes),
    `num_evaluations` (of all images of an active job), and `waiting` (why finished images are not stored yet)."""

    def __init__(self, forecaster: Forecaster) -> None:
        self._forecaster = forecaster
        self._candidates: tuple[Candidate, ...] = ()
        self._forecasts: Mapping[str, Forecast] = {}
        self._made_at_s = -math.inf
        self._remote: dict[str, RemoteProgress] = {}
        self.active: set[str] = set()
        self.num_evaluations: dict[str, int] = {}
        self.waiting: dict[str, str] = {}

    def set_queue(self, candidates: Sequence[Candidate]) -> None:
        self._candidates = tuple(candidates)
        self._made_at_s = -math.inf

    def forecast(self, job: Candidate) -> Forecast:
        """Of an unfinished job. One that another process makes without reporting is treated as waiting here."""
        if (remote := self._remote_of(job.job_id)) is not None:
            return Forecast(0, remote.remaining_s)
        if job.job_id in self.active and not self._forecaster.evaluations(job.job_id):
            return Forecast(0, 0.0)  # every image is decoded, one is being stored
        known = self._current().get(job.job_id)
        return known or self._forecaster.forecast([*self._candidates, job])[job.job_id]

    def progress(self, job_id: str, num_images: int, num_done: int) -> float:
        """Share of the job's UNet evaluations that are done, 0..1. Where another process makes it: what that reports,
        at least the share of stored images."""
        if job_id not in self.active:
            remote = self._remote_of(job_id)
            return max(num_done / num_images, remote.progress if remote else 0.0)
        return self._own_progress(job_id)

    def waits_for(self, job_id: str) -> str | None:
        """Why its finished images are not stored yet."""
        remote = self._remote_of(job_id)
        return remote.waiting if remote else self.waiting.get(job_id)

    def snapshot(self) -> dict[str, tuple[float, float, str | None]]:
        """Of the jobs of this process: progress, seconds left, what it waits for."""
        none = Forecast(0, 0.0)
        return {
            job_id: (
                round(self._own_progress(job_id), 4),
                round(self._current().get(job_id, none).remaining_s, 1),
                self.waiting.get(job_id),
            )
            for job_id in self.active
        }

    def update_remote(self, job_id: str, report: RemoteProgress) -> None:
        self._remote[job_id] = report
        if len(self._remote) > MAX_REPORTS:
            self._remote = {job_id: report for job_id, report in self._remote.items() if _is_fresh(report)}

    def seconds_alone(self, job: Candidate) -> float:
        """What the job would take if it ran alone."""
        return self._forecaster.seconds_alone(job)

    def next_end_s(self) -> float:
        """Seconds until the first of the known jobs ends."""
        return min((forecast.remaining_s for forecast in self._current().values()), default=1.0)

    def _own_progress(self, job_id: str) -> float:
        left = sum(total - done for done, total in self._forecaster.evaluations(job_id).values())
        in_all = self.num_evaluations.get(job_id, 0)
        return max(0.0, 1 - left / in_all) if in_all else 0.0

    def _remote_of(self, job_id: str) -> RemoteProgress | None:
        report = self._remote.get(job_id)
        return report if report is not None and job_id not in self.active and _is_fresh(report) else None

    def _current(self) -> Mapping[str, Forecast]:
        now_s = time.monotonic()
        if now_s - self._made_at_s > FRESH_S:
            self._forecasts, self._made_at_s = self._forecaster.forecast(self._candidates), now_s
        return self._forecasts


def _is_fresh(report: RemoteProgress) -> bool:
    return time.monotonic() - report.at_s < REPORT_S
