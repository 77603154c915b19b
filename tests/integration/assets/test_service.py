"""Assets over both databases: identity by content, lifetimes, jobs that hold them, owners, and what is left of them."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from server.assets.errors import AssetGone, AssetNotFound, TooManyAssets, UnusableImage
from server.assets.service import FOLDER, Assets, keys_of, remove_assets, transfer_assets
from server.db.account_models import PendingDeletionRow
from server.db.clock import now_s
from server.db.models import AssetRow, JobAssetRow, JobRow
from server.db.session import Database
from server.queue.deletion import Remover, remove_jobs
from server.storage.local import LocalStore
from server.storage.store import MissingObject, StoreUnreachable
from tests.support.assets import picture

LIFETIME_S = 100.0
ADA, BOB = "user:1", "user:2"


class Workplace:
    """A database, a store and the assets in them."""

    def __init__(self, database: Database, store: LocalStore, folder: Path) -> None:
        self.database = database
        self.store = store
        self.folder = folder
        self.remover = Remover(database, store, forget=lambda _: None)
        self.assets = self.with_bounds()

    def with_bounds(self, **bounds: Any) -> Assets:
        return Assets(self.database, self.store, self.remover, LIFETIME_S, **bounds)

    async def job(
        self, owner: str, named: Mapping[str, str], before_commit: Callable[[], Awaitable[None]] | None = None
    ) -> str:
        """An accepted job that holds these assets. Raises AssetGone, and then there is none."""
        async with self.database.write() as session:
            job_id = secrets.token_hex(16)
            session.add(
                JobRow(
                    id=job_id,
                    owner=owner,
                    status="queued",
                    prompt="red dress",
                    num_images=1,
                    base_name="painted",
                    base_sha256="c" * 64,
                    created_at_s=0.0,
                )
            )
            await session.flush()
            await self.assets.hold(session, job_id, owner, named)
            if before_commit is not None:
                await before_commit()
        return job_id

    async def expire(self) -> None:
        async with self.database.write() as session:
            await session.execute(update(AssetRow).values(expires_at_s=now_s() - 1))

    async def clean(self) -> None:
        """What the background loops do in time."""
        await self.assets.run_once()
        async with self.database.write() as session:
            await session.execute(update(PendingDeletionRow).values(due_at_s=0.0))
        await self.remover.run_once()

    async def end(self, job_id: str) -> None:
        async with self.database.write() as session:
            await remove_jobs(session, JobRow.id == job_id)

    async def num_rows(self) -> int:
        async with self.database.read() as session:
            return await session.scalar(select(func.count()).select_from(AssetRow)) or 0

    @property
    def files(self) -> set[str]:
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*.png")}


@pytest.fixture
def place(database: Database, tmp_path: Path) -> Workplace:
    return Workplace(database, LocalStore(tmp_path / "pictures"), tmp_path / "pictures")


async def test_an_upload_is_found_and_read_by_its_owner_alone(place: Workplace) -> None:
    asset = await place.assets.add(ADA, picture(kind="JPEG"))
    assert (asset.width, asset.height) == (32, 24)
    assert await place.assets.find(ADA, asset.id) == asset
    data = await place.assets.read(ADA, asset.id)
    assert len(data) == asset.num_bytes
    assert (await place.assets.add(ADA, data)).id == asset.id  # the stored form is its own stored form
    for owner, sha256 in ((BOB, asset.id), (ADA, "0" * 64), ("", asset.id)):
        assert await place.assets.find(owner, sha256) is None
        with pytest.raises(AssetNotFound):
            await place.assets.read(owner, sha256)
        with pytest.raises(AssetGone):
            await place.job(owner, {sha256: "init.asset_id"})


async def test_the_same_content_again_is_the_same_asset_with_a_new_lifetime(place: Workplace) -> None:
    first = await place.assets.add(ADA, picture())
    await place.expire()
    again = await place.assets.add(ADA, picture())
    assert (again.id, again.storage_key) == (first.id, first.storage_key)
    assert again.expires_at_s >= first.expires_at_s
    assert await place.num_rows() == len(place.files) == 1
    others = await place.assets.add(BOB, picture())
    assert others.id == first.id
    assert others.storage_key != first.storage_key
    assert place.files == {first.storage_key, others.storage_key}


async def test_an_object_that_was_lost_is_stored_again(place: Workplace) -> None:
    asset = await place.assets.add(ADA, picture())
    await place.store.delete(asset.storage_key)
    with pytest.raises(AssetNotFound):
        await place.assets.read(ADA, asset.id)
    assert (await place.assets.add(ADA, picture())).storage_key == asset.storage_key
    assert len(await place.assets.read(ADA, asset.id)) == asset.num_bytes


async def test_the_same_content_many_times_in_parallel_is_one_asset(place: Workplace) -> None:
    added = await asyncio.gather(*(place.assets.add(ADA, picture()) for _ in range(6)))
    assert len({(asset.id, asset.storage_key) for asset in added}) == 1
    await place.clean()
    assert place.files == {added[0].storage_key}
    assert await place.num_rows() == 1


async def test_storage_keys_do_not_give_contents_away(place: Workplace) -> None:
    asset = await place.assets.add(ADA, picture())
    assert asset.storage_key.startswith(f"{FOLDER}/")
    assert asset.id[:8] not in asset.storage_key


async def test_an_upload_that_ends_before_its_row_exists_leaves_no_object(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = place.store.put

    async def put_and_lose_the_answer(key: str, data: bytes, content_type: str) -> None:
        await put(key, data, content_type)
        raise StoreUnreachable("the store does not answer")

    monkeypatch.setattr(place.store, "put", put_and_lose_the_answer)
    with pytest.raises(StoreUnreachable):
        await place.assets.add(ADA, picture())
    assert len(place.files) == 1
    await place.remover.run_once()
    assert len(place.files) == 1  # it may still be on its way
    await place.clean()
    assert place.files == set()
    assert await place.num_rows() == 0


async def test_an_upload_whose_object_may_be_deleted_already_is_refused(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = place.store.put

    async def put_and_wait_for_an_hour(key: str, data: bytes, content_type: str) -> None:
        await put(key, data, content_type)
        await place.clean()

    monkeypatch.setattr(place.store, "put", put_and_wait_for_an_hour)
    with pytest.raises(Exception, match="took longer than"):
        await place.assets.add(ADA, picture())
    assert await place.num_rows() == 0


async def test_an_expired_asset_is_gone_and_its_object_too(place: Workplace) -> None:
    old, young = await place.assets.add(ADA, picture(1)), await place.assets.add(BOB, picture(2))
    async with place.database.write() as session:
        await session.execute(update(AssetRow).where(AssetRow.owner == ADA).values(expires_at_s=now_s() - 1))
    assert await place.assets.find(ADA, old.id) is None  # before the loop has removed it
    with pytest.raises(AssetGone) as gone:
        await place.job(ADA, {old.id: "init.asset_id"})
    assert gone.value.errors[0].field == "init.asset_id"
    await place.clean()
    assert place.files == {young.storage_key}
    assert await place.num_rows() == 1
    assert await place.assets.run_once() is False


async def test_a_job_keeps_its_assets_for_as_long_as_it_exists(place: Workplace) -> None:
    init, mask = await place.assets.add(ADA, picture(1)), await place.assets.add(ADA, picture(2))
    first = await place.job(ADA, {init.id: "init.asset_id", mask.id: "mask.asset_id"})
    second = await place.job(ADA, {init.id: "init.asset_id"})
    keys = {init.id: init.storage_key, mask.id: mask.storage_key}
    await place.expire()
    await place.clean()
    assert place.files == set(keys.values())
    assert await keys_of(place.database, first) == keys
    assert await keys_of(place.database, second) == {init.id: init.storage_key}
    assert await keys_of(place.database, "0" * 32) == {}
    assert await place.assets.find(ADA, init.id) is not None  # its job can be made again
    await place.end(first)
    await place.clean()
    assert place.files == {init.storage_key}
    await place.end(second)
    await place.clean()
    assert place.files == set()


async def test_a_job_gives_its_assets_a_new_lifetime(place: Workplace) -> None:
    asset = await place.assets.add(ADA, picture())
    for seconds_left, is_renewed in ((1.0, True), (10 * LIFETIME_S, False)):
        async with place.database.write() as session:
            await session.execute(update(AssetRow).values(expires_at_s=now_s() + seconds_left))
            before_s = await session.scalar(select(AssetRow.expires_at_s)) or 0.0
        await place.end(await place.job(ADA, {asset.id: "init.asset_id"}))
        after = await place.assets.find(ADA, asset.id)
        assert after is not None
        gained_s = after.expires_at_s - before_s
        assert (gained_s > LIFETIME_S / 2) if is_renewed else (gained_s == 0)


async def test_a_job_can_be_made_again_from_expired_assets_that_another_holds(place: Workplace) -> None:
    asset = await place.assets.add(ADA, picture())
    first = await place.job(ADA, {asset.id: "init.asset_id"})
    await place.expire()
    again = await place.job(ADA, {asset.id: "init.asset_id"})
    await place.end(first)
    await place.expire()
    await place.clean()
    assert await keys_of(place.database, again) == {asset.id: asset.storage_key}
    assert place.files == {asset.storage_key}


async def test_what_is_not_there_is_held_for_no_job(place: Workplace) -> None:
    asset = await place.assets.add(ADA, picture())
    with pytest.raises(AssetGone) as gone:
        await place.job(ADA, {asset.id: "init.asset_id", "f" * 64: "mask.asset_id"})
    assert gone.value.errors[0].field == "mask.asset_id"
    async with place.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(JobAssetRow)) == 0


async def test_an_asset_that_expires_while_it_is_being_held_is_not_removed(place: Workplace) -> None:
    """The loop runs while the accepting transaction is open."""
    asset = await place.assets.add(ADA, picture())
    async with place.database.write() as session:
        await session.execute(update(AssetRow).values(expires_at_s=now_s() + 1.0))
    removing: list[asyncio.Task[bool]] = []

    async def remove_meanwhile() -> None:
        await asyncio.sleep(1.1)
        removing.append(asyncio.create_task(place.assets.run_once()))
        await asyncio.sleep(0.2)

    job_id = await place.job(ADA, {asset.id: "init.asset_id"}, remove_meanwhile)
    assert await removing[0] is False
    await place.clean()
    assert place.files == {asset.storage_key}
    assert await keys_of(place.database, job_id) == {asset.id: asset.storage_key}


async def test_one_owner_keeps_so_many_and_so_much(place: Workplace) -> None:
    few = place.with_bounds(max_assets=2)
    for number in (1, 2):
        await few.add(ADA, picture(number))
    with pytest.raises(TooManyAssets) as refused:
        await few.add(ADA, picture(3))
    assert refused.value.kind.status == 429
    assert 0 < int(refused.value.headers["Retry-After"]) <= LIFETIME_S
    await few.add(BOB, picture(3))
    size = len(await place.assets.read(ADA, (await place.assets.add(ADA, picture(1))).id))
    with pytest.raises(TooManyAssets):
        await place.with_bounds(max_bytes=2 * size + size // 2).add(ADA, picture(4))
    await place.expire()
    await few.add(ADA, picture(5))
    added = await asyncio.gather(*(few.add(ADA, picture(n)) for n in range(6, 12)), return_exceptions=True)
    assert sum(not isinstance(each, TooManyAssets) for each in added) == 1
    await place.clean()
    assert len(place.files) == await place.num_rows() == 2  # what was refused is not stored


async def test_a_stored_image_becomes_an_asset(place: Workplace) -> None:
    await place.store.put("generations/x/x-1.jpg", picture(kind="JPEG"), "image/jpeg")
    asset = await place.assets.from_stored(ADA, "generations/x/x-1.jpg")
    assert asset == await place.assets.find(ADA, asset.id)
    await place.store.delete("generations/x/x-1.jpg")
    assert len(await place.assets.read(ADA, asset.id)) == asset.num_bytes
    with pytest.raises(MissingObject):
        await place.assets.from_stored(ADA, "generations/x/x-1.jpg")
    await place.store.put("generations/x/x-2.jpg", b"damaged", "image/jpeg")
    with pytest.raises(UnusableImage) as refused:
        await place.assets.from_stored(ADA, "generations/x/x-2.jpg")
    assert refused.value.errors[0].field == "from_image"


async def test_assets_move_to_the_account_of_a_browser_that_logs_in(place: Workplace) -> None:
    visitor = "anon:1"
    both, own, new = (picture(n) for n in (1, 2, 3))
    before = await place.assets.add(visitor, both)
    kept, _ = await place.assets.add(ADA, both), await place.assets.add(ADA, own)
    moved = await place.assets.add(visitor, new)
    job_id = await place.job(visitor, {before.id: "init.asset_id", moved.id: "mask.asset_id"})
    async with place.database.write() as session:
        await transfer_assets(place.database, session, visitor, ADA)
    assert await place.num_rows() == 3
    assert await place.assets.find(visitor, moved.id) is None
    assert await keys_of(place.database, job_id) == {before.id: kept.storage_key, moved.id: moved.storage_key}
    await place.remover.run_once()
    assert before.storage_key in place.files  # a worker may be about to read it
    await place.expire()
    await place.clean()
    assert place.files == {kept.storage_key, moved.storage_key}


async def test_all_of_an_owner_are_deleted_but_what_a_job_is_made_from(place: Workplace) -> None:
    free, held = await place.assets.add(ADA, picture(1)), await place.assets.add(ADA, picture(2))
    bobs = await place.assets.add(BOB, picture(1))
    job_id = await place.job(ADA, {held.id: "init.asset_id"})
    async with place.database.write() as session:
        await remove_assets(session, ADA)
    await place.clean()
    assert free.storage_key not in place.files
    assert place.files == {held.storage_key, bobs.storage_key}
    await place.end(job_id)
    await place.clean()
    assert place.files == {bobs.storage_key}
