"""Job events from the tables and the hub: the source of SSE streams and of `Prefer: wait`."""

import asyncio
import math
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from functools import partial
from typing import Any

from sqlalchemy import select

from server.db.models import EventRow, JobRow
from server.db.session import Database
from server.events.hub import EventHub
from server.events.reader import JobFacts, JobReader, progress_data
from server.events.subscriber import Subscriber
from server.queue.model import FeedEvent, JobState, JobStatus

POLL_GAP_S = 0.02
"""All readers together poll the tables at most once in this time: where there are many, each polls less often."""

LOCAL_POLL_FACTOR = 10
"""A poll costs milliseconds of the event loop: readers of a job that this process makes poll this much less often."""

PROGRESS_GAP_S = 0.1
"""Shortest time between two progress events of a stream; the newest wins."""

_LAST = frozenset(status.value for status in JobStatus if status.ended)


class JobFeed:
    """Runs on the event loop. Sees the events of other processes too: when the hub is notified of them, else by polling
    the tables every `poll_s`."""

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
                facts, events = await self._reader.settled(job_id, partial(self._read, job_id, seq))
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
                await subscriber.wait(min(until_s, loop.time() + self._pause_s(job_id)))

    def _pause_s(self, job_id: str) -> float:
        """Until a reader polls. Changes that this process makes wake it; those of other processes to a job that is made
        here reach it through the dispatcher's heartbeat."""
        poll_s = self._poll_s * (LOCAL_POLL_FACTOR if job_id in self._reader.progress.active else 1)
        return max(poll_s, POLL_GAP_S * self._hub.num_readers)

    async def _read(self, job_id: str, after_seq: int) -> tuple[JobFacts | None, list[EventRow]]:
        """The job first, then its events: an ended job's terminal event is always among them."""
        async with self._database.read() as session:
            facts = await self._reader.facts(session, job_id)
            statement = select(EventRow).where(EventRow.job_id == job_id, EventRow.seq > after_seq)
            return facts, list(await session.scalars(statement.order_by(EventRow.seq)))

    def _durable(self, row: EventRow, job: JobRow) -> FeedEvent:
        data = self._reader.with_urls(row.data, job) if row.name == "image" else row.data
        return FeedEvent(row.name, data, row.seq)

    async def _live(
        self, subscriber: Subscriber, facts: JobFacts, sent: Mapping[str, Any]
    ) -> AsyncGenerator[FeedEvent]:
        """Progress and previews until the rows have changed or it is time to poll them."""
        loop = asyncio.get_running_loop()
        poll_at_s, send_at_s = loop.time() + self._pause_s(facts.job.id), loop.time()
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
