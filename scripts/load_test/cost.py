"""CPU milliseconds of the server for one call, by the number of queued images. Nothing is made meanwhile."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from scripts.load_test import process
from scripts.load_test.crowd import fill
from scripts.load_test.http import Connection

NUM_USERS = 50
IMAGES_PER_JOB = 4
NUM_CALLS = 200
JOB = {"prompt": "red dress, beach sunset", "num_images": IMAGES_PER_JOB, "steps": 20}


async def measure(url: str, pid: int, queue_lengths: Sequence[int]) -> dict[str, Any]:
    figures: list[dict[str, float]] = []
    job_ids: list[str] = []
    for num_images in queue_lengths:
        missing = max(1, num_images // IMAGES_PER_JOB) - len(job_ids)
        job_ids += await fill(url, missing, NUM_USERS, JOB, first=len(job_ids))
        await asyncio.sleep(2)
        figures.append({"queued_images": len(job_ids) * IMAGES_PER_JOB, **await _costs(url, pid, job_ids[-1])})
    return {"cpu_ms": figures, "errors": {}}


async def _costs(url: str, pid: int, queued: str) -> dict[str, float]:
    """CPU ms by call. The posts make the queue a little longer."""
    user = Connection(url, NUM_USERS - 1)
    idle = await _cpu_of(pid, lambda: asyncio.sleep(5.0), 1) / 5.0

    async def post() -> None:
        await user.post("/api/generate", JOB)
        await asyncio.sleep(0.02)  # the wake of the dispatcher is part of the cost

    costs = {
        "status": await _cost(pid, lambda: user.get(f"/api/status/{queued}"), idle, NUM_CALLS),
        "result": await _cost(pid, lambda: user.get(f"/api/result/{queued}"), idle, NUM_CALLS),
        "generate": await _cost(pid, post, idle, NUM_CALLS // 4),
        "idle ms/s": idle,
    }
    user.close()
    return costs


async def _cost(pid: int, call: Callable[[], Awaitable[Any]], idle_ms_per_s: float, num_calls: int) -> float:
    """CPU ms of one call, less what the idle server takes meanwhile."""
    for _ in range(5):
        await call()
    started_s = time.perf_counter()
    cpu_ms = await _cpu_of(pid, call, num_calls)
    return (cpu_ms - idle_ms_per_s * (time.perf_counter() - started_s)) / num_calls


async def _cpu_of(pid: int, call: Callable[[], Awaitable[Any]], num_calls: int) -> float:
    before_s = process.cpu_s(pid)
    for _ in range(num_calls):
        await call()
    return 1000 * (process.cpu_s(pid) - before_s)
