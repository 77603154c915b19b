"""The same arrivals for two real worker processes on PostgreSQL and for two simulated ones.

The workers are `python -m server` (the demo model at small sizes, or a runner that paints and sleeps). A third process,
this one, accepts the jobs as an api process does. The machine of the simulated ones is what the real ones measured."""

import asyncio
import math
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from dataclasses import replace as replace_field
from pathlib import Path
from statistics import mean
from typing import Any

from msgspec.structs import replace
from sqlalchemy import func, select

from pipelines.spec import seed_at
from scripts.fleet_simulation.demand import Arrival, Demand, Mix, arrivals, mix
from scripts.fleet_simulation.figures import quantile
from scripts.fleet_simulation.fleet import Fleet, jobs_per_s
from scripts.fleet_simulation.gpu import MeasuredGpu, Overheads
from server.db.models import ImageRow, JobRow, WorkerRow
from server.db.session import Database
from server.engine.limits import Limits
from server.queue import claims
from server.queue.model import BaseModelRef, ImageDraft, JobDraft, Requester
from server.queue.view import QueueView
from tests.fixtures.databases import started_postgres_server
from tests.support.jobs_harness import JobsHarness
from tests.support.servers.server_process import ROOT, ServerProcess
from tests.support.tiny_model import write_tiny_model

NUM_WORKERS = 2
READY_S = 120.0
METER_S = 0.5
NUM_RUNS = 10
NO_JOB = "0" * 32
PAINT = {"PAINT_STEP_S": "0.06", "PAINT_ROW_S": "0.008"}
MAX_DIFFERENCE = 0.15


@dataclass(frozen=True, slots=True)
class Seen:
    """Of one side: seconds from acceptance to the first step and to the end, by job; images a second from the first
    acceptance to the last end."""

    waits_s: Sequence[float]
    ends_s: Sequence[float]
    images_per_s: float

    def figures(self) -> dict[str, float]:
        return {
            "images_per_s": self.images_per_s,
            "wait_mean_s": sum(self.waits_s) / len(self.waits_s),
            "wait_median_s": quantile(self.waits_s, 0.5),
            "wait_p95_s": quantile(self.waits_s, 0.95),
            "end_median_s": quantile(self.ends_s, 0.5),
            "end_p95_s": quantile(self.ends_s, 0.95),
        }


def check(runner: str, seconds: float, seed: int, load: float) -> dict[str, Any]:
    """`figures` of both, and the greatest `difference` of throughput and waits, as a share of the real one."""
    jobs = _mix(runner)
    for server in started_postgres_server():
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            asyncio.run(server.execute("CREATE DATABASE fleet"))
            url = server.url("fleet")
            workers = [stack.enter_context(_worker(Path(folder), n, runner, url)) for n in range(NUM_WORKERS)]
            for worker in workers:
                worker.start()
            asked, real, lines, overheads = asyncio.run(_feed(url, Path(folder), jobs, seconds, seed, load))
            overheads = replace_field(overheads, turn_s=_turn_s(workers))
        compared = _compared(asked, real, _simulated(asked, lines, overheads))
        return compared | {"overheads": asdict(overheads)}
    raise AssertionError("no PostgreSQL")


def _mix(runner: str) -> Mix:
    if runner == "paint":
        return mix([(64, 64, 1.0)], [(12, 0.5), (24, 0.5)])
    return mix([(128, 128, 1.0)], [(8, 0.5), (16, 0.5)])


def _worker(folder: Path, number: int, runner: str, url: str) -> ServerProcess:
    """Also answers, but is not asked. Not started."""
    model = ROOT / "pipelines" / "demo"
    if runner == "paint":
        model = folder / "model"
        if not model.exists():
            write_tiny_model(model)
    place = folder / f"worker-{number}"
    place.mkdir()
    settings = {
        "STUDIO_BASE_MODEL": str(model),
        "STUDIO_DATABASE_URL": url,
        "STUDIO_LORA_DIR": str(folder / "loras"),
        "STUDIO_DEFAULT_MODEL": "base",
        **PAINT,
    }
    module = "tests.support.servers.painting_server" if runner == "paint" else "server"
    return ServerProcess(place, settings, module, is_preloaded=False)


async def _feed(
    url: str, folder: Path, jobs: Mix, seconds: float, seed: int, load: float
) -> tuple[list[Arrival], Seen, Mapping[str, Any], Overheads]:
    """Accept the arrivals at their times. What came of them, the cost lines that a worker measured, and what the
    database took meanwhile."""
    database = Database(url)
    async with asyncio.timeout(READY_S):
        while len(ready := await _ready(database)) < NUM_WORKERS:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    gpu, limits = MeasuredGpu(ready[0].cost_lines, Overheads()), Limits()
    rate = NUM_WORKERS * jobs_per_s(gpu, limits, jobs)
    demand = Demand(seconds, load, 30, lora_share=0.0, burst_gap_s=seconds / 2, burst_s=seconds / 10, seed=seed)
    asked = list(arrivals(demand, rate, jobs))
    base = BaseModelRef(ready[0].base_name, ready[0].base_sha256)
    api = JobsHarness(database, folder / "api", base_model=base, max_queue=100_000)
    peering = asyncio.create_task(api.peers.run())
    await asyncio.sleep(1.0)  # the workers know of it, and rest
    meter = Meter(database, api.view)
    metering = asyncio.create_task(meter.run())
    ids = await _submit(api, asked)
    async with asyncio.timeout(10 * seconds + 60):
        while await _num_unfinished(database):  # noqa: ASYNC110
            await asyncio.sleep(0.5)
    seen = await _seen(database, ids)
    lines = (await _ready(database))[0].cost_lines
    for task in (peering, metering):
        task.cancel()
    await asyncio.gather(peering, metering, return_exceptions=True)
    await database.close()
    return asked, seen, lines, meter.overheads


