"""The history of an owner: listed page by page, searched, marked, deleted for good."""

import io
import time
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import func, select

from server.db.account_models import PendingDeletionRow
from server.db.history_models import EngagementRow
from server.db.models import EventRow, ImageRow, JobLoraRow
from server.db.session import Database
from server.gallery.engagement import Engagement
from server.gallery.history import History, HistoryQuery, Person
from server.gallery.retention import Retention
from server.queue.deletion import Remover
from server.queue.model import JobStatus, JobView
from server.queue.quotas import DAY_S
from tests.fixtures.studio_app import QUICK
from tests.support.builders import draft
from tests.support.jobs_harness import JobsHarness, change_job, copy_job, job_row

pytestmark = pytest.mark.usefixtures("people")


Api = TestClient[Litestar]
ME = Person("user:me")
NUM_MANY = 2000


async def finished(shop: JobsHarness, **fields: Any) -> JobView:
    view = await shop.accept(draft(**{"owner": "user:me", "num_images": 1, **fields}))
    return await shop.ended(view.job_id)


async def all_pages(history: History, **query: Any) -> list[JobView]:
    jobs: list[JobView] = []
    cursor: str | None = None
    while True:
        page = await history.page(ME, HistoryQuery(cursor=cursor, **query))
        jobs += page.jobs
        if page.next_cursor is None:
            return jobs
        cursor = page.next_cursor


async def test_pages_show_each_job_once_newest_first_and_nobody_else_s(database: Database, tmp_path: Path):
    async with JobsHarness.running(database, tmp_path) as shop:
        ids = [(await finished(shop, seed=seed)).job_id for seed in range(5)]
        for same_moment in ids[1:4]:
            await change_job(database, same_moment, created_at_s=(await job_row(database, ids[2])).created_at_s)
        await finished(shop, owner="user:other")
        history = History(database, shop.reader)
        pages = [view.job_id for view in await all_pages(history, limit=2)]
        assert pages == [ids[4], *sorted(ids[1:4], reverse=True), ids[0]]
        assert [view.job_id for view in await all_pages(history, limit=5)] == pages


async def test_a_search_finds_every_word_in_any_case_a_lora_by_name_or_version_and_favorites(
    database: Database, tmp_path: Path
):
    def lora(job_id: str, name: str, version: str | None) -> JobLoraRow:
        return JobLoraRow(job_id=job_id, sha256=name.ljust(64, "0"), name=name, version=version, weight=0.9)

    async with JobsHarness.running(database, tmp_path) as shop:
        dress = await finished(shop, prompt="Red Dress, 100% beach")
        hat = await finished(shop, prompt="hat in red_")
        async with database.write() as session:
            session.add_all([lora(dress.job_id, "amber", None), lora(dress.job_id, "jade", "2")])
            session.add(lora(hat.job_id, "jade-v2", "1"))
        history, engagement = History(database, shop.reader), Engagement(database, remover(shop))
        await engagement.set_favorite(hat.images[0].id, True)

        async def found(**query: Any) -> list[str]:
            return [view.job_id for view in await all_pages(history, **query)]

        assert await found(words=("DRESS", "red")) == [dress.job_id]
        assert await found(words=("red",)) == [hat.job_id, dress.job_id]
        assert await found(words=("100%",)) == [dress.job_id]
        assert await found(words=("red_",)) == [hat.job_id]
        assert await found(lora="amber") == await found(lora="jade") == [dress.job_id]
        assert await found(lora="jade-v2") == [hat.job_id, dress.job_id]
        assert await found(lora="jade-v1") == await found(lora="ja") == []
        assert await found(favorites=True) == [hat.job_id]


async def test_jobs_that_ended_without_a_picture_are_left_out_and_end_users_see_their_own(
    database: Database, tmp_path: Path
):
    shop = JobsHarness(database, tmp_path)
    waiting = await shop.accept(draft(owner="user:me", key_id="k", end_user="a"))
    cancelled = await shop.accept(draft(owner="user:me"))
    await shop.service.cancel(cancelled.job_id)
    history = History(database, shop.reader)
    assert [view.job_id for view in await all_pages(history)] == [waiting.job_id]
    for key_id, end_user, num_jobs in (("k", "a", 1), ("k", "b", 0), ("other", "a", 0)):
        page = await history.page(Person("user:me", key_id, end_user), HistoryQuery())
        assert len(page.jobs) == num_jobs


