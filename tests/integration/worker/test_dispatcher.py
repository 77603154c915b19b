"""From an accepted order to stored pictures, over every database, with a real engine and a runner that paints."""

import asyncio
import threading
import time
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select, text

from pipelines.spec import ImageSpec
from server.db.models import ImageAttemptErrorRow, ImageRow
from server.db.session import Database
from server.queue.model import BaseModelRef, JobStatus
from server.storage.encoding import EncodedImage
from tests.support.builders import draft
from tests.support.fake_runner import PaintRunner, paint
from tests.support.jobs_harness import JobsHarness, change_job, event_names, image_statuses, job_row, metadata, until


async def test_a_job_ends_with_all_its_pictures(database: Database, tmp_path: Path):
    async with JobsHarness.running(database, tmp_path) as shop:
        job_id = (await shop.accept(draft(num_images=4))).job_id
        view = await shop.ended(job_id)
        assert view.status is JobStatus.COMPLETED
        assert (view.progress, view.remaining_s, view.queue_position) == (1.0, 0.0, 0)
        assert [image.id for image in view.images] == [f"{job_id}-{n}" for n in (1, 2, 3, 4)]
        assert [image.seed for image in view.images] == [100, 101, 102, 103]
        assert await event_names(database, job_id) == ["image"] * 4 + ["completed"]
        for image in view.images:
            file = Image.open(BytesIO(await shop.store.get(image.url.removeprefix("/files/"))))
            assert file.info["parameters"].startswith(view.first.prompt)
            assert f"Seed: {image.seed}" in file.info["parameters"]


async def test_files_tell_as_much_as_their_job_says(database: Database, tmp_path: Path):
    async with JobsHarness.running(database, tmp_path) as shop:
        outcomes: dict[str, str | None] = {}
        for amount in ("full", "minimal", "none"):
            view = await shop.ended((await shop.accept(draft(num_images=1, embed_parameters=amount))).job_id)
            assert metadata(view)["embed_parameters"] == amount
            file = Image.open(BytesIO(await shop.store.get(view.images[0].storage_key)))
            assert "trainedAlgorithmicMedia" in str(file.info["xmp"])
            outcomes[amount] = file.info.get("parameters")
    prompt = view.first.prompt
    assert prompt in (outcomes["full"] or "") and prompt not in (outcomes["minimal"] or "")
    assert (outcomes["minimal"] or "").startswith("Seed: 100, Model hash: ")
    assert outcomes["none"] is None


async def test_the_stored_pixels_are_the_engines(database: Database, tmp_path: Path):
    async with JobsHarness.running(database, tmp_path) as shop:
        view = await shop.ended((await shop.accept(draft(num_images=1, seed=7))).job_id)
        file = Image.open(BytesIO(await shop.store.get(view.images[0].url.removeprefix("/files/"))))
        made = shop.runner.painted
        assert made == {view.images[0].id: 1}
    assert file.tobytes() == paint(view.first).rgb


async def test_image_rows_tell_where_the_time_went(database: Database, tmp_path: Path):
    async with JobsHarness.running(database, tmp_path, runner=PaintRunner(step_s=0.01)) as shop:
        view = await shop.ended((await shop.accept(draft(num_images=1, width=400))).job_id)
    async with database.read() as session:
        image = (await session.scalars(select(ImageRow))).one()
    started_at_s, finished_at_s = image.started_at_s or 0.0, image.finished_at_s or 0.0
    assert view.created_at_s <= started_at_s + 0.1 <= finished_at_s + 0.2
    assert (image.step_share_s or 0.0) >= 0.03
    assert (image.decode_s or 0.0) > 0
    assert image.thumbnail_key == f"generations/{view.job_id}/{view.job_id}-1.thumb.webp"
    assert image.num_bytes == len(await shop.store.get(image.storage_key or ""))
    assert await shop.store.get(image.thumbnail_key or "")


async def test_a_broken_picture_fails_its_job_and_nothing_else(database: Database, tmp_path: Path):
    async with JobsHarness.running(database, tmp_path, runner=PaintRunner(broken_seeds=frozenset({51}))) as shop:
        bad = (await shop.accept(draft(num_images=3, seed=50))).job_id
        good = (await shop.accept(draft(num_images=3))).job_id
        view = await shop.ended(bad)
        assert view.status is JobStatus.FAILED
        assert view.error is not None and view.error.code == "nan" and "picture 2" in view.error.detail
        assert [image.index for image in view.images] == [0, 2]
        assert await event_names(database, bad) == ["image", "image", "failed"]
        assert (await shop.ended(good)).status is JobStatus.COMPLETED
    assert await image_statuses(database, bad) == ["done", "failed", "done"]
    async with database.read() as session:
        failed = (await session.scalars(select(ImageAttemptErrorRow))).one()
    assert (failed.image_id, failed.attempt, failed.code) == (f"{bad}-2", 1, "nan")


