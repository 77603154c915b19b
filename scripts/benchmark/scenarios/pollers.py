"""Many who ask for the status of their job once a second. Plain sockets: a client library would take the time that is
to be measured."""

import asyncio
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

EVERY_S = 1.0


async def poll_all(url: str, job_ids: Sequence[str], num_pollers: int, duration_s: float) -> list[float]:
    """Seconds from request to whole answer, of all answers. Each poller keeps one connection; they begin spread over
    the first second."""
    pollers = [
        _poll(url, f"/api/status/{job_ids[number % len(job_ids)]}", EVERY_S * number / num_pollers, duration_s)
        for number in range(num_pollers)
    ]
    return [seconds for latencies in await asyncio.gather(*pollers) for seconds in latencies]


async def _poll(url: str, path: str, first_s: float, duration_s: float) -> list[float]:
    address = urlsplit(url)
    request = f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode()
    await asyncio.sleep(first_s)
    reader, writer = await asyncio.open_connection(
        address.hostname,
        address.port or (443 if address.scheme == "https" else 80),
        ssl=address.scheme == "https" or None,
    )
    latencies: list[float] = []
    next_s = time.perf_counter()
    end_s = next_s + duration_s
    try:
        while next_s < end_s:
            await asyncio.sleep(next_s - time.perf_counter())
            started_s = time.perf_counter()
            writer.write(request)
            await _read_answer(reader)
            latencies.append(time.perf_counter() - started_s)
            next_s = max(next_s + EVERY_S, time.perf_counter())
    finally:
        writer.close()
        await writer.wait_closed()
    return latencies


async def _read_answer(reader: asyncio.StreamReader) -> None:
    """Raises RuntimeError for another answer than 200."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = next(int(line.partition(":")[2]) for line in head.splitlines() if line.startswith("content-length:"))
    await reader.readexactly(length)
    if " 200 " not in head.splitlines()[0]:
        raise RuntimeError(f"the server answered a status call with {head.splitlines()[0]}")
