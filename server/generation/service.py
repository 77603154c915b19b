"""Accept, read, cancel: what the API calls. Each method is a whole unit of work and commits itself."""

import asyncio
import math
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pipelines.inversions.file import MAX_NAME_CHARACTERS
from pipelines.inversions.mentions import PREFIX
from pipelines.prompt.analysis import PromptAnalyzer
from pipelines.spec import EmbeddingRef, LoraRef
from server.assets.service import Assets
from server.billing.charges import Charges
from server.db.account_models import AccountRow
from server.db.clock import now_s
from server.db.models import ImageRow, JobLoraRow, JobRow
from server.db.session import Database
from server.embeddings.errors import EmbeddingGone
from server.engine.requests import Candidate
from server.events.reader import JobReader
from server.gallery.engagement import note_again, note_varied
from server.generation import batch_lines as lines
from server.generation.prompt_warnings import prompt_warnings
from server.generation.resolution import Resolved, resolve
from server.generation.varied.variants import varies
from server.loras.catalog import count_use
from server.queue import idempotency, quotas, states
from server.queue.counts import QueueCounts
from server.queue.errors import BaseModelUnread, OwnerGone, QueueFull
from server.queue.idempotency import IdempotencyKey, StoredResponse
from server.queue.mapping import candidate_of
from server.queue.model import (
    BaseModelRef,
    ImageStatus,
    JobDraft,
    JobState,
    JobStatus,
    JobView,
    distinct_embeddings,
    distinct_loras,
)
from server.queue.quotas import Quotas, Standing
from server.tallies import facts

INLINE_CHARACTERS = 500
"""Prompts of one job that are tokenized on the event loop: some 3 ms."""