async def test_what_failed_before_a_crash_is_not_made_again(database: Database, tmp_path: Path):
    broken = PaintRunner(step_s=0.01, broken_seeds=frozenset({50}))
    first = JobsHarness(database, tmp_path, lease_owner="1" * 32 + "/a", runner=broken)
    first.start()
    job_id = (await first.accept(draft(num_images=3, seed=50, steps=20))).job_id
    async with asyncio.timeout(10):
        while (await image_statuses(database, job_id))[0] != "failed":  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    await first.kill()
    async with JobsHarness.running(database, tmp_path, lease_owner="1" * 32 + "/b") as second:
        view = await second.ended(job_id)
        assert view.status is JobStatus.FAILED and view.error is not None and view.error.code == "nan"
        assert f"{job_id}-1" not in second.runner.painted
    assert [image.index for image in view.images] == [1, 2]


async def test_a_cancelled_job_takes_no_further_step(database: Database, tmp_path: Path):
    async with JobsHarness.running(database, tmp_path, runner=PaintRunner(step_s=0.005)) as shop:
        job_id = (await shop.accept(draft(num_images=1, steps=150))).job_id
        await until(lambda: shop.runner.steps[f"{job_id}-1"] > 2)
        view = await shop.service.cancel(job_id)
        steps = shop.runner.steps[f"{job_id}-1"]
        assert view is not None and view.status is JobStatus.CANCELLED
        next_job = (await shop.accept(draft())).job_id
        assert (await shop.ended(next_job)).status is JobStatus.COMPLETED
        assert shop.runner.steps[f"{job_id}-1"] <= steps + 1
        assert await event_names(database, job_id) == ["cancelled"]
        again = await shop.service.cancel(job_id)
        assert again is not None and again.status is JobStatus.CANCELLED
        assert await event_names(database, job_id) == ["cancelled"]


async def test_a_cancel_from_another_process_is_learned_at_the_heartbeat(
    database: Database, database_url: str, tmp_path: Path
):
    other_database = Database(database_url)
    other = JobsHarness(other_database, tmp_path / "b", lease_owner="2" * 32 + "/b")
    async with JobsHarness.running(database, tmp_path, runner=PaintRunner(step_s=0.005)) as shop:
        job_id = (await shop.accept(draft(num_images=1, steps=150))).job_id
        await until(lambda: shop.runner.steps[f"{job_id}-1"] > 2)
        view = await other.service.cancel(job_id)
        assert view is not None and view.status is JobStatus.CANCELLED
        await until(lambda: not shop.engine.evaluations(job_id))
        assert shop.runner.steps[f"{job_id}-1"] < 150
    await other_database.close()


async def test_after_a_crash_the_next_process_goes_on_at_once_and_makes_only_what_is_lacking(
    database: Database, tmp_path: Path
):
    first = JobsHarness(database, tmp_path, lease_owner="1" * 32 + "/a", runner=PaintRunner(step_s=0.01))
    first.start()
    accepted = [(await first.accept(draft(num_images=2, seed=i))).job_id for i in range(10)]
    await until(lambda: first.runner.painted.total() >= 5)
    await first.kill()

    async with JobsHarness.running(database, tmp_path, lease_owner="1" * 32 + "/b") as second:
        views = [await second.ended(job_id, timeout_s=8) for job_id in accepted]
        stored = {image.id for view in views for image in view.images}
        assert {view.status for view in views} == {JobStatus.COMPLETED}
        assert len(stored) == 20
        assert 0 < second.runner.painted.total() < 20
        for job_id in accepted:
            assert await event_names(database, job_id) == ["image", "image", "completed"]


async def test_pictures_after_a_crash_are_those_of_an_uninterrupted_run(database: Database, tmp_path: Path):
    first = JobsHarness(database, tmp_path, runner=PaintRunner(step_s=0.02))
    first.start()
    job_id = (await first.accept(draft(num_images=3))).job_id
    await until(lambda: first.runner.steps.total() > 2)
    await first.kill()
    async with JobsHarness.running(database, tmp_path, lease_owner="1" * 32 + "/b") as second:
        again = await second.ended(job_id)
        whole = await second.ended((await second.accept(draft(num_images=3))).job_id)
        pairs = zip(again.images, whole.images, strict=True)
        for one, other in pairs:
            contents = [await second.store.get(image.url.removeprefix("/files/")) for image in (one, other)]
            assert contents[0] == contents[1]


