"""How long the operator's overview of 30 days takes: `python scripts/measure/overview.py [--database-url URL]`.

Fills an empty database (default: an SQLite file in a temporary folder) with jobs of 60 days, four images each, with the
roll-ups that their transactions would have kept, and prints how long the overview of the last 30 days takes: first, and
the median of 20.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from pipelines.spec import ImageSpec, LoraRef, Output, Pass, Sampling  # noqa: E402
from server.db.clock import DAY_S, now_s  # noqa: E402
from server.db.models import ImageRow, JobRow  # noqa: E402
from server.db.session import Database  # noqa: E402
from server.db.usage_models import ActiveDayRow, GenerationRow, TallyRow  # noqa: E402
from server.tallies import days, facts  # noqa: E402
from server.tallies.days import Measure  # noqa: E402
from server.tallies.histogram import bucket_of  # noqa: E402
from server.usage.costs import Prices  # noqa: E402
from server.usage.overview import Overview  # noqa: E402

NUM_DAYS = 60
SHOWN_DAYS = 30
IMAGES_A_JOB = 4
JOBS_A_TRANSACTION = 2500
NUM_OWNERS = 20_000
LORAS = [LoraRef(f"lora{n}", str(version), f"{n:032x}{version:032x}", 0.8) for n in range(100) for version in (1, 2)]
PRICES = Prices(gpu_hour=0.44, storage_gb_month=0.02, egress_gb=0.09)

Rows = dict[type, list[dict[str, Any]]]


class Filler:
    def __init__(self, database: Database, now: float) -> None:
        self._database = database
        self._now = now
        self._chance = random.Random(1)
        self._seen: set[str] = set()
        self._active: set[tuple[int, str]] = set()

    async def fill(self, num_images: int) -> None:
        num_jobs = num_images // IMAGES_A_JOB
        for first in range(0, num_jobs, JOBS_A_TRANSACTION):
            numbers = range(first, min(num_jobs, first + JOBS_A_TRANSACTION))
            rows: Rows = {JobRow: [], ImageRow: [], GenerationRow: [], ActiveDayRow: []}
            async with self._database.write() as session:
                for number in numbers:
                    at_s = self._now - NUM_DAYS * DAY_S * (1 - number / num_jobs)
                    self._add_job(session, rows, f"{number:032x}", at_s)
                for table, values in rows.items():
                    if values:
                        await session.execute(insert(table.__table__), values)  # pyright: ignore[reportAttributeAccessIssue]

    def _add_job(self, session: Any, rows: Rows, job_id: str, at_s: float) -> None:
        owner = f"user:{min(int(self._chance.paretovariate(0.4)), NUM_OWNERS)}"
        day, lora = days.day_of(at_s), self._chance.choice(LORAS)
        rows[JobRow].append(_job(job_id, owner, at_s))
        days.add(session, Measure.JOBS, at_s)
        if (day, owner) not in self._active:
            self._active.add((day, owner))
            rows[ActiveDayRow].append({"day": day, "owner": owner, "is_first": owner not in self._seen})
            self._seen.add(owner)
        images = list(self._images(session, job_id, at_s, lora))
        rows[ImageRow] += images
        usage = {"num_images": len(images), "num_finished": len(images), "gpu_s": 1.5 * len(images)}
        who = {"owner": owner, "counted_by": owner, "created_at_s": at_s, "day": day, "reserved_gpu_s": 0.0}
        rows[GenerationRow].append({"job_id": job_id, **who, **usage})

    def _images(self, session: Any, job_id: str, at_s: float, lora: LoraRef) -> Iterator[dict[str, Any]]:
        for n in range(1, IMAGES_A_JOB + 1):
            is_favorite, num_bytes = self._chance.random() < 0.1, self._chance.randint(90_000, 400_000)
            wait_s = self._chance.lognormvariate(0, 1.5)
            for measure, amount in ((Measure.IMAGES, 1.0), (Measure.GPU_S, 1.5), (Measure.FAVORITES, is_favorite)):
                days.add(session, measure, at_s, amount)
            days.add(session, Measure.WAIT, at_s, label=str(bucket_of(wait_s)))
            days.add(session, Measure.LORA_IMAGES, at_s, label=facts.label_of(lora))
            days.add(session, Measure.LORA_FAVORITES, at_s, is_favorite, facts.label_of(lora))
            facts.bytes_changed(session, num_bytes, at_s)
            yield _image(job_id, n, at_s + wait_s, lora) | {"num_bytes": num_bytes, "is_favorite": is_favorite}


def _job(job_id: str, owner: str, at_s: float) -> dict[str, Any]:
    return {
        "id": job_id,
        "owner": owner,
        "status": "completed",
        "prompt": "red dress, beach sunset",
        "num_images": IMAGES_A_JOB,
        "base_name": "measured",
        "base_sha256": "0" * 64,
        "created_at_s": at_s,
        "started_at_s": at_s,
        "finished_at_s": at_s + 10,
    }


def _image(job_id: str, n: int, started_at_s: float, lora: LoraRef) -> dict[str, Any]:
    sampling, size = Sampling("euler", 30, 7.0, n), Pass(1024, 1024)
    return {
        "id": f"{job_id}-{n}",
        "job_id": job_id,
        "n": n,
        "status": "done",
        "spec": ImageSpec("red dress, beach sunset", "", sampling, (size,), (lora,), Output("jpeg")),
        "work": 60,
        "num_px": 1024 * 1024,
        "rows": 2,
        "content_type": "image/jpeg",
        "storage_key": f"{job_id}-{n}.jpeg",
        "started_at_s": started_at_s,
        "finished_at_s": started_at_s + 6,
        "encode_s": 0.1,
        "step_share_s": 1.2,
        "decode_s": 0.2,
    }


async def measure(url: str, num_images: int) -> None:
    database = Database(url)
    await database.migrate()
    async with database.read() as session:
        now = await session.scalar(select(now_s())) or 0.0
    started_s = time.perf_counter()
    await Filler(database, now).fill(num_images)
    print(f"filled in {time.perf_counter() - started_s:.0f} s")
    async with database.read() as session:
        for table in (ImageRow, JobRow, TallyRow, ActiveDayRow):
            print(f"{table.__tablename__}: {await session.scalar(select(func.count()).select_from(table)):,} rows")
    overview, seconds = Overview(database, PRICES), list[float]()
    last_day = await overview.today()
    for _ in range(21):
        started_s = time.perf_counter()
        report = await overview.report(last_day - SHOWN_DAYS + 1, last_day)
        seconds.append(time.perf_counter() - started_s)
    await database.close()
    total = report.total  # pyright: ignore[reportPossiblyUnboundVariable]
    print(f"30 days: {total.jobs:,} generations, {total.images:,} images, {total.users:,} users")
    print(f"overview: {seconds[0] * 1000:.0f} ms first, {statistics.median(seconds[1:]) * 1000:.0f} ms after that")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database-url", help="SQLAlchemy address of an empty database")
    parser.add_argument("--images", type=int, default=1_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        address = asked.database_url or f"sqlite+aiosqlite:///{temporary}/studio.db"
        asyncio.run(measure(address, asked.images))
