"""Accept, read, cancel: what the API calls. Each method is a whole unit of work and commits itself."""

import math
import secrets
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.account_models import AccountRow
from server.db.clock import now_s
from server.db.models import ImageRow, JobRow
from server.db.session import Database
from server.events.reader import JobReader
from server.gallery.engagement import note_again
from server.gallery.history import records_of
from server.generation import idempotency
from server.generation.idempotency import IdempotencyKey, StoredResponse
from server.loras.resolution import (
    ResolvedLoras,
    count_use,
    resolve,
    resolve_pinned,
)
from server.queue import quotas, states
from server.queue.depth import QueueDepth
from server.queue.errors import BaseModelUnread, OwnerGone, QueueFull
from server.queue.mapping import candidate_of, fair_owner
from server.queue.model import (
    BaseModelRef,
    JobOrder,
    JobStatus,
    JobView,
)
from server.queue.quotas import Quotas, Standing
from server.worker.dispatcher import Dispatcher


@dataclass(frozen=True, slots=True)
class Acceptance:
    """An accepted job, and how its caller stands now; `standing` None: it has no limit by the hour. `triggers`: the
    words that call its LoRAs up."""

    job: JobView
    standing: Standing | None
    triggers: tuple[str, ...]


class JobService:
    """Runs on the event loop."""

    def __init__(
        self,
        database: Database,
        reader: JobReader,
        dispatcher: Dispatcher,
        base_model: BaseModelRef,
        max_queue: int,
        quotas: Quotas,
    ) -> None:
        self._database = database
        self._reader = reader
        self._dispatcher = dispatcher
        self._base_model = base_model
        self._max_queue = max_queue
        self._quotas = quotas
        self._depth = QueueDepth(database)

    async def accept(self, order: JobOrder) -> JobView:
        accepted = await self.submit(order)
        assert isinstance(accepted, Acceptance)  # nothing is answered twice without a key
        return accepted.job

    async def submit(self, order: JobOrder, once: IdempotencyKey | None = None) -> Acceptance | StoredResponse:
        """Resolve the LoRA names, store the job, wake the dispatcher. The job is durable when this returns. A
        StoredResponse is returned, and nothing is done, where `once` has been carried out already.

        Raises BaseModelUnread, OwnerGone, KeyReused, LimitReached, LoraGone, QueueFull and UnknownLora
        (server/queue/errors.py); then nothing is stored and nothing counted."""
        if self._base_model.sha256 is None:
            raise BaseModelUnread
        if once is None:
            await self._refuse_early(order)
        async with self._database.write() as session:
            await self._database.lock(session, "queue")  # count and insert are one step for all processes
            await _check_owner(session, order.owner)
            now = await session.scalar(select(now_s())) or 0.0
            if once is not None and (answered := await idempotency.find(session, order, once, now)) is not None:
                return answered
            acceptance = await self._insert(session, order, now)
            if once is not None:
                session.add(idempotency.row_of(order, once, acceptance.job, acceptance.triggers, now))
        self._dispatcher.accepted()
        return acceptance

    async def _insert(self, session: AsyncSession, order: JobOrder, now: float) -> Acceptance:
        standing = await self._check_limits(session, order, now)
        if order.pinned is None:
            resolved = await resolve(session, order)
        else:
            resolved = await resolve_pinned(session, order.pinned)
            await note_again(session, order.pinned.job_id)
        await count_use(session, {lora["sha256"] for lora in resolved.loras})
        job = self._row_of(secrets.token_hex(16), order, resolved)
        job.created_at_s = now
        session.add(job)
        await session.flush()
        session.add(quotas.generation_row(job, self._reader.outlook.seconds_alone(candidate_of(job, 0))))
        record = await self._reader.record(session, job.id)
        assert record is not None
        return Acceptance(self._reader.view_of(record), standing, resolved.triggers)

    async def any_unfinished(self) -> bool:
        """Is there a job, of any process, that has not ended?"""
        async with self._database.read() as session:
            return await session.scalar(select(JobRow.id).where(states.unfinished()).limit(1)) is not None

    async def get(self, job_id: str) -> JobView | None:
        """None: there is no such job."""
        return await self._reader.view(job_id)

    async def cancel(self, job_id: str) -> JobView | None:
        """Cancel the job unless it has ended; the view tells which. None: there is no such job."""
        async with self._database.write() as session:
            cancelled = await states.cancel(session, job_id)
        if cancelled:
            self._dispatcher.drop(job_id)
        return await self._reader.view(job_id)

    async def unfinished(self, limit: int) -> list[JobView]:
        """Of all owners, the oldest first."""
        oldest = select(JobRow).where(states.unfinished()).order_by(JobRow.created_at_s, JobRow.id).limit(limit)
        async with self._database.read() as session:
            records = await records_of(session, list(await session.scalars(oldest)))
        return [self._reader.view_of(record) for record in records]

    async def count_pictures_since(self, seconds: float) -> int:
        """Pictures that were finished in the last `seconds`, by all processes."""
        recent = select(func.count()).select_from(ImageRow).where(ImageRow.finished_at_s > now_s() - seconds)
        async with self._database.read() as session:
            return await session.scalar(recent) or 0

    async def count_by_status(self) -> dict[JobStatus, int]:
        """All jobs in the database; a status that no job has is left out."""
        async with self._database.read() as session:
            counts = await session.execute(select(JobRow.status, func.count()).group_by(JobRow.status))
            return {JobStatus(status): count for status, count in counts}

    async def _refuse_early(self, order: JobOrder) -> None:
        """A flood is refused here, out of the way of those who write. Raises LimitReached, QueueFull."""
        self._check_depth(await self._depth.now())
        quota = self._quotas.of(order.owner)
        if quota.per_hour:
            async with self._database.read() as session:
                now = await session.scalar(select(now_s())) or 0.0
                await quotas.check(session, quota, fair_owner(order), order.num_images, now)

    async def _check_limits(self, session: AsyncSession, order: JobOrder, now: float) -> Standing | None:
        """How the caller will stand when the order is accepted. Raises LimitReached, QueueFull."""
        quota = self._quotas.of(order.owner)
        standing = await quotas.check(session, quota, fair_owner(order), order.num_images, now)
        self._check_depth(await self._depth.in_(session))
        return standing

    def _check_depth(self, depth: int) -> None:
        if depth >= self._max_queue:
            raise QueueFull(self._max_queue, max(1, math.ceil(self._reader.outlook.next_end_s())))

    def _row_of(self, job_id: str, order: JobOrder, resolved: ResolvedLoras) -> JobRow:
        return JobRow(
            id=job_id,
            owner=order.owner,
            address=order.address,
            key_id=order.key_id,
            end_user=order.end_user,
            status=JobStatus.QUEUED,
            prompt=order.prompt,
            final_prompt=resolved.final_prompt,
            negative_prompt=order.negative_prompt,
            style=order.style.name if order.style else None,
            num_images=order.num_images,
            quality=order.quality,
            num_inference_steps=order.num_inference_steps,
            guidance_scale=order.guidance_scale,
            guidance_start=order.guidance_start,
            guidance_end=order.guidance_end,
            width=order.width,
            height=order.height,
            seed=order.seed,
            sampler=order.sampler,
            image_format=order.image_format,
            embed_parameters=order.embed_parameters,
            model=resolved.model,
            loras=resolved.loras,
            comparison=resolved.comparison,
            base_name=self._base_model.name,
            base_sha256=self._base_model.sha256,
        )


async def _check_owner(session: AsyncSession, owner: str) -> None:
    """The account stays until the transaction ends: a job that its deletion does not see would outlive it."""
    kind, _, account_id = owner.partition(":")
    account = select(AccountRow.id).where(AccountRow.id == account_id).with_for_update(read=True, key_share=True)
    if kind == "user" and await session.scalar(account) is None:
        raise OwnerGone
