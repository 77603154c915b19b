"""Server-sent events from a job's feed (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress

import msgspec

from server.api.jobs.presenters import with_absolute_addresses
from server.queue.model import FeedEvent

PING_S = 15.0
PING = b": ping\n\n"
COME_BACK = b"retry: 1000\n\n"
LAST = ("completed", "failed", "cancelled")
HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}


def encode_event(event: FeedEvent, base: str) -> bytes:
    """One event, one line of JSON. Durable events carry their number as the id a reader resumes from."""
    data = msgspec.json.encode(with_absolute_addresses(event.data, base))
    number = b"" if event.seq is None else b"id: %d\n" % event.seq
    return number + b"event: " + event.name.encode() + b"\ndata: " + data + b"\n\n"


async def stream_events(events: AsyncIterator[FeedEvent], base: str, ping_s: float = PING_S) -> AsyncGenerator[bytes]:
    """Encoded events; a comment where `ping_s` pass without one, so that proxies keep the connection open. Where they
    end before the job, because the server does, the last word is when to come back. Closes `events` when its own reader
    has gone."""
    pending: asyncio.Task[FeedEvent | None] | None = None
    ended = False
    try:
        while True:
            pending = pending or asyncio.ensure_future(_next(events))
            done, _ = await asyncio.wait({pending}, timeout=ping_s)
            if not done:
                yield PING
                continue
            event, pending = pending.result(), None
            if event is None:
                if not ended:
                    yield COME_BACK
                return
            ended = event.name in LAST
            yield encode_event(event, base)
    finally:
        if pending is not None:
            pending.cancel()
            with suppress(asyncio.CancelledError):
                await pending
        if isinstance(events, AsyncGenerator):
            await events.aclose()


async def _next(events: AsyncIterator[FeedEvent]) -> FeedEvent | None:
    """None at the end."""
    return await anext(events, None)
