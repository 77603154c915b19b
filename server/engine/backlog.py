"""`Backlog`: the claimable jobs, in the order of each owner, so that a change costs the same with 10 as with 10,000
of them. Pure: no clock, no database."""

from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from server.engine.ordering import JobWork, Urgency
from server.engine.requests import Candidate

DRIFT = 0.1
"""Jobs are valued anew once the seconds of some kind of job have changed by this share."""


@dataclass(slots=True)
class OwnersJobs:
    """`works` by urgency, the most urgent first. `rounds` is their sum."""

    works: list[JobWork] = field(default_factory=list[JobWork])
    rounds: float = 0.0
    oldest_s: float = 0.0

    def add(self, work: JobWork) -> None:
        self.oldest_s = min(self.oldest_s, work.arrival_s) if self.works else work.arrival_s
        self.rounds += work.rounds
        insort(self.works, work, key=_urgency)

    def remove(self, work: JobWork) -> None:
        del self.works[bisect_left(self.works, work.urgency, key=_urgency)]
        self.rounds = self.rounds - work.rounds if self.works else 0.0
        if work.arrival_s == self.oldest_s:
            self.oldest_s = min((each.arrival_s for each in self.works), default=0.0)


class Backlog:
    """`seconds_alone` values a job. `revision` grows with each change. Runs on the event loop."""

    def __init__(self, seconds_alone: Callable[[Candidate], float]) -> None:
        self._seconds_alone = seconds_alone
        self._candidates: dict[str, Candidate] = {}
        self._works: dict[str, JobWork] = {}
        self._owners: dict[str, OwnersJobs] = {}
        self._kinds: dict[tuple[int, int], tuple[Candidate, float]] = {}  # a job of each kind, and its value
        self.revision = 0

    @property
    def owners(self) -> Mapping[str, OwnersJobs]:
        return self._owners

    @property
    def job_ids(self) -> Collection[str]:
        return self._candidates.keys()

    def __len__(self) -> int:
        return len(self._candidates)

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self._candidates.values())

    def get(self, job_id: str) -> Candidate | None:
        return self._candidates.get(job_id)

    def add(self, candidates: Iterable[Candidate]) -> None:
        """A job that is here already is replaced."""
        for candidate in candidates:
            self.discard([candidate.job_id])
            self.revision += 1
            self._candidates[candidate.job_id] = candidate
            self._insert(candidate)

    def discard(self, job_ids: Iterable[str]) -> None:
        """Ids that are not here are ignored."""
        for job_id in job_ids:
            if self._candidates.pop(job_id, None) is not None:
                self.revision += 1
                work = self._works.pop(job_id)
                self._owners[work.owner].remove(work)
                if not self._owners[work.owner].works:
                    del self._owners[work.owner]

    def revalue(self) -> None:
        """Value all jobs anew if the cost model has learned much since."""
        if not any(
            abs(self._seconds_alone(candidate) - value) > DRIFT * value for candidate, value in self._kinds.values()
        ):
            return
        self.revision += 1
        self._works, self._owners, self._kinds = {}, {}, {}
        for candidate in self._candidates.values():
            self._insert(candidate)

    def _insert(self, candidate: Candidate) -> None:
        seconds = self._seconds_alone(candidate)
        self._kinds.setdefault((candidate.num_px, candidate.rows * candidate.num_images), (candidate, seconds))
        work = JobWork(candidate.job_id, candidate.owner, seconds, candidate.arrival_s, candidate.in_batch)
        self._works[candidate.job_id] = work
        self._owners.setdefault(candidate.owner, OwnersJobs()).add(work)


def _urgency(work: JobWork) -> Urgency:
    return work.urgency
