"""Finished pictures that the store did not take, kept on this disk until it does: they outlive a crash."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import MsgspecError, Struct, msgpack

from server.storage.local import LocalStore
from server.storage.store import InvalidKey, MissingObject, key_parts

SUFFIX = ".picture"


class OutboxEntry(Struct, frozen=True):
    """A picture ready to store: `data` and `thumbnail` as they are put, `facts` that go beside them, and `image`, the
    columns of the row that will tell of it. `index` counts from 0 within the job."""

    job_id: str
    index: int
    image: dict[str, Any]
    facts: Mapping[str, str]
    data: bytes
    thumbnail: bytes | None

    @property
    def key(self) -> str:
        return spool_key(self.job_id, self.index)


class CorruptEntry(Exception):
    """What lies in the spool cannot be read: the picture must be made again."""


def spool_key(job_id: str, index: int) -> str:
    return f"{job_id}-{index + 1}{SUFFIX}"


class Outbox:
    """One file a picture in `folder`, whole or not there. Runs on the event loop, its file work in threads. `max_bytes`
    is no wall: a picture that is made is kept, but where the spool is full no further one should be begun."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        """Looks what a predecessor left, on the calling thread. Raises OSError."""
        self._files = LocalStore(folder)
        self._max_bytes = max_bytes
        self._sizes: dict[str, int] = {}
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            if _is_key(path.name):
                self._sizes[path.name] = path.stat().st_size
            else:  # a draft that a crash left
                path.unlink(missing_ok=True)

    def __len__(self) -> int:
        return len(self._sizes)

    @property
    def num_bytes(self) -> int:
        return sum(self._sizes.values())

    @property
    def full(self) -> bool:
        return self.num_bytes >= self._max_bytes

    @property
    def job_ids(self) -> set[str]:
        return {key.partition("-")[0] for key in self._sizes}

    def indexes(self, job_id: str) -> frozenset[int]:
        """Of the job's pictures that lie here."""
        return frozenset(_index(key) for key in self._sizes if key.startswith(f"{job_id}-"))

    async def put(self, parcel: OutboxEntry) -> None:
        """Durable when it returns. Raises StoreError where this disk does not take it either."""
        data = msgpack.encode(parcel)
        await self._files.put(parcel.key, data, "application/msgpack")
        self._sizes[parcel.key] = len(data)

    async def get(self, job_id: str, index: int) -> OutboxEntry:
        """Raises CorruptEntry, and StoreError where the disk cannot be read now."""
        key = spool_key(job_id, index)
        try:
            return msgpack.decode(await self._files.get(key), type=OutboxEntry)
        except (MsgspecError, MissingObject) as error:
            raise CorruptEntry(f"{key} in the spool cannot be read: {error}") from error

    async def remove(self, job_id: str, index: int) -> None:
        """Raises StoreError."""
        key = spool_key(job_id, index)
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
