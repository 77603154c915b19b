"""Assets: images that callers send, to make pictures from them."""

from pathlib import Path
from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import PathParameter
from litestar.types import ASGIApp

from server.api.assets.body import FORM_TYPE, IMAGE_TYPES, PART, read_image
from server.api.assets.schemas import StoredAsset, stored_asset
from server.api.assets.uploads import Uploads
from server.api.auth.caller import GENERATE, READ, Caller
from server.api.auth.guards import needs
from server.api.http.file_response import FileResponse
from server.api.http.openapi_errors import documented
from server.api.jobs import examples
from server.assets.decode import CONTENT_TYPE
from server.assets.errors import AssetNotFound
from server.assets.service import Assets
from server.errors import (
    BUSY,
    CONTENT_BLOCKED,
    INVALID_REQUEST,
    NOT_FOUND,
    NOT_READY,
    STORE_AWAY,
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
)
from server.storage.store import ImageStore

ASSET = StoredAsset(
    asset_id="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    width=1024,
    height=768,
    bytes=1_204_331,
    expires_at="2026-11-23T10:00:00Z",
)
AssetId = Annotated[
    str,
    PathParameter(
        description="The `asset_id` that POST /api/assets answers.",
        examples=[Example("asset", value=ASSET.asset_id)],
    ),
]
PRIVATE = {"Cache-Control": "private, no-cache"}


class UploadOperation(Operation):
    """The body is a file's bytes, or a form with the file as a part."""

    def __post_init__(self) -> None:
        def binary(media_type: str) -> Schema:
            return Schema(type=OpenAPIType.STRING, content_media_type=media_type, description="The file's bytes.")

        form = Schema(type=OpenAPIType.OBJECT, properties={PART: binary("application/octet-stream")}, required=[PART])
        bodies = {media_type: binary(media_type) for media_type in (*IMAGE_TYPES, "application/octet-stream")}
        content = {name: OpenAPIMediaType(schema=schema) for name, schema in {**bodies, FORM_TYPE: form}.items()}
        self.request_body = RequestBody(content=content, required=True)


class AssetsController(Controller):
    path = "/api/assets"
    tags = ("assets",)

    @post(
        "/",
        guards=[needs(GENERATE)],
        status_code=201,
        operation_id="upload_asset",
        operation_class=UploadOperation,
        summary="Send an image to make pictures from",
        description=(
            "A JPEG, PNG or WebP of up to 25 MB, 8 to 8192 px a side and 25 megapixels: the body itself, or the part"
            " `file` of a form. It is stored as a PNG of 8 bits, upright, without metadata; transparency is kept. The"
            " same content again is the same asset. It is yours alone, and expires unless a job names it."
        ),
        request_max_body_size=None,
        responses={
            201: examples.answers(ASSET, "The asset"),
            **documented(
                INVALID_REQUEST, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, CONTENT_BLOCKED, BUSY, NOT_READY, STORE_AWAY
            ),
        },
    )
    async def upload(
        self,
        request: Request[Any, Any, Any],
        caller: NamedDependency[Caller],
        assets: NamedDependency[Assets],
        uploads: NamedDependency[Uploads],
    ) -> StoredAsset:
        with uploads.one(caller):
            asset = await assets.add(caller.owner, await read_image(request))
            uploads.count(caller, asset.num_bytes)
        return stored_asset(asset)

    @get(
        "/{asset_id:str}",
        guards=[needs(READ)],
        operation_id="asset",
        summary="An asset of yours",
        responses={
            200: examples.file(CONTENT_TYPE, "The PNG that is stored"),
            **documented(INVALID_REQUEST, NOT_FOUND, STORE_AWAY),
        },
    )
    async def asset(
        self,
        asset_id: AssetId,
        caller: NamedDependency[Caller],
        assets: NamedDependency[Assets],
        store: NamedDependency[ImageStore],
    ) -> ASGIApp:
        found = await assets.find(caller.owner, asset_id)
        if found is None:
            raise AssetNotFound(asset_id)
        place = store.attachment(found.storage_key, CONTENT_TYPE, f"{asset_id}.png")
        if isinstance(place, Path):
            return FileResponse(place, CONTENT_TYPE, PRIVATE, AssetNotFound(asset_id))
        data = await assets.read(caller.owner, asset_id)
        answer = Response(data, headers=PRIVATE, media_type=CONTENT_TYPE)
        return answer  # pyright: ignore[reportReturnType]  # Litestar takes both
