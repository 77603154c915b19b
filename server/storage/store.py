"""The interface of an image store: put, get, exists, url, delete.

StoreError
├── MissingObject     nothing is stored under this key
├── InvalidKey        the key is not a valid name
├── StoreRefused      the store refuses: credentials, permissions, a missing bucket
│   └── AccessDenied  the credentials are valid and do not permit it
└── StoreUnreachable  the store does not answer
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
    """The key is not a valid name: `/`-separated parts of letters, digits, `_`, `.` and `-`."""


class StoreRefused(StoreError):
    """The store refuses the request: credentials, permissions, or a bucket that does not exist."""


class AccessDenied(StoreRefused):
    """The credentials are valid and do not permit the request."""


class StoreUnreachable(StoreError):
    """The store does not answer, or cannot do it now."""


def key_parts(key: str) -> list[str]:
    """Split a key into its parts: at most 8 of 1 to 100 characters, none of which starts with a dot. Raises
    InvalidKey."""
    parts = key.split("/")
    if len(parts) > MAX_PARTS or not all(PART.fullmatch(part) for part in parts):
        raise InvalidKey(f"{key[:200]!r} is no picture's name")
    return parts


@runtime_checkable  # Litestar checks the type of an injected dependency
class ImageStore(Protocol):
    """Keys look like `generations/{job_id}/{job_id}-1.jpg`. A key names the same image for ever, so `put` may be
    repeated. Methods are called on the event loop and do their I/O on threads. All raise StoreError."""

    @property
    def origins(self) -> tuple[str, ...]:
        """Origins that pages load images from, like `https://cdn.example.org`; empty: this server."""
        ...

    async def check(self) -> None:
        """Raises StoreError if an image could not be stored now."""
        ...

    async def put(self, key: str, data: bytes, content_type: str, metadata: Mapping[str, str] | None = None) -> None:
        """Store an object: durable on return, never visible in part. `metadata`: a few ASCII fields that a bucket keeps
        with the object."""
        ...

    async def get(self, key: str) -> bytes:
        """Raises MissingObject."""
        ...

    async def exists(self, key: str) -> bool: ...

    def url(self, key: str) -> str:
        """The address for readers. Computed at each read, never stored."""
        ...

    def attachment(self, key: str, content_type: str, filename: str) -> str | Path:
        """The address that answers the object as a download under this name (ASCII, no quotes); or its path on this
        machine, which need not exist, if this server sends it."""
        ...

    async def delete(self, key: str) -> None:
        """Delete an object. A missing one is no error."""
        ...
