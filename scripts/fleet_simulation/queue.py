"""The job table of the simulated fleet, and what each worker has seen of it.

The product gives each worker a `QueueView`, refreshed now and then. Here all workers share one `Backlog` of the jobs
that are free; a `SeenBacklog` shows what one worker's view would hold: the jobs accepted before its last refresh, and
the jobs that were free then and that other workers have claimed since."""

import math
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from scripts.fleet_simulation.clock import Clock
from scripts.fleet_simulation.demand import Arrival
from server.engine.backlog import Backlog, OwnersJobs
from server.engine.ordering import STARVING_S, JobWork, Urgency
from server.engine.requests import Candidate

FORGET_AFTER_S = 10.0
"""No view is older."""
MAX_STRANGERS = 16
"""Owners that a worker has not served lately and that the scheduler is shown: the most urgent ones, and the
starving ones. It takes two row budgets at most: so many jobs, if an image takes two rows. A test compares it with all
owners."""


@dataclass(slots=True)
class SimulatedJob:
    arrival: Arrival
    candidate: Candidate
    num_left: int
    seen_from_s: float
    work: JobWork
    claimed_s: float = math.inf
    begun_s: float = math.inf
    ended_s: float = math.inf
    num_made: int = 0
    loras: frozenset[str] = frozenset()


class JobQueue:
    def __init__(self, seconds_alone: Callable[[Candidate], float]) -> None:
        self._seconds_alone = seconds_alone
        self.free = Backlog(seconds_alone)
        self.jobs: dict[str, SimulatedJob] = {}  # unfinished ones
        self.accepted_s = -math.inf  # the latest
        self.claimed: deque[SimulatedJob] = deque()  # lately
        self.by_urgency: list[tuple[Urgency, str]] = []  # of the owners with free jobs
        self.by_age: list[tuple[float, str]] = []

    def accept(self, arrival: Arrival, now_s: float) -> SimulatedJob:
        candidate = arrival.candidate
        seconds = self._seconds_alone(candidate)
        work = JobWork(candidate.job_id, candidate.owner, seconds, candidate.arrival_s)
        loras = frozenset(lora.sha256 for lora in arrival.spec.loras)
        job = SimulatedJob(arrival, candidate, arrival.num_images, now_s, work, loras=loras)
        self.jobs[arrival.job_id] = job
        self.accepted_s = now_s
        with_owner = self._unlisted(candidate.owner)
        self.free.add([candidate])
        self._list(with_owner)
        return job

    def claim(self, job_id: str, now_s: float) -> SimulatedJob | None:
        """None: another worker was faster."""
        if self.free.get(job_id) is None:
            return None
        job = self.jobs[job_id]
        owner = self._unlisted(job.candidate.owner)
        self.free.discard([job_id])
        self._list(owner)
        job.claimed_s = now_s
        self.claimed.append(job)
        while self.claimed[0].claimed_s < now_s - FORGET_AFTER_S:
            self.claimed.popleft()
        return job

    def claimed_since(self, since_s: float) -> Iterator[SimulatedJob]:
        """The latest first."""
        for job in reversed(self.claimed):
            if job.claimed_s <= since_s:
                return
            yield job

    def _unlisted(self, owner: str) -> str:
        """The owner, taken off the two lists before its jobs change."""
        jobs = self.free.owners.get(owner)
        if jobs is not None:
            del self.by_urgency[bisect_left(self.by_urgency, (jobs.works[0].urgency, owner))]
            del self.by_age[bisect_left(self.by_age, (jobs.oldest_s, owner))]
        return owner

    def _list(self, owner: str) -> None:
        jobs = self.free.owners.get(owner)
        if jobs is not None:
            insort(self.by_urgency, (jobs.works[0].urgency, owner))
            insort(self.by_age, (jobs.oldest_s, owner))


class SeenBacklog(Backlog):
    """What the view of one worker holds. `served`: owners that it has served lately. `hears_after_s`: when it learns
    that another worker has claimed a job; infinite: at its next refresh."""

    def __init__(
        self, clock: Clock, queue: JobQueue, hears_after_s: float = math.inf, max_strangers: int = MAX_STRANGERS
    ) -> None:
        self._clock = clock
        self._queue = queue
        self._hears_after_s = hears_after_s
        self._max_strangers = max_strangers
        self._tried: set[str] = set()  # since the last refresh
        self._gone: dict[str, SimulatedJob] = {}
        self.served: set[str] = set()
        self.read_s = -math.inf

    def refresh(self, now_s: float) -> None:
        self.read_s = now_s
        self._tried.clear()

    def remove(self, job_id: str) -> None:
        self._tried.add(job_id)

    @property
    def is_empty(self) -> bool:
        """True if it holds no job, for sure."""
        queue = self._queue
        return not queue.by_age and not (queue.claimed and queue.claimed[-1].claimed_s > self._unheard_since_s)

    # ---- what the scheduler reads

    def get(self, job_id: str) -> Candidate | None:
        if job_id in self._tried:
            return None
        job = self._gone.get(job_id) or self._queue.jobs.get(job_id)
        return job.candidate if job is not None and self._sees(job) else None

    @property
    def owners(self) -> Mapping[str, OwnersJobs]:
        """Of the jobs that it holds: those served lately, and the first strangers in either order."""
        gone: dict[str, list[SimulatedJob]] = {}
        for job in self._queue.claimed_since(self._unheard_since_s):
            if job.candidate.job_id not in self._tried and self._sees(job):
                gone.setdefault(job.candidate.owner, []).append(job)
        self._gone = {job.candidate.job_id: job for jobs in gone.values() for job in jobs}
        free = self._queue.free.owners
        found = {owner: free[owner] for owner in self._first_strangers()}
        found |= {owner: free[owner] for owner in self.served if owner in free}
        for owner, jobs in gone.items():
            both = OwnersJobs()
            for work in (*(free[owner].works if owner in free else ()), *(job.work for job in jobs)):
                both.add(work)
            found[owner] = both
        return found

    def revalue(self) -> None:
        """All jobs have the value of the machine that every worker has."""

    def _first_strangers(self) -> set[str]:
        found: set[str] = set()
        starving_s = self._clock.now_s - STARVING_S
        for ranked in (self._queue.by_urgency, self._queue.by_age):
            num = 0
            for rank, owner in ranked:
                if isinstance(rank, float) and rank > starving_s:
                    break
                if any(self.get(work.job_id) for work in self._queue.free.owners[owner].works):
                    found.add(owner)
                    num += 1
                    if num >= self._max_strangers:
                        break
        return found

    def _sees(self, job: SimulatedJob) -> bool:
        return job.seen_from_s <= self.read_s and job.claimed_s > self._unheard_since_s

    @property
    def _unheard_since_s(self) -> float:
        """Claims since then are not known here."""
        return max(self.read_s, self._clock.now_s - self._hears_after_s)
