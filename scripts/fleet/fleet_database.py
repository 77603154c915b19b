"""What the statements of a fleet cost PostgreSQL: statements and CPU milliseconds of the server for each thing that a
process does, by the product's code, and for each text of NOTIFY, by the number of listeners.

    python scripts/fleet/fleet_database.py                 # about 2 minutes
    python scripts/fleet/fleet_database.py --jobs 100 --queues 10 1000 --listeners 10 100

Starts a PostgreSQL of its own in a temporary folder, with fsync off: what a disk takes is not measured. CPU is that of
the processes that serve the connections, from /proc: it does not depend on what else the machine does. Linux only.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import asyncpg

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.measure.database_actions import Actions  # noqa: E402
from scripts.measure.server_log import statements_of_actions  # noqa: E402
from server.db.session import Database  # noqa: E402
from tests.fixtures.databases import PostgresServer, started_postgres_server  # noqa: E402
from tests.support.jobs_harness import copy_job  # noqa: E402

TEXT = json.dumps(
    {"kind": "progress", "sender": "12345678", "jobs": {f"{n:032x}": [0.5, 12.5, None] for n in range(6)}}
)


def cpu_s(postmaster: int) -> float:
    """Of its children that exist."""
    total_ns = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == postmaster:
                total_ns += int((process / "schedstat").read_text().split()[0])
        except OSError:
            continue
    return total_ns / 1e9


async def costs(server: PostgresServer, folder: Path, num_jobs: int) -> dict[str, dict[str, float]]:
    """Of every action: statements, CPU ms of the server and ms until it is done."""
    await server.execute("CREATE DATABASE actions")
    database = Database(server.url("actions"))
    await database.migrate()
    actions = Actions(database, folder)
    await actions.prepare(num_jobs)
    figures: dict[str, dict[str, float]] = {}
    for name, action in actions.all.items():
        times = 2 * num_jobs if name == "image stored" else num_jobs
        figures[name] = await _cost(server, action, times)
    await database.close()
    return figures


async def _cost(server: PostgresServer, action: Callable[[], Awaitable[None]], times: int) -> dict[str, float]:
    cpu, started_s = cpu_s(server.pid), time.perf_counter()
    for _ in range(times):
        await action()
    elapsed_s = time.perf_counter() - started_s
    return {"cpu_ms": 1000 * (cpu_s(server.pid) - cpu) / times, "ms": 1000 * elapsed_s / times}


async def statements(server: PostgresServer, folder: Path) -> dict[str, int]:
    await server.execute("CREATE DATABASE counted")
    migrating = Database(server.url("counted"))
    await migrating.migrate()
    await migrating.close()
    return await statements_of_actions(server, "counted", folder)


async def by_length(server: PostgresServer, folder: Path, lengths: Iterable[int]) -> dict[int, dict[str, float]]:
    """A refresh, by the number of queued jobs."""
    figures: dict[int, dict[str, float]] = {}
    for length in lengths:
        name = f"queue_{length}"
        await server.execute(f"CREATE DATABASE {name}")
        database = Database(server.url(name))
        await database.migrate()
        actions = Actions(database, folder)
        await actions.prepare(1)
        job_id = actions._queued[0]  # pyright: ignore[reportPrivateUsage]
        now_s = time.time()
        await copy_job(database, job_id, [(f"{n:032x}", now_s + n * 1e-3) for n in range(1, length)])
        await server.execute("CHECKPOINT")
        for _ in range(3):
            await actions.refresh()
        figures[length] = await _cost(server, actions.refresh, 50)
        await database.close()
    return figures


async def looks(server: PostgresServer, folder: Path, fleets: Iterable[int]) -> dict[int, dict[str, float]]:
    """An api process looks at the worker rows, by their number."""
    await server.execute("CREATE DATABASE looks")
    database = Database(server.url("looks"))
    await database.migrate()
    actions, num_rows = Actions(database, folder), 0
    figures: dict[int, dict[str, float]] = {}
    for num_workers in fleets:
        for n in range(num_rows, num_workers):
            await actions.report(f"{n:032x}/a")
        num_rows = num_workers
        figures[num_workers] = await _cost(server, actions.all["fleet look"], 30)
    await database.close()
    return figures


async def notices(server: PostgresServer, num_listeners: int, seconds: float) -> dict[str, float]:
    """CPU of the server for a text that so many processes receive, sent one after another as fast as it goes."""
    received = 0

    def receive(*_: object) -> None:
        nonlocal received
        received += 1

    async def connect() -> Any:
        return await asyncpg.connect(host="127.0.0.1", port=server.port, user="studio", database="postgres")

    listeners = [await connect() for _ in range(num_listeners)]
    for each in listeners:
        await each.add_listener("studio", receive)
    sender = await connect()
    cpu, started_s, sent = cpu_s(server.pid), time.perf_counter(), 0
    while time.perf_counter() - started_s < seconds:
        await sender.execute("SELECT pg_notify($1, $2)", "studio", TEXT)
        sent += 1
        if sent % 20 == 0:
            await _until(lambda: received >= sent * num_listeners, 2 * seconds)  # noqa: B023
    used_s = cpu_s(server.pid) - cpu
    for each in (*listeners, sender):
        await each.close()
    return {"texts": sent, "received": received, "cpu_ms_per_text": 1000 * used_s / sent}


async def _until(condition: Callable[[], bool], timeout_s: float) -> None:
    end_s = time.perf_counter() + timeout_s
    while not condition() and time.perf_counter() < end_s:  # noqa: ASYNC110
        await asyncio.sleep(0.001)


async def measure(server: PostgresServer, folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    return {
        "statements": await statements(server, folder / "counted"),
        "costs": await costs(server, folder / "costs", asked.jobs),
        "refresh by queue": await by_length(server, folder / "queues", asked.queues),
        "fleet look by workers": await looks(server, folder / "looks", asked.fleets),
        "notify by listeners": {n: await notices(server, n, asked.seconds) for n in asked.listeners},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--jobs", type=int, default=300, help="times that each action is measured")
    add("--queues", type=int, nargs="+", default=[10, 100, 1000, 5000], help="queued jobs")
    add("--fleets", type=int, nargs="+", default=[10, 100, 1000], help="worker rows, rising")
    add("--listeners", type=int, nargs="+", default=[10, 30, 90], help="below max_connections")
    add("--seconds", type=float, default=5.0, help="of each number of listeners")
    asked = parser.parse_args()
    for server in started_postgres_server():
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(asyncio.run(measure(server, Path(folder), asked)), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
