"""The workers as the operator sees them, and orders to them. Orders go through the database, to any process."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.clock import now_s
from server.db.models import JobRow, LoraRow, WorkerRow
from server.db.session import Database
from server.queue import workers
from server.queue.demand import Demand, demand
from server.queue.model import JobStatus
from server.queue.workers import DrainOrder

SHOWN_S = 3600.0
"""A worker that is gone is shown for so long."""
MAX_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class WorkerView:
    """`row` is what it last reported, `silent_s` seconds ago. `loras`: labels of its resident LoRAs; of one that has no
    label any more, the first characters of its hash. `job_ids`: of the jobs that it holds."""

    row: WorkerRow
    is_alive: bool
    silent_s: float
    loras: tuple[str, ...]
    job_ids: tuple[str, ...]

    @property
    def id(self) -> str:
        """For addresses."""
        return self.row.id.replace("/", "-")

    @property
    def order(self) -> DrainOrder | None:
        return workers.order_of(self.row)


class Workers:
    """Runs on the event loop. `on_order`: an order was given; the worker of this process reads it now."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.on_order: Callable[[], None] = lambda: None

    async def list(self) -> tuple[Demand, Sequence[WorkerView]]:
        """How many are wanted; who lives, and who has gone lately."""
        async with self._database.read() as session:
            now = await session.scalar(select(now_s())) or 0.0
            recent = select(WorkerRow).where(WorkerRow.heartbeat_at_s > now - SHOWN_S)
            newest = recent.order_by(WorkerRow.started_at_s.desc(), WorkerRow.id).limit(MAX_SHOWN)
            rows = list(await session.scalars(newest))
            return await demand(session), await _views(session, rows, now)

    async def give_order(self, worker_id: str, order: DrainOrder | None) -> WorkerView | None:
        """`worker_id` as WorkerView.id. None: no such worker lives."""
        row_id = worker_id.replace("-", "/", 1)
        async with self._database.write() as session:
            if not await workers.give_order(session, row_id, order):
                return None
            row = (await session.scalars(select(WorkerRow).where(WorkerRow.id == row_id))).one()
            (view,) = await _views(session, [row], await session.scalar(select(now_s())) or 0.0)
        self.on_order()
        return view


async def _views(session: AsyncSession, rows: Sequence[WorkerRow], now: float) -> Sequence[WorkerView]:
    held = select(JobRow.lease_owner, JobRow.id).where(
        JobRow.status == JobStatus.PROCESSING, JobRow.lease_owner.in_([row.id for row in rows])
    )
    jobs: Mapping[str, list[str]] = defaultdict(list)
    for owner, job_id in await session.execute(held.order_by(JobRow.created_at_s, JobRow.id)):
        jobs[owner].append(job_id)
    hashes = {sha256 for row in rows for sha256 in row.resident_loras}
    named = select(LoraRow.sha256, LoraRow.label).where(LoraRow.sha256.in_(hashes)).order_by(LoraRow.label.desc())
    labels = dict((await session.execute(named)).tuples().all())
    return [
        WorkerView(
            row,
            abs(now - row.heartbeat_at_s) <= workers.ALIVE_S,
            max(0.0, now - row.heartbeat_at_s),
            tuple(sorted(labels.get(sha256, sha256[:12]) for sha256 in row.resident_loras)),
            tuple(jobs[row.id]),
        )
        for row in rows
    ]
