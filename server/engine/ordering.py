"""Who goes first. Pure: no torch, no clock of its own.

Jobs are ordered by
1. owners that have waited too long for any service, by arrival (nobody starves);
2. round: start-time fair queueing over owners (Goyal, Vin, Cheng 1996). An owner's jobs get rising rounds, a newcomer
   starts at the round in service, so 200 queued jobs of one owner put one job at most before another owner's first;
3. seconds of work left, less a quarter of the seconds waited: shortest remaining work first, with aging;
4. arrival, then job id.

With equal jobs this is first come, first served, and a job that runs is not interrupted.
"""

from collections.abc import Iterable, Mapping
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
    """Remembers what each owner has been given; `order` reads it and changes nothing. Memory: an entry for each owner
    served in the last minute or in debt, and for each started job."""

    def __init__(self) -> None:
        self._virtual_time = 0.0
        self._finish: dict[str, float] = {}
        self._served_at_s: dict[str, float] = {}
        self._round: dict[str, float] = {}

    def start(self, job: JobWork, now_s: float) -> None:
        """The job's first picture begins: its owner pays for it. Further calls for the same job change nothing."""
        if job.job_id in self._round:
            return
        tag = self._next_round(job.owner)
        self._virtual_time = max(self._virtual_time, tag)
        self._finish[job.owner] = tag + job.rounds
        self._round[job.job_id] = tag
        self._served_at_s[job.owner] = now_s

    def served(self, owner: str, now_s: float) -> None:
        """One of the owner's pictures takes a step."""
        self._served_at_s[owner] = now_s
        if len(self._served_at_s) > MAX_REMEMBERED:  # who was served longer ago is starving with or without an entry
            self._served_at_s = {o: at for o, at in self._served_at_s.items() if now_s - at <= STARVING_S}

    def end(self, job_id: str) -> None:
        """The job is over. Owners without debt are forgotten."""
        self._round.pop(job_id, None)
        self._finish = {owner: tag for owner, tag in self._finish.items() if tag > self._virtual_time}

    def idle(self) -> None:
        """Nobody has anything left to do: all debts are cleared."""
        self._virtual_time, self._finish = 0.0, {}

    def started(self, job_id: str) -> bool:
        return job_id in self._round

    def order(self, jobs: Iterable[JobWork], now_s: float) -> list[JobWork]:
        """All jobs, first to serve first."""
        by_owner: dict[str, list[JobWork]] = {}
        for job in sorted(jobs, key=lambda job: (not self.started(job.job_id), job.urgency(now_s))):
            by_owner.setdefault(job.owner, []).append(job)
        ranks: dict[str, tuple[float, ...]] = {}
        for owner, queue in by_owner.items():
            ranks |= self._ranks(owner, queue, now_s)
        every_job = (job for queue in by_owner.values() for job in queue)
        return sorted(every_job, key=lambda job: (ranks[job.job_id], job.urgency(now_s)))

    def _ranks(self, owner: str, queue: list[JobWork], now_s: float) -> Mapping[str, tuple[float, ...]]:
        first = queue[0]
        waiting_since_s = max(first.arrival_s, self._served_at_s.get(owner, first.arrival_s))
        ranks: dict[str, tuple[float, ...]] = {}
        tag = self._next_round(owner)
        for job in queue:
            if job.job_id in self._round:
                ranks[job.job_id] = (1, int(self._round[job.job_id]))
            else:
                ranks[job.job_id] = (1, int(tag))
                tag += job.rounds
        if now_s - waiting_since_s > STARVING_S:
            ranks[first.job_id] = (0, waiting_since_s)
        return ranks

    def _next_round(self, owner: str) -> float:
        return max(self._virtual_time, self._finish.get(owner, 0.0))
