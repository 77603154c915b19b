"""`BatchFeeder`: makes jobs of the lines of batches, as many as the queue has room for.

A line becomes a job in one transaction that is guarded by its status (server/generation/batch_lines.py): after a crash,
and with several processes that feed, each line is one job. See docs/decisions/0020-batches.md."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.orm import undefer

from pipelines.spec import ImageSpec
from server.batches.model import LineDraft
from server.billing.errors import AccountNeeded, InsufficientCredit
from server.db.batch_models import BatchLineRow, BatchRow
from server.db.clock import now_s
from server.db.models import ImageRow, JobRow
from server.db.session import DATABASE_ERRORS, Database
from server.errors import StudioError
from server.generation import batch_lines as lines
from server.generation.batch_lines import LineStatus
from server.generation.service import JobService
from server.queue import states
from server.queue.errors import BaseModelChanged, BaseModelUnread, LimitReached, LineTaken, OwnerGone, QueueFull
from server.queue.mapping import requester_of
from server.queue.model import (
    BaseModelRef,
    BatchPlace,
    ImageDraft,
    ImageStatus,
    JobDraft,
    JobError,
)

log = logging.getLogger(__name__)

POLL_S = 0.25
IDLE_POLL_S = 2.0
"""While no batch can go on: another process may have accepted one, or the time of one has come."""
CHUNK = 16  # lines read by one query
PAUSE_S = 15.0
"""Until a batch that cannot go on is tried again, where the reason names no time."""
LONGEST_PAUSE_S = 300.0
LASTING = (LimitReached, QueueFull, InsufficientCredit, AccountNeeded, BaseModelUnread, OwnerGone)
"""Errors of the caller or the server, not of the line: the batch waits."""


@dataclass(slots=True)
class _Feed:
    """A batch with the next lines of it, the last first; those up to `after` were looked at."""

    batch: BatchRow
    lines: list[BatchLineRow] = field(default_factory=list[BatchLineRow])
    after: int = 0


class BatchFeeder:
    """Runs on the event loop. `max_jobs`: unfinished jobs of all batches together; `max_images`: their images of one
    caller, enough that the engine never waits for the feeder."""

    def __init__(
        self, database: Database, jobs: JobService, base_model: BaseModelRef, max_jobs: int, max_images: int
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._base_model = base_model
        self._max_jobs = max_jobs
        self._max_images = max_images
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """A batch was accepted, or has lines to retry."""
        self._woken.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._woken.clear()
            pause_s = IDLE_POLL_S
            try:
                if await self.run_once():
                    pause_s = POLL_S
            except DATABASE_ERRORS as error:
                log.warning("the lines of batches wait, the database does not answer: %s", error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), pause_s)

    async def run_once(self) -> bool:
        """Fill the room in the queue, a line of each caller in turn. Returns True if a batch can go on. Raises
        DATABASE_ERRORS."""
        async with self._database.read() as session:
            can_go_on = select(BatchRow).where(BatchRow.is_open, BatchRow.waits_until_s <= now_s())
            batches = list(await session.scalars(can_go_on.order_by(BatchRow.created_at_s, BatchRow.id)))
            if not batches:
                return False
            fed = (
                select(BatchRow, func.count(JobRow.id), func.sum(JobRow.num_images))
                .join(JobRow, JobRow.batch_id == BatchRow.id)
                .where(states.unfinished())
                .group_by(BatchRow.id)
            )
            in_queue = (await session.execute(fed)).tuples().all()
        room = self._max_jobs - sum(num_jobs for _, num_jobs, _ in in_queue)
        images: dict[str, int] = {}
        for batch, _, num_images in in_queue:
            who = requester_of(batch).counted_as
            images[who] = images.get(who, 0) + int(num_images)
        feeds = _first_of_each(batches)
        while feeds and room > 0:
            for who, feed in list(feeds.items()):
                if room <= 0 or images.get(who, 0) >= self._max_images:
                    del feeds[who]
                    continue
                num_images = await self._feed(feed)
                if num_images is None:
                    del feeds[who]
                else:
                    images[who] = images.get(who, 0) + num_images
                    room -= num_images > 0
        return True

    async def _feed(self, feed: _Feed) -> int | None:
        """Make a job of the next line. Returns the number of its images, 0 if the line became no job; None: no line of
        the batch can become one now."""
        line = await self._next_line(feed)
        if line is None:
            return None
        place = BatchPlace(feed.batch.id, line.line)
        try:
            draft = await self._draft_of(feed.batch, line, place)
            await self._jobs.submit(draft)
        except LineTaken:
            return 0
        except LASTING as error:
            await self._wait(feed.batch, error)
            return None
        except DATABASE_ERRORS:
            raise
        except StudioError as error:
            detail = "; ".join(f"{each.field}: {each.detail}" for each in error.errors) or error.detail
            async with self._database.write() as session:
                await lines.refuse(session, place, JobError(error.kind.name[:32], detail))
            return 0
        if feed.batch.waits_for is not None:
            await self._go_on(feed.batch)
        return len(draft.images)

    async def _next_line(self, feed: _Feed) -> BatchLineRow | None:
        """None: none waits; then the batch is closed."""
        if not feed.lines:
            waiting = (
                select(BatchLineRow)
                .options(undefer(BatchLineRow.draft))
                .where(BatchLineRow.batch_id == feed.batch.id, BatchLineRow.status == LineStatus.WAITING)
                .where(BatchLineRow.line > feed.after)
                .order_by(BatchLineRow.line)
                .limit(CHUNK)
            )
            async with self._database.read() as session:
                feed.lines = list(await session.scalars(waiting))[::-1]
        if feed.lines:
            line = feed.lines.pop()
            feed.after = line.line
            return line
        async with self._database.write() as session:
            await self._database.lock(session, "queue")  # retrying opens it under the same lock
            await lines.close_if_fed(session, feed.batch.id)
        return None

    async def _draft_of(self, batch: BatchRow, line: BatchLineRow, place: BatchPlace) -> JobDraft:
        """Of a line that is retried, the images that it lacks. Raises BaseModelChanged."""
        if self._base_model.sha256 not in (None, batch.base_sha256):
            raise BaseModelChanged(batch.base_name, self._base_model.name)
        document = msgspec.json.decode(line.draft, type=LineDraft)
        specs = document.all_specs
        if line.job_id is not None:
            specs = await self._missing(place, specs)
        return JobDraft(
            "generate",
            requester_of(batch),
            line.prompt,
            tuple(map(ImageDraft, specs)),
            document.request,
            assets=document.assets or {},
            place=place,
        )

    async def _missing(self, place: BatchPlace, specs: tuple[ImageSpec, ...]) -> tuple[ImageSpec, ...]:
        made = (
            select(ImageRow.spec)
            .join(JobRow)
            .where(JobRow.batch_id == place.batch_id, JobRow.batch_line == place.line)
            .where(ImageRow.status.in_([ImageStatus.DONE, ImageStatus.BLOCKED, ImageStatus.DELETED]))
        )
        async with self._database.read() as session:
            seeds = {spec.sampling.seed for spec in await session.scalars(made)}
        return tuple(spec for spec in specs if spec.sampling.seed not in seeds) or specs

    async def _wait(self, batch: BatchRow, error: StudioError) -> None:
        """No line of this batch becomes a job for a while."""
        retry_after_s = float(error.headers.get("Retry-After", PAUSE_S))
        until_s = now_s() + min(retry_after_s, LONGEST_PAUSE_S)
        await self._set(batch, waits_until_s=until_s, waits_for=error.detail)

    async def _go_on(self, batch: BatchRow) -> None:
        batch.waits_for = None
        await self._set(batch, waits_for=None)

    async def _set(self, batch: BatchRow, **values: Any) -> None:
        changed = update(BatchRow).where(BatchRow.id == batch.id).values(**values)
        async with self._database.write() as session:
            await session.execute(changed.execution_options(synchronize_session=False))


def _first_of_each(batches: Iterable[BatchRow]) -> dict[str, _Feed]:
    """The oldest batch of each caller."""
    feeds: dict[str, _Feed] = {}
    for batch in batches:
        feeds.setdefault(requester_of(batch).counted_as, _Feed(batch))
    return feeds