async def test_the_lease_of_a_stranger_is_waited_for(database: Database, tmp_path: Path):
    stranger = JobsHarness(database, tmp_path, lease_owner="9" * 32 + "/x", lease_s=0.8, heartbeat_s=60)
    stranger.start()
    stranger.runner.open_gate.clear()
    job_id = (await stranger.accept(draft())).job_id
    await until(lambda: job_id in stranger.progress.active)
    async with JobsHarness.running(database, tmp_path, lease_owner="1" * 32 + "/a") as shop:
        early = await shop.feed.wait(job_id, 0.4)
        assert early is not None and early.status is JobStatus.PROCESSING
        assert shop.runner.painted.total() == 0
        assert (await shop.ended(job_id)).status is JobStatus.COMPLETED
    assert (await job_row(database, job_id)).attempt == 2
    await stranger.kill()


async def test_a_process_that_stalled_cannot_write_over_its_successor(database: Database, tmp_path: Path):
    stalled = JobsHarness(database, tmp_path / "a", lease_owner="9" * 32 + "/x", heartbeat_s=60)
    stalled.start()
    stalled.runner.open_gate.clear()
    job_id = (await stalled.accept(draft())).job_id
    await until(lambda: job_id in stalled.progress.active)
    await change_job(database, job_id, lease_until=1.0)
    async with JobsHarness.running(database, tmp_path / "b", lease_owner="1" * 32 + "/a") as successor:
        successor.runner.open_gate.clear()
        await until(lambda: job_id in successor.progress.active)
        stalled.runner.open_gate.set()
        await until(lambda: stalled.runner.painted.total() > 0 and not stalled.progress.active)
        assert await event_names(database, job_id) == []
        successor.runner.open_gate.set()
        assert (await successor.ended(job_id)).status is JobStatus.COMPLETED
        assert successor.runner.painted.total() == 2
        assert await event_names(database, job_id) == ["image", "image", "completed"]
    await stalled.kill()


async def test_two_processes_share_the_queue_and_make_each_picture_once(
    database: Database, database_url: str, tmp_path: Path
):
    other_database = Database(database_url)
    async with (
        JobsHarness.running(database, tmp_path, lease_owner="1" * 32 + "/a", runner=PaintRunner(step_s=0.004)) as one,
        JobsHarness.running(
            other_database, tmp_path, lease_owner="2" * 32 + "/b", runner=PaintRunner(step_s=0.004)
        ) as two,
    ):
        accepted = [(await (one, two)[i % 2].accept(draft(seed=i))).job_id for i in range(16)]
        for job_id in accepted:
            assert (await one.ended(job_id)).status is JobStatus.COMPLETED
            assert await event_names(database, job_id) == ["image", "image", "completed"]
            assert (await job_row(database, job_id)).attempt == 1
        painted = one.runner.painted + two.runner.painted
        assert set(painted.values()) == {1} and len(painted) == 32
    await other_database.close()


async def test_another_base_model_fails_the_jobs_of_the_old_one(database: Database, tmp_path: Path):
    before = JobsHarness(database, tmp_path)
    job_id = (await before.accept(draft())).job_id
    async with JobsHarness.running(database, tmp_path, base_model=BaseModelRef("other", "d" * 64)) as after:
        view = await after.ended(job_id)
        assert view.status is JobStatus.FAILED
        assert view.error is not None and view.error.code == "base_model_changed"
        assert await event_names(database, job_id) == ["failed"]
        assert after.runner.painted.total() == 0


async def test_a_stop_lets_go_of_jobs_and_counts_no_lost_lease(database: Database, tmp_path: Path):
    shop = JobsHarness(database, tmp_path, lease_owner="1" * 32 + "/a", runner=PaintRunner(step_s=0.02))
    shop.start()
    job_id = (await shop.accept(draft(num_images=1, steps=100))).job_id
    await until(lambda: shop.runner.steps.total() > 2)
    await shop.stop()
    row = await job_row(database, job_id)
    assert (row.status, row.lease_owner, row.lease_until) == (JobStatus.PROCESSING, None, 0.0)
    async with JobsHarness.running(database, tmp_path, lease_owner="7" * 32 + "/b") as other:
        assert (await other.ended(job_id)).status is JobStatus.COMPLETED
    row = await job_row(database, job_id)
    assert (row.attempt, row.lost_leases) == (2, 0)


