#!/usr/bin/env python3
"""How many pictures a second two workers make, and one: each on a core of its own, with one torch thread.

    .venv/bin/python scripts/fleet/two_workers.py --rounds 3

The demo model, an api process, PostgreSQL, an S3 server. In each round one worker makes all jobs, then both do. The
time is that from the first request to the last picture's row. Prints both rates of each round and the median of the
ratios as JSON. On a machine with two cores the api, the servers and this program share them with the workers.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.chaos.context import Order, submit_all, wait_for_all  # noqa: E402
from tests.fixtures.databases import started_postgres_server  # noqa: E402
from tests.fixtures.s3_server import started_s3_server  # noqa: E402
from tests.support.servers.server_process import ServerProcess  # noqa: E402

WORKERS = 2


def main() -> int:
    parser = argparse.ArgumentParser(description="Pictures a second of one worker and of two.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=48, help="of one picture each")
    parser.add_argument("--size", type=int, default=192, help="px")
    parser.add_argument("--steps", type=int, default=8)
    asked = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < WORKERS:
        parser.error("each worker needs a core of its own")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="studio-workers-")))
        postgres = stack.enter_context(contextmanager(started_postgres_server)())
        store = stack.enter_context(contextmanager(started_s3_server)())
        asyncio.run(postgres.execute("CREATE DATABASE studio"))
        store.make_bucket("pictures")
        settings = {
            "STUDIO_DATABASE_URL": postgres.url("studio"),
            "STUDIO_LORA_DIR": str(ROOT / "loras"),
            "OMP_NUM_THREADS": "1",
            **store.settings("pictures"),
        }

        def new(name: str, role: str) -> ServerProcess:
            (folder / name).mkdir()
            server = ServerProcess(folder / name, {**settings, "STUDIO_ROLE": role}, is_preloaded=False)
            return stack.enter_context(server)

        api, workers = new("api", "api"), [new(f"worker-{n}", "worker") for n in range(WORKERS)]
        for worker, core in zip(workers, cores, strict=False):
            worker.command = ("taskset", "-c", str(core), *worker.command)
        api.start()
        workers[0].start()
        rounds: list[tuple[float, float]] = []
        for _ in range(asked.rounds):
            alone = rate(api, asked)
            workers[1].start()
            rate(api, argparse.Namespace(**{**vars(asked), "jobs": 4}))  # its first forwards
            rounds.append((alone, rate(api, asked)))
            workers[1].stop()
    ratios = [both / alone for alone, both in rounds]
    figures = {
        "jobs": asked.jobs,
        "px": asked.size,
        "steps": asked.steps,
        "pictures/s of one": [round(alone, 3) for alone, _ in rounds],
        "pictures/s of two": [round(both, 3) for _, both in rounds],
        "ratios": [round(ratio, 2) for ratio in ratios],
        "median ratio": round(statistics.median(ratios), 2),
        "load average": os.getloadavg()[1],
    }
    print(json.dumps(figures))
    return 0


def rate(api: ServerProcess, asked: argparse.Namespace) -> float:
    """Pictures a second."""
    fields = {"prompt": "woman, red dress, beach", "width": asked.size, "height": asked.size, "steps": asked.steps}
    orders = [Order({**fields, "num_images": 1, "seed": n}) for n in range(asked.jobs)]
    begun_s = time.monotonic()
    submit_all(api, orders)
    wait_for_all(api, orders)
    return asked.jobs / (time.monotonic() - begun_s)


if __name__ == "__main__":
    sys.exit(main())
