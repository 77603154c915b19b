"""Server-sent events: how one looks, that a silent stream is kept open, that its source is closed."""

import asyncio
import json
from collections.abc import AsyncGenerator

from server.api.jobs.sse import PING, encode_event, stream_events
from server.queue.model import FeedEvent

BASE = "https://studio.example.org"


def test_a_durable_event_carries_its_number_and_absolute_addresses() -> None:
    addresses = {"url": "/files/a-1.jpg", "thumbnail_url": "https://cdn.example.org/b"}
    event = FeedEvent("image", {"id": "a-1", **addresses, "filename": "red-dress-7.jpg"}, 3)
    number, name, data, *rest = encode_event(event, BASE).decode().split("\n")
    assert (number, name, rest) == ("id: 3", "event: image", ["", ""])
    assert json.loads(data.removeprefix("data: ")) == {
        "id": "a-1",
        "url": f"{BASE}/files/a-1.jpg",
        "thumbnail_url": "https://cdn.example.org/b",
        "filename": "red-dress-7.jpg",
        "download_url": f"{BASE}/api/images/a-1/download",
    }


def test_a_line_break_in_a_text_cannot_end_the_event() -> None:
    encoded = encode_event(FeedEvent("failed", {"error": {"code": "x", "detail": "one\n\ntwo\r\n"}}), BASE)
    assert encoded.startswith(b"event: failed\ndata: {")
    assert encoded.count(b"\n") == 3


async def test_a_silent_stream_is_kept_open_by_comments_and_loses_nothing() -> None:
    go_on = asyncio.Event()

    async def events() -> AsyncGenerator[FeedEvent]:
        await go_on.wait()
        yield FeedEvent("completed", {"job_id": "a"}, 1)

    chunks: list[bytes] = []
    async for chunk in stream_events(events(), BASE, ping_s=0.01):
        chunks.append(chunk)
        if len(chunks) == 2:
            go_on.set()
    assert chunks[:2] == [PING, PING]
    assert chunks[-1].startswith(b"id: 1\nevent: completed\n")
    assert chunks.count(chunks[-1]) == 1


async def test_the_source_is_closed_when_the_reader_goes() -> None:
    closed = asyncio.Event()

    async def events() -> AsyncGenerator[FeedEvent]:
        try:
            yield FeedEvent("progress", {})
            await asyncio.Event().wait()
        finally:
            closed.set()

    stream = stream_events(events(), BASE, ping_s=0.01)
    assert await anext(stream) == b"event: progress\ndata: {}\n\n"
    assert await anext(stream) == PING
    await stream.aclose()
    assert closed.is_set()


async def test_a_stream_that_ends_before_its_job_says_when_to_come_back() -> None:
    async def events(name: str) -> AsyncGenerator[FeedEvent]:
        yield FeedEvent(name, {}, 1)

    assert [chunk async for chunk in stream_events(events("image"), BASE)][-1] == b"retry: 1000\n\n"
    assert len([chunk async for chunk in stream_events(events("completed"), BASE)]) == 1
