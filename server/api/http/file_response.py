"""Files as HTTP responses: read in chunks on a thread, sent whole or as one range (RFC 9110, sections 13 and 14)."""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from litestar.datastructures import Headers
from litestar.types import Receive, Scope, Send

from server.errors import RANGE_NOT_SATISFIABLE, StudioError
from server.storage.store import StoreError

CHUNK_BYTES = 512 * 1024
ONE_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class FileResponse:
    """An ASGI app that answers GET and HEAD with the file at `path`, which is written once: its name and its size are
    its ETag. Raises `missing` if there is no file, StoreError if it cannot be read, StudioError (416). `on_download`
    runs after a GET that began at the first byte."""

    path: Path
    media_type: str
    headers: Mapping[str, str]
    missing: StudioError
    on_download: Callable[[], Awaitable[None]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request: Any = scope
        begun = await asyncio.to_thread(self._begin, request["method"], Headers.from_scope(scope))
        with begun.file:
            fields = [
                (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in begun.headers.items()
            ]
            await send({"type": "http.response.start", "status": begun.status, "headers": fields})
            chunk, left = begun.chunk, begun.num_bytes - len(begun.chunk)
            while left:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                chunk = await asyncio.to_thread(_read, begun.file, left)
                left -= len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": False})
        if self.on_download is not None and begun.is_download:
            await self.on_download()

    def _begin(self, method: str, headers: Headers) -> "_Begun":
        """Open the file, decide on the answer and read the first chunk: one turn of a thread for most images."""
        file, size = self._open()
        try:
            etag = f'"{self.path.name}-{size:x}"'
            answer = {"Content-Type": self.media_type, "Accept-Ranges": "bytes", "ETag": etag, **self.headers}
            if _matches(headers.get("if-none-match", ""), etag):
                return _Begun(file, 304, answer, b"", 0, False)
            part = requested_part(headers, size, etag) if method == "GET" else None
            start, stop = (part.start, part.stop) if part is not None else (0, size)
            answer["Content-Length"] = str(stop - start)
            if part is not None:
                answer["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
            if method == "HEAD":
                return _Begun(file, 200, answer, b"", 0, False)
            file.seek(start)
            status, num_bytes = 200 if part is None else 206, stop - start
            return _Begun(file, status, answer, _read(file, num_bytes), num_bytes, start == 0)
        except BaseException:
            file.close()
            raise

    def _open(self) -> tuple[BinaryIO, int]:
        try:
            file = self.path.open("rb", buffering=0)
            return file, os.fstat(file.fileno()).st_size
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise self.missing from error
        except OSError as error:
            raise StoreError(f"cannot read {self.path}: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class _Begun:
    """`chunk` is the first of `num_bytes`; `file` stands behind it."""

    file: BinaryIO
    status: int
    headers: Mapping[str, str]
    chunk: bytes
    num_bytes: int
    is_download: bool


def requested_part(headers: Headers, size: int, etag: str) -> range | None:
    """The bytes that a GET asks for; None for all: no Range, one that cannot be read, several ranges, or an If-Range of
    other bytes. Raises StudioError (416)."""
    match = ONE_RANGE.fullmatch(headers.get("range", ""))
    if match is None or headers.get("if-range", etag) != etag:
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= size:
        detail = f"{match[0]} lies behind the end of the file, which has {size:,} bytes"
        raise StudioError(RANGE_NOT_SATISFIABLE, detail, headers={"Content-Range": f"bytes */{size}"})
    return range(start, stop)


def _matches(if_none_match: str, etag: str) -> bool:
    """If-None-Match compares weakly."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in tags or tags == ["*"]


def _read(file: BinaryIO, left: int) -> bytes:
    """Raises StoreError at an unexpected end: the connection is closed, so that no reader takes the part for all."""
    chunk = file.read(min(left, CHUNK_BYTES))
    if left and not chunk:
        raise StoreError("the file has become shorter while it was sent")
    return chunk
