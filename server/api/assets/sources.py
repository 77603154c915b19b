"""What a request's `init` and `mask` name: the caller's assets and images, read before the policy looks at the
request."""

from dataclasses import dataclass
from functools import partial

from pipelines.image.masks import is_empty
from server.api.auth.caller import Caller
from server.api.gallery.download_routes import known_image
from server.assets.errors import AssetGone
from server.assets.service import Asset, Assets
from server.errors import NOT_FOUND, FieldError, InvalidRequest, StudioError
from server.generation.requests import ImageFields, InitImage, MaskImage
from server.generation.service import JobService
from server.generation.sources import SourceAsset, SourceAssets
from server.queue.model import ImageView
from server.storage.store import MissingObject


@dataclass(frozen=True, slots=True)
class SourceReader:
    assets: Assets
    jobs: JobService

    async def read(self, request: ImageFields, caller: Caller) -> SourceAssets:
        """What can be read; the policy reports fields that do not fit each other. Raises InvalidRequest that names the
        field, TooManyAssets and StoreError."""
        init = None if request.init is None else await self._init(request.init, caller)
        if request.mask is None or init is None:
            return SourceAssets(init)
        return SourceAssets(init, await self._mask(request.mask, caller))

    async def copy(self, image: ImageView, caller: Caller, field: str) -> SourceAsset:
        """A finished image as an asset of the caller. Raises MissingObject, TooManyAssets and StoreError."""
        asset = await self.assets.from_stored(caller.owner, image.storage_key, field)
        return _source(asset, image.id)

    async def _init(self, init: InitImage, caller: Caller) -> SourceAsset | None:
        """None: it names no image, or two."""
        if init.from_image is None:
            return _source(await self._asset(init.asset_id, "init.asset_id", caller)) if init.asset_id else None
        if init.asset_id is not None:
            return None
        try:
            image = await known_image(self.jobs, caller, init.from_image)
            return await self.copy(image, caller, "init.from_image")
        except MissingObject as error:
            raise _no_image(init.from_image) from error
        except StudioError as error:
            raise (_no_image(init.from_image) if error.kind is NOT_FOUND else error) from error

    async def _mask(self, mask: MaskImage, caller: Caller) -> SourceAsset:
        asset = await self._asset(mask.asset_id, "mask.asset_id", caller)
        if await self.assets.inspect(asset, partial(is_empty, invert=mask.invert)):
            what = "it is white everywhere" if mask.invert else "it is black everywhere"
            raise InvalidRequest([FieldError("mask", f"{what}: nothing would change", "a mask with some white")])
        return _source(asset)

    async def _asset(self, asset_id: str, field: str, caller: Caller) -> Asset:
        asset = await self.assets.find(caller.owner, asset_id)
        if asset is None:
            raise AssetGone(field, asset_id)
        return asset


def _source(asset: Asset, from_image: str | None = None) -> SourceAsset:
    return SourceAsset(asset.id, asset.width, asset.height, from_image)


def _no_image(image_id: str) -> InvalidRequest:
    allowed = "the id of a finished picture of yours, like those in the outputs of /api/result"
    return InvalidRequest([FieldError("init.from_image", f"there is no picture {image_id}", allowed)])
