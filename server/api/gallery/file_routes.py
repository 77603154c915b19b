"""Images of the local store, except assets, which are for their owner only. A key is written once, so readers may cache
its bytes for ever."""

from pathlib import PurePosixPath
from typing import Annotated

from litestar import Controller, HttpMethod, route
from litestar.di import NamedDependency
from litestar.params import PathParameter

from server.api.http.file_response import FileResponse
from server.assets.service import FOLDER
from server.errors import NOT_FOUND, StudioError
from server.storage.local import LocalStore
from server.storage.store import InvalidKey

MEDIA_TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
PATH = "/files"

EMBEDDABLE = {"Cross-Origin-Resource-Policy": "cross-origin", "Vary": "Origin", "X-Content-Type-Options": "nosniff"}
"""Headers of every image: pages elsewhere may show it. A copy cached for an `img`, which sends no Origin, must not
answer a `fetch`, which needs the CORS headers for its own."""
CACHED = {**EMBEDDABLE, "Cache-Control": "public, max-age=31536000, immutable"}


class FilesController(Controller):
    path = PATH
    include_in_schema = False

    @route("/{key:path}", http_method=[HttpMethod.GET, HttpMethod.HEAD], sync_to_thread=False)
    def file(self, key: Annotated[str, PathParameter()], store: NamedDependency[LocalStore]) -> FileResponse:
        name = key.lstrip("/")
        missing = StudioError(NOT_FOUND, "no picture is stored at this address")
        media_type = MEDIA_TYPES.get(PurePosixPath(name).suffix)
        is_asset = name.partition("/")[0].lower() == FOLDER  # also in a file system that ignores case
        if media_type is None or is_asset:
            raise missing
        try:
            path = store.path(name)
        except InvalidKey as error:
            raise missing from error
        return FileResponse(path, media_type, CACHED, missing)