class QueueSignals(Protocol):
    """What acceptance and cancelling report to whatever makes the images."""

    def job_accepted(self, candidate: Candidate, loras: Collection[str]) -> None: ...
    def job_ended(self, job_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The response to an accepted job. `standing` None: the caller has no hourly limit, or the response is replayed."""

    job_id: str
    estimated_time: int
    warnings: list[str]
    standing: Standing | None = None


class JobService:
    """Runs on the event loop."""

    def __init__(
        self,
        database: Database,
        reader: JobReader,
        signals: QueueSignals,
        base_model: BaseModelRef,
        analyzer: PromptAnalyzer,
        counts: QueueCounts,
        assets: Assets,
        max_queue: int,
        limits: Quotas,
        charges: Charges | None = None,
        has_embedding: Callable[[str], bool] = lambda sha256: True,
    ) -> None:
        """`charges` None: jobs cost nothing. `has_embedding`: True if prompts can name the embedding of this hash."""
        self._database = database
        self._reader = reader
        self._signals = signals
        self._base_model = base_model
        self._analyzer = analyzer
        self._counts = counts
        self._assets = assets
        self._max_queue = max_queue
        self._quotas = limits
        self._charges = charges
        self._has_embedding = has_embedding

    async def submit(self, draft: JobDraft, key: IdempotencyKey | None = None) -> Acceptance:
        """Resolve the LoRA names, insert the job and its images, signal the workers. The job is durable when this
        returns. Where `key` was used before, its response is replayed and nothing else happens.

        Raises AccountNeeded, AssetGone, BaseModelUnread, EmbeddingGone, InsufficientCredit, KeyReused, LimitReached,
        LineTaken, LoraGone, OwnerGone, QueueFull and UnknownLora; then nothing is stored and nothing counted."""
        if self._base_model.sha256 is None:
            raise BaseModelUnread
        if key is None and draft.place is None:
            await self._refuse_early(draft)
        if draft.place is None:
            await self._analyze(draft)
        async with self._database.write() as session:
            await self._database.lock(session, "queue")  # count and insert are one step for all processes
            await check_owner(session, draft.requester.owner)
            now = await session.scalar(select(now_s())) or 0.0
            if key is not None and (stored := await idempotency.find(session, draft.requester, key, now)) is not None:
                return Acceptance(stored.job_id, stored.estimated_time, stored.warnings)
            accepted, candidate, loras = await self._insert(session, draft, now)
            if key is not None:
                response = StoredResponse(accepted.job_id, accepted.estimated_time, accepted.warnings)
                session.add(idempotency.row_of(draft.requester, key, response, now))
        self._signals.job_accepted(candidate, loras)
        return accepted

    async def state(self, job_id: str) -> JobState | None:
        """None: there is no such job. A job that has just changed its owner may be shown with the old one."""
        return await self._reader.state(job_id)

    async def state_anew(self, job_id: str) -> JobState | None:
        """The same, from the database."""
        return await self._reader.state_anew(job_id)

    async def get(self, job_id: str) -> JobView | None:
        """None: there is no such job."""
        return await self._reader.view(job_id)

    async def cancel(self, job_id: str) -> JobState | None:
        """Cancel the job unless it has ended; the state says which. None: there is no such job."""
        async with self._database.write() as session:
            cancelled = await states.cancel(session, job_id)
        if cancelled:
            self._signals.job_ended(job_id)
        return await self._reader.state(job_id)

    async def unfinished(self, limit: int) -> list[JobView]:
        """Of all owners, the oldest first."""
        oldest = select(JobRow).where(states.unfinished()).order_by(JobRow.created_at_s, JobRow.id).limit(limit)
        async with self._database.read() as session:
            return await self._reader.views(session, list(await session.scalars(oldest)))

    async def _insert(
        self, session: AsyncSession, draft: JobDraft, now: float
    ) -> tuple[Acceptance, Candidate, frozenset[str]]:
        """The response, the job as the scheduler sees it, the content hashes of its LoRAs and embeddings."""
        standing = await self._check_limits(session, draft, now)
        resolved = await resolve(session, draft)
        if draft.repeats is not None:
            await note_again(session, draft.repeats)
        await note_varied(session, resolved.specs)
        job, images = self._rows_of(secrets.token_hex(16), draft, resolved, now)
        loras, embeddings = distinct_loras(resolved.specs), distinct_embeddings(resolved.specs)
        for embedding in embeddings:
            if not self._has_embedding(embedding.sha256):
                raise EmbeddingGone(embedding.name, embedding.sha256)
        sha256s = frozenset(used.sha256 for used in (*loras, *embeddings))
        await count_use(session, {lora.sha256 for lora in loras})
        session.add(job)
        await session.flush()
        await facts.job_accepted(session, job)
        if draft.place is not None:
            await lines.feed(session, draft.place, job.id)
        if self._charges is not None:
            await self._charges.hold(session, job, resolved.specs, now)
        await self._assets.hold(session, job.id, draft.requester.owner, draft.assets)
        session.add_all(images)
        columns = [*map(_lora_columns, loras), *map(_embedding_columns, embeddings)]
        session.add_all(JobLoraRow(job_id=job.id, **each) for each in columns)
        candidate = candidate_of(job, images)
        session.add(quotas.generation_row(job, self._reader.progress.seconds_alone(candidate)))
        warnings: list[str] = []
        if draft.place is None:
            words = dict.fromkeys(image.spec.prompt for image in draft.images) if varies(job.prompt) else (job.prompt,)
            text = "\n".join(words)
            warnings = prompt_warnings(self._analyzer, text, resolved.specs, resolved.axes, resolved.triggers)
        remaining_s = self._reader.progress.forecast(candidate).remaining_s
        return Acceptance(job.id, math.ceil(remaining_s), warnings, standing), candidate, sha256s

    async def _analyze(self, draft: JobDraft) -> None:
        """Tokenize long prompts on a thread, before the transaction, which then finds the results in the analyzer.
        Raises LoraGone and UnknownLora."""
        if _num_read_characters(draft) > INLINE_CHARACTERS:
            async with self._database.read() as session:
                resolved = await resolve(session, draft)
            await asyncio.to_thread(self._analyzer.analyze, resolved.specs)

    async def _refuse_early(self, draft: JobDraft) -> None:
        """Refuse a flood without taking the write lock. Raises AccountNeeded, InsufficientCredit, LimitReached,
        QueueFull."""
        self._check_depth(await self._counts.shared_depth())
        if self._charges is not None:
            async with self._database.read() as session:
                await self._charges.check(session, draft.requester.owner, (image.spec for image in draft.images))
        quota = self._quotas.of(draft.requester.owner)
        if quota.per_hour:
            async with self._database.read() as session:
                now = await session.scalar(select(now_s())) or 0.0
                await quotas.check(session, quota, draft.requester.counted_as, len(draft.images), now)

    async def _check_limits(self, session: AsyncSession, draft: JobDraft, now: float) -> Standing | None:
        """The caller's standing after this job. Raises LimitReached, QueueFull."""
        quota = self._quotas.of(draft.requester.owner)
        standing = await quotas.check(session, quota, draft.requester.counted_as, len(draft.images), now)
        self._check_depth(await self._counts.depth(session))
        return standing

    def _check_depth(self, depth: int) -> None:
        if depth >= self._max_queue:
            raise QueueFull(self._max_queue, max(1, math.ceil(self._reader.progress.next_end_s())))

    def _rows_of(self, job_id: str, draft: JobDraft, resolved: Resolved, now: float) -> tuple[JobRow, list[ImageRow]]:
        requester = draft.requester
        job = JobRow(
            id=job_id,
            owner=requester.owner,
            address=requester.address,
            key_id=requester.key_id,
            end_user=requester.end_user,
            kind=draft.kind,
            status=JobStatus.QUEUED,
            prompt=draft.prompt,
            search_text="\n".join(dict.fromkeys([draft.prompt, *(spec.prompt for spec in resolved.specs)])),
            request=dict(draft.request),
            axes=resolved.axes.to_json() if resolved.axes else None,
            batch_id=draft.place.batch_id if draft.place else None,
            batch_line=draft.place.line if draft.place else None,
            num_images=len(resolved.specs),
            base_name=self._base_model.name,
            base_sha256=self._base_model.sha256,
            created_at_s=now,
        )
        images = [
            ImageRow(
                id=f"{job_id}-{n}",
                job_id=job_id,
                n=n,
                status=ImageStatus.QUEUED,
                spec=spec,
                work=spec.work,
                num_px=spec.num_px,
                vae_px=spec.vae_px,
                encode_px=spec.encode_px,
                upscale_px=spec.upscale_px,
                rows=spec.rows,
            )
            for n, spec in enumerate(resolved.specs, start=1)
        ]
        return job, images


def _num_read_characters(draft: JobDraft) -> int:
    """About: a prompt that changes on the way is read once for each text, and an embedding is as long as its
    vectors."""
    prompts = {prompt for image in draft.images for prompt in (image.spec.prompt, image.spec.negative_prompt)}
    is_long = any(image.spec.embeddings for image in draft.images)
    return sum(len(prompt) * (10 if is_long or "[" in prompt else 1) for prompt in prompts)


def _lora_columns(lora: LoraRef) -> dict[str, Any]:
    return {"sha256": lora.sha256, "name": lora.name, "version": lora.version, "weight": lora.weight}


def _embedding_columns(embedding: EmbeddingRef) -> dict[str, Any]:
    name = f"{PREFIX}{embedding.name}"[:MAX_NAME_CHARACTERS]
    return {"sha256": embedding.sha256, "name": name, "version": None, "weight": 1.0}


async def check_owner(session: AsyncSession, owner: str) -> None:
    """Lock the account until the transaction ends: a deletion that does not see this job would leave it behind."""
    kind, _, account_id = owner.partition(":")
    account = select(AccountRow.id).where(AccountRow.id == account_id).with_for_update(read=True, key_share=True)
    if kind == "user" and await session.scalar(account) is None:
        raise OwnerGone
