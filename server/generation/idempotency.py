"""Answers that may be asked for twice: a caller whose answer got lost sends the same request with the same
Idempotency-Key again and is told the same, of the same job. Both run in the transaction that accepts the job, under
the lock "queue": of requests that come at once with one key, one is accepted and the others find its answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.history_models import IdempotencyRow
from server.queue.errors import KeyReused
from server.queue.mapping import fair_owner
from server.queue.model import JobOrder, JobView

KEPT_S = 86_400


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A request that shall be carried out once. `request_sha256` is of all that it asks for; `tell` makes its answer's
    body, of the accepted job and the trigger words of its LoRAs."""

    key: str
    request_sha256: str
    tell: Callable[[JobView, Sequence[str]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """What the same request was answered before."""

    job_id: str
    body: Mapping[str, Any]


def asked_by(order: JobOrder) -> str:
    """Keys of one caller mean nothing to another."""
    return order.owner if order.end_user is None else fair_owner(order)


async def find(session: AsyncSession, order: JobOrder, once: IdempotencyKey, now: float) -> StoredResponse | None:
    """Raises KeyReused where the key came with another request."""
    row = await session.get(IdempotencyRow, (asked_by(order), once.key))
    if row is None:
        return None
    if row.created_at_s < now - KEPT_S:
        await session.delete(row)
        await session.flush()
        return None
    if row.request_sha256 != once.request_sha256:
        raise KeyReused(once.key)
    return StoredResponse(row.job_id, row.body)


def row_of(order: JobOrder, once: IdempotencyKey, job: JobView, triggers: Sequence[str], now: float) -> IdempotencyRow:
    return IdempotencyRow(
        asked_by=asked_by(order),
        key=once.key,
        request_sha256=once.request_sha256,
        job_id=job.job_id,
        body=dict(once.tell(job, triggers)),
        created_at_s=now,
    )


async def forget_old(session: AsyncSession, now: float) -> None:
    await session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at_s < now - KEPT_S))
