"""The daily roll-ups are the counts over the rows, whatever happens to jobs and images, and in whatever order."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from pipelines.spec import LoraRef, Source
from server.accounts.service import claim_anonymous_work
from server.billing import ledger
from server.billing.charges import Charges
from server.billing.prices import Rate
from server.db.billing_models import CreditEntryRow
from server.db.clock import DAY_S
from server.db.history_models import EngagementRow
from server.db.migrations.versions.m0019_overview import fill_in
from server.db.models import ImageRow, JobRow, LoraRow
from server.db.session import Database
from server.db.usage_models import ActiveDayRow, TallyRow
from server.gallery.engagement import Engagement
from server.queue import states
from server.queue.deletion import Remover, remove_jobs
from server.queue.model import ImageDraft, ImageStatus, JobDraft, JobError, JobStatus
from server.queue.states import Lease
from server.tallies.days import Measure, add
from server.tallies.histogram import FIRST_S, GROWTH, bucket_of, percentile
from tests.support.builders import draft
from tests.support.jobs_harness import JobsHarness, columns_of

LEASE_OWNER = "1" * 32 + "/a"
LORA = LoraRef("jade", "1", "a" * 64, 0.8)
CODES = ("nan", "internal")
Sums = Counter[tuple[str, str]]


class Story:
    """Jobs of one account, driven by hand. `images` and `jobs` are the rows as they were before they were deleted."""

    def __init__(self, database: Database, harness: JobsHarness, chance: random.Random) -> None:
        self.database = database
        self.harness = harness
        self.chance = chance
        self.engagement = Engagement(database, Remover(database, harness.store, lambda job_id: None))
        self.images: dict[str, dict] = {}
        self.jobs: dict[str, dict] = {}

    async def step(self, may_delete: bool = True) -> None:
        deletions = ["delete", "remove"] if may_delete else []
        what = self.chance.choice(["accept", "image", "image", "image", "end", "act", "act", *deletions])
        images = await self.rows(ImageRow)
        ended = [image for image in images if image.status == ImageStatus.DONE]
        queued = [image for image in images if image.status == ImageStatus.QUEUED]
        if what == "accept" or not images:
            await self.accept(ended)
        elif what == "image" and queued:
            await self.end_image(self.chance.choice(queued))
        elif what == "end" and self.chance.random() < 0.5:
            await self.end_job(self.chance.choice(images).job_id)
        elif what == "act" and ended:
            await self.act(self.chance.choice(ended))
        elif what == "delete" and ended:
            await self.keep()
            await self.engagement.delete([image.id for image in self.chance.sample(ended, 1)], lambda *_: True)
        elif what == "remove" and self.chance.random() < 0.3:
            await self.keep()
            async with self.database.write() as session:
                await remove_jobs(session, JobRow.id == self.chance.choice(images).job_id)

    async def accept(self, ended: list[ImageRow]) -> None:
        wanted = draft(owner="user:1", num_images=self.chance.randint(1, 3))
        specs = [replace(image.spec, loras=(LORA,)) for image in wanted.images]
        if ended and self.chance.random() < 0.5:
            source = Source("b" * 64, 16, 16, from_image=self.chance.choice(ended).id)
            specs = [replace(spec, source=source) for spec in specs]
        images = tuple(ImageDraft(spec) for spec in specs)
        repeats = self.chance.choice(ended).job_id if ended and self.chance.random() < 0.3 else None
        await self.harness.service.submit(JobDraft("generate", wanted.requester, "a", images, repeats=repeats))

    async def end_image(self, image: ImageRow) -> None:
        async with self.database.write() as session:
            row = await session.get_one(JobRow, image.job_id)
            if row.status == JobStatus.QUEUED:
                await states.claim(session, image.job_id, LEASE_OWNER, 60)
        async with self.database.write() as session:
            attempt = await session.scalar(select(JobRow.attempt).where(JobRow.id == image.job_id)) or 0
            lease, what = Lease(image.job_id, attempt), self.chance.random()
            times = {"started_at_s": row.created_at_s + self.chance.random() * 9, "encode_s": 0.25, "prepare_s": 0.5}
            times |= {"step_share_s": self.chance.randint(1, 9) / 4, "decode_s": 0.125}
            if what < 0.6:
                stored = {
                    "content_type": "image/png",
                    "num_bytes": self.chance.randint(1, 999),
                    "storage_key": image.id,
                }
                await states.finish_image(session, lease, image.n, {**stored, **times})
            elif what < 0.8:
                await states.block_image(session, lease, image.n, times)
            else:
                await states.fail_image(session, lease, image.n, JobError(self.chance.choice(CODES), "it failed"))

    async def end_job(self, job_id: str) -> None:
        if self.chance.random() < 0.5:
            await self.harness.service.cancel(job_id)
            return
        async with self.database.write() as session:
            await states.expire_leases_of(session, "1" * 32)
            await states.fail_stale(session, job_id, JobError("given_up", "too often"))

    async def act(self, image: ImageRow) -> None:
        what = self.chance.random()
        if what < 0.4:
            await self.engagement.count_downloads([image.id])
        else:
            await self.engagement.set_favorite(image.id, what < 0.8)

    async def keep(self) -> None:
        """Before a deletion."""
        self.jobs |= {job.id: columns_of(job) for job in await self.rows(JobRow)}
        for image in await self.rows(ImageRow):
            if image.status != ImageStatus.DELETED:
                self.images[image.id] = columns_of(image)

    async def rows(self, table: type) -> list:
        async with self.database.read() as session:
            return list(await session.scalars(select(table).options(undefer("*"))))

    async def counted(self) -> Sums:
        """Over all rows that there are or were."""
        await self.keep()
        live = await self.rows(ImageRow)
        alive = {job.id for job in await self.rows(JobRow)}
        sums = Sums({("jobs", ""): len(self.jobs), ("bytes", ""): sum(image.num_bytes or 0 for image in live)})
        for job in self.jobs.values():
            unmade = [
                image["n"]
                for image in self.images.values()
                if image["job_id"] == job["id"] and image["status"] == ImageStatus.QUEUED
            ]
            if job["status"] == JobStatus.FAILED:
                sums["jobs_failed", job["error_code"]] += 1
                sums["failed", job["error_code"]] += len(unmade)
            elif job["status"] == JobStatus.CANCELLED or (job["id"] not in alive and not job["finished_at_s"]):
                sums["jobs_cancelled", ""] += 1
                sums["cancelled", ""] += len(unmade)
        for image in self.images.values():
            if image["status"] == ImageStatus.FAILED:
                sums["failed", image["error_code"]] += 1
            sums["blocked", ""] += image["status"] == ImageStatus.BLOCKED
            if image["status"] == ImageStatus.DONE:
                self.count_stored(image, sums)
        for action in await self.rows(EngagementRow):
            if action.kind == "downloaded":
                sums["downloads", ""] += 1
                sums["egress_bytes", ""] += self.images[action.image_id]["num_bytes"]
        for entry in await self.rows(CreditEntryRow):
            if entry.kind == "capture":
                sums["free" if entry.pocket else "charged", ""] -= entry.held_change
        return Sums({key: value for key, value in sums.items() if value})

    def count_stored(self, image: dict, sums: Sums) -> None:
        sums["images", ""] += 1
        sums["lora_images", "jade/1"] += 1
        sums["lora_favorites", "jade/1"] += image["is_favorite"]
        sums["favorites", ""] += image["is_favorite"]
        sums["downloaded", ""] += image["downloads"] > 0
        sums["remade", ""] += image["is_remade"]
        sums["varied", ""] += image["is_varied"]
        times = ("encode_s", "step_share_s", "decode_s", "prepare_s")
        sums["gpu_s", ""] += sum(image[name] for name in times)  # pyright: ignore[reportArgumentType]
        wait_s = image["started_at_s"] - self.jobs[image["job_id"]]["created_at_s"]
        sums["wait", str(bucket_of(wait_s))] += 1


async def tallies(database: Database, which: ColumnElement[bool] | None = None) -> Sums:
    """Over all days."""
    sums = Sums()
    async with database.read() as session:
        for row in await session.scalars(select(TallyRow) if which is None else select(TallyRow).where(which)):
            sums[row.measure, row.label] += row.value  # pyright: ignore[reportArgumentType]
    return Sums({key: value for key, value in sums.items() if value})


@pytest.fixture
async def story(database: Database, tmp_path: Path, people: None) -> Story:
    charges = Charges(Rate(10_000, 128 * 128), 30_000)
    harness = JobsHarness(database, tmp_path, LEASE_OWNER, charges=charges, max_queue=1000)
    async with database.write() as session:
        facts = {"name": "jade", "version": "1", "short_hash": "a" * 12, "num_bytes": 1, "rank": 4, "num_modules": 1}
        session.add(
            LoraRow(
                label="jade-v1", sha256=LORA.sha256, has_text_encoder=False, file_metadata={}, loaded_at_s=0.0, **facts
            )
        )
        await ledger.grant(session, "user:1", 10_000_000, "grant:a", "a gift", None)
    return Story(database, harness, random.Random(7))


async def test_they_are_the_counts_over_the_rows(database: Database, story: Story) -> None:
    for _ in range(150):
        await story.step()
    counted, kept = await story.counted(), await tallies(database)
    byte_s = kept.pop(("byte_s", ""))
    assert kept == pytest.approx(counted)
    assert {measure for measure, _ in counted} == {each.value for each in Measure} - {
        "byte_s",
        "refunded",
        "sold",
        "up_s",
        "busy_s",
        "start_s",
    }  # each of them took place
    assert 0 < byte_s <= sum(image["num_bytes"] or 0 for image in story.images.values()) * DAY_S


async def test_the_update_fills_them_in_from_the_rows(database: Database, story: Story) -> None:
    for _ in range(80):
        await story.step(may_delete=False)
    kept, days = await tallies(database), await story.rows(ActiveDayRow)
    async with database.write() as session:
        await session.execute(delete(TallyRow))
        await session.execute(delete(ActiveDayRow))
        await session.execute(update(ImageRow).values(is_remade=False, is_varied=False))
        await (await session.connection()).run_sync(fill_in)
    filled = await tallies(database)
    of_blocked = filled.pop(("gpu_s", "")) - kept.pop(("gpu_s", ""))  # the earlier sums do not say them apart
    blocked = [image for image in await story.rows(ImageRow) if image.status == ImageStatus.BLOCKED]
    assert of_blocked == pytest.approx(sum(image.gpu_s for image in blocked)) and blocked
    assert filled == pytest.approx(kept)
    now = [(row.day, row.owner, row.is_first) for row in await story.rows(ActiveDayRow)]
    assert now == [(row.day, row.owner, row.is_first) for row in days]


async def test_a_refund_undoes_what_was_charged(database: Database, story: Story) -> None:
    while not (ended := [job for job in await story.rows(JobRow) if job.status == JobStatus.COMPLETED]):
        await story.step(may_delete=False)
    before = await tallies(database)
    async with database.write() as session:
        _, amount = await ledger.refund(session, ended[0].id, "sorry", "operator")
    after = await tallies(database)
    refunded, free = after["refunded", ""], before["free", ""] - after["free", ""]
    assert (refunded + free, after["charged", ""]) == (amount, before["charged", ""])


async def test_what_people_do_counts_on_the_day_of_the_image(database: Database, story: Story) -> None:
    while not (images := [each for each in await story.rows(ImageRow) if each.status == ImageStatus.DONE]):
        await story.step()
    image = images[0]
    before = image.finished_at_s or 0.0
    async with database.write() as session:
        moved = {"finished_at_s": before - 3 * DAY_S, "is_favorite": False}
        await session.execute(update(ImageRow).where(ImageRow.id == image.id).values(**moved))
    await story.engagement.set_favorite(image.id, True)
    await story.engagement.set_favorite(image.id, True)
    await story.engagement.count_downloads([image.id])
    of_that_day = await tallies(database, TallyRow.day == int(before // DAY_S) - 3)
    assert of_that_day == {("favorites", ""): 1, ("lora_favorites", "jade/1"): 1, ("downloaded", ""): 1}


async def test_many_transactions_at_the_same_time_lose_nothing(database: Database, database_url: str) -> None:
    other = Database(database_url)

    async def one(on: Database, n: int) -> None:
        async with on.write() as session:
            for label in (str(n % 3), str((n + 1) % 3)):  # in another order each time
                add(session, Measure.WAIT, n % 2 * DAY_S, label=label)

    async def none() -> None:
        with pytest.raises(ZeroDivisionError):
            async with database.write() as session:
                add(session, Measure.WAIT, 0.0, label="0")
                _ = 1 // 0

    await asyncio.gather(*(one((database, other)[n % 2], n) for n in range(30)), none())
    await other.close()
    assert await tallies(database) == {("wait", label): 20 for label in "012"}


async def test_an_owner_s_days_move_to_the_account(database: Database, story: Story) -> None:
    async with database.write() as session:
        await add_days(session, {"anon:a": (3, 5), "user:1": (4, 5)})
        await claim_anonymous_work(session, "anon:a", "user:1")
    rows = await story.rows(ActiveDayRow)
    assert {(row.owner, row.day, row.is_first) for row in rows} == {
        ("user:1", 3, True),
        ("user:1", 4, False),
        ("user:1", 5, False),
    }


async def add_days(session: AsyncSession, days: dict[str, tuple[int, ...]]) -> None:
    for owner, active in days.items():
        session.add_all(ActiveDayRow(day=day, owner=owner, is_first=day == active[0]) for day in active)
    await session.flush()


def test_percentiles_are_a_quarter_off_at_most() -> None:
    chance = random.Random(3)
    seconds = sorted(chance.lognormvariate(1.0, 1.5) for _ in range(2000))
    counts = Counter(map(bucket_of, seconds))
    for share in (0.05, 0.5, 0.95, 1.0):
        exact = seconds[max(0, round(share * len(seconds)) - 1)]
        found = percentile(counts, share)
        assert found is not None and exact / GROWTH <= found <= exact * GROWTH
    assert percentile({}, 0.5) is None
    assert [bucket_of(each) for each in (-1.0, 0.0, FIRST_S, FIRST_S * GROWTH, 1e12)] == [0, 0, 0, 1, 90]
