"""The outbox: finished images that are not delivered yet. Entries on disk survive a crash."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import MsgspecError, Struct, msgpack

from server.storage.local import LocalStore
from server.storage.store import InvalidKey, MissingObject, StoreError, key_parts

log = logging.getLogger(__name__)

SUFFIX = ".picture"


class OutboxEntry(Struct, frozen=True):
    """An encoded image: `data` and `thumbnail` as they are uploaded with the metadata `facts`, and `stored`, the
    columns that its row gets. `index` counts from 0 within the job."""

    job_id: str
    index: int
    stored: dict[str, Any]
    facts: Mapping[str, str]
    data: bytes
    thumbnail: bytes | None

    @property
    def key(self) -> str:
        return entry_key(self.job_id, self.index)


class CorruptEntry(Exception):
    """An entry on disk cannot be read: the image must be made again."""


def entry_key(job_id: str, index: int) -> str:
    return f"{job_id}-{index + 1}{SUFFIX}"


class Outbox:
    """Entries in memory and, one file each, in `folder`. Runs on the event loop, its file work in threads.

    With `durable` every entry is written to disk before it is uploaded; without, when its first delivery fails.
    `max_bytes` is no hard limit: a finished image is kept, but no further one should be begun while the outbox is full.
    """

    def __init__(self, folder: Path, max_bytes: int, durable: bool) -> None:
        """Lists what a predecessor left, on the calling thread. Raises OSError."""
        self._files = LocalStore(folder)
        self._max_bytes = max_bytes
        self._durable = durable
        self._sizes: dict[str, int] = {}  # of the entries on disk
        self._in_memory: dict[str, OutboxEntry] = {}
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            if _is_key(path.name):
                self._sizes[path.name] = path.stat().st_size
            else:  # a draft that a crash left
                path.unlink(missing_ok=True)

    def __len__(self) -> int:
        """Entries on disk."""
        return len(self._sizes)

    @property
    def num_in_memory(self) -> int:
        return len(self._in_memory)

    @property
    def num_bytes(self) -> int:
        return sum(self._sizes.values())

    @property
    def full(self) -> bool:
        return self.num_bytes >= self._max_bytes

    @property
    def job_ids(self) -> set[str]:
        """Of the entries on disk."""
        return {key.partition("-")[0] for key in self._sizes}

    def indexes(self, job_id: str) -> frozenset[int]:
        """Of the job's entries on disk."""
        return frozenset(_index(key) for key in self._sizes if key.startswith(f"{job_id}-"))

    def is_durable(self, job_id: str, index: int) -> bool:
        """True if the entry survives a crash."""
        return entry_key(job_id, index) in self._sizes

    async def put(self, entry: OutboxEntry) -> None:
        self._in_memory[entry.key] = entry
        if self._durable:
            await self.persist(entry.job_id, entry.index)

    async def persist(self, job_id: str, index: int) -> None:
        """Move the entry from memory to disk. Where the disk refuses it, it stays in memory."""
        entry = self._in_memory.get(entry_key(job_id, index))
        if entry is None:
            return
        data = msgpack.encode(entry)
        try:
            await self._files.put(entry.key, data, "application/msgpack")
        except StoreError as error:
            log.error("a finished image cannot be written to the outbox and stays in memory: %s", error)
            return
        self._sizes[entry.key] = len(data)
        self._in_memory.pop(entry.key, None)

    async def get(self, job_id: str, index: int) -> OutboxEntry:
        """Raises CorruptEntry, and StoreError where the disk cannot be read now."""
        key = entry_key(job_id, index)
        if (entry := self._in_memory.get(key)) is not None:
            return entry
        try:
            return msgpack.decode(await self._files.get(key), type=OutboxEntry)
        except (MsgspecError, MissingObject) as error:
            raise CorruptEntry(f"{key} in the outbox cannot be read: {error}") from error

    async def remove(self, job_id: str, index: int) -> None:
        """Raises StoreError."""
        key = entry_key(job_id, index)
        self._in_memory.pop(key, None)
        if key in self._sizes:
            await self._files.delete(key)
            self._sizes.pop(key, None)


def _is_key(name: str) -> bool:
    job_id, _, number = name.removesuffix(SUFFIX).partition("-")
    try:
        key_parts(name)
    except InvalidKey:
        return False
    return name.endswith(SUFFIX) and bool(job_id) and number.isdecimal()


def _index(key: str) -> int:
    return int(key.removesuffix(SUFFIX).partition("-")[2]) - 1
