"""What the scenarios of scripts/chaos.py share: how servers are made, and what must hold when all is over."""

import asyncio
import hashlib
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.support.event_reader import EventReader
from tests.support.servers.server_process import ServerProcess

NewServer = Callable[..., ServerProcess]

TABLES = {
    "job": "id, status, attempt, num_events",
    "image": "id, job_id, n, storage_key, num_bytes",
    "job_event": "job_id, seq, name",
}
COUNTS = ("completed", "failed", "cancelled")


@dataclass
class Order:
    """One job to ask for, and under which id it was accepted."""

    fields: dict[str, Any]
    job_id: str = ""


@dataclass
class World:
    """`new_server(name, **settings)` makes a server that is not started. `quick`: the short version."""

    new_server: NewServer
    quick: bool = False
    chance: random.Random = field(default_factory=lambda: random.Random(20261123))

    def orders(self, count: int, **fields: Any) -> list[Order]:
        small = {"prompt": "woman, red dress", "model_name": "base", "width": 64, "height": 64, "format": "png"}
        return [Order({**small, "num_images": 2, "seed": 1000 * n, **fields}) for n in range(count)]


def submit_all(server: ServerProcess, orders: Sequence[Order]) -> None:
    for order in orders:
        answer = server.http.post("/api/generate", json=order.fields)
        assert answer.status_code == 202, answer.text
        order.job_id = answer.json()["job_id"]


def wait_for_all(server: ServerProcess, orders: Sequence[Order], timeout_s: float = 600) -> None:
    """Until every job has ended; each must be completed."""
    end_s = time.monotonic() + timeout_s
    for order in orders:
        status: dict[str, Any] = {}
        while status.get("status") not in COUNTS:
            assert time.monotonic() < end_s, f"stuck: {status}"
            status = server.http.get(f"/api/status/{order.job_id}", params={"wait": 20}).json()
        assert status["status"] == "completed", status


def pictures(server: ServerProcess, orders: Sequence[Order]) -> list[list[str]]:
    """A hash of each picture's bytes, job by job."""

    def of(order: Order) -> list[str]:
        urls = server.http.get(f"/api/result/{order.job_id}").json()["images"]
        found = [httpx.get(url, timeout=60) for url in urls]
        assert all(answer.status_code == 200 for answer in found), f"a row of {order.job_id} points at nothing"
        return [hashlib.sha256(answer.content).hexdigest() for answer in found]

    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(of, orders))


def check_events(readers: Sequence[EventReader], num_images: int) -> None:
    """Each stream sent every event once, in order."""
    for reader in readers:
        reader.finish()
        assert [event.name for event in reader.durable] == ["image"] * num_images + ["completed"]
        assert [int(event.id or "") for event in reader.durable] == list(range(1, num_images + 2))


def snapshot(database_url: str) -> dict[str, list[tuple[Any, ...]]]:
    """All rows that belong to jobs."""

    async def read() -> dict[str, list[tuple[Any, ...]]]:
        engine = create_async_engine(database_url)
        async with engine.connect() as connection:
            rows = {
                table: sorted(map(tuple, await connection.execute(text(f"SELECT {columns} FROM {table}"))))
                for table, columns in TABLES.items()
            }
        await engine.dispose()
        return rows

    return asyncio.run(read())


def check_rows(rows: dict[str, list[tuple[Any, ...]]], orders: Sequence[Order]) -> None:
    """Every job completed, each picture and each event in one row."""
    wanted = {order.job_id: order.fields["num_images"] for order in orders}
    statuses = {job_id: status for job_id, status, _, _ in rows["job"]}
    assert {job_id: statuses.get(job_id) for job_id in wanted} == dict.fromkeys(wanted, "completed")
    for job_id, count in wanted.items():
        assert [n for _, of, n, *_ in rows["image"] if of == job_id] == list(range(1, count + 1))
        names = [name for of, _, name in rows["job_event"] if of == job_id]
        assert names == ["image"] * count + ["completed"]


def until(condition: Callable[[], bool], timeout_s: float = 120, what: str = "") -> float:
    """Seconds that it took."""
    begun_s = time.monotonic()
    while not condition():
        assert time.monotonic() - begun_s < timeout_s, f"waited in vain for {what or condition}"
        time.sleep(0.05)
    return time.monotonic() - begun_s
