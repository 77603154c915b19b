"""Accept, cancel and retry batches. Each method is a whole unit of work and commits itself."""

import asyncio
import math
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.batches.checking import LineChecker, Sources
from server.batches.model import MAX_WAITING_IN_ALL, MAX_WAITING_LINES, CheckedBatch, ReadLine
from server.billing.charges import Charges
from server.billing.errors import InsufficientCredit
from server.db.batch_models import BatchLineRow, BatchRow
from server.db.clock import now_s
from server.db.models import JobRow
from server.db.session import Database
from server.engine.requests import Candidate
from server.errors import NOT_FOUND, FieldError, InvalidBatch, StudioError
from server.events.progress import ProgressTracker
from server.generation import batch_lines as lines
from server.generation.batch_lines import LineStatus
from server.generation.policy import RequestPolicy
from server.generation.service import JobService, check_owner
from server.loras.catalog import LoraCatalog
from server.queue import idempotency, quotas, states
from server.queue.errors import BaseModelUnread, LimitReached, QueueFull
from server.queue.idempotency import IdempotencyKey, StoredResponse
from server.queue.model import BaseModelRef, Requester
from server.queue.quotas import Quotas

CHUNK = 500
"""Lines inserted by one statement: the event loop builds no more parameters in one go."""
WAIT_FOR_LINES_S = 60


class BatchAnswer(Struct, frozen=True, kw_only=True):
    """What the acceptance of a batch answers, and its dry run (`batch_id` None). `errors` name lines and fields.
    `price_micro_usd` None: nothing is charged. `estimated_time` in whole seconds."""

    batch_id: str | None
    lines_total: int
    lines_accepted: int
    images_total: int
    errors: list[FieldError]
    price_micro_usd: int | None
    estimated_time: int
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """A request for a batch: `partial` accepts the lines that are right, where others are wrong."""

    requester: Requester
    name: str
    partial: bool
    key: IdempotencyKey | None = None


