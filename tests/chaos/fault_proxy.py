"""A TCP proxy that does to its connections what networks and tired servers do."""

import asyncio
import random
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Sequence

from tests.support.servers.ports import free_port

FAULTS = ("reset", "truncate", "error")
ERROR = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
FORBIDDEN = (
    b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/xml\r\nContent-Length: 44\r\nConnection: close\r\n\r\n"
    b"<Error><Code>AccessDenied</Code></Error>    "
)
ETAG = re.compile(rb'(\r\netag: *)"[^"]*"', re.IGNORECASE)
SLOW_BYTES_PER_S = 1000
MAX_BYTES = 3000
MAX_GOOD_BYTES = 30_000
"""While there are faults no connection lasts longer: a pool would keep to the one that goes well."""


class FaultProxy:
    """Listens at `url` and passes on to `port`. `faults`: what each new connection may suffer, and `share` how many of
    them do: `reset` after some bytes of the request, `truncate` after some bytes of the answer, `error` a 500 in place
    of an answer; and, not among FAULTS, `readonly`, a 403 to each PUT, `hang`, no answer, `slow`, SLOW_BYTES_PER_S in
    each direction, and `etag`, answers that name another ETag. `down`: it refuses, and cuts what is open. In a thread
    of its own; `num_faults` counts."""

    def __init__(self, port: int, seed: int = 1) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.faults: Sequence[str] = ()
        self.share = 0.5
        self.num_faults: Counter[str] = Counter()
        self._to_port = port
        self._random = random.Random(seed)
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server: asyncio.Server | None = None
        self.up()

    def up(self) -> None:
        asyncio.run_coroutine_threadsafe(self._up(), self._loop).result(10)

    def down(self) -> None:
        asyncio.run_coroutine_threadsafe(self._down(), self._loop).result(10)

    def cut(self) -> None:
        """The connections that are open; new ones are taken."""
        self._loop.call_soon_threadsafe(self._cut)

    def close(self) -> None:
        self.down()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _up(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _down(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self._cut()
        await asyncio.sleep(0.05)  # the connections' tasks end

    def _cut(self) -> None:
        for writer in self._open:
            _reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fault = self._random.choice(self.faults) if self.faults and self._random.random() < self.share else ""
        self.num_faults[fault] += 1
        self._open.add(writer)
        try:
            if fault == "hang":
                while await reader.read(65536):
                    pass
                return
            if fault == "error":
                await reader.read(65536)
                writer.write(ERROR)
                await writer.drain()
                return
            await self._pass_on(reader, writer, fault)
        except OSError:
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: str) -> None:
        from_store, to_store = await asyncio.open_connection("127.0.0.1", self._to_port)
        budget = {kind: self._random.randint(0, MAX_BYTES) if fault == kind else None for kind in FAULTS}
        if self.faults and not fault:
            budget["reset"] = self._random.randint(0, MAX_GOOD_BYTES)
        refused = b"PUT " if fault == "readonly" else None
        pace = SLOW_BYTES_PER_S if fault == "slow" else None
        there = asyncio.create_task(_pump(reader, to_store, budget["reset"], refused, pace))
        back = asyncio.create_task(_pump(from_store, writer, budget["truncate"], pace=pace, lies=fault == "etag"))
        await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
        if there.done() and there.exception() is None and there.result():
            writer.write(FORBIDDEN)
            await writer.drain()
        for task in (there, back):
            task.cancel()
        await asyncio.gather(there, back, return_exceptions=True)
        to_store.close()
        if fault == "reset":
            _reset(writer)


async def _pump(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    max_bytes: int | None,
    refused: bytes | None = None,
    pace: int | None = None,
    lies: bool = False,
) -> bool:
    """Until the end of what there is to read, or `max_bytes`; `pace`: bytes a second; `lies`: about ETags. True: at a
    request that begins with `refused`."""
    size = 65536 if pace is None else pace // 10
    while (max_bytes is None or max_bytes > 0) and (data := await reader.read(size)):
        if refused is not None and data.startswith(refused):
            return True
        if lies:
            data = ETAG.sub(rb'\1"' + b"0" * 32 + b'"', data)
        data = data if max_bytes is None else data[:max_bytes]
        max_bytes = max_bytes if max_bytes is None else max_bytes - len(data)
        writer.write(data)
        await writer.drain()
        if pace is not None:
            await asyncio.sleep(len(data) / pace)
    return False


def _reset(writer: asyncio.StreamWriter) -> None:
    connection: socket.socket | None = writer.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
