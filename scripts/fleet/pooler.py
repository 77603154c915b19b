#!/usr/bin/env python3
"""What PgBouncer in transaction mode costs: milliseconds of a transaction with it and without.

    .venv/bin/python scripts/fleet/pooler.py [--rounds 5] [--transactions 300]

A read (a job with its images, the view of wanted workers) and a write (the probe of /readyz: a row inserted and
deleted), one after another, through `Database` over a PostgreSQL with its writes to the disk off: direct; direct
without prepared statements; through PgBouncer. Prints the median over the rounds of each round's median, as JSON.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import select, text

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from server.db.models import ImageRow, JobRow  # noqa: E402
from server.db.session import Database  # noqa: E402
from tests.fixtures.databases import started_postgres_server  # noqa: E402
from tests.support.servers.pgbouncer import PgBouncer  # noqa: E402


async def read(database: Database) -> None:
    async with database.read() as session:
        await session.execute(select(JobRow, ImageRow).join(ImageRow, ImageRow.job_id == JobRow.id).limit(8))
        await session.execute(text("SELECT wanted FROM studio_workers_wanted"))


async def write(database: Database) -> None:
    async with database.write() as session:
        await session.execute(text("INSERT INTO doomed_object (storage_key, due_at_s) VALUES ('measured', 0)"))
        await session.execute(text("DELETE FROM doomed_object WHERE storage_key = 'measured'"))


async def measure(urls: dict[str, tuple[str, str | None]], rounds: int, count: int) -> dict[str, dict[str, float]]:
    """Median milliseconds by way and kind; the ways take turns."""
    databases = {way: Database(url, direct_url=direct) for way, (url, direct) in urls.items()}
    found: dict[str, dict[str, list[float]]] = {way: {"read": [], "write": []} for way in urls}
    for _ in range(rounds + 1):  # the first one warms up
        for way, database in databases.items():
            for kind, work in (("read", read), ("write", write)):
                times: list[float] = []
                for _ in range(count):
                    begun_s = time.perf_counter()
                    await work(database)
                    times.append(1000 * (time.perf_counter() - begun_s))
                found[way][kind].append(statistics.median(times))
    for database in databases.values():
        await database.close()
    return {
        way: {kind: round(statistics.median(each[1:]), 2) for kind, each in kinds.items()}
        for way, kinds in found.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="A transaction with PgBouncer and without.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--transactions", type=int, default=300)
    asked = parser.parse_args()
    with ExitStack() as stack:
        postgres = stack.enter_context(contextmanager(started_postgres_server)())
        asyncio.run(postgres.execute("CREATE DATABASE studio"))
        direct = postgres.url("studio")
        asyncio.run(migrate(direct))
        pooler = stack.enter_context(PgBouncer(postgres.port, 5))
        urls: dict[str, tuple[str, str | None]] = {
            "direct": (direct, None),
            "direct, without prepared statements": (direct, direct),
            "PgBouncer": (pooler.url("studio"), direct),
        }
        print(json.dumps(asyncio.run(measure(urls, asked.rounds, asked.transactions))))
    return 0


async def migrate(url: str) -> None:
    database = Database(url)
    await database.migrate()
    await database.close()


if __name__ == "__main__":
    sys.exit(main())
