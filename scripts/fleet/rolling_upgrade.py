#!/usr/bin/env python3
"""Processes of an earlier revision and of this one together on one PostgreSQL and one bucket.

    .venv/bin/python scripts/fleet/rolling_upgrade.py               # from revision 1d254cd, for a minute
    .venv/bin/python scripts/fleet/rolling_upgrade.py --from 1d254cd --seconds 20

An api process and a worker of the earlier revision run; those of this checkout start next to them, which migrates
the schema. Jobs go to both apis by turns, and each job's events are read from the other one. Then the earlier processes
end, as in a rollout. Prints a line of figures as JSON. Exit code 1: a job was lost or made twice, a stream has a gap,
or a process logged an error. Pictures are painted.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.chaos.context import Order, check_events, check_rows, snapshot, submit_all  # noqa: E402
from tests.fixtures.databases import PostgresServer, started_postgres_server  # noqa: E402
from tests.fixtures.s3_server import started_s3_server  # noqa: E402
from tests.support.event_reader import EventReader  # noqa: E402
from tests.support.servers.server_process import ServerProcess  # noqa: E402
from tests.support.tiny_model import write_tiny_model  # noqa: E402

PAINTING = "tests.support.servers.painting_server"
GAP_S = 0.5
NUM_IMAGES = 2


class Fleet:
    """Makes processes of either revision; `stack` ends them."""

    def __init__(self, stack: ExitStack, folder: Path, postgres: PostgresServer, store: dict[str, str]) -> None:
        self._stack, self._folder = stack, folder
        self._settings = {
            "STUDIO_DATABASE_URL": postgres.url("studio"),
            "STUDIO_BASE_MODEL": str(write_tiny_model(folder / "model")),
            "STUDIO_LORA_DIR": str(folder / "none"),
            "STUDIO_DEFAULT_MODEL": "base",
            "PAINT_STEP_S": "0.05",
            **store,
        }
        self.processes: list[ServerProcess] = []

    def start(self, name: str, source: Path, role: str) -> ServerProcess:
        process = self.new(name, source, role)
        process.start()
        return process

    def new(self, name: str, source: Path, role: str) -> ServerProcess:
        """Not started. `source`: a checkout."""
        folder = self._folder / name
        folder.mkdir()
        settings = {**self._settings, "STUDIO_ROLE": role, "PYTHONPATH": str(source)}
        process = ServerProcess(folder, settings, PAINTING, is_preloaded=False)
        self.processes.append(self._stack.enter_context(process))
        return process

    def errors(self) -> list[str]:
        """Lines of the logs."""
        lines = (line for each in self.processes for line in each.log.read_text(errors="replace").splitlines())
        return [line for line in lines if '"level": "error"' in line or "Traceback" in line]


def main() -> int:
    parser = argparse.ArgumentParser(description="Two revisions on one database.")
    parser.add_argument("--from", dest="revision", default="1d254cd", help="the earlier revision")
    parser.add_argument("--seconds", type=float, default=60, help="for how long both run")
    asked = parser.parse_args()
    begun_s = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="studio-upgrade-")))
        earlier = exported(asked.revision, folder / "earlier")
        postgres = stack.enter_context(contextmanager(started_postgres_server)())
        store = stack.enter_context(contextmanager(started_s3_server)())
        asyncio.run(postgres.execute("CREATE DATABASE studio"))
        store.make_bucket("pictures")
        fleet = Fleet(stack, folder, postgres, store.settings("pictures"))
        figures = roll(fleet, earlier, postgres.url("studio"), asked.seconds)
    print(json.dumps({"from": asked.revision, **figures, "took s": round(time.monotonic() - begun_s)}))
    return 0


def exported(revision: str, folder: Path) -> Path:
    """The files of a revision."""
    folder.mkdir()
    archive = subprocess.run(["git", "archive", revision], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    return folder


def roll(fleet: Fleet, earlier: Path, database_url: str, seconds: float) -> dict[str, Any]:
    old_api, old_worker = fleet.start("old-api", earlier, "api"), fleet.start("old-worker", earlier, "worker")
    orders: list[Order] = []
    streams: list[EventReader] = []

    def submit(to: ServerProcess, reader: ServerProcess) -> None:
        n = len(orders)
        order = Order({"prompt": "red dress", "model_name": "base", "width": 64, "height": 64, "steps": 10 + n % 20})
        order.fields |= {"num_images": NUM_IMAGES, "seed": 10 * n, "format": "png"}
        submit_all(to, [order])
        orders.append(order)
        streams.append(EventReader(reader.url, order.job_id))

    for _ in range(6):
        submit(old_api, old_api)
    new_api, new_worker = fleet.new("new-api", ROOT, "api"), fleet.new("new-worker", ROOT, "worker")
    new_api.launch()
    new_worker.launch()
    while not is_ready(new_api):  # the schema changes under the earlier processes
        submit(old_api, old_api)
        time.sleep(GAP_S)
    new_worker.wait_for("/readyz")
    num_before, end_s = len(orders), time.monotonic() + seconds
    while time.monotonic() < end_s:
        submit(old_api, new_api)
        submit(new_api, old_api)
        time.sleep(GAP_S)
    check_events(streams, NUM_IMAGES)
    num_together = len(orders) - num_before
    streams.clear()
    for _ in range(6):
        submit(new_api, new_api)  # some of them are with the earlier worker when it ends
    codes = [old_worker.stop(), old_api.stop()]
    check_events(streams, NUM_IMAGES)
    rows = snapshot(database_url)
    check_rows(rows, orders)
    makers = asyncio.run(makers_of(database_url))
    assert fleet.errors() == [], fleet.errors()
    again = fleet.new("old-again", earlier, "worker")
    again.launch()
    assert again.process is not None and codes == [0, 0]
    code = again.process.wait(120)
    return {
        "jobs": len(orders),
        "while both ran": num_together,
        "lost": 0,
        "twice": 0,
        "errors in logs": 0,
        "jobs claimed again": sum(attempt > 1 for _, _, attempt, _ in rows["job"]),
        "workers that reported": makers,
        "an earlier process that starts now ends with": code,
        "and says": next(json.loads(line)["event"] for line in again.log.read_text().splitlines() if "newer" in line),
    }


def is_ready(server: ServerProcess) -> bool:
    import httpx

    assert server.process is not None and server.process.poll() is None, server.log.read_text()
    try:
        return server.http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


async def makers_of(database_url: str) -> int:
    import asyncpg

    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    try:
        return await connection.fetchval("SELECT count(*) FROM worker")
    finally:
        await connection.close()


if __name__ == "__main__":
    sys.exit(main())
