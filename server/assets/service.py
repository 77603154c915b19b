"""Assets: images that callers bring, as an init image or a mask. Identified by the SHA-256 of the stored bytes, one row
and one object an owner.

An asset is available to its owner until it expires, and as long as a job of the owner is made from it. An object is
stored as long as its row exists; `run` removes the rows of assets that are no longer available.
"""

import asyncio
import logging
import math
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, case, exists, func, select, tuple_, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.ext.asyncio import AsyncSession

from server.assets.decode import CONTENT_TYPE, DecodedAsset, decode, read_upload
from server.assets.errors import AssetGone, AssetNotFound, TooManyAssets
from server.db.clock import now_s
from server.db.models import AssetRow, JobAssetRow
from server.db.session import DATABASE_ERRORS, Database
from server.queue.deletion import Remover, cancel_deletion, schedule_deletion
from server.storage.store import ImageStore, MissingObject, StoreError

T = TypeVar("T")

log = logging.getLogger(__name__)

FOLDER = "assets"
"""The first part of the storage keys; the rest is random, so that a content is not found by its hash."""

MAX_ASSETS, MAX_BYTES = 1000, 1_000_000_000  # of one owner
MAX_DECODES = 2  # at a time: each takes up to 400 MB
UPLOAD_S = 3600.0
"""The object of an upload that is not entered by then is deleted: its process has ended in between."""
IN_USE_S = 3600.0
"""A worker that has read a storage key has read its object by then."""
PAUSE_S = 600.0
ROUND = 200  # rows removed in one transaction


@dataclass(frozen=True, slots=True)
class Asset:
    """`id` is the SHA-256 of the stored PNG, `expires_at_s` is since 1970."""

    id: str
    width: int
    height: int
    num_bytes: int
    expires_at_s: float
    storage_key: str


class UploadCheck(Protocol):
    """Moderation of uploads: server/moderation/service.py."""

    async def check_upload(self, owner: str, png: bytes, sha256: str, field: str) -> None:
        """Raises UploadBlocked and ClassifierAway."""
        ...


