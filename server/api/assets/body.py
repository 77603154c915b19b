"""Read an uploaded image: the request's body, or the part `file` of multipart/form-data. Bounded as it comes."""

from collections.abc import AsyncGenerator
from typing import Any

from litestar import Request
from multipart import (  # pyright: ignore[reportMissingTypeStubs]
    MultipartSegment,
    ParserError,
    ParserLimitReached,
    PushMultipartParser,
)

from server.api.http.validation import content_coding
from server.assets.decode import ALLOWED, MAX_BYTES
from server.assets.errors import AssetTooLarge
from server.errors import UNSUPPORTED_MEDIA_TYPE, FieldError, InvalidRequest, StudioError

IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp")
RAW_TYPES = (*IMAGE_TYPES, "application/octet-stream", "application/x-www-form-urlencoded", "")
"""The last but one is the default of `curl --data-binary`. What the bytes are is read off them."""

FORM_TYPE = "multipart/form-data"
PART = "file"
MAX_PARTS = 16
OVERHEAD_BYTES = 64_000
"""Of a form, for what is not the file."""


async def read_image(request: Request[Any, Any, Any]) -> bytes:
    """Raises AssetTooLarge, InvalidRequest and StudioError (415)."""
    media_type, options = request.content_type
    encoding = content_coding(request)
    if media_type not in (*RAW_TYPES, FORM_TYPE) or encoding != "identity":
        what = media_type if encoding == "identity" else f"content encoding {encoding}"
        raise StudioError(
            UNSUPPORTED_MEDIA_TYPE,
            f"{what[:200]} cannot be read; send the file's bytes as {', '.join(IMAGE_TYPES)} or"
            f" application/octet-stream, or {FORM_TYPE} with the part {PART}",
        )
    is_form = media_type == FORM_TYPE
    if (request.content_length or 0) > MAX_BYTES + (OVERHEAD_BYTES if is_form else 0):
        raise AssetTooLarge(MAX_BYTES)
    chunks: AsyncGenerator[bytes] = request.stream()
    return await (_file_part(chunks, options.get("boundary", "")) if is_form else _whole(chunks))


async def _whole(chunks: AsyncGenerator[bytes]) -> bytes:
    data = bytearray()
    async for chunk in chunks:
        _append(data, chunk)
    return bytes(data)


async def _file_part(chunks: AsyncGenerator[bytes], boundary: str) -> bytes:
    """Of the first part of this name; other parts are skipped."""
    data: bytearray | None = None
    is_open = False  # what comes now belongs to `data`
    num_bytes = 0
    try:
        with PushMultipartParser(boundary, max_segment_count=MAX_PARTS) as parser:
            async for chunk in chunks:
                num_bytes += len(chunk)
                if num_bytes > MAX_BYTES + OVERHEAD_BYTES:
                    raise AssetTooLarge(MAX_BYTES)
                for event in parser.parse(chunk) if chunk else ():
                    if isinstance(event, MultipartSegment):
                        is_open = event.name == PART and data is None
                        data = bytearray() if is_open else data
                    elif event is not None and is_open and data is not None:
                        _append(data, event)
    except (ParserError, ParserLimitReached) as error:
        raise InvalidRequest([FieldError(PART, f"the form cannot be read ({str(error)[:200]})", ALLOWED)]) from error
    if data is None:
        raise InvalidRequest([FieldError(PART, "the form has no such part", ALLOWED)])
    return bytes(data)


def _append(data: bytearray, chunk: bytes | bytearray) -> None:
    """Raises AssetTooLarge."""
    data += chunk
    if len(data) > MAX_BYTES:
        raise AssetTooLarge(MAX_BYTES)