async def test_two_thousand_jobs_are_paged_by_the_index(database: Database, tmp_path: Path):
    shop = JobsHarness(database, tmp_path)
    first = await shop.accept(draft(owner="user:me"))
    await copy_job(database, first.job_id, [(f"{n:032x}", float(n)) for n in range(1, NUM_MANY)])
    history = History(database, shop.reader)
    began_s = time.perf_counter()
    seen = {view.job_id for view in await all_pages(history, limit=100)}
    assert len(seen) == NUM_MANY
    assert time.perf_counter() - began_s < 10  # 21 pages: without the index the last ones take this long together


def remover(shop: JobsHarness) -> Remover:
    return Remover(shop.database, shop.store, shop.signals.job_ended)


async def test_deleted_pictures_go_with_row_event_and_file_and_the_last_one_with_its_job(
    database: Database, tmp_path: Path
):
    async with JobsHarness.running(database, tmp_path) as shop:
        job = await finished(shop, num_images=2)
        other = await finished(shop, owner="user:other")
        engagement = Engagement(database, working := remover(shop))
        first, last = (image.id for image in job.images)

        def mine(owner: str, end_user: str | None) -> bool:
            return owner == "user:me"

        done = await engagement.delete([first, other.images[0].id, "0" * 32 + "-1"], mine)
        assert (done.deleted, done.kept) == ((first,), ())
        assert set(done.missing) == {other.images[0].id, "0" * 32 + "-1"}
        left = await shop.service.get(job.job_id)
        assert left is not None and [image.id for image in left.images] == [last]
        async with database.read() as session:
            events = list(await session.scalars(select(EventRow).where(EventRow.job_id == job.job_id)))
        assert [row.data["id"] for row in events if row.name == "image"] == [last]
        await engagement.delete([last], mine)
        assert await shop.service.get(job.job_id) is None
        await working.run_once()
        stored = [await shop.store.exists(image.storage_key) for view in (job, other) for image in view.images]
        assert stored == [False, False, True]
        async with database.read() as session:
            assert await session.scalar(select(func.count()).select_from(PendingDeletionRow)) == 0
            kinds = list(await session.scalars(select(EngagementRow.kind)))
        assert kinds == ["deleted", "deleted"]


async def test_pictures_of_a_job_that_is_being_made_are_kept(database: Database, tmp_path: Path):
    async with JobsHarness.running(database, tmp_path) as shop:
        job = await finished(shop)
        await change_job(database, job.job_id, status=JobStatus.PROCESSING, lease_until=time.time() + 300)
        done = await Engagement(database, remover(shop)).delete([job.images[0].id], lambda *_: True)
        assert done.kept == (job.images[0].id,)
        async with database.read() as session:
            assert await session.get(ImageRow, job.images[0].id) is not None


async def test_what_is_too_old_or_too_much_goes_with_its_files_the_oldest_first(database: Database, tmp_path: Path):
    async with JobsHarness.running(database, tmp_path) as shop:
        jobs = [await finished(shop, seed=seed) for seed in range(4)]
        waiting = await shop.accept(draft(owner="user:me", steps=100_000))
        for age_days, job in zip((9, 3, 2, 1), jobs, strict=True):
            ended_s = (await job_row(database, job.job_id)).finished_at_s or 0.0
            await change_job(database, job.job_id, finished_at_s=ended_s - age_days * DAY_S)
        working = remover(shop)

        async def kept_by(max_age_s: float, max_bytes: int) -> list[int]:
            """Which of the four jobs are left."""
            retention = Retention(database, working, max_age_s, max_bytes)
            while await retention.run_once():
                pass
            return [n for n, job in enumerate(jobs) if await shop.service.get(job.job_id) is not None]

        assert await kept_by(0, 0) == [0, 1, 2, 3]
        assert await kept_by(4 * DAY_S, 0) == [1, 2, 3]
        last_two_bytes = sum(job.images[0].num_bytes for job in jobs[2:])
        assert await kept_by(0, last_two_bytes) == [2, 3]
        await working.run_once()
        assert [await shop.store.exists(job.images[0].storage_key) for job in jobs] == [False, False, True, True]
        assert await shop.service.get(waiting.job_id) is not None
        await shop.service.cancel(waiting.job_id)


