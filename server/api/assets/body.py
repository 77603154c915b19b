"""Read an uploaded file: the request's body, or the part `file` of multipart/form-data. Bounded as it comes."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
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
from server.errors import UNSUPPORTED_MEDIA_TYPE, DomainError, FieldError, InvalidRequest, StudioError

IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp")
RAW_TYPES = (*IMAGE_TYPES, "application/octet-stream", "application/x-www-form-urlencoded", "")
"""The last but one is the default of `curl --data-binary`. What the bytes are is read off them."""

FORM_TYPE = "multipart/form-data"
PART = "file"
MAX_PARTS = 16
OVERHEAD_BYTES = 64_000
"""Of a form, for what is not the file."""


@dataclass(frozen=True, slots=True)
class FileRules:
    """What may be uploaded: `types` of a raw body, `shown` to people; `too_large` is raised beyond `max_bytes`."""

    types: tuple[str, ...]
    shown: str
    allowed: str
    max_bytes: int
    too_large: type[DomainError]

    def error(self) -> DomainError:
        return self.too_large(self.max_bytes)  # pyright: ignore[reportArgumentType]  # its own constructor


@dataclass(slots=True)
class UploadedFile:
    """`media_type` and `filename` as sent; of a form those of the part."""

    media_type: str
    filename: str = ""
    data: bytearray = field(default_factory=bytearray)


IMAGE = FileRules(RAW_TYPES, f"{', '.join(IMAGE_TYPES)} or application/octet-stream", ALLOWED, MAX_BYTES, AssetTooLarge)


async def read_image(request: Request[Any, Any, Any]) -> bytes:
    """Raises AssetTooLarge, InvalidRequest and StudioError (415)."""
    return bytes((await read_file(request, IMAGE)).data)


async def read_file(request: Request[Any, Any, Any], rules: FileRules) -> UploadedFile:
    """Raises the error of `rules`, InvalidRequest and StudioError (415)."""
    media_type, options = request.content_type
    encoding = content_coding(request)
    if media_type not in (*rules.types, FORM_TYPE) or encoding != "identity":
        what = media_type if encoding == "identity" else f"content encoding {encoding}"
        raise StudioError(
            UNSUPPORTED_MEDIA_TYPE,
            f"{what[:200]} cannot be read; send the file's bytes as {rules.shown}, or {FORM_TYPE} with the part {PART}",
        )
    is_form = media_type == FORM_TYPE
    if (request.content_length or 0) > rules.max_bytes + (OVERHEAD_BYTES if is_form else 0):
        raise rules.error()
    chunks: AsyncGenerator[bytes] = request.stream()
    if is_form:
        return await _file_part(chunks, options.get("boundary", ""), rules)
    file = UploadedFile(media_type)
    async for chunk in chunks:
        _append(file.data, chunk, rules)
    return file


async def _file_part(chunks: AsyncGenerator[bytes], boundary: str, rules: FileRules) -> UploadedFile:
    """The first part of this name; other parts are skipped."""
    file: UploadedFile | None = None
    is_open = False  # what comes now belongs to `file`
    num_bytes = 0
    try:
        with PushMultipartParser(boundary, max_segment_count=MAX_PARTS) as parser:
            async for chunk in chunks:
                num_bytes += len(chunk)
                if num_bytes > rules.max_bytes + OVERHEAD_BYTES:
                    raise rules.error()
                for event in parser.parse(chunk) if chunk else ():
                    if isinstance(event, MultipartSegment):
                        is_open = event.name == PART and file is None
                        if is_open:
                            file = UploadedFile(event.content_type or "", event.filename or "")
                    elif event is not None and is_open and file is not None:
                        _append(file.data, event, rules)
    except (ParserError, ParserLimitReached) as error:
        raise InvalidRequest(
            [FieldError(PART, f"the form cannot be read ({str(error)[:200]})", rules.allowed)]
        ) from error
    if file is None:
        raise InvalidRequest([FieldError(PART, "the form has no such part", rules.allowed)])
    return file


def _append(data: bytearray, chunk: bytes | bytearray, rules: FileRules) -> None:
    """Raises the error of `rules`."""
    data += chunk
    if len(data) > rules.max_bytes:
        raise rules.error()
