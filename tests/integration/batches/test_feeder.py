"""The feeder: each line becomes one job, whatever crashes and however many feed; credit and the base model count."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select, update

from server.batches import reader as reader_module
from server.batches.feeder import BatchFeeder
from server.batches.model import BatchState, CheckedBatch, LineDraft, ReadLine
from server.batches.reader import BatchReader
from server.batches.service import Batches, BatchOrder
from server.billing import ledger
from server.billing.errors import InsufficientCredit
from server.db.batch_models import BatchLineRow
from server.db.models import ImageRow, JobRow
from server.db.session import Database
from server.generation.requests import GenerateRequest
from server.queue.model import BaseModelRef, ImageStatus, Requester
from server.queue.quotas import Quotas
from tests.integration.billing.conftest import CHARGES, PRICE, books
from tests.support.builders import image_spec, request_policy
from tests.support.fake_runner import PaintRunner
from tests.support.jobs_harness import BASE, JobsHarness, until

pytestmark = pytest.mark.usefixtures("people")
ADA = Requester("user:1")
POLICY = request_policy(min_size_px=16)


class Shop:
    """A process with an api half for batches."""

    def __init__(self, database: Database, folder: Path, max_jobs: int = 10, **options: Any) -> None:
        self.jobs = JobsHarness(database, folder, **options)
        base = options.get("base_model", BASE)
        self.feeder = BatchFeeder(database, self.jobs.service, base, max_jobs, max_images=8)
        self.reader = BatchReader(database, self.jobs.reader, self.jobs.progress)
        charges = options.get("charges")
        self.batches = Batches(
            database,
            self.jobs.service,
            POLICY,
            self.jobs.progress,
            base,
            Quotas(),
            charges,
            self.feeder.wake,
        )
        self._feeding: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.jobs.start()
        self._feeding = asyncio.create_task(self.feeder.run())

    async def kill(self) -> None:
        if self._feeding is not None:
            self._feeding.cancel()
            await asyncio.gather(self._feeding, return_exceptions=True)
        await self.jobs.kill()

    async def accept(self, num_lines: int, requester: Requester = ADA, **fields: Any) -> str:
        answer = await self.batches.accept(
            BatchOrder(requester, "test", False), await self.checked(num_lines, **fields)
        )
        assert answer.batch_id is not None
        return answer.batch_id

    async def checked(self, num_lines: int, **fields: Any) -> CheckedBatch:
        quick: dict[str, Any] = {"num_images": 2, "steps": 2, "width": 16, "height": 16, "model_name": None} | fields
        read = [
            ReadLine(n, f"dress {n}", GenerateRequest(**({"prompt": f"dress {n}", "seed": 100 * n} | quick)))
            for n in range(1, num_lines + 1)
        ]
        return await self.batches.check(ADA, read, {})

    async def ended(self, batch_id: str) -> BatchState:
        async with asyncio.timeout(30):
            while True:
                state = await self.reader.state(batch_id)
                assert state is not None
                if state.has_ended:
                    return state
                await asyncio.sleep(0.02)


async def counts(database: Database) -> tuple[int, int, int]:
    """Jobs, lines that are a job, images that are done."""
    async with database.read() as session:
        num_jobs = await session.scalar(select(func.count()).select_from(JobRow))
        fed = select(func.count(func.distinct(BatchLineRow.job_id))).where(BatchLineRow.status == "fed")
        done = select(func.count()).select_from(ImageRow).where(ImageRow.status == ImageStatus.DONE)
        return num_jobs or 0, await session.scalar(fed) or 0, await session.scalar(done) or 0


async def test_each_line_is_made_once_though_the_server_is_killed_twice(database: Database, tmp_path: Path) -> None:
    painted = 0
    batch_id = ""
    for life in range(3):
        runner = PaintRunner(step_s=0.002)
        shop = Shop(database, tmp_path, runner=runner, lease_owner="1" * 32 + f"/{life}")
        batch_id = batch_id or await shop.accept(24)
        shop.start()
        if life < 2:
            await until(lambda made=runner.painted: made.total() >= 10, 20)
            await shop.kill()
            painted += runner.painted.total()
            continue
        state = await shop.ended(batch_id)
        assert (state.status, state.counts, state.images_completed) == ("completed", {"completed": 24}, 48)
        assert state.remaining_s == 0
        files = [file async for file in shop.reader.files(batch_id)]
        assert [(file.line, file.seed) for file in files] == [
            (n, 100 * n + index) for n in range(1, 25) for index in (0, 1)
        ]
        assert len({file.filename for file in files}) == len({file.storage_key for file in files}) == 48
        await shop.kill()
    assert painted >= 20
    assert await counts(database) == (24, 24, 48)


async def test_two_processes_that_feed_make_each_line_a_job_once(database: Database, tmp_path: Path) -> None:
    shops = [Shop(database, tmp_path / name, max_jobs=100) for name in "ab"]
    await shops[0].accept(3)
    others = [Requester("user:2"), Requester("user:42")]
    for other in others:
        await shops[0].accept(3, other)
    await asyncio.gather(*(shop.feeder.run_once() for shop in shops for _ in range(2)))
    assert await counts(database) == (9, 9, 0)
    for shop in shops:
        await shop.kill()


async def test_a_caller_has_a_few_jobs_ahead_and_callers_take_turns(database: Database, tmp_path: Path) -> None:
    shop = Shop(database, tmp_path, max_jobs=6)
    await shop.accept(20)
    await shop.accept(20)
    other = await shop.accept(20, Requester("user:2"))
    assert await shop.feeder.run_once()
    async with database.read() as session:
        by_owner = dict(
            (await session.execute(select(JobRow.owner, func.count()).group_by(JobRow.owner))).tuples().all()
        )
    assert by_owner == {"user:1": 3, "user:2": 3}  # of two images each: 4 would be 8 images
    await shop.batches.cancel(other)
    await shop.feeder.run_once()
    assert (await counts(database))[0] == 6 + 1
    candidates = [candidate.in_batch for candidate in shop.jobs.view.backlog]
    assert candidates == [True] * 4
    await shop.kill()


async def test_a_batch_is_accepted_if_it_can_be_paid_and_waits_for_credit_where_it_was_spent(
    database: Database, tmp_path: Path
) -> None:
    shop = Shop(database, tmp_path, charges=CHARGES)
    async with database.write() as session:
        await ledger.grant(session, "user:1", 3 * PRICE, "grant:1", None, None)
    with pytest.raises(InsufficientCredit):
        await shop.accept(4)
    assert (await shop.batches.dry_run(ADA, await shop.checked(4))).price_micro_usd == 4 * PRICE
    batch_id = await shop.accept(3)
    async with database.write() as session:
        await ledger.adjust(session, "user:1", -PRICE, "adjust:1", "spent", None)
    await shop.feeder.run_once()
    state = await shop.reader.state(batch_id)
    assert state is not None and state.counts == {"queued": 2, "waiting": 1}
    assert "this costs $0.50" in (state.detail or "")
    assert (await books(database, "user:1")).held == 2 * PRICE
    assert not await shop.feeder.run_once()  # it waits
    async with database.write() as session:
        await ledger.grant(session, "user:1", PRICE, "grant:2", None, None)
    await shop.batches.retry(batch_id)  # nothing has failed: it waits on
    await shop.feeder.run_once()
    assert (await books(database, "user:1")).held == 2 * PRICE
    await shop.batches.cancel(batch_id)
    ended = await shop.reader.state(batch_id)
    assert ended is not None and (ended.status, ended.counts) == ("cancelled", {"cancelled": 3})
    assert (await books(database, "user:1")).held == 0
    await shop.kill()


async def test_lines_of_another_base_model_are_refused_with_the_reason(database: Database, tmp_path: Path) -> None:
    shop = Shop(database, tmp_path)
    batch_id = await shop.accept(2)
    other = Shop(database, tmp_path, base_model=BaseModelRef("another", "d" * 64))
    await other.feeder.run_once()
    state = await other.reader.state(batch_id)
    assert state is not None and (state.status, state.counts) == ("completed", {"failed": 2})
    first = (await other.reader.lines(batch_id, 0))[0]
    assert first.error is not None and "base model painted" in first.error.detail
    assert await shop.batches.retry(batch_id) == 2
    await shop.feeder.run_once()
    assert (await counts(database))[:2] == (2, 2)
    for each in (shop, other):
        await each.kill()


async def test_a_failed_line_that_is_made_again_has_not_ended(database: Database, tmp_path: Path) -> None:
    shop = Shop(database, tmp_path, runner=PaintRunner(broken_seeds=frozenset({100})))
    batch_id = await shop.accept(2)

    async def ended() -> list[tuple[int, str]]:
        views, _, _ = await shop.reader.ended_after(batch_id, (0.0, ""))
        return [(view.line, view.status) for view in views]

    shop.start()
    await shop.ended(batch_id)
    assert await ended() == [(1, "failed"), (2, "completed")]
    await shop.kill()
    assert await shop.batches.retry(batch_id) == 1
    assert await ended() == [(2, "completed")]
    await shop.feeder.run_once()
    assert await ended() == [(2, "completed")]


async def test_jobs_that_ended_at_one_time_are_read_page_by_page(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "PAGE", 2)
    shop = Shop(database, tmp_path)
    batch_id = await shop.accept(4)
    shop.start()
    await shop.ended(batch_id)
    await shop.kill()
    async with database.write() as session:
        await session.execute(update(JobRow).values(finished_at_s=1000.0))
    after, has_more, lines = (1000.0, ""), True, []
    for _ in range(5):
        views, after, has_more = await shop.reader.ended_after(batch_id, after)
        lines += [view.line for view in views]
        if not has_more:
            break
    assert (sorted(lines), has_more) == ([1, 2, 3, 4], False)


async def test_a_line_is_stored_with_one_spec_where_its_images_differ_by_their_seeds(
    database: Database, tmp_path: Path
) -> None:
    shop = Shop(database, tmp_path)
    batch_id = await shop.accept(1, num_images=4, seed=2**32 - 2)
    async with database.read() as session:
        document = await session.scalar(select(BatchLineRow.draft).where(BatchLineRow.batch_id == batch_id))
    draft = msgspec.json.decode(document or "", type=LineDraft)
    assert (len(draft.specs), draft.num_images) == (1, 4)
    assert [spec.sampling.seed for spec in draft.all_specs] == [2**32 - 2, 2**32 - 1, 0, 1]
    others = (draft.specs[0], image_spec(prompt="another"))
    assert LineDraft.of(others, {}, {}).all_specs == others
    await shop.kill()
