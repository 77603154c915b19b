"""Pictures of the local store. A key is written once, so readers may keep what they got for ever."""

import hashlib
from pathlib import PurePosixPath
from typing import Annotated, Any

from litestar import Controller, HttpMethod, Request, Response, route
from litestar.di import NamedDependency
from litestar.params import PathParameter

from server.errors import NOT_FOUND, StudioError
from server.storage.local import LocalStore
from server.storage.store import InvalidKey, MissingObject

MEDIA_TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
PATH = "/files"

EMBEDDABLE = {"Cross-Origin-Resource-Policy": "cross-origin", "Vary": "Origin", "X-Content-Type-Options": "nosniff"}
"""Of all answers that are pictures: pages elsewhere may show them, and a copy that was kept for an `img`, which sends
no Origin, is not given to a `fetch`, which needs the answer to its own."""


class FilesController(Controller):
    path = PATH
    include_in_schema = False

    @route("/{key:path}", http_method=[HttpMethod.GET, HttpMethod.HEAD], status_code=200)
    async def file(
        self,
        request: Request[Any, Any, Any],
        key: Annotated[str, PathParameter()],
        store: NamedDependency[LocalStore],
    ) -> Response[bytes]:
        name = key.lstrip("/")
        media_type = MEDIA_TYPES.get(PurePosixPath(name).suffix)
        if media_type is None:
            raise StudioError(NOT_FOUND, "no picture is stored at this address")
        try:
            data = await store.get(name)
        except (MissingObject, InvalidKey) as error:
            raise StudioError(NOT_FOUND, "no picture is stored at this address") from error
        tag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
        headers = {**EMBEDDABLE, "Cache-Control": "public, max-age=31536000, immutable", "ETag": tag}
        if tag in request.headers.get("if-none-match", ""):
            return Response(b"", status_code=304, headers=headers, media_type=media_type)
        body = b"" if request.method == HttpMethod.HEAD else data
        return Response(body, headers={**headers, "Content-Length": str(len(data))}, media_type=media_type)
