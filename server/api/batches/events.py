"""The events of a batch: `progress`, a `line` for each that has ended, and `completed` or `cancelled`.

The id of an event is the time of the look that found it. A reader that comes back gets what ended a little before it
once more, and misses nothing: a line may come twice, and says the same."""

import asyncio
import time
from collections.abc import AsyncGenerator

from server.api.batches import presenters
from server.batches.model import BatchState
from server.batches.reader import BatchReader, Ended
from server.events.hub import EventHub
from server.queue.model import FeedEvent

POLL_S = 1.0
MAX_LOAD = 0.05
"""The share of time that one stream reads."""
OVERLAP_S = 5.0
"""A transaction that ends a job commits within this time."""
ALL_READ = 999_999_999
"""The id of the last event."""


async def batch_events(
    reader: BatchReader, hub: EventHub, state: BatchState, base: str, after_seq: int | None
) -> AsyncGenerator[FeedEvent]:
    """Ends after the last event, and when the hub closes. Raises TooManyReaders."""
    begun_s = state.created_at_s
    after: Ended = (begun_s + (after_seq or 0) - OVERLAP_S, "")
    sent: set[tuple[int, str | None]] = set()
    last: BatchState | None = None
    with hub.waiting(state.batch_id) as subscriber:
        while after_seq != ALL_READ or not state.has_ended:
            started_s = time.monotonic()
            current = await reader.state(state.batch_id)
            if current is None:
                return
            if current != last:
                yield FeedEvent("progress", presenters.event_data(presenters.batch(current)))
                last = current
            has_more = True
            while has_more:
                views, read_to, has_more = await reader.ended_after(state.batch_id, after)
                after = read_to if has_more else (read_to[0] - OVERLAP_S, "")
                for view in views:
                    if (view.line, view.job_id) not in sent:
                        sent.add((view.line, view.job_id))
                        data = presenters.event_data(presenters.line(view, base))
                        yield FeedEvent("line", data, max(0, int(after[0] - begun_s)))
            if current.has_ended:
                yield FeedEvent(current.status, presenters.event_data(presenters.batch(current)), ALL_READ)
                return
            if subscriber.closed:
                return
            pause_s = max(POLL_S, (time.monotonic() - started_s) / MAX_LOAD)
            await subscriber.wait(asyncio.get_running_loop().time() + pause_s)
