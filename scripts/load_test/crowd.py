"""The load: a queue of many users, open streams, pollers, a post a second, `/healthz` ten times a second; then posts as
fast as they are answered."""

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from scripts.load_test import process
from scripts.load_test.http import Answer, Connection

JOB = {"prompt": "jade woman, red dress, beach sunset", "num_images": 4, "steps": 20}
FILL_CONNECTIONS = 10
POLLS_EVERY_S = 0.5
BURST_S = 10.0
SAMPLE_EVERY_S = 10.0


class Latencies:
    """Seconds of the answers by kind of call, and the answers that were no success."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}
        self.errors: Counter[str] = Counter()

    async def note(self, kind: str, call: Awaitable[Answer]) -> Answer | None:
        try:
            answer = await call
        except (OSError, asyncio.IncompleteReadError) as error:
            self.errors[f"{kind}: {type(error).__name__}"] += 1
            return None
        self.seconds.setdefault(kind, []).append(answer.seconds)
        if answer.status >= 400:
            self.errors[f"{kind}: {answer.status}"] += 1
        return answer


async def measure(url: str, pid: int, folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    latencies = Latencies()
    samples: list[dict[str, float]] = []
    job_ids = await fill(url, asked.queued, asked.users, JOB)
    streams = [asyncio.create_task(_stream(url, n, job_ids[n % len(job_ids)])) for n in range(asked.streams)]
    await asyncio.sleep(2)
    started_s, cpu_s = time.perf_counter(), process.cpu_s(pid)
    end_s = started_s + asked.seconds
    await asyncio.gather(
        *(_poll(url, n, asked.pollers, job_ids[n % len(job_ids)], end_s, latencies) for n in range(asked.pollers)),
        _every(1.0, end_s, lambda: latencies.note("POST", Connection(url, 9_000).post("/api/generate", JOB))),
        _health(url, end_s, latencies),
        _sample(pid, folder, end_s, samples),
    )
    busy = (process.cpu_s(pid) - cpu_s) / (time.perf_counter() - started_s)
    num_open = sum(not stream.done() for stream in streams)
    for stream in streams:
        stream.cancel()
    events = sum(count for count in await asyncio.gather(*streams, return_exceptions=True) if isinstance(count, int))
    burst = await _burst(url, asked.burst, latencies)
    return {
        "asked": {name: str(value) for name, value in vars(asked).items() if value is not None},
        "seconds": {kind: sorted(seconds) for kind, seconds in latencies.seconds.items()},
        "errors": dict(latencies.errors),
        "cpu_share": busy,
        "open_streams": num_open,
        "stream_events": events,
        "burst_posts_per_s": burst,
        "samples": samples,
        "duration_s": asked.seconds,
    }


async def fill(url: str, num_jobs: int, num_users: int, body: dict[str, Any], first: int = 0) -> list[str]:
    """Accept jobs of all users by turns. Raises RuntimeError if one is refused."""
    numbers = iter(range(first, first + num_jobs))
    job_ids: list[str] = []

    async def connection() -> None:
        for number in numbers:
            user = Connection(url, number % num_users)
            answer = await user.post("/api/generate", body | {"seed": number})
            user.close()
            if answer.status != 202:
                raise RuntimeError(f"a job was refused with {answer.status}: {answer.body!r}")
            job_ids.append(answer.json()["job_id"])

    await asyncio.gather(*(connection() for _ in range(FILL_CONNECTIONS)))
    return job_ids


async def _poll(url: str, number: int, num_pollers: int, job_id: str, end_s: float, latencies: Latencies) -> None:
    connection = Connection(url, number)
    await asyncio.sleep(POLLS_EVERY_S * number / num_pollers)
    turn = 0

    def call() -> Awaitable[Answer | None]:
        nonlocal turn
        turn += 1
        kind = "result" if turn % 2 else "status"
        return latencies.note(kind, connection.get(f"/api/{kind}/{job_id}"))

    await _every(POLLS_EVERY_S, end_s, call)
    connection.close()


async def _health(url: str, end_s: float, latencies: Latencies) -> None:
    connection = Connection(url, 9_001)
    await _every(0.1, end_s, lambda: latencies.note("healthz", connection.get("/healthz")))
    connection.close()


async def _sample(pid: int, folder: Path, end_s: float, samples: list[dict[str, float]]) -> None:
    """Memory, descriptors and write-ahead log of the server, every 10 s."""

    async def sample() -> None:
        samples.append(
            {
                "rss_mb": process.rss_mb(pid),
                "descriptors": process.num_descriptors(pid),
                "wal_mb": process.wal_mb(folder),
            }
        )

    await _every(SAMPLE_EVERY_S, end_s, sample)


async def _every(period_s: float, end_s: float, call: Callable[[], Awaitable[Any]]) -> None:
    """A call that is late is not repeated for the ones it missed."""
    next_s = time.perf_counter()
    while next_s < end_s:
        await asyncio.sleep(next_s - time.perf_counter())
        await call()
        next_s = max(next_s + period_s, time.perf_counter())


async def _stream(url: str, user: int, job_id: str) -> int:
    """The number of events until it is cancelled or the stream ends."""
    connection = Connection(url, user)
    reader, writer = await connection.open()
    writer.write(connection.head("GET", f"/api/jobs/{job_id}/events") + b"\r\n")
    num_events = 0
    try:
        while line := await reader.readline():
            num_events += line.startswith(b"event:")
    except asyncio.CancelledError:
        pass
    finally:
        connection.close()
    return num_events


async def _burst(url: str, num_connections: int, latencies: Latencies) -> float:
    """Accepted posts a second, over `num_connections` that each post as soon as the last answer is there."""
    end_s = time.perf_counter() + BURST_S
    num_accepted = 0

    async def connection(number: int) -> None:
        nonlocal num_accepted
        user = Connection(url, 8_000 + number)
        while time.perf_counter() < end_s:
            answer = await latencies.note("POST in a burst", user.post("/api/generate", JOB))
            num_accepted += answer is not None and answer.status == 202
        user.close()

    started_s = time.perf_counter()
    await asyncio.gather(*(connection(number) for number in range(num_connections)))
    return num_accepted / (time.perf_counter() - started_s)
