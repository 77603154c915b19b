"""The order of jobs. Pure: no torch, no clock of its own.

Jobs are ordered by
1. owners that have waited too long for any service, by arrival (no owner starves);
2. round: start-time fair queueing over owners (Goyal, Vin, Cheng 1996). An owner's jobs get rising rounds, the most
   urgent the first; a newcomer starts at the round in service, so 200 queued jobs of one owner put one job at most
   before another owner's first;
3. jobs of no batch before jobs of batches;
4. seconds of work left, less a quarter of the seconds waited: shortest remaining work first, with aging;
5. arrival, then job id.

With equal jobs this is first come, first served, and a job that runs is not interrupted. Jobs of batches are: they come
last among the jobs of their owner, and in no round before the one in service. So another owner's first image begins in
the next forward, and an image of a batch pauses for it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Protocol

AGING = 0.25  # each second of waiting counts as this many seconds less work
STARVING_S = 60.0  # an owner not served for this long goes first
MAX_REMEMBERED = 1000  # owners whose last service is remembered before old entries are thrown out
ROUND_S = 10.0  # a job costs its owner one round, and one more for each further 10 s of work


@dataclass(frozen=True, slots=True)
class JobWork:
    """A job as the order sees it: `remaining_s` seconds of work left if it ran alone."""

    job_id: str
    owner: str
    remaining_s: float
    arrival_s: float
    in_batch: bool = False

    @property
    def rounds(self) -> float:
        return max(1.0, self.remaining_s / ROUND_S)

    @property
    def urgency(self) -> "Urgency":
        """The smaller, the more urgent. All jobs age alike: what counts does not depend on the time of day."""
        return (self.in_batch, self.remaining_s + AGING * self.arrival_s, self.arrival_s, self.job_id)


Urgency = tuple[bool, float, float, str]
Place = tuple[tuple[float, ...], Urgency]
"""A job's rank among all jobs, then its urgency: places sort as jobs are served."""


class Waiting(Protocol):
    """Jobs of one owner that are not claimed; server/engine/backlog.py keeps them."""

    works: list[JobWork]
    rounds: float
    oldest_s: float


class FairShare:
    """The service that each owner has received; `order` reads it and changes nothing. Memory: an entry for each owner
    served in the last minute or in debt, and for each started job."""

    def __init__(self) -> None:
        self._virtual_time = 0.0
        self._finish: dict[str, float] = {}
        self._served_at_s: dict[str, float] = {}
        self._round: dict[str, float] = {}

    def start(self, job: JobWork, others: Iterable[JobWork], now_s: float) -> None:
        """The job's first image begins: its owner pays for it. `others` are all that are here. Further calls for
        the same job change nothing."""
        if job.job_id in self._round:
            return
        running = [each for each in others if each.owner == job.owner and self.started(each.job_id)]
        finish = self._next_round(job.owner) + job.rounds
        self._round |= {each.job_id: tag for each, tag in self._tagged(job.owner, [job, *running])}
        self._finish[job.owner] = finish
        self.served(job, now_s)

    def served(self, job: JobWork, now_s: float) -> None:
        """One of the job's images takes a step."""
        self._virtual_time = max(self._virtual_time, self._round[job.job_id])
        self._served_at_s[job.owner] = now_s
        if len(self._served_at_s) > MAX_REMEMBERED:  # who was served longer ago is starving with or without an entry
            self._served_at_s = {o: at for o, at in self._served_at_s.items() if now_s - at <= STARVING_S}

    def end(self, job_id: str) -> None:
        """The job is over. Owners without debt are forgotten."""
        self._round.pop(job_id, None)
        self._finish = {owner: tag for owner, tag in self._finish.items() if tag > self._virtual_time}

    def idle(self) -> None:
        """No job is left: all debts are cleared."""
        self._virtual_time, self._finish = 0.0, {}

    def started(self, job_id: str) -> bool:
        return job_id in self._round

    def order(
        self, here: Iterable[JobWork], now_s: float, waiting: Mapping[str, Waiting] | None = None
    ) -> Iterator[tuple[Place, JobWork]]:
        """All jobs with their places, first to serve first. `here` are the claimed ones, `waiting` the others by owner.
        Lazy: the first few cost a look at each owner, not at each job. Read it before anything changes."""
        by_owner: dict[str, list[JobWork]] = {}
        for job in here:
            by_owner.setdefault(job.owner, []).append(job)
        queues = waiting or {}
        owners = by_owner.keys() | queues.keys()
        return merge(*(self._places(owner, by_owner.get(owner, ()), queues.get(owner), now_s) for owner in owners))

    def place(self, job: JobWork, here: Iterable[JobWork], now_s: float, waiting: Mapping[str, Waiting]) -> Place:
        """The place of a job that is not among the others."""
        own = [job, *(each for each in here if each.owner == job.owner)]
        places = self._places(job.owner, own, waiting.get(job.owner), now_s)
        return next(place for place, each in places if each.job_id == job.job_id)

    def _places(
        self, owner: str, here: Sequence[JobWork], waiting: Waiting | None, now_s: float
    ) -> Iterator[tuple[Place, JobWork]]:
        """Of one owner's jobs, in order."""
        oldest_s = min([job.arrival_s for job in here] + ([waiting.oldest_s] if waiting else []))
        waiting_since_s = max(oldest_s, self._served_at_s.get(owner, 0.0))
        is_starving = now_s - waiting_since_s > STARVING_S
        for job, tag in self._tagged(owner, here, waiting):
            round_ = int(max(tag, self._virtual_time) if job.in_batch else tag)
            yield ((0, waiting_since_s) if is_starving else (1, round_), job.urgency), job
            is_starving = False  # the most urgent one only

    def _tagged(
        self, owner: str, here: Iterable[JobWork], waiting: Waiting | None = None
    ) -> Iterator[tuple[JobWork, float]]:
        """One owner's jobs with their rounds, the most urgent first: it takes the round of the one that runs, and what
        is left of that one ends when all that the owner owes is paid."""
        claimed = sorted(here, key=lambda job: job.urgency)
        num_rounds = waiting.rounds if waiting else 0.0
        end = self._next_round(owner) + num_rounds
        end += sum(job.rounds for job in claimed if not self.started(job.job_id))
        left = num_rounds + sum(job.rounds for job in claimed)
        tag = min([self._round[job.job_id] for job in claimed if self.started(job.job_id)] + [self._next_round(owner)])
        for job in merge(claimed, waiting.works if waiting else (), key=lambda job: job.urgency):
            yield job, tag
            left -= job.rounds
            tag = max(tag + job.rounds, end - left)

    def _next_round(self, owner: str) -> float:
        return max(self._virtual_time, self._finish.get(owner, 0.0))
