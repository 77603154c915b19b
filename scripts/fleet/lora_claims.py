"""LoRA loads and waits of two workers, with and without the preference of claims for resident LoRAs.

    python scripts/fleet/lora_claims.py                  # about 2 minutes
    python scripts/fleet/lora_claims.py --jobs 60 --json out.json

Real dispatchers, engines and claims on a PostgreSQL of its own (its programs must be installed). The runner paints,
takes `--step-s` for a step and `--load-s` to load a LoRA, and has room for `--room` of the `--loras`. Jobs of one
picture come at random (Poisson) moments; their LoRA follows Zipf's law. Both runs get the
same jobs at the same moments.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sqlalchemy import select  # noqa: E402

from server.db.models import ImageRow, JobRow, LoraRow  # noqa: E402
from server.db.session import Database  # noqa: E402
from server.queue.model import LoraChoice  # noqa: E402
from server.storage.local import LocalStore  # noqa: E402
from server.worker.registration import Registration  # noqa: E402
from tests.fixtures.databases import PostgresServer, started_postgres_server  # noqa: E402
from tests.support.builders import draft  # noqa: E402
from tests.support.fake_runner import LoraPaintRunner  # noqa: E402
from tests.support.jobs_harness import BASE, JobsHarness, until  # noqa: E402


@dataclass(frozen=True, slots=True)
class Load:
    """`rate`: jobs a second, on average."""

    jobs: int
    rate: float
    loras: int
    room: int
    step_s: float
    load_s: float
    steps: int
    seed: int


@dataclass(frozen=True, slots=True)
class Measured:
    """`wait_*`: from a job's acceptance to the first step of its picture."""

    lora_wait_s: float
    lora_loads: int
    wait_mean_s: float
    wait_p50_s: float
    wait_p95_s: float
    wait_max_s: float
    total_s: float


async def measure(server: PostgresServer, folder: Path, load: Load, lora_wait_s: float, name: str) -> Measured:
    await server.execute(f"CREATE DATABASE {name}")
    databases = [Database(server.url(name)) for _ in range(2)]
    await databases[0].migrate()
    async with databases[0].write() as session:
        session.add_all(lora_row(n) for n in range(load.loras))
    store = LocalStore(folder / "pictures")
    workers: list[JobsHarness] = []
    reporting: list[asyncio.Task[None]] = []
    for n, database in enumerate(databases):
        runner = LoraPaintRunner(load.step_s, load.room, load.load_s)
        owner = f"{n + 1}" * 32 + "/" + f"{n}" * 8
        harness = JobsHarness(
            database,
            folder / f"{n}",
            lease_owner=owner,
            runner=runner,
            store=store,
            max_queue=10_000,
            poll_s=1.0,
            lora_wait_s=lora_wait_s,
        )
        registration = Registration(database, harness.engine, BASE, owner, "http://w")
        registration.set_state("ready")
        harness.on_turn = lambda turn, registration=registration: registration.note_loras()
        workers.append(harness)
        reporting.append(asyncio.create_task(registration.run()))
        harness.start()
    await until(lambda: all(worker.peers.has_peers for worker in workers))
    chance = random.Random(load.seed)
    weights = [1 / (rank + 1) for rank in range(load.loras)]
    loop = asyncio.get_running_loop()
    begun_s = at_s = loop.time()
    jobs: list[str] = []
    for n in range(load.jobs):
        at_s += chance.expovariate(load.rate)
        (rank,) = chance.choices(range(load.loras), weights)
        await asyncio.sleep(max(0.0, at_s - loop.time()))
        wanted = draft(
            owner=f"ip:{n % 8}",
            num_images=1,
            steps=load.steps,
            seed=n,
            model=LoraChoice(f"l{rank}", None, "model_name"),
        )
        jobs.append((await workers[n % 2].accept(wanted)).job_id)
    for job_id in jobs:
        await workers[0].ended(job_id, timeout_s=600)
    total_s = loop.time() - begun_s
    async with databases[0].read() as session:
        times = select(ImageRow.started_at_s, JobRow.created_at_s).join(JobRow, JobRow.id == ImageRow.job_id)
        waits = sorted((started or 0.0) - created for started, created in await session.execute(times))
    for task in reporting:
        task.cancel()
    await asyncio.gather(*reporting, return_exceptions=True)
    for worker in workers:
        await worker.stop()
    for database in databases:
        await database.close()
    loads = sum(worker.runner.num_loads for worker in workers if isinstance(worker.runner, LoraPaintRunner))
    figures = (mean(waits), waits[len(waits) // 2], waits[int(len(waits) * 0.95)], waits[-1], total_s)
    return Measured(lora_wait_s, loads, *(round(figure, 3) for figure in figures))


def lora_row(n: int) -> LoraRow:
    return LoraRow(
        label=f"l{n}",
        name=f"l{n}",
        version=None,
        sha256=f"{n:064x}",
        short_hash=f"{n:012x}",
        num_bytes=1,
        rank=4,
        num_modules=1,
        has_text_encoder=False,
        trigger=None,
        title=None,
        base_model=None,
        file_metadata={},
        loaded_at_s=0.0,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=240)
    parser.add_argument("--rate", type=float, default=6.0, help="jobs a second")
    parser.add_argument("--loras", type=int, default=12)
    parser.add_argument("--room", type=int, default=4, help="LoRAs that a worker holds in memory")
    parser.add_argument("--step-s", type=float, default=0.05)
    parser.add_argument("--load-s", type=float, default=0.4)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = vars(parser.parse_args())
    json_path = options.pop("json")
    load = Load(**options)
    measured: list[Measured] = []
    servers = started_postgres_server()
    server = next(servers)
    with tempfile.TemporaryDirectory() as folder:
        for n, lora_wait_s in enumerate((0.0, 1.0)):
            result = asyncio.run(measure(server, Path(folder) / f"{n}", load, lora_wait_s, f"claims_{n}"))
            measured.append(result)
            print(json.dumps(asdict(result)), flush=True)
    next(servers, None)
    if json_path is not None:
        json_path.write_text(json.dumps({"load": asdict(load), "measured": list(map(asdict, measured))}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
