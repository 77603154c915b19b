"""Worker rows: each process that makes images reports itself; api processes read who is there and what a step costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.clock import now_s
from server.db.models import JobRow, WakeRow, WorkerRow
from server.queue.model import JobStatus
from server.tallies import days

FINISH: Final = "finish"
HAND_BACK: Final = "hand_back"
"""Values of WorkerRow.drain."""
ALIVE_S = 15.0
"""A worker whose heartbeat is older is not alive."""
FORGOTTEN_S = 30 * 86_400.0
"""A row is kept this long after the last heartbeat: an api process learns the base model's hash from it."""
GONE = "gone"
"""State of a worker that has ended by itself."""
NUM_STARTS = 5
"""Starts that the time of the next one is estimated from."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """`used_bytes`: by all processes."""

    name: str
    used_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class DrainOrder:
    """The operator's order to claim nothing more. `hand_back`: the jobs go back to the queue, else the worker finishes
    them. `exits`: then its process ends."""

    hand_back: bool
    exits: bool


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """What a worker reports. `state`: loading, ready, draining, gone. `cost_lines`: CostModel.snapshot(), `mpx_s`:
    CostModel.mpx_s(). `url` and `token`: where and how its previews are read. `gpu` None: it has none. `step`: mean
    seconds and rows of its last forwards."""

    id: str
    state: str
    base_name: str
    base_sha256: str | None
    cost_lines: Mapping[str, Any]
    resident_loras: Sequence[str]
    url: str | None
    token: str
    mpx_s: Mapping[str, float] = field(default_factory=dict[str, float])
    version: str = ""
    gpu: Gpu | None = None
    step: tuple[float, float] | None = None


async def report(session: AsyncSession, worker: WorkerReport) -> DrainOrder | None:
    """Insert or update the row, with a heartbeat. Returns the operator's order; None: there is none."""
    now = await session.scalar(select(now_s())) or 0.0
    row = await session.get(WorkerRow, worker.id)
    if row is None:
        await session.execute(delete(WorkerRow).where(WorkerRow.heartbeat_at_s < now - FORGOTTEN_S))
        row = WorkerRow(id=worker.id, started_at_s=now, woken_at_s=await _take_call(session, now))
        session.add(row)
    if worker.state == "ready" and row.ready_at_s is None:
        row.ready_at_s = now
    row.state = worker.state
    row.base_name = worker.base_name
    row.base_sha256 = worker.base_sha256
    row.cost_lines = dict(worker.cost_lines)
    row.row_mpx_s = worker.mpx_s.get("row")
    row.decode_mpx_s = worker.mpx_s.get("decode")
    row.upscale_mpx_s = worker.mpx_s.get("upscale")
    row.resident_loras = list(worker.resident_loras)
    row.url = worker.url
    row.token = worker.token
    row.version = worker.version
    row.gpu, row.memory_used_bytes, row.memory_total_bytes = None, None, None
    if worker.gpu is not None:
        row.gpu = worker.gpu.name
        row.memory_used_bytes, row.memory_total_bytes = worker.gpu.used_bytes, worker.gpu.total_bytes
    row.step_s, row.step_rows = worker.step or (None, None)
    row.heartbeat_at_s = now
    return order_of(row)


def order_of(row: WorkerRow) -> DrainOrder | None:
    return None if row.drain is None else DrainOrder(row.drain == HAND_BACK, row.exits)


async def give_order(session: AsyncSession, worker_id: str, order: DrainOrder | None) -> bool:
    """To a living worker, which reads it with its next heartbeat; None takes the last one back. Returns False if there
    is no such worker."""
    drain = None if order is None else HAND_BACK if order.hand_back else FINISH
    given = (
        update(WorkerRow)
        .where(WorkerRow.id == worker_id, is_alive())
        .values(drain=drain, exits=order is not None and order.exits)
        .returning(WorkerRow.id)
        .execution_options(synchronize_session=False)
    )
    return await session.scalar(given) is not None


async def _take_call(session: AsyncSession, now: float) -> float | None:
    """When the worker that starts now was woken; None: no wake call has run since another worker came. The time until
    now is recorded: the machine is paid for it."""
    woken_at_s = await session.scalar(select(WakeRow.paid_since_s))
    if woken_at_s is None:
        return None
    taken = update(WakeRow).where(WakeRow.paid_since_s == woken_at_s).values(paid_since_s=None).returning(WakeRow.id)
    if await session.scalar(taken) is None:
        return None
    days.add(session, days.Measure.START_S, now, max(0.0, now - woken_at_s))
    return woken_at_s


@dataclass(frozen=True, slots=True)
class StartTimes:
    """What past starts took, in seconds, on average; None: unknown. `woken`: from the wake call until the worker was
    ready, `loaded`: from its first heartbeat."""

    woken: float | None
    loaded: float | None


async def start_times(session: AsyncSession) -> StartTimes:
    times = select(WorkerRow.woken_at_s, WorkerRow.started_at_s, WorkerRow.ready_at_s)
    newest = times.where(WorkerRow.ready_at_s.is_not(None)).order_by(WorkerRow.ready_at_s.desc())
    all_rows = (await session.execute(newest.limit(NUM_STARTS))).tuples().all()
    woken_rows = (await session.execute(newest.where(WorkerRow.woken_at_s.is_not(None)).limit(NUM_STARTS))).tuples()
    return StartTimes(
        _mean([(ready or 0.0) - (woken or 0.0) for woken, _, ready in woken_rows]),
        _mean([(ready or 0.0) - started for _, started, ready in all_rows]),
    )


def _mean(values: Sequence[float]) -> float | None:
    return max(0.0, sum(values) / len(values)) if values else None


async def alive(session: AsyncSession) -> list[WorkerRow]:
    """Workers with a recent heartbeat that have not ended."""
    return list(await session.scalars(select(WorkerRow).where(is_alive()).order_by(WorkerRow.id)))


async def last_known_hash(session: AsyncSession, base_name: str) -> str | None:
    """Of the base model's weights, from the newest worker that ran it."""
    newest = (
        select(WorkerRow.base_sha256)
        .where(WorkerRow.base_name == base_name, WorkerRow.base_sha256.is_not(None))
        .order_by(WorkerRow.heartbeat_at_s.desc())
        .limit(1)
    )
    return await session.scalar(newest)


async def maker_of(session: AsyncSession, job_id: str) -> WorkerRow | None:
    """The living worker that makes the job; None: none does."""
    makes = select(WorkerRow).join(JobRow, JobRow.lease_owner == WorkerRow.id)
    makes = makes.where(JobRow.id == job_id, JobRow.status == JobStatus.PROCESSING)
    return await session.scalar(makes.where(is_alive()))


def is_alive() -> ColumnElement[bool]:
    """A heartbeat of the future was made while the clock ran ahead: it proves nothing."""
    recent = WorkerRow.heartbeat_at_s.between(now_s() - ALIVE_S, now_s() + ALIVE_S)
    return and_(recent, WorkerRow.state != GONE)
