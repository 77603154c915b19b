"""What the processes of a fleet do to PostgreSQL, one by one, through the product's code: to count and measure it."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from sqlalchemy import select

from server.batches.feeder import BatchFeeder
from server.db.models import EventRow
from server.db.session import Database
from server.engine.backlog import Backlog
from server.events.fleet import FleetForecaster, FleetObserver
from server.queue import claims, states, workers
from server.queue.states import Lease
from server.queue.view import QueueView
from server.queue.workers import WorkerReport
from server.worker.meter import record
from tests.support.builders import draft
from tests.support.jobs_harness import BASE, JobsHarness

LEASE_S = 600.0
NUM_IMAGES = 3
MAX_FOLLOWED = 50
"""Jobs with readers."""
COST_LINES = {
    "step": {str(1024 * 1024): {str(rows): 0.05 * rows for rows in (2, 4, 6, 8, 12, 16)}},
    "decode": {str(1024 * 1024): 0.15},
    "begin": 0.02,
}


class Actions:
    """On an empty database of the newest schema. `prepare` first; then each action as often as `num_jobs` allows."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._api = JobsHarness(database, folder, max_queue=1_000_000)
        self._view = QueueView(database, Backlog(lambda job: float(job.work)), BASE, 1_000_000)
        forecaster = FleetForecaster(self._api.engine._scheduler)  # pyright: ignore[reportPrivateUsage]
        view = QueueView(database, Backlog(lambda job: float(job.work)), BASE, 0)
        self._observer = FleetObserver(database, view, forecaster, BASE)
        self._feeder = BatchFeeder(database, self._api.service, BASE, 100, 100)
        self._owner = "1" * 32 + "/a"
        self._queued: list[str] = []
        self._leases: list[Lease] = []
        self._images: list[tuple[Lease, int]] = []
        self._last_images: list[tuple[Lease, int]] = []

    async def prepare(self, num_jobs: int) -> None:
        """Queue so many jobs."""
        for _ in range(num_jobs):
            await self.accept()
        await self._view.refresh()
        for job_id in self._queued[-MAX_FOLLOWED:]:
            await self._api.facts.get(job_id)

    @property
    def all(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """In the order in which they can be called."""
        return {
            "accept": self.accept,
            "facts look": self.look_at_facts,
            "refresh": self.refresh,
            "refresh with a new job": self.refresh_with_new,
            "claim": self.claim,
            "lost claim": self.lose_claim,
            "renew leases": self.renew,
            "job read": self.read_job,
            "events read": self.read_events,
            "image stored": self.store_image,
            "last image stored": self.store_last_image,
            "worker row": self.report,
            "meter": self.meter,
            "fleet look": self._observer.look,
            "feeder poll": self.poll_feeder,
        }

    async def accept(self) -> None:
        owner = f"ip:10.{secrets.randbelow(200)}.{secrets.randbelow(200)}.1"
        accepted = await self._api.service.submit(draft(owner=owner, num_images=NUM_IMAGES))
        self._queued.append(accepted.job_id)

    async def refresh(self) -> None:
        """Of a view that knows all jobs."""
        await self._view.refresh()

    async def refresh_with_new(self) -> None:
        self._view.remove(self._queued[-1])
        await self._view.refresh()

    async def claim(self) -> None:
        job_id = self._queued.pop(0)
        claimed = await claims.claim(self._database, job_id, self._owner, LEASE_S)
        assert claimed is not None
        lease = Lease(job_id, claimed.row.attempt)
        self._leases.append(lease)
        *others, last = [(lease, image.n) for image in claimed.images]
        self._images += others
        self._last_images.append(last)

    async def lose_claim(self) -> None:
        assert await claims.claim(self._database, self._leases[0].job_id, self._owner, LEASE_S) is None

    async def renew(self) -> None:
        """Of six jobs."""
        leases = {lease.job_id: lease for lease in self._leases[-6:]}
        async with self._database.write() as session:
            await states.renew(session, leases, self._owner, LEASE_S)

    async def store_image(self) -> None:
        await self._store(*self._images.pop(0))

    async def store_last_image(self) -> None:
        """Its job ends."""
        await self._store(*self._last_images.pop(0))

    async def read_job(self) -> None:
        """An api process reads a job whose rows have changed."""
        await self._api.facts.get_anew(self._leases[-1].job_id)

    async def read_events(self) -> None:
        """A stream reads the new events."""
        async with self._database.read() as session:
            new = select(EventRow).where(EventRow.job_id == self._leases[-1].job_id, EventRow.seq > 0)
            await session.scalars(new.order_by(EventRow.seq))

    async def report(self, worker_id: str | None = None) -> None:
        """A worker's heartbeat."""
        loras = [f"{n:064x}" for n in range(20)]
        report = WorkerReport(
            worker_id or self._owner, "ready", BASE.name, BASE.sha256, COST_LINES, loras, "http://worker:8000", "t" * 43
        )
        async with self._database.write() as session:
            await workers.report(session, report)

    async def meter(self) -> None:
        async with self._database.write() as session:
            await record(session, 60.0, 40.0)

    async def poll_feeder(self) -> None:
        """While there are no batches."""
        await self._feeder.run_once()

    async def look_at_facts(self) -> None:
        """At the unfinished jobs that have readers."""
        await self._api.facts.look()

    async def _store(self, lease: Lease, n: int) -> None:
        stored = {
            "content_type": "image/webp",
            "num_bytes": 100_000,
            "storage_key": f"{lease.job_id}/{n}.webp",
            "thumbnail_key": f"{lease.job_id}/{n}-t.webp",
            "started_at_s": 1.0,
            "encode_s": 0.02,
            "step_share_s": 1.2,
            "decode_s": 0.15,
        }
        async with self._database.write() as session:
            assert await states.finish_image(session, lease, n, stored)
