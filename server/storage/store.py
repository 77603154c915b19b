"""Where picture bytes live: put, get, exists, url, delete."""

from typing import Protocol, runtime_checkable


class StoreError(Exception):
    """The store could not do it. May pass: callers try again."""


class MissingObject(StoreError):
    """Nothing is stored under this key."""


class InvalidKey(StoreError):
    """The key is no name that a store takes: `/`-separated parts of letters, digits, `_`, `.` and `-`."""


@runtime_checkable  # the API is handed one, and its framework looks whether it is
class ImageStore(Protocol):
    """Keys look like `generations/{job_id}/{job_id}-1.jpg`. The same picture under the same key is the same object, so
    `put` may be repeated. Methods run on the event loop and do their I/O off it. All raise StoreError."""

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """Durable when it returns; readers see the whole object or none."""
        ...

    async def get(self, key: str) -> bytes:
        """Raises MissingObject."""
        ...

    async def exists(self, key: str) -> bool: ...

    def url(self, key: str) -> str:
        """Address for readers. Computed each time, never stored."""
        ...

    async def delete(self, key: str) -> None:
        """A key that is not there is no error."""
        ...
