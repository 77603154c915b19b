"""Connections that never send a whole request, too many connections, ambiguous requests: over real sockets."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from server.http_protocol import MIN_BODY_BYTES_PER_S, Bounds, bounded_protocol

TIMEOUT_S = 0.5
pytestmark = pytest.mark.alone  # its periods are short

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n"

Open = Callable[..., Coroutine[Any, Any, "Client"]]


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with what arrived. /stream takes three periods; /later reads its body after two; /ignore reads none."""
    path, num_bytes, more = scope["path"], 0, scope["path"] != "/ignore"
    if path == "/later":
        await asyncio.sleep(2 * TIMEOUT_S)
    while more:
        message = await receive()
        num_bytes += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(3 if path == "/stream" else 0):
        await asyncio.sleep(TIMEOUT_S)
        await send({"type": "http.response.body", "body": b".", "more_body": True})
    hosts = [value.decode() for name, value in scope["headers"] if name == b"host"]
    query = scope["query_string"].decode()
    body = json.dumps({"path": path, "query": query, "hosts": hosts, "bytes": num_bytes}).encode()
    await send({"type": "http.response.body", "body": body, "more_body": False})


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, *parts: bytes, gap_s: float = 0.0) -> None:
        for part in parts:
            self.writer.write(part)
            await asyncio.sleep(gap_s)

    async def rest(self, timeout_s: float = 10 * TIMEOUT_S) -> bytes:
        """Everything until the server closes the connection."""
        async with asyncio.timeout(timeout_s):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    async def answer(self) -> dict[str, Any]:
        """Of the app, on a connection that stays open."""
        async with asyncio.timeout(20 * TIMEOUT_S):
            text = await self.reader.readuntil(b'"bytes": ')
            text += await self.reader.readuntil(b"}")
            await self.reader.readuntil(b"0\r\n\r\n")
        return json.loads(text[text.index(b"{") :])


@asynccontextmanager
async def server(max_connections: int = 100) -> AsyncIterator[Open]:
    """Yields a function that opens a connection and sends these parts."""
    protocol = bounded_protocol(Bounds(max_connections, TIMEOUT_S))
    config = uvicorn.Config(echo, http=protocol, ws="none", lifespan="off", log_config=None, access_log=False)
    running = uvicorn.Server(config)
    clients: list[Client] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(running.serve(sockets=[listener]))

        async def connect(*parts: bytes, gap_s: float = 0.0) -> Client:
            client = Client(*await asyncio.open_connection(*listener.getsockname()))
            clients.append(client)
            await client.send(*parts, gap_s=gap_s)
            return client

        while not running.started:  # noqa: ASYNC110  # uvicorn has no event for it
            await asyncio.sleep(0.01)
        try:
            yield connect
        finally:
            for client in clients:
                client.writer.close()
            running.should_exit = True
            await task


async def test_a_connection_without_a_whole_request_is_closed_and_others_go_on() -> None:
    async with server() as connect:
        silent = await connect()
        idle = await connect(GET)
        partial = await connect(b"GET / HT")
        stalled = await connect(POST + b"\r\n")
        trickling = asyncio.create_task(connect(*[b"a"] * 40, gap_s=TIMEOUT_S / 20))
        dripping = asyncio.create_task(connect(POST + b"\r\n", *[b"a"] * 40, gap_s=TIMEOUT_S / 20))
        ignored = await connect(POST.replace(b"/", b"/ignore", 1) + b"\r\n")
        streaming = await connect(GET.replace(b"/", b"/stream", 1))
        assert await silent.rest() == b""
        assert (await idle.rest()).endswith(b"0\r\n\r\n")
        for client in (partial, stalled):
            answer = await client.rest()
            assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
            assert b"nosniff" in answer and b"the request was not complete after 0.5 s" in answer
        for client in (await trickling, await dripping):  # they write on, and may miss the answer
            assert b" 200 " not in await client.rest()
        assert (await ignored.rest()).startswith(b"HTTP/1.1 200")
        assert (await streaming.answer())["path"] == "/stream"


