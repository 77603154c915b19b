"""Worker rows: each process that makes images reports itself; api processes read who is there and what a step costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.clock import now_s
from server.db.models import JobRow, WorkerRow
from server.queue.model import JobStatus

ALIVE_S = 15.0
"""A worker whose heartbeat is older is not alive."""
FORGOTTEN_S = 30 * 86_400.0
"""A row is kept this long after the last heartbeat: an api process learns the base model's hash from it."""


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """What a worker reports. `state`: loading, ready, draining. `cost_lines`: CostModel.snapshot(), `mpx_s`:
    CostModel.mpx_s(). `url` and `token`: where and how its previews are read."""

    id: str
    state: str
    base_name: str
    base_sha256: str | None
    cost_lines: Mapping[str, Any]
    mpx_s: Mapping[str, float]
    resident_loras: Sequence[str]
    url: str | None
    token: str


async def report(session: AsyncSession, worker: WorkerReport) -> None:
    """Insert or update the row, with a heartbeat."""
    now = await session.scalar(select(now_s())) or 0.0
    row = await session.get(WorkerRow, worker.id)
    if row is None:
        await session.execute(delete(WorkerRow).where(WorkerRow.heartbeat_at_s < now - FORGOTTEN_S))
        row = WorkerRow(id=worker.id, started_at_s=now)
        session.add(row)
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
    row.heartbeat_at_s = now


async def alive(session: AsyncSession) -> list[WorkerRow]:
    """Workers with a recent heartbeat, whatever their state."""
    return list(await session.scalars(select(WorkerRow).where(_is_alive()).order_by(WorkerRow.id)))


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
    return await session.scalar(makes.where(_is_alive()))


def _is_alive() -> ColumnElement[bool]:
    """A heartbeat of the future was made while the clock ran ahead: it proves nothing."""
    return WorkerRow.heartbeat_at_s.between(now_s() - ALIVE_S, now_s() + ALIVE_S)
