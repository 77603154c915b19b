"""What happens to a job, told as it happens: the source of server-sent events and of waiting."""

import asyncio
import math
from collections.abc import AsyncGenerator, Collection, Generator, Mapping
from contextlib import aclosing, contextmanager
from functools import partial
from typing import Any

from sqlalchemy import select

from pipelines.plan import RawPicture
from server.db.models import EventRow, JobRow
from server.db.session import Database
from server.events.peers import PeerBus
from server.events.reader import JobReader, JobRecord, progress_data
from server.events.subscriber import Subscriber
from server.queue.errors import TooManyReaders
from server.queue.model import FeedEvent, JobStatus, JobView
from server.storage.picture import preview_address

MAX_READERS = 1000
"""Streams and waits open at once."""

POLL_GAP_S = 0.02
"""Readers together look at the tables at most once in this time: where there are many, each looks less often."""

MADE_HERE_POLLS = 10
"""A look at the tables costs milliseconds of the event loop: readers of a job made here look this much less often."""

PROGRESS_GAP_S = 0.1
"""Progress and previews are told at most this often; the newest wins."""


class EventHub:
    """Runs on the event loop. Sees events of other processes too: when `relay` tells of them, else by reading the table
    every `poll_s`."""

    def __init__(self, database: Database, reader: JobReader, relay: PeerBus, poll_s: float = 1.0) -> None:
        self._database = database
        self._relay = relay
        self._reader = reader
        self._poll_s = poll_s
        self._closed = False
        self._num_readers = 0
        self._streams: dict[str, set[Subscriber]] = {}
        self._waits: dict[str, set[Subscriber]] = {}
        self._previews: dict[tuple[str, int], RawPicture] = {}
        self._encoding: asyncio.Task[None] | None = None

    # ---- for readers

    async def subscribe(self, job_id: str, after_seq: int | None = None) -> AsyncGenerator[FeedEvent]:
        """Without `after_seq` a progress snapshot, then every durable event so far; with it only those after it. Then
        what happens from now on. Ends after the terminal event, at once for a job that does not exist, and when the
        feed closes. Close the iterator (`aclose`) when the reader has gone."""
        seq = after_seq or 0
        told: Mapping[str, Any] | None = None
        with self._member(self._streams, job_id) as listener:
            while not listener.closed:
                listener.rows_changed = False
                record, events = await self._reader.settled(job_id, partial(self._read, job_id, seq))
                if record is None:
                    return
                view = self._reader.view_of(record)
                if told is None and after_seq is None:
                    yield FeedEvent("progress", progress_data(view))
                for row in events:
                    yield self._durable(row, record.job)
                    seq = row.seq
                    listener.previews.pop(row.data.get("index", -1), None)
                if view.status.ended or (events and events[-1].name in _LAST):
                    return
                progress = progress_data(view)
                if told is not None and progress != told:
                    yield FeedEvent("progress", progress)
                told = progress
                async with aclosing(self._live(listener, record, told)) as news:
                    async for event in news:
                        yield event
                        told = event.data if event.name == "progress" else told

    async def wait(self, job_id: str, timeout_s: float) -> JobView | None:
        """The job as soon as it has ended, or as it is after `timeout_s`. None: there is no such job."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + timeout_s
        with self._member(self._waits, job_id) as listener:
            while True:
                listener.rows_changed = False
                view = await self._reader.view(job_id)
                if view is None or view.status.ended or listener.closed or loop.time() >= until_s:
                    return view
                await listener.woken(min(until_s, loop.time() + self._pause_s(job_id)))

    def listeners(self, job_id: str) -> int:
        """Open streams of this job in this process."""
        return len(self._streams.get(job_id, ()))

    @property
    def num_readers(self) -> int:
        """Open streams and waits in this process."""
        return self._num_readers

    def check_room(self) -> None:
        """Raises TooManyReaders where no further stream or wait is taken on."""
        if self._num_readers >= MAX_READERS:
            raise TooManyReaders(MAX_READERS)

    # ---- for those who make things happen

    def notify(self, job_id: str) -> None:
        """The job's rows changed: its listeners look at once, in other processes too."""
        self.rows_changed(job_id)
        self._relay.rows_changed(job_id)

    def rows_changed(self, job_id: str) -> None:
        """The same, for listeners of this process."""
        for listener in (*self._streams.get(job_id, ()), *self._waits.get(job_id, ())):
            listener.rows_changed = True
            listener.wake()

    def progressed(self, job_id: str) -> None:
        """One of the job's pictures took a step."""
        for listener in self._streams.get(job_id, ()):
            listener.progressed = True
            listener.wake()

    def preview(self, job_id: str, index: int, picture: RawPicture) -> None:
        """Show how the picture looks by now. Encoded on a thread; a newer one replaces one that waits for it."""
        if self.wants_preview(job_id) and not self._closed:
            self._previews[job_id, index] = picture
            if self._encoding is None or self._encoding.done():
                self._encoding = asyncio.create_task(self._encode_previews())

    def wants_preview(self, job_id: str) -> bool:
        """Does anybody watch the job, here or in another process?"""
        return self.listeners(job_id) > 0 or self._relay.watched(job_id)

    def show_preview(self, job_id: str, index: int, address: str) -> None:
        """To the listeners of this process."""
        for listener in self._streams.get(job_id, ()):
            listener.previews[index] = address
            listener.wake()

    def watched_jobs(self) -> Collection[str]:
        """Those with open streams that another process may be making."""
        return self._streams.keys() - self._reader.outlook.active

    def close(self) -> None:
        """End all streams and waits, now and from now on."""
        self._closed = True
        self._previews.clear()
        for members in (self._streams, self._waits):
            for listener in [each for listeners in members.values() for each in listeners]:
                listener.closed = True
                listener.wake()

    # ---- inside

    def _pause_s(self, job_id: str) -> float:
        """Until a reader looks by itself, for what other processes do; what this one does wakes it at once. Of a job
        that is made here the dispatcher's heartbeat learns what they do."""
        poll_s = self._poll_s * (MADE_HERE_POLLS if job_id in self._reader.outlook.active else 1)
        return max(poll_s, POLL_GAP_S * self._num_readers)

    @contextmanager
    def _member(self, members: dict[str, set[Subscriber]], job_id: str) -> Generator[Subscriber]:
        """Among `members` while the block lasts."""
        self.check_room()
        listener = Subscriber(self._closed)
        members.setdefault(job_id, set()).add(listener)
        self._num_readers += 1
        try:
            yield listener
        finally:
            self._num_readers -= 1
            members[job_id].discard(listener)
            if not members[job_id]:
                del members[job_id]

    async def _read(self, job_id: str, after_seq: int) -> tuple[JobRecord | None, list[EventRow]]:
        """The job first, then its events: an ended job's terminal event is always among them."""
        async with self._database.read() as session:
            record = await self._reader.record(session, job_id)
            statement = select(EventRow).where(EventRow.job_id == job_id, EventRow.seq > after_seq)
            return record, list(await session.scalars(statement.order_by(EventRow.seq)))

    def _durable(self, row: EventRow, job: JobRow) -> FeedEvent:
        data = self._reader.addressed(row.data, job) if row.name == "image" else row.data
        return FeedEvent(row.name, data, row.seq)

    async def _live(
        self, listener: Subscriber, record: JobRecord, told: Mapping[str, Any]
    ) -> AsyncGenerator[FeedEvent]:
        """Progress and previews until the rows have changed or it is time to look whether they have."""
        loop = asyncio.get_running_loop()
        look_at_s, tell_at_s = loop.time() + self._pause_s(record.job.id), loop.time()
        while not (listener.rows_changed or listener.closed or loop.time() >= look_at_s):
            await listener.woken(min(look_at_s, tell_at_s if listener.has_news else math.inf))
            if not listener.has_news or loop.time() < tell_at_s or listener.rows_changed:
                continue
            tell_at_s = loop.time() + PROGRESS_GAP_S
            listener.progressed = False
            if (progress := progress_data(self._reader.view_of(record))) != told:
                yield FeedEvent("progress", progress)
                told = progress
            for index, image in listener.take_previews():
                yield FeedEvent("preview", {"index": index, "image": image})

    async def _encode_previews(self) -> None:
        while self._previews:
            job_id, index = key = next(iter(self._previews))
            address = await asyncio.to_thread(preview_address, self._previews.pop(key))
            self.show_preview(job_id, index, address)
            self._relay.preview(job_id, index, address)


_LAST = frozenset(status.value for status in JobStatus if status.ended)
