"""Progress and forecasts of unfinished jobs, from what this process makes and what other processes report."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from server.engine.backlog import Backlog
from server.engine.forecast import QueueForecast
from server.engine.requests import Candidate, Forecast

FRESH_S = 0.25
MAX_LOAD = 0.02
"""The share of time that forecasts of the whole queue take at most."""
REPORT_S = 5.0
"""How long a report of another process counts."""
MAX_REPORTS = 1000


class Forecaster(Protocol):
    """What the engine of this process knows; server/engine/engine.py is one."""

    def evaluations(self, job_id: str) -> Mapping[int, tuple[int, int]]:
        """Image index → (UNet evaluations done, in all), for the job's unfinished images here."""
        ...

    def forecast(self, backlog: Backlog) -> QueueForecast: ...

    def forecast_newcomer(self, job: Candidate, backlog: Backlog, known: QueueForecast) -> Forecast:
        """Of a job that `known` lacks."""
        ...

    def seconds_alone(self, job: Candidate) -> float: ...


@dataclass(frozen=True, slots=True)
class NoWorker:
    """Why no image is made now, for people; `starts_in_s` None: it is unknown when one will be."""

    detail: str
    starts_in_s: float | None


@dataclass(frozen=True, slots=True)
class RemoteProgress:
    """What another process reports of a job that it makes. `at_s`: when it arrived, by the monotonic clock."""

    progress: float
    remaining_s: float
    waiting: str | None
    at_s: float


class ProgressTracker:
    """Runs on the event loop. `backlog` has the claimable jobs. The dispatcher keeps up to date: `active` (the jobs
    that this process makes), `num_evaluations` (of all images of an active job), and `waiting` (why finished images are
    not stored yet). `no_worker` is set while no process makes images."""

    def __init__(self, forecaster: Forecaster, backlog: Backlog) -> None:
        self._forecaster = forecaster
        self._backlog = backlog
        self._known = QueueForecast()
        self._revision = -1
        self._fresh_until_s = self._kept_until_s = -math.inf
        self._remote: dict[str, RemoteProgress] = {}
        self.active: set[str] = set()
        self.num_evaluations: dict[str, int] = {}
        self.waiting: dict[str, str] = {}
        self.no_worker: NoWorker | None = None

    def forecast(self, job: Candidate) -> Forecast:
        """Of an unfinished job. One that another process makes without reporting is treated as waiting here."""
        if (remote := self._remote_of(job.job_id)) is not None:
            return Forecast(0, remote.remaining_s)
        if job.job_id in self.active and not self._forecaster.evaluations(job.job_id):
            return Forecast(0, 0.0)  # every image is decoded, one is being stored
        current = self._current()
        known = current.get(job.job_id) or self._forecaster.forecast_newcomer(job, self._backlog, current)
        if self.no_worker is None or not self.no_worker.starts_in_s:
            return known
        return Forecast(known.queue_position, known.remaining_s + self.no_worker.starts_in_s)

    def progress(self, job_id: str, num_images: int, num_done: int) -> float:
        """Share of the job's UNet evaluations that are done, 0..1. Where another process makes it: what that reports,
        at least the share of stored images."""
        if job_id not in self.active:
            remote = self._remote_of(job_id)
            return max(num_done / num_images, remote.progress if remote else 0.0)
        return self._own_progress(job_id)

    def waits_for(self, job_id: str) -> str | None:
        """Why its finished images are not stored yet, or why none is made."""
        if (remote := self._remote_of(job_id)) is not None:
            return remote.waiting
        return self.waiting.get(job_id) or (self.no_worker.detail if self.no_worker else None)

    def snapshot(self) -> dict[str, tuple[float, float, str | None]]:
        """Of the jobs of this process: progress, seconds left, what it waits for."""
        none = Forecast(0, 0.0)
        return {
            job_id: (
                round(self._own_progress(job_id), 4),
                round((self._current().get(job_id) or none).remaining_s, 1),
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
        first_end_s = self._current().first_end_s
        starts_in_s = (self.no_worker.starts_in_s or 0.0) if self.no_worker else 0.0
        return 1.0 if first_end_s is None else first_end_s + starts_in_s

    def _own_progress(self, job_id: str) -> float:
        left = sum(total - done for done, total in self._forecaster.evaluations(job_id).values())
        in_all = self.num_evaluations.get(job_id, 0)
        return max(0.0, 1 - left / in_all) if in_all else 0.0

    def _remote_of(self, job_id: str) -> RemoteProgress | None:
        report = self._remote.get(job_id)
        return report if report is not None and job_id not in self.active and _is_fresh(report) else None

    def _current(self) -> QueueForecast:
        """Shared by all readers. Made anew after a change of the backlog or FRESH_S, but a long one is kept longer: it
        takes MAX_LOAD of the time at most."""
        now_s = time.monotonic()
        is_stale = self._revision != self._backlog.revision or now_s > self._fresh_until_s
        if is_stale and now_s > self._kept_until_s:
            begun_s = time.thread_time()  # on a busy machine the clock says little about the work
            self._known, self._revision = self._forecaster.forecast(self._backlog), self._backlog.revision
            taken_s, now_s = time.thread_time() - begun_s, time.monotonic()
            self._fresh_until_s, self._kept_until_s = now_s + FRESH_S, now_s + taken_s / MAX_LOAD
        return self._known


def _is_fresh(report: RemoteProgress) -> bool:
    return time.monotonic() - report.at_s < REPORT_S
