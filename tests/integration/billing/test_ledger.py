"""The ledger under whatever happens to jobs: the balance is the sum of its rows and never below zero; no picture is
charged twice; what was not delivered is given back."""

import asyncio
import contextlib
import secrets
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from server.billing import ledger
from server.billing.charges import Charges
from server.billing.errors import AccountNeeded, InsufficientCredit, NothingToTake, NotRefundable
from server.billing.prices import share
from server.billing.purchases import Purchases
from server.billing.service import Billing
from server.db.models import ImageRow, JobRow
from server.db.session import Database
from server.queue import claims, states
from server.queue.deletion import remove_jobs
from server.queue.model import ImageStatus, JobError
from server.queue.states import Lease
from tests.integration.billing.conftest import CHARGES, PRICE, RATE, add_account, books
from tests.support.builders import draft
from tests.support.jobs_harness import JobsHarness, image_statuses

LEASE_OWNER = "1" * 32 + "/a"
STORED = {"content_type": "image/png", "num_bytes": 1, "storage_key": "a", "thumbnail_key": None, "started_at_s": 0.0}
STORED |= {"encode_s": 0.0, "step_share_s": 0.0, "decode_s": 0.0}
NO_BYTES = JobError("internal", "it failed")

OF_IMAGES = ("store", "store again", "fail", "late")
OF_JOBS = ("accept", "cancel", "crash", "give up", "delete", "refund")
OPERATIONS = st.lists(
    st.tuples(st.sampled_from([*OF_IMAGES, *OF_JOBS, "grant", "take"]), st.integers(1, 3)), min_size=4, max_size=14
)


class Story:
    """One owner's jobs, driven by hand: nothing makes images."""

    def __init__(self, harness: JobsHarness, billing: Billing, owner: str) -> None:
        self.database = harness.database
        self.harness = harness
        self.billing = billing
        self.owner = owner
        self.jobs: list[str] = []
        self.leases: dict[str, list[Lease]] = {}
        self.deleted: set[str] = set()

    async def step(self, what: str, number: int) -> None:
        job_id = self.jobs[-number] if number <= len(self.jobs) else None
        if what == "accept":
            await self.accept(number)
        elif what == "grant":
            await self.billing.grant(self.owner, number * PRICE, "a gift", "operator")
        elif what == "take":
            await self.billing.adjust(self.owner, -number * PRICE // 2, "too much", "operator")
        elif job_id is None:
            return
        elif what in OF_IMAGES:
            await self.end_image(job_id, what)
        elif what == "cancel":
            await self.harness.service.cancel(job_id)
        elif what == "crash":
            await self.claim(job_id)
        elif what == "refund":
            await self.billing.refund(job_id, "sorry", "operator")
        elif what == "give up":
            async with self.database.write() as session:
                await states.expire_leases_of(session, LEASE_OWNER.partition("/")[0])
                await states.fail_stale(session, job_id, NO_BYTES)
        elif what == "delete":
            async with self.database.write() as session:
                self.deleted.update(await remove_jobs(session, JobRow.id == job_id))

    async def accept(self, num_images: int) -> None:
        wanted = draft(self.owner, num_images, steps=15 * num_images)  # up to 3 x 45 steps: more than a generation
        self.jobs.append((await self.harness.service.submit(wanted)).job_id)

    async def claim(self, job_id: str) -> None:
        """Also of a job whose process has died: its lease is over."""
        async with self.database.write() as session:
            await states.expire_leases_of(session, LEASE_OWNER.partition("/")[0])
        claimed = await claims.claim(self.database, job_id, LEASE_OWNER, 10)
        if claimed is not None:
            self.leases.setdefault(job_id, []).append(Lease(job_id, claimed.row.attempt))

    async def end_image(self, job_id: str, what: str) -> None:
        if job_id not in self.leases:
            await self.claim(job_id)
        leases = self.leases.get(job_id)
        statuses = await image_statuses(self.database, job_id)
        wanted = ImageStatus.DONE if what == "store again" else ImageStatus.QUEUED
        if leases is None or wanted not in statuses:
            return
        n, lease = statuses.index(wanted) + 1, leases[0 if what == "late" else -1]
        async with self.database.write() as session:
            if what == "fail":
                await states.fail_image(session, lease, n, NO_BYTES)
            else:
                await states.finish_image(session, lease, n, STORED)

    async def check(self) -> None:
        read = await books(self.database, self.owner)
        async with self.database.read() as session:
            jobs = {row.id: row for row in await session.scalars(select(JobRow).where(JobRow.owner == self.owner))}
            images = list(await session.scalars(select(ImageRow).where(ImageRow.job_id.in_(jobs))))
        assert set(jobs) == set(self.jobs) - self.deleted
        captures = {each.key for each in read.entries if each.kind == "capture"}
        done = {f"capture:{image.id}" for image in images if image.status == ImageStatus.DONE}
        assert done == {key for key in captures if key[8:40] in jobs}
        for job_id in self.jobs:
            rows = read.of_job(job_id)
            held = sum(row.held_change for row in rows)
            if job_id in self.deleted or jobs[job_id].finished_at_s is not None:
                assert held == 0
            else:
                price = jobs[job_id].price_micro_usd or 0
                stored = [image.n for image in images if image.job_id == job_id and image.status == ImageStatus.DONE]
                assert held == price - sum(share(price, n, jobs[job_id].num_images) for n in stored)


@pytest.fixture
def harness(database: Database, tmp_path: Path) -> JobsHarness:
    """Makes no images."""
    return JobsHarness(database, tmp_path, charges=CHARGES, max_queue=100_000)


@pytest.fixture
def billing(database: Database) -> Billing:
    return Billing(database, CHARGES, Purchases(database, (), None))


OWNERS = count()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operations=OPERATIONS)
async def test_the_balance_is_the_sum_of_its_rows_whatever_happens(
    harness: JobsHarness, billing: Billing, operations: list[tuple[str, int]]
) -> None:
    owner = await add_account(harness.database, f"story{next(OWNERS)}{secrets.token_hex(4)}")
    story = Story(harness, billing, owner)
    await billing.grant(owner, 3 * PRICE, "to begin with", "operator")
    for what, number in operations:
        with contextlib.suppress(InsufficientCredit, NothingToTake, NotRefundable):
            await story.step(what, number)
        await story.check()