async def test_the_heartbeat_keeps_a_job_longer_than_its_lease(database: Database, tmp_path: Path):
    shop = JobsHarness.running(database, tmp_path, runner=PaintRunner(step_s=0.02), lease_s=0.5, heartbeat_s=0.1)
    async with shop as busy, JobsHarness.running(database, tmp_path, lease_owner="2" * 32 + "/b") as idle:
        job_id = (await busy.accept(draft(num_images=1, steps=60))).job_id
        await until(lambda: bool(busy.progress.active or idle.progress.active))
        maker = busy if busy.progress.active else idle
        assert (await maker.ended(job_id)).status is JobStatus.COMPLETED
    assert (await job_row(database, job_id)).attempt == 1


async def test_a_process_that_stalls_beyond_its_leases_goes_on_if_no_other_has_its_jobs(
    database: Database, tmp_path: Path
):
    async with JobsHarness.running(
        database, tmp_path, runner=PaintRunner(step_s=0.01), lease_s=0.3, heartbeat_s=0.1
    ) as shop:
        accepted = [(await shop.accept(draft(num_images=2, steps=40, seed=n))).job_id for n in range(4)]
        await until(lambda: shop.runner.steps.total() > 2)
        time.sleep(0.7)  # noqa: ASYNC251 as SIGSTOP does
        for job_id in accepted:
            assert (await shop.ended(job_id)).status is JobStatus.COMPLETED
            assert (await job_row(database, job_id)).attempt == 1
            assert await event_names(database, job_id) == ["image", "image", "completed"]
        assert set(shop.runner.painted.values()) == {1}


async def test_context_lengths_are_counted_off_the_event_loop(database: Database, tmp_path: Path):
    threads: list[int] = []

    def count(spec: ImageSpec) -> int:
        threads.append(threading.get_ident())
        return 77

    async with JobsHarness.running(database, tmp_path, num_context_tokens=count) as shop:
        await shop.ended((await shop.accept(draft())).job_id)
    assert len(threads) == 2 and threading.get_ident() not in threads


async def test_a_waiting_job_knows_its_place_and_time(database: Database, tmp_path: Path):
    """The rows of one job fill a forward."""
    async with JobsHarness.running(database, tmp_path, runner=PaintRunner(step_s=0.01)) as shop:
        await shop.ended((await shop.accept(draft())).job_id)
        shop.runner.open_gate.clear()
        views = [await shop.accept(draft(num_images=8, steps=50)) for _ in range(3)]
        assert views[0].queue_position <= 1  # it may have been claimed meanwhile, as those before the last
        assert 1 <= views[2].queue_position <= 3
        assert 0 < views[0].remaining_s < views[2].remaining_s
        shop.runner.open_gate.set()
        for view in views:
            await shop.ended(view.job_id)


async def test_progress_never_goes_back(database: Database, tmp_path: Path):
    async with JobsHarness.running(database, tmp_path, runner=PaintRunner(step_s=0.01)) as shop:
        job_id = (await shop.accept(draft(num_images=3, steps=40))).job_id
        seen: list[float] = []
        while not (view := await shop.service.get(job_id)) or not view.status.ended:
            assert view is not None
            seen.append(view.progress)
            await asyncio.sleep(0.01)
        assert seen == sorted(seen)
        assert len(set(seen)) >= 4


async def test_a_queue_that_cannot_be_read_for_a_while_is_worked_on_again(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    shop = JobsHarness(database, tmp_path)
    job_id = (await shop.accept(draft())).job_id
    async with database.write() as session:
        await session.execute(text("ALTER TABLE job RENAME TO job_away"))
    shop.start()
    await until(lambda: caplog.text.count("the queue cannot be worked on") >= 3)
    async with database.write() as session:
        await session.execute(text("ALTER TABLE job_away RENAME TO job"))
    assert (await shop.ended(job_id)).status is JobStatus.COMPLETED
    await shop.stop()


async def test_a_picture_that_cannot_be_encoded_fails_its_job_at_once(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Not made three times, and the error keeps its own code."""

    def refuse(picture: object, image_format: str, text: str) -> EncodedImage:
        raise ValueError("this text does not fit")

    monkeypatch.setattr("server.worker.delivery.encode_image", refuse)
    async with JobsHarness.running(database, tmp_path) as shop:
        job_id = (await shop.accept(draft(num_images=1))).job_id
        view = await shop.ended(job_id)
        assert view.error is not None and view.error.code == "internal"
        assert shop.runner.painted[f"{job_id}-1"] == 1
