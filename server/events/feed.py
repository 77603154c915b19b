"""Job events from the tables and the hub: the source of SSE streams and of `Prefer: wait`."""

import asyncio
import math
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from sqlalchemy import select

from server.db.models import EventRow, JobRow
from server.db.session import Database
from server.events.facts import JobFacts
from server.events.hub import EventHub
from server.events.reader import JobReader, progress_data
from server.events.subscriber import Subscriber
from server.queue.model import FeedEvent, JobState, JobStatus

POLL_GAP_S = 0.005
"""All readers together look at most once in this time: where there are many, each looks less often."""

PROGRESS_GAP_S = 0.1
"""Shortest time between two progress events of a stream; the newest wins."""

_LAST = frozenset(status.value for status in JobStatus if status.ended)


class JobFeed:
    """Runs on the event loop. Readers look at the job's facts and forecast every `poll_s`, and when the hub reports a
    change, in this process or another."""

    def __init__(self, database: Database, reader: JobReader, hub: EventHub, poll_s: float = 1.0) -> None:
        self._database = database
        self._reader = reader
        self._hub = hub
        self._poll_s = poll_s

    async def subscribe(self, job_id: str, after_seq: int | None = None) -> AsyncGenerator[FeedEvent]:
        """Without `after_seq` a progress snapshot, then every durable event so far; with it only those after it. Then
        events as they happen. Ends after the terminal event, immediately for a job that does not exist, and when the
        hub closes. Close the iterator (`aclose`) when the reader has gone. Raises TooManyReaders."""
        seq = after_seq or 0
        sent: Mapping[str, Any] | None = None  # the last progress event
        with self._hub.stream(job_id) as subscriber:
            while not subscriber.closed:
                subscriber.rows_changed = False
                facts, events = await self._read(job_id, seq)
                if facts is None:
                    return
                state = self._reader.state_of(facts)
                if sent is None and after_seq is None:
                    yield FeedEvent("progress", progress_data(state))
                for row in events:
                    yield self._durable(row, facts.job)
                    seq = row.seq
                    subscriber.previews.pop(row.data.get("index", -1), None)
                if state.status.ended or (events and events[-1].name in _LAST):
                    return
                progress = progress_data(state)
                if sent is not None and progress != sent:
                    yield FeedEvent("progress", progress)
                sent = progress
                async with aclosing(self._live(subscriber, facts, sent)) as live:
                    async for event in live:
                        yield event
                        sent = event.data if event.name == "progress" else sent

    async def wait(self, job_id: str, timeout_s: float) -> JobState | None:
        """The job as soon as it has ended, or as it is after `timeout_s`. None: there is no such job. Raises
        TooManyReaders."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + timeout_s
        with self._hub.waiting(job_id) as subscriber:
            while True:
                subscriber.rows_changed = False
                state = await self._reader.state(job_id)
                if state is None or state.status.ended or subscriber.closed or loop.time() >= until_s:
                    return state
                await subscriber.wait(min(until_s, loop.time() + self._pause_s()))

    def _pause_s(self) -> float:
        """Until a reader looks again."""
        return max(self._poll_s, POLL_GAP_S * self._hub.num_readers)

    async def _read(self, job_id: str, after_seq: int) -> tuple[JobFacts | None, list[EventRow]]:
        """The job first, then its events: an ended job's terminal event is always among them. Events are read only
        where the job has newer ones."""
        facts = await self._reader.facts.get(job_id)
        while facts is not None and facts.job.num_events > after_seq:
            statement = select(EventRow).where(EventRow.job_id == job_id, EventRow.seq > after_seq)
            async with self._database.read() as session:
                events = list(await session.scalars(statement.order_by(EventRow.seq)))
            if not events or events[-1].seq <= facts.job.num_events:
                return facts, events
            facts = await self._reader.facts.get_anew(job_id)
        return facts, []

    def _durable(self, row: EventRow, job: JobRow) -> FeedEvent:
        data = self._reader.with_urls(row.data, job) if row.name == "image" else row.data
        return FeedEvent(row.name, data, row.seq)

    async def _live(
        self, subscriber: Subscriber, facts: JobFacts, sent: Mapping[str, Any]
    ) -> AsyncGenerator[FeedEvent]:
        """Progress and previews until the rows have changed or it is time to poll them."""
        loop = asyncio.get_running_loop()
        poll_at_s, send_at_s = loop.time() + self._pause_s(), loop.time()
        while not (subscriber.rows_changed or subscriber.closed or loop.time() >= poll_at_s):
            await subscriber.wait(min(poll_at_s, send_at_s if subscriber.has_news else math.inf))
            if not subscriber.has_news or loop.time() < send_at_s or subscriber.rows_changed:
                continue
            send_at_s = loop.time() + PROGRESS_GAP_S
            subscriber.progressed = False
            if (progress := progress_data(self._reader.state_of(facts))) != sent:
                yield FeedEvent("progress", progress)
                sent = progress
            for index, url in subscriber.take_previews():
                yield FeedEvent("preview", {"index": index, "image": url})
