"""What the dispatcher asks of the queue, each a unit of work of its own."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select

from server.db.models import ImageRow, JobRow
from server.db.session import Database
from server.engine.requests import Candidate
from server.queue import states
from server.queue.mapping import candidate_of, lora_refs
from server.queue.model import BaseModelRef, JobError


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that is ours now, and the indexes of the pictures that are not stored yet."""

    row: JobRow
    lacking: frozenset[int]


async def take_over(database: Database, lease_owner: str) -> None:
    """What a predecessor in this data folder held can be claimed at once."""
    async with database.write() as session:
        await states.expire_leases_of(session, lease_owner.partition("/")[0])


@dataclass(frozen=True, slots=True)
class Queue:
    """The claimable jobs, oldest first, and the content hashes of their LoRAs."""

    candidates: list[Candidate]
    lora_sha256s: dict[str, frozenset[str]]


async def read_queue(database: Database, base_model: BaseModelRef, max_queue: int, ours: Collection[str]) -> Queue:
    """The claimable jobs, oldest first, at most `max_queue`. Those that must not be made any more are failed. Jobs of
    `ours` are passed over: where their lease has run out, a late heartbeat renews it."""
    num_stored = select(func.count()).where(ImageRow.job_id == JobRow.id).correlate(JobRow).scalar_subquery()
    statement = (
        select(JobRow, num_stored)
        .where(states.is_claimable())
        .order_by(JobRow.created_at_s, JobRow.id)
        .limit(max_queue)
    )
    async with database.read() as session:
        rows = [(job, count) for job, count in await session.execute(statement)]
    candidates: list[Candidate] = []
    loras: dict[str, frozenset[str]] = {}
    for job, count in rows:
        if job.id in ours:
            continue
        if (error := _reason_to_fail(job, base_model)) is None:
            candidates.append(candidate_of(job, count, alone=states.is_suspect(job)))
            loras[job.id] = frozenset(ref.sha256 for ref in lora_refs(job))
            continue
        async with database.write() as session:
            await states.fail_stale(session, job.id, error)
    return Queue(candidates, loras)


async def unfinished_of(database: Database, job_ids: Collection[str]) -> set[str]:
    """Those of these jobs that have not ended."""
    async with database.read() as session:
        return set(await session.scalars(select(JobRow.id).where(JobRow.id.in_(job_ids), states.unfinished())))


async def claim(database: Database, job_id: str, lease_owner: str, lease_s: float) -> Claimed | None:
    """None: another process was faster, or the job has ended."""
    async with database.write() as session:
        row = await states.claim(session, job_id, lease_owner, lease_s)
        if row is None:
            return None
        stored = await session.scalars(select(ImageRow.n).where(ImageRow.job_id == job_id))
        return Claimed(row, frozenset(range(row.num_images)) - {n - 1 for n in stored})


def _reason_to_fail(job: JobRow, base_model: BaseModelRef) -> JobError | None:
    if job.base_sha256 != base_model.sha256:
        detail = f"the job was accepted for the base model {job.base_name}; the server now runs {base_model.name}"
        return JobError("base_model_changed", detail)
    if states.given_up(job):
        return JobError("given_up", f"{states.MAX_LOST_LEASES} attempts at this job broke off")
    return None
