"""The stream of a job's or a batch's events, which holds a place among the caller's open readers."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from litestar.response.base import ASGIResponse
from litestar.response.streaming import ASGIStreamingResponse
from litestar.types import Receive, Scope, Send

from server.api.jobs.open_readers import OpenReaders
from server.api.jobs.sse import HEADERS, stream_events
from server.queue.model import FeedEvent


@dataclass(frozen=True, slots=True)
class EventStream:
    """An ASGI app that sends the events of a job. `may_be_read`: the job has ended and the client has read events of
    it; without further ones the answer is 204. Raises TooManyStreams and TooManyReaders."""

    events: AsyncGenerator[FeedEvent]
    base: str
    may_be_read: bool
    open_readers: OpenReaders
    counted_as: str
    job_id: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self.events):
            with self.open_readers.place(self.counted_as, self.job_id):
                response = await self._response()
                await response(scope, receive, send)

    async def _response(self) -> ASGIResponse:
        events = self.events
        if self.may_be_read:
            first = await anext(events, None)
            if first is None:  # all read: after 204 a browser does not reconnect
                return ASGIResponse(status_code=204)
            events = _with_first(first, events)
        stream = stream_events(events, self.base)
        return ASGIStreamingResponse(iterator=stream, media_type="text/event-stream", headers=HEADERS)


async def _with_first(first: FeedEvent, rest: AsyncGenerator[FeedEvent]) -> AsyncGenerator[FeedEvent]:
    async with aclosing(rest):
        yield first
        async for event in rest:
            yield event