async def test_what_each_end_of_a_job_costs(harness: JobsHarness, billing: Billing) -> None:
    owner = await add_account(harness.database, "a")
    await billing.grant(owner, 10 * PRICE, "a gift", "operator")
    story = Story(harness, billing, owner)

    await story.accept(2)
    await story.step("store", 1)
    await story.step("fail", 1)  # its last image: the job has ended
    read = await books(harness.database, owner)
    assert read.kinds(story.jobs[-1]) == ["hold", "capture", "release"]
    assert (read.available, read.held) == (10 * PRICE - PRICE // 2, 0)

    await story.accept(3)
    await story.step("store", 1)
    await story.step("cancel", 1)
    assert (await books(harness.database, owner)).kinds(story.jobs[-1]) == ["hold", "capture", "release"]

    await story.accept(1)
    await story.step("store", 1)
    assert (await books(harness.database, owner)).kinds(story.jobs[-1]) == ["hold", "capture"]
    before = (await billing.balance(owner)).available
    await story.step("refund", 1)
    assert (await billing.balance(owner)).available == before + PRICE
    with pytest.raises(NotRefundable, match="refunded before"):
        await story.step("refund", 1)


async def test_a_deleted_account_s_unfinished_jobs_give_back(harness: JobsHarness, billing: Billing) -> None:
    owner = await add_account(harness.database, "a")
    await billing.grant(owner, PRICE, "a gift", "operator")
    story = Story(harness, billing, owner)
    await story.accept(2)
    await story.step("store", 1)
    async with harness.database.write() as session:
        await remove_jobs(session, JobRow.owner == owner)
    read = await books(harness.database, owner)
    assert (read.available, read.held) == (PRICE // 2, 0)


async def test_free_credit_is_spent_first_and_ends_with_its_month(database: Database) -> None:
    owner = "user:a"
    november, december = 1_793_500_000.0, 1_796_700_000.0  # 2026-11-01, 2026-12-08
    async with database.write() as session:
        assert await ledger.balance(session, owner, 2 * PRICE, november) == ledger.Balance(2 * PRICE, 0, 2 * PRICE)
        await ledger.grant(session, owner, PRICE, "grant:1", "a gift", None)
        await ledger.hold(session, owner, "1" * 32, PRICE * 5 // 2, 2 * PRICE, november)
        balance = await ledger.balance(session, owner, 2 * PRICE, november)
        assert balance == ledger.Balance(PRICE // 2, PRICE * 5 // 2, 0)
        job = JobRow(id="1" * 32, owner=owner, price_micro_usd=PRICE * 5 // 2, num_images=5)
        await ledger.capture(session, job, 1)
        await ledger.release(session, job)
        balance = await ledger.balance(session, owner, 2 * PRICE, november)
        assert balance == ledger.Balance(PRICE * 5 // 2, 0, PRICE * 3 // 2)
        await ledger.hold(session, owner, "2" * 32, PRICE, 2 * PRICE, december)  # November's rest is gone
        balance = await ledger.balance(session, owner, 2 * PRICE, december)
        assert balance == ledger.Balance(2 * PRICE, PRICE, PRICE)
        with pytest.raises(InsufficientCredit) as refused:
            await ledger.hold(session, owner, "3" * 32, 3 * PRICE, 2 * PRICE, december)
        assert (refused.value.needed, refused.value.available) == (3 * PRICE, 2 * PRICE)
    read = await books(database, owner)
    assert read.pockets == {"": (PRICE, 0), "2026-11": (0, 0), "2026-12": (PRICE, PRICE)}


async def test_who_pays(database: Database, tmp_path: Path) -> None:
    free = Charges(RATE, monthly_free=PRICE)
    service = JobsHarness(database, tmp_path, charges=free).service
    await add_account(database, "a")
    with pytest.raises(AccountNeeded):
        await service.submit(draft("anon:1"))
    for_operator = await service.submit(draft("operator"))
    for_end_user = await service.submit(draft("user:a", key_id="k", end_user="eve"))
    with pytest.raises(InsufficientCredit):
        await service.submit(draft("user:a"))
    async with database.read() as session:
        assert (await session.get_one(JobRow, for_operator.job_id)).price_micro_usd is None
        assert (await session.get_one(JobRow, for_end_user.job_id)).price_micro_usd == PRICE


async def test_200_jobs_at_the_same_time_spend_a_balance_for_10(database_url: str, tmp_path: Path) -> None:
    """Over the databases and services of two processes."""
    databases = [Database(database_url), Database(database_url)]
    await databases[0].migrate()
    owner = await add_account(databases[0], "a")
    async with databases[0].write() as session:
        await ledger.grant(session, owner, 10 * PRICE, "grant:1", "a gift", None)
    harnesses = [
        JobsHarness(each, tmp_path / str(n), charges=CHARGES, max_queue=1000) for n, each in enumerate(databases)
    ]
    submitted = (harnesses[n % 2].service.submit(draft(owner, 1)) for n in range(200))
    results = await asyncio.gather(*submitted, return_exceptions=True)
    assert sum(isinstance(each, InsufficientCredit) for each in results) == 190, results
    read = await books(databases[0], owner)
    assert (read.available, read.held, read.kinds().count("hold")) == (0, 10 * PRICE, 10)
    for each in databases:
        await each.close()


async def test_holds_without_another_lock_are_exact(database_url: str) -> None:
    """The lock of the queue is not what makes them so. The month's free credit is granted once too."""
    databases = [Database(database_url), Database(database_url)]
    await databases[0].migrate()
    async with databases[0].write() as session:
        await ledger.grant(session, "user:a", 4 * PRICE, "grant:1", "a gift", None)

    async def hold(n: int) -> bool:
        try:
            async with databases[n % 2].write() as session:
                await ledger.hold(session, "user:a", f"{n:032}", PRICE, 2 * PRICE, 0.0)
        except InsufficientCredit:
            return False
        return True

    assert sum(await asyncio.gather(*map(hold, range(40)))) == 6
    assert (await books(databases[0], "user:a")).pockets == {"": (0, 4 * PRICE), "1970-01": (0, 2 * PRICE)}
    for each in databases:
        await each.close()