class Assets:
    """Runs on the event loop; images are decoded on threads. `lifetime_s` since the upload or the last job that named
    the asset. `max_assets` and `max_bytes` are what one owner may have unexpired."""

    def __init__(
        self,
        database: Database,
        store: ImageStore,
        remover: Remover,
        lifetime_s: float,
        max_assets: int = MAX_ASSETS,
        max_bytes: int = MAX_BYTES,
        check: UploadCheck | None = None,
    ) -> None:
        """`check` None: uploads are not moderated."""
        self._database = database
        self._store = store
        self._remover = remover
        self._lifetime_s = lifetime_s
        self._max_assets = max_assets
        self._max_bytes = max_bytes
        self._check = check
        self._decoding = asyncio.Semaphore(MAX_DECODES)

    async def add(self, owner: str, data: bytes) -> Asset:
        """Decode and store an image. The same content again is the same asset, with a new lifetime. Raises
        AssetTooLarge, UnusableImage, TooManyAssets, UploadBlocked, ClassifierAway and StoreError."""
        await self._refuse_early(owner)
        async with self._decoding:
            decoded = await asyncio.to_thread(read_upload, data)
        if self._check is not None:
            await self._check.check_upload(owner, decoded.png, decoded.sha256, "file")
        return await self._keep(owner, decoded)

    async def from_stored(self, owner: str, storage_key: str, field: str = "from_image") -> Asset:
        """Make a copy of a stored image an asset. `field` is the request field that an error names. Raises
        MissingObject, UnusableImage, TooManyAssets and StoreError."""
        await self._refuse_early(owner)
        async with self._decoding:
            data = await self._store.get(storage_key)
            decoded = await asyncio.to_thread(decode, data, field)
        return await self._keep(owner, decoded)

    async def find(self, owner: str, sha256: str) -> Asset | None:
        """None: the owner has no such asset, or no longer."""
        async with self._database.read() as session:
            row = await session.scalar(select(AssetRow).where(_named(owner, sha256), _available()))
        return _asset(row) if row else None

    async def read(self, owner: str, sha256: str) -> bytes:
        """The PNG. Raises AssetNotFound and StoreError."""
        asset = await self.find(owner, sha256)
        if asset is None:
            raise AssetNotFound(sha256)
        return await self._stored(asset)

    async def inspect(self, asset: Asset, look: Callable[[bytes], T]) -> T:
        """What `look` finds in the PNG, on a thread, bounded like decoding. Raises AssetNotFound and StoreError."""
        async with self._decoding:
            return await asyncio.to_thread(look, await self._stored(asset))

    async def hold(self, session: AsyncSession, job_id: str, owner: str, named: Mapping[str, str]) -> None:
        """Keep assets for a job, in the transaction that accepts it, after its row is flushed: they get a new lifetime,
        and their objects stay stored as long as the job exists. `named` maps the SHA-256 of each to the request field
        that an error names. Raises AssetGone."""
        for sha256 in sorted(named):  # in one order, so that two transactions cannot wait for each other
            renewed = self._renewed(_named(owner, sha256) & _available()).returning(AssetRow.storage_key)
            storage_key = await session.scalar(renewed)
            if storage_key is None:
                raise AssetGone(named[sha256], sha256)
            session.add(JobAssetRow(job_id=job_id, sha256=sha256, storage_key=storage_key))
        await session.flush()

    async def _stored(self, asset: Asset) -> bytes:
        try:
            return await self._store.get(asset.storage_key)
        except MissingObject as error:
            raise AssetNotFound(asset.id) from error

    async def run(self) -> None:
        """Remove expired assets, until it is cancelled."""
        while True:
            try:
                while await self.run_once():
                    pass
            except DATABASE_ERRORS as error:
                log.warning("expired assets wait, the database does not answer: %s", error)
            await asyncio.sleep(PAUSE_S)

    async def run_once(self) -> bool:
        """Remove a batch of the assets that have expired and that no job is made from. Returns True if there may be
        more. Raises DATABASE_ERRORS."""
        async with self._database.write() as session:
            num_removed = await _remove_unused(session, AssetRow.expires_at_s <= now_s(), ROUND)
        if num_removed:
            log.info("%d assets have expired and are deleted", num_removed)
            self._remover.removed([])
        return num_removed == ROUND

    async def _keep(self, owner: str, decoded: DecodedAsset) -> Asset:
        """Store the bytes, then insert the row: a row exists only for an object that is stored. The object's
        deletion is scheduled first, and cancelled by the transaction that inserts the row: a crash leaves none."""
        known = await self._renew(owner, decoded.sha256)
        if known is not None:
            if not await self._store.exists(known.storage_key):  # it was deleted in the store by hand
                await self._store.put(known.storage_key, decoded.png, CONTENT_TYPE)
            return known
        key = f"{FOLDER}/{secrets.token_hex(16)}.png"
        async with self._database.write() as session:
            await schedule_deletion(session, [key], UPLOAD_S)
        await self._store.put(key, decoded.png, CONTENT_TYPE)
        async with self._database.write() as session:
            await self._database.lock(session, "assets")  # count and insert are one step for all processes
            row = await session.scalar(self._renewed(_named(owner, decoded.sha256)).returning(AssetRow))
            if row is None:
                row = await self._insert(session, owner, decoded, key)
            return _asset(row)

    async def _insert(self, session: AsyncSession, owner: str, decoded: DecodedAsset, key: str) -> AssetRow:
        """Raises TooManyAssets, and StoreError if the object may be deleted already."""
        await self._check_room(session, owner, len(decoded.png))
        if not await cancel_deletion(session, key):
            raise StoreError(f"storing {key} took longer than {UPLOAD_S:.0f} s")
        current_s = await session.scalar(select(now_s())) or 0.0
        row = AssetRow(
            sha256=decoded.sha256,
            owner=owner,
            storage_key=key,
            content_type=CONTENT_TYPE,
            width=decoded.width,
            height=decoded.height,
            num_bytes=len(decoded.png),
            created_at_s=current_s,
            expires_at_s=current_s + self._lifetime_s,
        )
        session.add(row)
        await session.flush()
        return row

    async def _renew(self, owner: str, sha256: str) -> Asset | None:
        """Give an asset a new lifetime. None: there is none."""
        async with self._database.write() as session:
            row = await session.scalar(self._renewed(_named(owner, sha256)).returning(AssetRow))
            return _asset(row) if row else None

    def _renewed(self, which: ColumnElement[bool]) -> Any:
        """An UPDATE that locks the rows and gives them a new lifetime."""
        until_s = now_s() + self._lifetime_s
        later_s = case((AssetRow.expires_at_s > until_s, AssetRow.expires_at_s), else_=until_s)
        statement = update(AssetRow).where(which).values(expires_at_s=later_s)
        return statement.execution_options(synchronize_session=False)

    async def _refuse_early(self, owner: str) -> None:
        """Refuse before the image is decoded. Raises TooManyAssets."""
        async with self._database.read() as session:
            await self._check_room(session, owner, 1)

    async def _check_room(self, session: AsyncSession, owner: str, num_bytes: int) -> None:
        """Raises TooManyAssets."""
        kept = (AssetRow.owner == owner) & (AssetRow.expires_at_s > now_s())
        sums = select(func.count(), func.sum(AssetRow.num_bytes), func.min(AssetRow.expires_at_s), now_s())
        count, total, first_s, current_s = (await session.execute(sums.where(kept))).one()
        if count and (count >= self._max_assets or (total or 0) + num_bytes > self._max_bytes):
            retry_after_s = max(1, math.ceil(first_s - current_s))
            raise TooManyAssets(self._max_assets, self._max_bytes, retry_after_s)


