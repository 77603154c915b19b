"""The stream of a job: nothing twice, nothing lost, over restarts and from other processes."""

import asyncio
import contextlib
from contextlib import aclosing
from pathlib import Path

import pytest

from pipelines.plan import RawImage
from server.db.session import Database
from server.queue.errors import TooManyReaders
from server.queue.model import FeedEvent, JobStatus
from tests.support.builders import draft
from tests.support.fake_runner import PaintRunner
from tests.support.jobs_harness import JobsHarness, read_stream, until


def durable(events: list[FeedEvent]) -> list[tuple[int | None, str]]:
    return [(event.seq, event.name) for event in events if event.seq is not None]


def names(events: list[FeedEvent]) -> list[str]:
    return [event.name for event in events]


ALL = [(1, "image"), (2, "image"), (3, "completed")]


async def test_a_stream_starts_with_a_snapshot_and_ends_with_the_end(database: Database, tmp_path: Path):
    async with JobsHarness.running(database, tmp_path) as shop:
        job_id = (await shop.accept(draft())).job_id
        events = await read_stream(shop.feed, job_id)
        assert events[0].name == "progress" and events[0].seq is None
        assert events[0].data["images_total"] == 2
        assert durable(events) == ALL
        assert events[-1].data == {
            "job_id": job_id,
            "status": "completed",
            "images_completed": 2,
            "images_total": 2,
            "error": None,
        }


async def test_image_events_tell_what_the_result_tells(database: Database, tmp_path: Path):
    async with JobsHarness.running(database, tmp_path) as shop:
        job_id = (await shop.accept(draft(width=400))).job_id
        view = await shop.ended(job_id)
        sent = [event.data for event in await read_stream(shop.feed, job_id) if event.name == "image"]
        shown = [
            {
                "id": image.id,
                "index": image.index,
                "url": image.url,
                "thumbnail_url": image.thumbnail_url,
                "seed": image.seed,
                "width": image.width,
                "height": image.height,
                "content_type": image.content_type,
                "bytes": image.num_bytes,
                "filename": image.filename,
                "from_image": image.from_image,
            }
            for image in view.images
        ]
        assert sorted(sent, key=lambda data: data["index"]) == shown
        assert all(image.thumbnail_url.endswith(".thumb.webp") for image in view.images)


@pytest.mark.parametrize("after_seq", [0, 1, 2, 3, 99])
async def test_resuming_an_ended_job_tells_exactly_what_is_missing(database: Database, tmp_path: Path, after_seq: int):
    async with JobsHarness.running(database, tmp_path) as shop:
        job_id = (await shop.accept(draft())).job_id
        await shop.ended(job_id)
        assert durable(await read_stream(shop.feed, job_id, after_seq)) == ALL[after_seq:]
        assert names(await read_stream(shop.feed, job_id, after_seq)) == [name for _, name in ALL[after_seq:]]


async def test_a_reader_that_is_cut_off_after_any_event_resumes_without_gap_or_repeat(
    database: Database, tmp_path: Path
):
    async with JobsHarness.running(database, tmp_path, runner=PaintRunner(step_s=0.005)) as shop:
        job_id = (await shop.accept(draft(num_images=6))).job_id
        seen: list[tuple[int | None, str]] = []
        while not seen or seen[-1][1] != "completed":
            last = seen[-1][0] if seen else None
            async with contextlib.aclosing(shop.feed.subscribe(job_id, last)) as stream:
                async for event in stream:
                    if event.seq is not None:
                        seen.append((event.seq, event.name))
                        break
        assert seen == [(n, "image") for n in range(1, 7)] + [(7, "completed")]
        assert not shop.hub.wants_preview(job_id)


async def test_a_stream_goes_on_after_the_server_was_killed(database: Database, tmp_path: Path):
    first = JobsHarness(database, tmp_path, lease_owner="1" * 32 + "/a", runner=PaintRunner(step_s=0.01))
    first.start()
    job_id = (await first.accept(draft(num_images=8))).job_id
    reading = asyncio.create_task(read_stream(first.feed, job_id))
    await until(lambda: first.runner.painted.total() >= 3)
    await first.kill()
    before = durable(await reading)
    last = before[-1][0] if before else None
    async with JobsHarness.running(database, tmp_path, lease_owner="1" * 32 + "/b") as second:
        after = durable(await read_stream(second.feed, job_id, last))
    assert before + after == [(n, "image") for n in range(1, 9)] + [(9, "completed")]


async def test_another_process_tells_the_same_by_reading_the_table(
    database: Database, database_url: str, tmp_path: Path
):
    other_database = Database(database_url)
    onlooker = JobsHarness(other_database, tmp_path, lease_owner="2" * 32 + "/b")
    following = asyncio.create_task(onlooker.facts.follow())
    async with JobsHarness.running(database, tmp_path, runner=PaintRunner(step_s=0.01)) as shop:
        job_id = (await shop.accept(draft())).job_id
        events = await read_stream(onlooker.feed, job_id)
        assert durable(events) == ALL
        assert events[0].name == "progress"
        view = await onlooker.feed.wait(job_id, 0)
        assert view is not None and view.status is JobStatus.COMPLETED
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    await other_database.close()