class Batches:
    """Runs on the event loop; lines are checked on a thread. `wake` wakes the feeder."""

    def __init__(
        self,
        database: Database,
        jobs: JobService,
        policy: RequestPolicy,
        progress: ProgressTracker,
        base_model: BaseModelRef,
        limits: Quotas,
        charges: Charges | None,
        wake: Callable[[], None],
    ) -> None:
        """`charges` None: jobs cost nothing."""
        self._database = database
        self._jobs = jobs
        self._policy = policy
        self._progress = progress
        self._base_model = base_model
        self._quotas = limits
        self._charges = charges
        self._wake = wake

    async def check(self, requester: Requester, read: Sequence[ReadLine], sources: Sources) -> CheckedBatch:
        """Look at every line, on a thread. Raises AccountNeeded."""
        if self._charges is not None:
            self._charges.price(requester.owner, ())  # raises where the caller cannot pay
        async with self._database.read() as session:
            catalog = await LoraCatalog.read(session)
        checker = LineChecker(self._policy, catalog, requester, lambda specs: self._price(requester.owner, specs))
        return await asyncio.to_thread(checker.check, read, sources)

    async def dry_run(self, requester: Requester, checked: CheckedBatch) -> BatchAnswer:
        """The answer of an acceptance, without one."""
        return await self._answer(requester, checked, None)

    async def replayed(self, order: BatchOrder) -> BatchAnswer | None:
        """The response to an earlier request with this idempotency key. Raises KeyReused."""
        async with self._database.read() as session:
            return await self._replayed(session, order, await _now(session))

    async def accept(self, order: BatchOrder, checked: CheckedBatch) -> BatchAnswer:
        """Store the batch: its lines wait for the feeder. Durable when this returns. Where the key was used before, its
        response is replayed and nothing else happens.

        Raises BaseModelUnread, InsufficientCredit, InvalidBatch, KeyReused, LimitReached, OwnerGone and QueueFull; then
        nothing is stored."""
        if self._base_model.sha256 is None:
            raise BaseModelUnread
        if checked.errors and not (order.partial and checked.lines):
            raise InvalidBatch(checked.errors, checked.num_lines)
        answer = await self._answer(order.requester, checked, secrets.token_hex(16))
        document = await asyncio.to_thread(lambda: msgspec.json.encode(answer).decode())
        async with self._database.write() as session:
            await self._database.lock(session, "queue")  # count and insert are one step for all processes
            await check_owner(session, order.requester.owner)
            now = await _now(session)
            if (replayed := await self._replayed(session, order, now)) is not None:
                return replayed
            await self._check_room(session, order.requester, len(checked.lines))
            await self._check_credit(session, order.requester.owner, checked.price)
            row = self._row_of(order, checked, answer.batch_id or "", document, now)
            session.add(row)
            await session.flush()
            for rows in _chunks(checked, row.id):
                await session.execute(insert(BatchLineRow), rows)
            if order.key is not None:
                stored = StoredResponse(row.id, answer.estimated_time, [])
                session.add(idempotency.row_of(order.requester, order.key, stored, now))
        self._wake()
        return answer

    async def cancel(self, batch_id: str) -> None:
        """Cancel the lines that wait, then the jobs that have not ended."""
        async with self._database.write() as session:
            await self._database.lock(session, "queue")
            await lines.cancel(session, batch_id)
            await lines.close_if_fed(session, batch_id)
        unfinished = select(JobRow.id).where(JobRow.batch_id == batch_id, states.unfinished())
        async with self._database.read() as session:
            job_ids = list(await session.scalars(unfinished))
        for job_id in job_ids:
            await self._jobs.cancel(job_id)

    async def retry(self, batch_id: str) -> int:
        """Make what is missing of the lines that have failed. Returns their number."""
        async with self._database.write() as session:
            await self._database.lock(session, "queue")  # the feeder closes batches under it
            num_lines = await lines.retry(session, batch_id)
            if num_lines:
                reopened = update(BatchRow).where(BatchRow.id == batch_id).values(is_open=True, waits_until_s=0.0)
                await session.execute(reopened.execution_options(synchronize_session=False))
        self._wake()
        return num_lines

    def _price(self, owner: str, specs: Sequence[Any]) -> int | None:
        return self._charges.price(owner, specs) if self._charges is not None else None

    async def _answer(self, requester: Requester, checked: CheckedBatch, batch_id: str | None) -> BatchAnswer:
        estimated_s = self._progress.forecast(candidate_of(requester, checked)).remaining_s if checked.lines else 0.0
        return BatchAnswer(
            batch_id=batch_id,
            lines_total=checked.num_lines,
            lines_accepted=len(checked.lines),
            images_total=checked.num_images,
            errors=list(checked.errors),
            price_micro_usd=checked.price,
            estimated_time=math.ceil(estimated_s),
            warnings=await self._warnings(requester, checked),
        )

    async def _warnings(self, requester: Requester, checked: CheckedBatch) -> list[str]:
        """What of the caller's limits makes the batch wait."""
        quota = self._quotas.of(requester.owner)
        if not (quota.per_hour or quota.daily_pictures):
            return []
        async with self._database.read() as session:
            now = await _now(session)
            standing = await quotas.standing_of(session, quota, requester.counted_as, now)
            num_pictures, _ = await quotas.used_today(session, requester.counted_as, now)
        warnings: list[str] = []
        if standing is not None and len(checked.lines) > standing.remaining:
            warnings.append(
                f"{standing.limit} jobs an hour are allowed, {standing.remaining} are left: the other lines wait"
            )
        if quota.daily_pictures and num_pictures + checked.num_images > quota.daily_pictures:
            left = max(0, quota.daily_pictures - num_pictures)
            warnings.append(f"{quota.daily_pictures} pictures a day are allowed, {left} are left: the others wait")
        return warnings

    async def _check_room(self, session: AsyncSession, requester: Requester, num_lines: int) -> None:
        """Bound the lines that wait. Raises LimitReached, QueueFull."""
        waiting = (
            select(func.count())
            .select_from(BatchLineRow)
            .join(BatchRow)
            .where(BatchRow.is_open, BatchLineRow.status == LineStatus.WAITING)
        )
        in_all = await session.scalar(waiting) or 0
        own = await session.scalar(waiting.where(BatchRow.owner == requester.owner)) or 0
        if own + num_lines > MAX_WAITING_LINES:
            detail = f"{own:,} lines of your batches wait already, {MAX_WAITING_LINES:,} may"
            raise LimitReached(detail, MAX_WAITING_LINES, WAIT_FOR_LINES_S, MAX_WAITING_LINES - own)
        if in_all + num_lines > MAX_WAITING_IN_ALL:
            raise QueueFull(in_all, WAIT_FOR_LINES_S)

    async def _check_credit(self, session: AsyncSession, owner: str, price: int | None) -> None:
        """The whole batch must be affordable now; each job holds its own price when it begins to wait. Raises
        InsufficientCredit."""
        if self._charges is None or price is None:
            return
        available = (await self._charges.balance(session, owner)).available
        if price > available:
            raise InsufficientCredit(price, available)

    async def _replayed(self, session: AsyncSession, order: BatchOrder, now: float) -> BatchAnswer | None:
        if order.key is None:
            return None
        stored = await idempotency.find(session, order.requester, order.key, now)
        if stored is None:
            return None
        document = await session.scalar(select(BatchRow.answer).where(BatchRow.id == stored.job_id))
        if document is None:
            raise StudioError(NOT_FOUND, f"the batch {stored.job_id} was deleted")
        return msgspec.json.decode(document, type=BatchAnswer)

    def _row_of(self, order: BatchOrder, checked: CheckedBatch, batch_id: str, document: str, now: float) -> BatchRow:
        requester = order.requester
        return BatchRow(
            id=batch_id,
            owner=requester.owner,
            address=requester.address,
            key_id=requester.key_id,
            end_user=requester.end_user,
            name=order.name,
            base_name=self._base_model.name,
            base_sha256=self._base_model.sha256,
            num_lines=len(checked.lines),
            num_images=checked.num_images,
            num_px=max(line.num_px for line in checked.lines),
            rows=max(line.rows for line in checked.lines),
            is_open=True,
            answer=document,
            created_at_s=now,
        )


def candidate_of(requester: Requester, checked: CheckedBatch) -> Candidate:
    """The whole batch as one job that comes last among its owner's."""
    return Candidate(
        job_id="",
        owner=requester.counted_as,
        work=sum(line.work for line in checked.lines),
        num_images=checked.num_images,
        arrival_s=0.0,
        num_px=max(line.num_px for line in checked.lines),
        rows=max(line.rows for line in checked.lines),
        vae_px=sum(line.vae_px for line in checked.lines),
        in_batch=True,
    )


def _chunks(checked: CheckedBatch, batch_id: str) -> Iterator[list[Mapping[str, Any]]]:
    for start in range(0, len(checked.lines), CHUNK):
        yield [
            {
                "batch_id": batch_id,
                "line": line.line,
                "status": LineStatus.WAITING,
                "prompt": line.prompt,
                "draft": line.draft,
                "num_images": line.num_images,
                "work": line.work,
                "vae_px": line.vae_px,
            }
            for line in checked.lines[start : start + CHUNK]
        ]


async def _now(session: AsyncSession) -> float:
    return await session.scalar(select(now_s())) or 0.0
