"""Where picture bytes live: put, get, exists, url, delete.

StoreError
├── MissingObject     nothing is stored under this key
├── InvalidKey        no name that a store takes
├── StoreRefused      it answers, and says no: credentials, permissions, a bucket that is not there
│   └── AccessDenied  these credentials may not do that
└── StoreUnreachable  it does not answer
"""

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from server.errors import STORE_AWAY, DomainError

PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")
MAX_PARTS = 8


class StoreError(DomainError):
    """The store cannot do it now; a retry may succeed. The text is for readers and names no secret."""

    kind = STORE_AWAY
    retry_after_s = 10
    log_level = logging.WARNING


class MissingObject(StoreError):
    """Nothing is stored under this key."""


class InvalidKey(StoreError):
    """The key is no name that a store takes: `/`-separated parts of letters, digits, `_`, `.` and `-`."""


class StoreRefused(StoreError):
    """It will not let us: credentials, permissions, or a bucket that does not exist."""


class AccessDenied(StoreRefused):
    """It knows these credentials, and they may not do that."""


class StoreUnreachable(StoreError):
    """It does not answer, or is not able to now."""


def key_parts(key: str) -> list[str]:
    """The parts of a key: none empty, none that begins with a dot, no backslash, at most 8 of 100 characters. Raises
    InvalidKey."""
    parts = key.split("/")
    if len(parts) > MAX_PARTS or not all(PART.fullmatch(part) for part in parts):
        raise InvalidKey(f"{key[:200]!r} is no picture's name")
    return parts


@runtime_checkable  # the API is handed one, and its framework looks whether it is
class ImageStore(Protocol):
    """Keys look like `generations/{job_id}/{job_id}-1.jpg`. The same picture under the same key is the same object, so
    `put` may be repeated. Methods run on the event loop and do their I/O off it. All raise StoreError."""

    @property
    def origins(self) -> tuple[str, ...]:
        """Where pages load pictures from, like `https://cdn.example.org`; none where it is this server."""
        ...

    async def check(self) -> None:
        """Raises StoreError where a picture could not be stored now."""
        ...

    async def put(self, key: str, data: bytes, content_type: str, metadata: Mapping[str, str] | None = None) -> None:
        """Durable when it returns; readers see the whole object or none. `metadata`: a few ASCII facts that a store
        which can keeps beside the object."""
        ...

    async def get(self, key: str) -> bytes:
        """Raises MissingObject."""
        ...

    async def exists(self, key: str) -> bool: ...

    def url(self, key: str) -> str:
        """Address for readers. Computed each time, never stored."""
        ...

    def attachment(self, key: str, content_type: str, filename: str) -> str | Path:
        """Address that answers the object as a download under this name (ASCII, no quotes), or its file on this machine
        (which need not exist): then this server sends it."""
        ...

    async def delete(self, key: str) -> None:
        """A key that is not there is no error."""
        ...
