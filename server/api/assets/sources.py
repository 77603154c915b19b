"""What a request's `init` and `mask` name: the caller's assets and images, read before the policy looks at the
request."""

import asyncio
from dataclasses import dataclass

from pipelines.image.masks import is_empty
from server.api.auth.caller import Caller
from server.api.jobs.routes import known_job
from server.assets.errors import AssetGone
from server.assets.service import Asset, Assets
from server.errors import FieldError, InvalidRequest, StudioError
from server.generation.policy import RequestPolicy
from server.generation.requests import ImageFields, InitImage, MaskImage
from server.generation.service import JobService
from server.generation.sources import SourceAsset, SourceAssets
from server.queue.model import ImageView, JobView
from server.storage.store import MissingObject


@dataclass(frozen=True, slots=True)
class SourceReader:
    assets: Assets
    jobs: JobService
    policy: RequestPolicy

    async def read(self, request: ImageFields, caller: Caller) -> SourceAssets:
        """Raises InvalidRequest that names the field, AssetNotFound, TooManyAssets and StoreError."""
        self.policy.check_source(request)
        if request.init is None:
            return SourceAssets()
        init = await self._init(request.init, caller)
        if request.mask is None:
            return SourceAssets(init)
        return SourceAssets(init, await self._mask(request.mask, caller))

    async def copy(self, view: JobView, image: ImageView, caller: Caller) -> SourceAsset:
        """A finished image as an asset of the caller. Raises TooManyAssets and StoreError."""
        asset = await self.assets.from_stored(caller.owner, image.storage_key, "image_id")
        return _source(asset, image.id)

    async def _init(self, init: InitImage, caller: Caller) -> SourceAsset:
        if init.asset_id is not None:
            return _source(await self._asset(init.asset_id, "init.asset_id", caller))
        assert init.from_image is not None
        image = await self._image(init.from_image, caller)
        try:
            asset = await self.assets.from_stored(caller.owner, image.storage_key, "init.from_image")
        except MissingObject as error:
            raise _no_image(init.from_image) from error
        return _source(asset, image.id)

    async def _mask(self, mask: MaskImage, caller: Caller) -> SourceAsset:
        asset = await self._asset(mask.asset_id, "mask.asset_id", caller)
        data = await self.assets.read(caller.owner, mask.asset_id)
        if await asyncio.to_thread(is_empty, data, invert=mask.invert):
            what = "it is white everywhere" if mask.invert else "it is black everywhere"
            raise InvalidRequest([FieldError("mask", f"{what}: nothing would change", "a mask with some white")])
        return _source(asset)

    async def _asset(self, asset_id: str, field: str, caller: Caller) -> Asset:
        asset = await self.assets.find(caller.owner, asset_id)
        if asset is None:
            raise AssetGone(field, asset_id)
        return asset

    async def _image(self, image_id: str, caller: Caller) -> ImageView:
        try:
            view = await known_job(self.jobs, caller, image_id[:32])
        except StudioError as error:
            raise _no_image(image_id) from error
        for image in view.images:
            if image.id == image_id:
                return image
        raise _no_image(image_id)


def _source(asset: Asset, from_image: str | None = None) -> SourceAsset:
    return SourceAsset(asset.id, asset.width, asset.height, from_image)


def _no_image(image_id: str) -> InvalidRequest:
    allowed = "the id of a finished picture of yours, like those in the outputs of /api/result"
    return InvalidRequest([FieldError("init.from_image", f"there is no picture {image_id}", allowed)])
