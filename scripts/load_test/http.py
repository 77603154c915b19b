"""Calls over plain sockets: a client library would take the CPU time that is to be measured."""

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


def address_of(user: int) -> str:
    """The loopback address of a user: the server counts anonymous callers by address."""
    return f"127.1.{user // 250}.{1 + user % 250}"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    seconds: float

    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """One user's connection, kept open. Reopened if the server closes it."""

    def __init__(self, url: str, user: int) -> None:
        self._host, self._port = urlsplit(url).hostname or "", urlsplit(url).port or 80
        self._user = user
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> Answer:
        return await self._call(self.head("GET", path) + b"\r\n")

    async def post(self, path: str, body: Any) -> Answer:
        data = json.dumps(body).encode()
        head = self.head("POST", path) + f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n".encode()
        return await self._call(head + b"\r\n" + data)

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(
                self._host, self._port, local_addr=(address_of(self._user), 0)
            )
        return self._streams

    def head(self, method: str, path: str) -> bytes:
        return f"{method} {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n".encode()

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _call(self, request: bytes) -> Answer:
        reader, writer = await self.open()
        started_s = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = next((int(line[15:]) for line in head.split("\r\n") if line.startswith("content-length:")), 0)
        body = await reader.readexactly(length)
        return Answer(int(head.split(" ", 2)[1]), body, time.perf_counter() - started_s)
