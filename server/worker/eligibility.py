"""Which jobs this worker may claim now: those whose LoRA bytes are here, and, for a moment, not those for which another
worker has the LoRAs in memory."""

import time
from collections.abc import Callable

from sqlalchemy import select

from server.db.models import WorkerRow
from server.db.session import Database
from server.engine.engine import Engine
from server.queue.workers import is_alive
from server.worker.options import WorkerOptions

REFRESH_S = 1.0
IDLE_SHARE = 0.25
"""Of the longest wait, where this worker has nothing to do: one that fits and has room claims a job in milliseconds."""
MAX_OTHERS = 100
FORGOTTEN_S = 60.0


class Eligibility:
    """Runs on the event loop. `has_peers`: True if other processes are there."""

    def __init__(
        self,
        database: Database,
        options: WorkerOptions,
        engine: Engine,
        has_peers: Callable[[], bool],
    ) -> None:
        self._database = database
        self._options = options
        self._engine = engine
        self._has_peers = has_peers
        self._others: list[frozenset[str]] = []
        self._refreshed_at_s = -REFRESH_S
        self._left_since_s: dict[str, float] = {}

    async def refresh(self) -> None:
        """Read which LoRAs other workers hold in memory, where there are other processes. Raises DATABASE_ERRORS."""
        now_s = time.monotonic()
        if now_s - self._refreshed_at_s < REFRESH_S:
            return
        self._left_since_s = {
            job_id: since_s for job_id, since_s in self._left_since_s.items() if now_s - since_s < FORGOTTEN_S
        }
        self._others = []
        if self._options.lora_wait_s and self._has_peers():
            self._refreshed_at_s = now_s
            others = select(WorkerRow.resident_loras).where(
                is_alive(), WorkerRow.state == "ready", WorkerRow.id != self._options.lease_owner
            )
            newest = others.order_by(WorkerRow.started_at_s.desc(), WorkerRow.id).limit(MAX_OTHERS)
            async with self._database.read() as session:
                self._others = [frozenset(loras) for loras in await session.scalars(newest)]

    def permits(self, job_id: str, loras: frozenset[str]) -> bool:
        """False for a job that is left to another worker, and for one whose LoRAs are not here: another process makes
        it, or they are fetched. If neither is possible, its images fail with the reason."""
        if self._is_left(job_id, loras):
            return False
        missing = {sha256 for sha256 in loras if not self._options.has_lora(sha256)}
        if not missing:
            return True
        may_come = self._options.fetch_loras(missing)
        return not may_come and not self._has_peers()

    @property
    def due_in_s(self) -> float:
        """Until the first job that is left to others is claimed here after all."""
        now_s = time.monotonic()
        waits = (since_s + self._longest_s - now_s for since_s in self._left_since_s.values())
        return min((wait_s for wait_s in waits if wait_s > 0), default=REFRESH_S)

    def _is_left(self, job_id: str, loras: frozenset[str]) -> bool:
        """True while the job is left to a worker that has more of its LoRAs in memory. The time counts from the moment
        when this worker would have claimed it."""
        if not loras or not self._others:
            return False
        num_missing = len(loras - self._engine.resident_loras)
        if num_missing <= min(len(loras - other) for other in self._others):
            return False
        now_s = time.monotonic()
        return now_s - self._left_since_s.setdefault(job_id, now_s) < self._longest_s

    @property
    def _longest_s(self) -> float:
        return self._options.lora_wait_s * (1.0 if self._engine.num_images else IDLE_SHARE)