def made(api: Api, **fields: Any) -> dict[str, Any]:
    answer = api.post("/api/generate", json={**QUICK, **fields}, headers={"Prefer": "wait=30"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_picture_is_marked_counted_zipped_and_deleted_through_the_api(api: Api) -> None:
    first, second = made(api, seed=5), made(api, seed=5)
    ids = [job["outputs"][0]["id"] for job in (first, second)]
    assert api.put(f"/api/images/{ids[0]}/favorite").status_code == 204
    assert api.get(f"/api/images/{ids[0]}/download").status_code == 200
    answer = api.post("/api/images/zip", json={"ids": [*ids, ids[0]]})
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(answer.content)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        name = first["outputs"][0]["filename"]
        assert archive.namelist() == [name, name.replace(".jpg", "--2.jpg")]
        assert archive.read(name) == api.get(first["images"][0]).content
    picture = api.get(f"/api/images/{ids[0]}").json()
    assert picture["image"] == {**first["outputs"][0], "favorite": True, "downloads": 2}
    assert (picture["job_id"], picture["metadata"]) == (first["job_id"], first["metadata"])
    assert api.delete(f"/api/images/{ids[0]}/favorite").status_code == 204
    assert not api.get(f"/api/images/{ids[0]}").json()["image"]["favorite"]
    assert api.delete(f"/api/images/{ids[0]}").status_code == 204
    for call in (api.get, api.delete):
        assert call(f"/api/images/{ids[0]}").status_code == 404
    assert api.get(f"/api/status/{first['job_id']}").status_code == 404
    assert api.post("/api/images/zip", json={"ids": ids}).status_code == 404
    assert api.post("/api/images/delete", json={"ids": ids}).json() == {
        "deleted": [ids[1]],
        "missing": [ids[0]],
        "kept": [],
    }
    for _ in range(100):
        if api.get(second["images"][0]).status_code == 404:
            break
        time.sleep(0.02)
    assert api.get(second["images"][0]).status_code == 404


def test_history_without_cookie_and_key_is_empty_and_wrong_questions_are_told(api: Api) -> None:
    made(api)
    assert api.get("/api/history").json() == {"items": [], "next_cursor": None}
    for query, field in (
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("cursor=abc", "cursor"),
        (f"q={'a' * 201}", "q"),
        ("q=%00", "q"),
        ("favorites=perhaps", "favorites"),
    ):
        answer = api.get(f"/api/history?{query}")
        assert answer.status_code == 400, answer.text
        assert field in answer.json()["detail"]
    answer = api.post("/api/images/delete", json={"ids": []})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "ids"


def test_a_browser_s_history_goes_to_its_account_and_only_its_owner_changes_it(api: Api) -> None:
    visitor = {"Cookie": f"anon={'v' * 32}"}
    other = {"Cookie": f"anon={'o' * 32}"}
    answer = api.post("/api/generate", json=QUICK, headers={"Prefer": "wait=30", **visitor})
    image_id = answer.json()["outputs"][0]["id"]
    (item,) = api.get("/api/history", headers=visitor).json()["items"]
    assert (item["job_id"], item["images"][0]["id"], item["images_total"]) == (answer.json()["job_id"], image_id, 1)
    assert abs(datetime.fromisoformat(item["created_at"]).timestamp() - time.time()) < 60
    assert api.get("/api/history", headers=other).json()["items"] == []
    assert api.get(f"/api/images/{image_id}", headers=other).status_code == 200
    for refused in (
        api.put(f"/api/images/{image_id}/favorite", headers=other),
        api.delete(f"/api/images/{image_id}", headers=other),
    ):
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:lora-studio:problem:not-yours")
    deletion = api.post("/api/images/delete", json={"ids": [image_id]}, headers=other)
    assert deletion.json()["missing"] == [image_id]
    account = {"email": "ada@example.org", "password": "correct horse battery"}
    assert api.post("/api/auth/register", json=account, headers=visitor).status_code == 202
    assert api.post("/api/auth/login", json=account, headers=visitor).status_code == 200
    assert [each["job_id"] for each in api.get("/api/history").json()["items"]] == [item["job_id"]]
    api.cookies.clear()
    assert api.get(f"/api/images/{image_id}", headers=visitor).status_code == 404
    assert api.get("/api/history", headers=visitor).json()["items"] == []