class Meter:
    """Times the calls that the workers make, from this process, which has the same queue and the same machine."""

    def __init__(self, database: Database, view: QueueView) -> None:
        self._database = database
        self._view = view
        self._refresh_s: list[float] = []
        self._lost_claim_s: list[float] = []

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            started_s = time.perf_counter()
            await self._view.refresh()
            read_s = time.perf_counter()
            await claims.claim(self._database, NO_JOB, "meter", 10.0)
            self._refresh_s.append(read_s - started_s)
            self._lost_claim_s.append(time.perf_counter() - read_s)
            await asyncio.sleep(METER_S)

    @property
    def overheads(self) -> Overheads:
        return Overheads(refresh_s=mean(self._refresh_s), lost_claim_s=mean(self._lost_claim_s))


def _turn_s(workers: Sequence[ServerProcess]) -> float:
    """Between two plans, by the metrics of the workers: the time of all turns less that of the model."""
    sums: Counter[str] = Counter()
    for worker in workers:
        for line in worker.http.get("/metrics").text.splitlines():
            name, _, value = line.partition(" ")
            if name in ("studio_turn_seconds_sum", "studio_turn_seconds_count", "studio_busy_seconds_total"):
                sums[name] += float(value)  # pyright: ignore[reportArgumentType]
    beside_s = sums["studio_turn_seconds_sum"] - sums["studio_busy_seconds_total"]
    return max(0.0, beside_s / max(1, sums["studio_turn_seconds_count"]))


async def _submit(api: JobsHarness, asked: Sequence[Arrival]) -> list[str]:
    loop = asyncio.get_running_loop()
    started_s, ids = loop.time(), list[str]()
    for arrival in asked:
        await asyncio.sleep(max(0.0, started_s + arrival.at_s - loop.time()))
        first = arrival.spec
        specs = [first.with_seed(seed_at(first.sampling.seed, n)) for n in range(arrival.num_images)]
        images = tuple(ImageDraft(replace(spec, quality="low")) for spec in specs)
        owner = arrival.owner.replace("user:", "ip:")
        ids.append((await api.service.submit(JobDraft("generate", Requester(owner), first.prompt, images))).job_id)
    return ids


async def _ready(database: Database) -> list[WorkerRow]:
    async with database.read() as session:
        return list(await session.scalars(select(WorkerRow).where(WorkerRow.state == "ready").order_by(WorkerRow.id)))


async def _num_unfinished(database: Database) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).where(JobRow.finished_at_s.is_(None))) or 0


async def _seen(database: Database, ids: Sequence[str]) -> Seen:
    times = (
        select(JobRow.created_at_s, func.min(ImageRow.started_at_s), JobRow.finished_at_s, func.count())
        .join(ImageRow, ImageRow.job_id == JobRow.id)
        .where(JobRow.status == "completed", ImageRow.status == "done")
        .group_by(JobRow.id)
    )
    async with database.read() as session:
        rows = [(a, b, c, n) for a, b, c, n in await session.execute(times) if b is not None and c is not None]
    if len(rows) != len(ids):
        raise RuntimeError(f"{len(ids)} jobs were accepted, {len(rows)} are completed")
    duration_s = max(end for _, _, end, _ in rows) - min(at for at, *_ in rows)
    return Seen(
        [begun - at for at, begun, _, _ in rows],
        [end - at for at, _, end, _ in rows],
        sum(num for *_, num in rows) / duration_s,
    )


def _simulated(asked: Sequence[Arrival], cost_lines: Mapping[str, Any], overheads: Overheads) -> dict[str, float]:
    """Mean figures of some runs: which worker is faster at a claim is chance."""
    sizes_px = tuple({arrival.spec.num_px for arrival in asked})
    figures: list[dict[str, float]] = []
    for seed in range(NUM_RUNS):
        run = Fleet(NUM_WORKERS, MeasuredGpu(cost_lines, overheads), sizes_px=sizes_px, seed=seed).make(asked)
        duration_s = run.last_end_s - min(job.at_s for job in run.ended)
        seen = Seen(
            [job.wait_s for job in run.ended],
            [job.ended_s - job.at_s for job in run.ended],
            sum(job.num_made for job in run.ended) / duration_s,
        )
        figures.append(seen.figures())
    return {name: mean(each[name] for each in figures) for name in figures[0]}


def _compared(asked: Sequence[Arrival], real: Seen, simulated: Mapping[str, float]) -> dict[str, Any]:
    both = {"real": real.figures(), "simulated": simulated}
    differences = {name: both["simulated"][name] / both["real"][name] - 1 for name in both["real"]}
    compared = ("images_per_s", "wait_mean_s", "wait_p95_s", "end_median_s", "end_p95_s")
    return {
        "jobs": len(asked),
        "images": sum(arrival.num_images for arrival in asked),
        "figures": both,
        "differences": differences,
        "difference": max((abs(differences[name]) for name in compared), default=math.nan),
    }
