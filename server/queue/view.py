"""`QueueView`: the claimable jobs of all processes, in memory.

Jobs accepted, cancelled and claimed here change it directly. Changes of other processes reach it through `refresh`,
which reads the ids of the claimable jobs, and the numbers of the unknown ones."""

import time
from collections.abc import Collection
from dataclasses import dataclass

from server.db.session import Database
from server.engine.backlog import Backlog
from server.engine.pace import RefreshPace
from server.engine.requests import Candidate
from server.queue import claims
from server.queue.model import BaseModelRef, JobError


@dataclass(frozen=True, slots=True)
class StaleJob:
    """A job that must not be made any more."""

    job_id: str
    error: JobError


class QueueView:
    """Runs on the event loop. `refresh_s`: the longest time between two refreshes, with a short queue."""

    def __init__(
        self, database: Database, backlog: Backlog, base_model: BaseModelRef, max_queue: int, refresh_s: float = 1.0
    ) -> None:
        self._database = database
        self._base_model = base_model
        self._max_queue = max_queue
        self._pace = RefreshPace(refresh_s)
        self._loras: dict[str, frozenset[str]] = {}
        self._lost_leases: dict[str, int] = {}  # of the jobs that have lost any
        self._added: set[str] | None = None  # while a refresh reads
        self.backlog = backlog

    @property
    def due_in_s(self) -> float:
        """Seconds until the next refresh; 0 or less: now."""
        return self._pace.due_in_s(time.monotonic())

    def invalidate(self) -> None:
        """Another process changed the queue: refresh soon."""
        self._pace.invalidate()

    def loras_of(self, job_id: str) -> frozenset[str]:
        """Content hashes of the LoRAs of a job in the backlog."""
        return self._loras.get(job_id, frozenset())

    def add(self, candidate: Candidate, loras: Collection[str]) -> None:
        """A job accepted here."""
        if self._added is not None:
            self._added.add(candidate.job_id)
        self._insert(candidate, loras)

    def remove(self, job_id: str) -> None:
        """A job claimed or ended here."""
        self.backlog.discard([job_id])
        self._loras.pop(job_id, None)
        self._lost_leases.pop(job_id, None)

    async def refresh(self, held: Collection[str] = ()) -> list[StaleJob]:
        """Read the queue; returns the jobs that the base model or too many lost leases rule out. Jobs that this process
        holds (`held`) are left out: where their lease has expired, a late heartbeat renews it."""
        started_s = time.monotonic()
        self._pace.begin()
        self._added = set()
        try:
            current = await claims.claimable_ids(self._database, self._max_queue)
            for job_id in [job_id for job_id in self.backlog.job_ids if job_id not in self._added]:
                if current.get(job_id) != self._lost_leases.get(job_id, 0):
                    self.remove(job_id)  # it has left the queue, or was away and is read again
            unknown = [job_id for job_id in current if self.backlog.get(job_id) is None]
            stale: list[StaleJob] = []
            async for claimable in claims.read_jobs(self._database, unknown):
                job_id = claimable.candidate.job_id
                if (error := claimable.reason_to_fail(self._base_model)) is not None:
                    stale.append(StaleJob(job_id, error))
                elif job_id not in held:
                    self._insert(claimable.candidate, claimable.loras)
                    if claimable.num_lost_leases:
                        self._lost_leases[job_id] = claimable.num_lost_leases
        finally:
            self._added = None
        self._pace.end(started_s, time.monotonic())
        return stale

    async def learn(self, job_ids: Collection[str]) -> None:
        """Read single jobs, before the next refresh is due."""
        unknown = [job_id for job_id in job_ids if self.backlog.get(job_id) is None]
        async for claimable in claims.read_jobs(self._database, unknown):
            if claimable.reason_to_fail(self._base_model) is None:
                self._insert(claimable.candidate, claimable.loras)

    def _insert(self, candidate: Candidate, loras: Collection[str]) -> None:
        self.backlog.add([candidate])
        if loras:
            self._loras[candidate.job_id] = frozenset(loras)