async def keys_of(database: Database, job_id: str) -> dict[str, str]:
    """The storage keys of a job's assets, by SHA-256. Read the objects soon: a key may be replaced when the owner logs
    in, and its object is deleted IN_USE_S later."""
    held = select(JobAssetRow.sha256, JobAssetRow.storage_key).where(JobAssetRow.job_id == job_id)
    async with database.read() as session:
        return {row.sha256: row.storage_key for row in await session.execute(held)}


async def transfer_assets(database: Database, session: AsyncSession, old_owner: str, owner: str) -> None:
    """Transfer all assets to another owner. Of a content that this one has too, one object is kept."""
    if await session.scalar(select(exists().where(AssetRow.owner == old_owner))) is not True:
        return
    await database.lock(session, "assets")
    moved = select(AssetRow).where(AssetRow.owner == old_owner).order_by(AssetRow.sha256).with_for_update()
    for row in (await session.scalars(moved)).all():
        own = await session.scalar(select(AssetRow).where(_named(owner, row.sha256)).with_for_update())
        if own is None:
            change = update(AssetRow).where(_named(old_owner, row.sha256)).values(owner=owner)
            await session.execute(change.execution_options(synchronize_session=False))
            continue
        own.expires_at_s = max(own.expires_at_s, row.expires_at_s)
        held = update(JobAssetRow).where(JobAssetRow.storage_key == row.storage_key)
        await session.execute(held.values(storage_key=own.storage_key).execution_options(synchronize_session=False))
        await schedule_deletion(session, [row.storage_key], IN_USE_S)
        await session.delete(row)
    await session.flush()


async def remove_assets(session: AsyncSession, owner: str) -> None:
    """Delete all assets of an owner. One that a job is made from goes with the job."""
    await session.execute(
        update(AssetRow)
        .where(AssetRow.owner == owner)
        .values(expires_at_s=0.0)
        .execution_options(synchronize_session=False)
    )
    await _remove_unused(session, AssetRow.owner == owner)


async def _remove_unused(session: AsyncSession, which: ColumnElement[bool], limit: int | None = None) -> int:
    """Delete assets that no job is made from. Returns their number. `hold` locks a row and moves its expiry: one that
    is held meanwhile is skipped or, once its lock is gone, no longer expired."""
    unused = (
        select(AssetRow.sha256, AssetRow.owner, AssetRow.storage_key)
        .where(which, ~_is_held())
        .order_by(AssetRow.expires_at_s)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = (await session.execute(unused)).all()
    if rows:
        await schedule_deletion(session, [row.storage_key for row in rows])
        ids = tuple_(AssetRow.sha256, AssetRow.owner).in_([(row.sha256, row.owner) for row in rows])
        await session.execute(delete_rows(AssetRow).where(ids).execution_options(synchronize_session=False))
    return len(rows)


def _named(owner: str, sha256: str) -> ColumnElement[bool]:
    return (AssetRow.owner == owner) & (AssetRow.sha256 == sha256)


def _is_held() -> ColumnElement[bool]:
    return exists().where(JobAssetRow.storage_key == AssetRow.storage_key)


def _available() -> ColumnElement[bool]:
    return (AssetRow.expires_at_s > now_s()) | _is_held()


def _asset(row: AssetRow) -> Asset:
    return Asset(row.sha256, row.width, row.height, row.num_bytes, row.expires_at_s, row.storage_key)
