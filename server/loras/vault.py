"""LoRA bytes in the bucket, by content hash: an api process stores them, and the worker that needs them fetches them.

The objects are below a private prefix and are read with the bucket's credentials only; no address of them is ever
signed. Their names hold a secret of the database, so that a bucket whose objects are public does not publish them."""

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.lora_models import LoraObjectRow
from server.db.models import LoraRow
from server.db.session import Database
from server.queue.deletion import schedule_deletion
from server.storage.store import MissingObject, StoreError

PREFIX = "private/loras"
CHUNK_BYTES = 1024 * 1024


class WrongBytes(StoreError):
    """The object does not have the hash that its row names."""


@runtime_checkable
class FileStore(Protocol):
    """Files as objects of a bucket. Both raise StoreError."""

    async def put_file(self, key: str, path: Path) -> None: ...

    async def get_file(self, key: str, path: Path) -> None:
        """Raises MissingObject, and OSError if the file cannot be written."""
        ...


class LoraVault:
    """Runs on the event loop; file work runs in threads."""

    def __init__(self, database: Database, files: FileStore) -> None:
        self._database = database
        self._files = files

    async def store_missing(self, path_of: Callable[[str], Path]) -> None:
        """Store the LoRAs of the table that are not stored yet and have a file at `path_of(sha256)`. Raises
        StoreError."""
        async with self._database.read() as session:
            stored = select(LoraObjectRow.sha256)
            missing = select(LoraRow.sha256).where(LoraRow.sha256.not_in(stored), LoraRow.failure.is_(None)).distinct()
            hashes = list(await session.scalars(missing))
        for sha256 in hashes:
            path = path_of(sha256)
            if await asyncio.to_thread(path.is_file):
                key = f"{PREFIX}/{sha256}-{secrets.token_hex(16)}"
                await self._files.put_file(key, path)
                await self._record(sha256, key)

    async def fetch(self, sha256: str, path: Path) -> bool:
        """Write the bytes to `path`, once their hash is checked. Returns False if they are not stored. Raises
        StoreError and OSError."""
        async with self._database.read() as session:
            row = await session.get(LoraObjectRow, sha256)
        if row is None:
            return False
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
            await self._files.get_file(row.storage_key, draft)
            if await asyncio.to_thread(_sha256, draft) != sha256:
                raise WrongBytes(
                    f"the bucket's object of the LoRA {sha256[:12]} has other bytes than it was stored with"
                )
            await asyncio.to_thread(draft.replace, path)
        except MissingObject:
            return False
        finally:
            await asyncio.to_thread(draft.unlink, missing_ok=True)
        return True

    async def _record(self, sha256: str, key: str) -> None:
        async with self._database.write() as session:
            await self._database.lock(session, "queue")
            if await session.get(LoraObjectRow, sha256) is None:
                session.add(LoraObjectRow(sha256=sha256, storage_key=key))
            else:  # another process was faster
                await schedule_deletion(session, [key])


async def delete_all_but(session: AsyncSession, needed: Collection[str]) -> None:
    """Delete the stored LoRAs with other hashes. The caller holds the lock `queue`."""
    for row in await session.scalars(select(LoraObjectRow)):
        if row.sha256 not in needed:
            await schedule_deletion(session, [row.storage_key])
            await session.delete(row)


class HeldLabels:
    """The labels that this process's LoRA folder has held, in a file: what is gone of them was deleted here; other
    LoRAs of the table are another process's. Any thread, one at a time."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> set[str]:
        try:
            return set(msgspec.json.decode(self._file.read_bytes(), type=list[str]))
        except (OSError, msgspec.MsgspecError):
            return set()

    def write(self, labels: Collection[str]) -> None:
        draft = self._file.with_name(f".{self._file.name}.new")
        draft.write_bytes(msgspec.json.encode(sorted(labels)))
        draft.replace(self._file)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