async def test_a_body_that_makes_progress_and_one_that_waits_for_the_server_are_read() -> None:
    part = b"a" * int(MIN_BODY_BYTES_PER_S * TIMEOUT_S)  # of a period; five come in each
    upload = f"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {10 * len(part)}\r\n\r\n".encode()
    later = POST.replace(b"/", b"/later", 1)
    large = later.replace(b"1000", b"1000000") + b"\r\n"
    async with server() as connect:
        slow = asyncio.create_task(connect(upload, *[part] * 10, gap_s=TIMEOUT_S / 5))
        waiting = await connect(later + b"Expect: 100-continue\r\n\r\n")
        filled = await connect(large, b"a" * 1_000_000)
        assert await waiting.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await waiting.send(b"a" * 1000)
        assert (await waiting.answer())["bytes"] == 1000
        assert (await filled.answer())["bytes"] == 1_000_000
        assert (await (await slow).answer())["bytes"] == 10 * len(part)


async def test_two_hundred_requests_in_one_go_are_answered_in_their_order() -> None:
    async with server() as connect:
        client = await connect(b"".join(GET.replace(b"/", b"/%d" % n, 1) for n in range(200)))
        assert [(await client.answer())["path"] for _ in range(200)] == [f"/{n}" for n in range(200)]


@pytest.mark.parametrize(
    "fields",
    [
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: YWJj\r\n",
        b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n",
    ],
    ids=["websocket", "HTTP/2"],
)
async def test_another_protocol_is_not_switched_to(fields: bytes) -> None:
    async with server() as connect:
        client = await connect(GET.removesuffix(b"\r\n") + fields + b"\r\n")
        assert (await client.answer())["path"] == "/"


async def test_the_preface_of_http_2_ends_the_connection() -> None:
    async with server() as connect:
        answer = await (await connect(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 9)).rest()
    assert b"HTTP/1.1 400 Bad Request" in answer


async def test_at_the_cap_the_longest_wait_without_a_request_gives_way() -> None:
    async with server(max_connections=3) as connect:
        first, second, third = [await connect() for _ in range(3)]
        new = await connect(GET)
        assert (await new.answer())["path"] == "/"
        assert await first.rest(TIMEOUT_S / 2) == b""
        for client in (second, third):
            await client.send(GET)
            assert (await client.answer())["path"] == "/"


async def test_at_the_cap_with_all_connections_at_work_a_new_one_is_refused() -> None:
    async with server(max_connections=2) as connect:
        busy = [await connect(GET.replace(b"/", b"/stream", 1)) for _ in range(2)]
        await asyncio.sleep(0.05)
        refused = await (await connect(GET)).rest()
        assert refused.startswith(b"HTTP/1.1 503") and b"all connections are in use" in refused
        for client in busy:
            assert (await client.answer())["path"] == "/stream"


@pytest.mark.parametrize("order", [1, -1])
async def test_two_lengths_of_one_body_are_refused_and_the_connection_ends(order: int) -> None:
    lengths = [b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"][::order]
    request = b"POST / HTTP/1.1\r\nHost: a\r\n" + b"".join(lengths) + b"\r\n0\r\n\r\n"
    async with server() as connect:
        answer = await (await connect(request + GET)).rest()
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.count(b"Content-Length") == 1  # one answer
    assert b"application/problem+json" in answer and b"nosniff" in answer


@pytest.mark.parametrize(
    ("target", "path", "query", "host"),
    [
        (b"http://b.example:8000/api/status/1?wait=2", "/api/status/1", "wait=2", "b.example:8000"),
        (b"HTTPS://b.example", "/", "", "b.example"),
        (b"http://[::1]?a=/", "/", "a=/", "[::1]"),
        (b"/http://b.example/", "/http://b.example/", "", "a"),
    ],
)
async def test_an_absolute_target_is_served_and_replaces_the_host(
    target: bytes, path: str, query: str, host: str
) -> None:
    async with server() as connect:
        client = await connect(b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        assert await client.answer() == {"path": path, "query": query, "hosts": [host], "bytes": 0}


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # TLS
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: [a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: [::1::2]\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: <script>\r\n\r\n",
        b"GET http://a@b:x/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nA: b\0c\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\na",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 200_000 + b"\r\n",
    ],
    ids=lambda request: repr(request[:60]),
)
async def test_what_is_no_request_is_a_400_and_the_connection_ends(request_bytes: bytes) -> None:
    async with server() as connect:
        answer = await (await connect(request_bytes)).rest()
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 501")) or answer == b""
