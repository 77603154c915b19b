"""Pictures as a zip, written while it is sent."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Sequence
from io import BytesIO
from typing import Protocol
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from server.queue.model import ImageView
from server.storage.store import ImageStore

PERMISSIONS = 0o644 << 16
LOCAL_HEADER_BYTES = 30
CENTRAL_HEADER_BYTES = 46
END_BYTES = 22


class _Window(BytesIO):
    """The end of a file whose beginning is sent. The zip writer may go back within it, so it can put a picture's size
    and checksum before the picture, where readers that do not wait for the end need them."""

    _num_sent = 0

    def tell(self) -> int:
        return self._num_sent + super().tell()

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._num_sent + super().seek(offset - self._num_sent if whence == 0 else offset, whence)

    def take(self) -> bytes:
        """What has been written since the last time."""
        data = self.getvalue()
        self.seek(self._num_sent)
        self.truncate()
        self._num_sent += len(data)
        return data


async def each(images: Iterable[ImageView]) -> AsyncGenerator[ImageView]:
    for image in images:
        yield image


def archive_bytes(images: Sequence[ImageView]) -> int:
    """Size of the zip."""
    headers = LOCAL_HEADER_BYTES + CENTRAL_HEADER_BYTES
    return END_BYTES + sum(headers + 2 * len(image.filename) + image.num_bytes for image in images)


class ArchiveFile(Protocol):
    @property
    def filename(self) -> str: ...
    @property
    def storage_key(self) -> str: ...
    @property
    def finished_at_s(self) -> float: ...


async def stream_archive(images: AsyncIterable[ArchiveFile], store: ImageStore) -> AsyncGenerator[bytes]:
    """The stored bytes under their file names, not compressed, one picture in memory at a time. Raises StoreError: a
    zip that lacks a picture is never finished."""
    window = _Window()
    with ZipFile(window, "w", ZIP_STORED) as archive:
        async for image in images:
            info = ZipInfo(image.filename, time.gmtime(image.finished_at_s)[:6])
            info.external_attr = PERMISSIONS
            await asyncio.to_thread(archive.writestr, info, await store.get(image.storage_key))
            yield window.take()
    yield window.take()
