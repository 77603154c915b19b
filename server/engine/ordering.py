"""The order of jobs. Pure: no torch, no clock of its own.

Jobs are ordered by
1. owners that have waited too long for any service, by arrival (no owner starves);
2. round: start-time fair queueing over owners (Goyal, Vin, Cheng 1996). An owner's jobs get rising rounds, the most
   urgent the first; a newcomer starts at the round in service, so 200 queued jobs of one owner put one job at most
   before another owner's first;
3. seconds of work left, less a quarter of the seconds waited: shortest remaining work first, with aging;
4. arrival, then job id.

With equal jobs this is first come, first served, and a job that runs is not interrupted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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

    @property
    def rounds(self) -> float:
        return max(1.0, self.remaining_s / ROUND_S)

    def urgency(self, now_s: float) -> tuple[float, float, str]:
        return (self.remaining_s - AGING * (now_s - self.arrival_s), self.arrival_s, self.job_id)


class FairShare:
    """The service that each owner has received; `order` reads it and changes nothing. Memory: an entry for each owner
    served in the last minute or in debt, and for each started job."""

    def __init__(self) -> None:
        self._virtual_time = 0.0
        self._finish: dict[str, float] = {}
        self._served_at_s: dict[str, float] = {}
        self._round: dict[str, float] = {}

    def start(self, job: JobWork, others: Iterable[JobWork], now_s: float) -> None:
        """The job's first picture begins: its owner pays for it. `others` are all that are here. Further calls for
        the same job change nothing."""
        if job.job_id in self._round:
            return
        beside = [each for each in others if each.owner == job.owner and self.started(each.job_id)]
        finish = self._next_round(job.owner) + job.rounds
        self._round |= self._tags(job.owner, [job, *beside], now_s)
        self._finish[job.owner] = finish
        self.served(job, now_s)

    def served(self, job: JobWork, now_s: float) -> None:
        """One of the job's pictures takes a step."""
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

    def order(self, jobs: Iterable[JobWork], now_s: float) -> list[JobWork]:
        """All jobs, first to serve first."""
        by_owner: dict[str, list[JobWork]] = {}
        for job in jobs:
            by_owner.setdefault(job.owner, []).append(job)
        ranks: dict[str, tuple[float, ...]] = {}
        for owner, queue in by_owner.items():
            ranks |= self._ranks(owner, queue, now_s)
        every_job = (job for queue in by_owner.values() for job in queue)
        return sorted(every_job, key=lambda job: (ranks[job.job_id], job.urgency(now_s)))

    def _ranks(self, owner: str, jobs: Sequence[JobWork], now_s: float) -> Mapping[str, tuple[float, ...]]:
        ranks: dict[str, tuple[float, ...]] = {
            job_id: (1, int(tag)) for job_id, tag in self._tags(owner, jobs, now_s).items()
        }
        first = min(jobs, key=lambda job: job.urgency(now_s))
        waiting_since_s = max(min(job.arrival_s for job in jobs), self._served_at_s.get(owner, 0.0))
        if now_s - waiting_since_s > STARVING_S:
            ranks[first.job_id] = (0, waiting_since_s)
        return ranks

    def _tags(self, owner: str, jobs: Iterable[JobWork], now_s: float) -> Mapping[str, float]:
        """The rounds of one owner's jobs, the most urgent first: it takes the round of the one that runs, and what is
        left of that one ends when all that the owner owes is paid."""
        queue = sorted(jobs, key=lambda job: job.urgency(now_s))
        tag = min([self._round[job.job_id] for job in queue if self.started(job.job_id)] + [self._next_round(owner)])
        end = self._next_round(owner) + sum(job.rounds for job in queue if not self.started(job.job_id))
        left = sum(job.rounds for job in queue)
        tags: dict[str, float] = {}
        for job in queue:
            tags[job.job_id] = tag
            left -= job.rounds
            tag = max(tag + job.rounds, end - left)
        return tags

    def _next_round(self, owner: str) -> float:
        return max(self._virtual_time, self._finish.get(owner, 0.0))