async def test_many_readers_of_one_job_are_all_told(database: Database, tmp_path: Path):
    async with JobsHarness.running(database, tmp_path, runner=PaintRunner(step_s=0.005)) as shop:
        job_id = (await shop.accept(draft())).job_id
        readers = await asyncio.gather(*(read_stream(shop.feed, job_id) for _ in range(8)))
        assert [durable(events) for events in readers] == [ALL] * 8


async def test_a_slow_reader_is_told_only_the_newest_progress(database: Database, tmp_path: Path):
    async with JobsHarness.running(database, tmp_path, runner=PaintRunner(step_s=0.002)) as shop:
        job_id = (await shop.accept(draft(num_images=1, steps=100))).job_id
        async with contextlib.aclosing(shop.feed.subscribe(job_id)) as stream:
            first = await anext(stream)
            await shop.ended(job_id)
            rest = [event async for event in stream]
        assert first.name == "progress"
        assert len(rest) <= 6
        assert durable(rest) == [(1, "image"), (2, "completed")]


async def test_previews_are_made_only_while_somebody_reads(database: Database, tmp_path: Path):
    async with JobsHarness.running(database, tmp_path, runner=PaintRunner(step_s=0.02)) as shop:
        unread = (await shop.accept(draft(num_images=1))).job_id
        await shop.ended(unread)
        assert not shop.hub.wants_preview(unread)
        assert "preview" not in names(await read_stream(shop.feed, unread))
        job_id = (await shop.accept(draft(num_images=1, steps=60))).job_id
        previews = [event for event in await read_stream(shop.feed, job_id) if event.name == "preview"]
        assert previews
        assert all(event.seq is None and event.data["index"] == 0 for event in previews)
        assert all(event.data["image"].startswith("data:image/jpeg;base64,") for event in previews)


async def test_of_many_previews_only_the_newest_wait(database: Database, tmp_path: Path):
    shop = JobsHarness(database, tmp_path)
    job_id = (await shop.accept(draft())).job_id
    async with contextlib.aclosing(shop.feed.subscribe(job_id)) as stream:
        await anext(stream)
        for shade in range(200):
            shop.hub.preview(job_id, 0, RawImage(1, 1, bytes([shade] * 3)))
        assert (await anext(stream)).name in ("preview", "progress")
        await asyncio.sleep(0.3)
        shop.hub.close()
        assert len([event async for event in stream]) <= 2


async def test_a_cancelled_and_a_failed_job_end_their_streams_once(database: Database, tmp_path: Path):
    async with JobsHarness.running(
        database, tmp_path, runner=PaintRunner(step_s=0.01, broken_seeds=frozenset({9}))
    ) as shop:
        job_id = (await shop.accept(draft(steps=150))).job_id
        reading = asyncio.create_task(read_stream(shop.feed, job_id))
        await until(lambda: shop.hub.wants_preview(job_id))
        await shop.service.cancel(job_id)
        assert durable(await reading) == [(1, "cancelled")]
        failing = (await shop.accept(draft(num_images=1, seed=9))).job_id
        events = await read_stream(shop.feed, failing)
        assert durable(events) == [(1, "failed")]
        assert events[-1].data["error"]["code"] == "nan"


async def test_a_job_that_does_not_exist_has_an_empty_stream(database: Database, tmp_path: Path):
    shop = JobsHarness(database, tmp_path)
    assert await read_stream(shop.feed, "0" * 32) == []
    assert await shop.feed.wait("0" * 32, 5) is None


async def test_waiting_ends_with_the_job_or_with_the_time(database: Database, tmp_path: Path):
    async with JobsHarness.running(database, tmp_path) as shop:
        shop.runner.open_gate.clear()
        job_id = (await shop.accept(draft())).job_id
        early = await shop.feed.wait(job_id, 0.1)
        assert early is not None and not early.status.ended
        waiting = asyncio.create_task(shop.feed.wait(job_id, 20))
        await asyncio.sleep(0.05)
        shop.runner.open_gate.set()
        view = await waiting
        assert view is not None and view.status is JobStatus.COMPLETED
        assert not shop.hub.wants_preview(job_id)


async def test_closing_ends_all_streams_and_waits(database: Database, tmp_path: Path):
    shop = JobsHarness(database, tmp_path)
    job_id = (await shop.accept(draft())).job_id
    reading = asyncio.create_task(read_stream(shop.feed, job_id))
    waiting = asyncio.create_task(shop.feed.wait(job_id, 60))
    await until(lambda: shop.hub.wants_preview(job_id))
    shop.hub.close()
    async with asyncio.timeout(5):
        assert names(await reading) == ["progress"]
        view = await waiting
    assert view is not None and view.status is JobStatus.QUEUED
    assert await read_stream(shop.feed, job_id) == []


async def test_more_readers_than_there_is_room_for_are_turned_away(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("server.events.hub.MAX_READERS", 1)
    async with JobsHarness.running(database, tmp_path, runner=PaintRunner(step_s=0.005)) as shop:
        job_id = (await shop.accept(draft(steps=150))).job_id
        async with aclosing(shop.feed.subscribe(job_id)) as stream:
            await anext(stream)
            with pytest.raises(TooManyReaders):
                await shop.feed.wait(job_id, 1)
        assert (await shop.feed.wait(job_id, 0)) is not None
        await shop.service.cancel(job_id)
