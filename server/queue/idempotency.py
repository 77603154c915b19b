"""Idempotency-Key support: store the response per (caller, key) for 24 h and replay it.

Runs inside the accepting transaction, under the lock "queue": of requests that arrive at the same time with one key,
one is accepted and the others find its response.
"""

from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.history_models import IdempotencyRow
from server.queue.errors import KeyReused
from server.queue.model import Requester

KEPT_S = 86_400


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The key of a request that is carried out once. `request_sha256` is of everything it asks for."""

    key: str
    request_sha256: str


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """What the first request with this key was answered."""

    job_id: str
    estimated_time: int
    warnings: list[str]


def scope_of(requester: Requester) -> str:
    """Keys of one caller mean nothing to another."""
    return requester.owner if requester.end_user is None else requester.counted_as


async def find(session: AsyncSession, requester: Requester, key: IdempotencyKey, now: float) -> StoredResponse | None:
    """Raises KeyReused where the key came with another request."""
    row = await session.get(IdempotencyRow, (scope_of(requester), key.key))
    if row is None:
        return None
    if row.created_at_s < now - KEPT_S:
        await session.delete(row)
        await session.flush()
        return None
    if row.request_sha256 != key.request_sha256:
        raise KeyReused(key.key)
    return StoredResponse(row.job_id, row.body["estimated_time"], row.body["warnings"])


def row_of(requester: Requester, key: IdempotencyKey, response: StoredResponse, now: float) -> IdempotencyRow:
    return IdempotencyRow(
        asked_by=scope_of(requester),
        key=key.key,
        request_sha256=key.request_sha256,
        job_id=response.job_id,
        body={"estimated_time": response.estimated_time, "warnings": response.warnings},
        created_at_s=now,
    )


async def forget_old(session: AsyncSession, now: float) -> None:
    await session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at_s < now - KEPT_S))
