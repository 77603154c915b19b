"""Every transition of a line of a batch, each one guarded UPDATE: 0 rows means that another process was faster.

    accept        → waiting                     insert (server/batches/service.py)
    feed          waiting → fed                 in the transaction that inserts its job: it becomes a job once
    refuse        waiting → refused             it cannot become a job (its LoRA is gone, ...)
    cancel        waiting → cancelled
    retry         refused, fed → waiting        a fed one whose job has failed

All run in the caller's transaction.
"""

from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.batch_models import BatchLineRow, BatchRow
from server.db.models import JobRow
from server.queue.errors import LineTaken
from server.queue.model import BatchPlace, JobError, JobStatus


class LineStatus(StrEnum):
    WAITING = "waiting"  # until the feeder makes a job of it
    FED = "fed"  # the status of its job counts
    REFUSED = "refused"
    CANCELLED = "cancelled"


async def feed(session: AsyncSession, place: BatchPlace, job_id: str) -> None:
    """The line becomes this job. Raises LineTaken."""
    values = {"status": LineStatus.FED, "job_id": job_id, "error_code": None, "error_detail": None}
    if not await _move(session, _waiting(place), **values):
        raise LineTaken(place.line)


async def refuse(session: AsyncSession, place: BatchPlace, error: JobError) -> None:
    await _move(session, _waiting(place), status=LineStatus.REFUSED, error_code=error.code, error_detail=error.detail)


async def cancel(session: AsyncSession, batch_id: str) -> None:
    """The lines that wait."""
    waiting = and_(BatchLineRow.batch_id == batch_id, BatchLineRow.status == LineStatus.WAITING)
    await _move(session, waiting, status=LineStatus.CANCELLED)


async def retry(session: AsyncSession, batch_id: str) -> int:
    """Let the lines that have failed wait again. Returns their number."""
    has_failed = select(JobRow.id).where(JobRow.batch_id == batch_id, JobRow.status == JobStatus.FAILED)
    failed = or_(
        BatchLineRow.status == LineStatus.REFUSED,
        and_(BatchLineRow.status == LineStatus.FED, BatchLineRow.job_id.in_(has_failed)),
    )
    values = {"status": LineStatus.WAITING, "error_code": None, "error_detail": None}
    return await _move(session, and_(BatchLineRow.batch_id == batch_id, failed), **values)


async def close_if_fed(session: AsyncSession, batch_id: str) -> None:
    """Mark the batch as one without waiting lines, if it is one."""
    waits = exists().where(BatchLineRow.batch_id == batch_id, BatchLineRow.status == LineStatus.WAITING)
    closed = update(BatchRow).where(BatchRow.id == batch_id, ~waits).values(is_open=False, waits_for=None)
    await session.execute(closed.execution_options(synchronize_session=False))


def _waiting(place: BatchPlace) -> ColumnElement[bool]:
    return and_(
        BatchLineRow.batch_id == place.batch_id,
        BatchLineRow.line == place.line,
        BatchLineRow.status == LineStatus.WAITING,
    )


async def _move(session: AsyncSession, guard: ColumnElement[bool], **values: Any) -> int:
    statement = update(BatchLineRow).where(guard).values(**values).execution_options(synchronize_session=False)
    return (await session.execute(statement)).rowcount  # pyright: ignore
