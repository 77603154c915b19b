"""POST /api/images/{id}/vary, /upscale, /extend: a new job made from one picture, with its settings."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import PathParameter
from msgspec import Meta, Struct

from pipelines.spec import MAX_SEED, PIXEL_UPSCALER, ImageSpec
from server.api.assets.sources import SourceReader
from server.api.auth.caller import GENERATE, Caller
from server.api.auth.guards import needs
from server.api.gallery.download_routes import gone, known_image_with_job
from server.api.http.openapi_errors import documented
from server.api.http.validation import MAX_BODY_BYTES, body_like, json_body
from server.api.jobs import examples, presenters, schemas
from server.api.jobs.routes import KNOWN_OR_NOT
from server.api.jobs.submission import MAKES_JOBS, IdempotencyKeyHeader, Prefer, Submission, idempotency_of
from server.errors import SETTINGS_GONE, STORE_AWAY
from server.generation import variations
from server.generation.policy import RequestPolicy
from server.generation.requests import MAX_SCALE, ExtendPx, NumImages, Prompt, Strength
from server.generation.service import JobService
from server.generation.sources import SourceAsset
from server.storage.store import MissingObject

ImageId = Annotated[
    str,
    PathParameter(
        description="The `id` of an output of /api/result.",
        examples=[Example("picture", value=f"{examples.JOB_ID}-1")],
    ),
]


OwnPrompt = Annotated[
    Prompt,
    Meta(
        description="Instead of the picture's own. Variants, wildcards and embeddings are read as in any prompt; LoRAs"
        " are those of the picture, a tag is refused."
    ),
]


class Vary(Struct, frozen=True, forbid_unknown_fields=True):
    """Pictures like this one."""

    strength: Strength = variations.SUBTLE
    num_images: NumImages = 4
    prompt: OwnPrompt | None = None


class Upscale(Struct, frozen=True, forbid_unknown_fields=True):
    """The same picture, larger, with new detail."""

    scale: Annotated[float, Meta(gt=1, le=MAX_SCALE)] = 2.0
    upscaler: Annotated[str, Meta(max_length=128, description="One of /api/options, but latent.")] = PIXEL_UPSCALER
    strength: Annotated[Strength, Meta(description="Default: see /api/options.")] | None = None


class Extend(Struct, frozen=True, forbid_unknown_fields=True):
    """More around the picture."""

    left: ExtendPx = 0
    right: ExtendPx = 0
    top: ExtendPx = 0
    bottom: ExtendPx = 0
    strength: Strength = variations.EXTEND_STRENGTH
    num_images: NumImages = 4
    prompt: OwnPrompt | None = None


@dataclass(frozen=True, slots=True)
class ImageActions:
    """Shared by the routes below."""

    jobs: JobService
    sources: SourceReader
    policy: RequestPolicy
    submission: Submission

    async def submit(
        self,
        action: str,
        image_id: str,
        asked: Vary | Upscale | Extend,
        caller: Caller,
        spec_of: Callable[[ImageSpec, SourceAsset], ImageSpec],
        headers: tuple[str | None, str | None, str],
    ) -> Response[schemas.Accepted | schemas.FinishedJob]:
        """`headers`: Prefer, Idempotency-Key and the base of addresses. Raises StudioError."""
        prefer, key, base = headers
        view, image = await known_image_with_job(self.jobs, caller, image_id)
        try:
            asset = await self.sources.copy(image, caller, "image_id")
        except MissingObject as error:
            raise gone(image_id) from error
        spec = spec_of(view.specs[image.index], asset).with_seed(secrets.randbelow(MAX_SEED + 1))
        sent = {action: image_id, **msgspec.to_builtins(asked)}
        draft = self.policy.from_image(view, spec, caller.requester, getattr(asked, "num_images", 1), sent)
        idempotency = idempotency_of(key, f"{action} {image_id}", asked)
        return await self.submission.submit(draft, idempotency, prefer, base)


def _route(path: str, example: Vary | Upscale | Extend, summary: str, description: str) -> Any:
    return post(
        f"/{{image_id:str}}/{path}",
        status_code=202,
        guards=[needs(GENERATE)],
        operation_id=path,
        summary=summary,
        description=f"{description} Its prompt, LoRAs and settings are those of the picture, its seed is new. At least"
        " one step is taken.",
        before_request=body_like(example),
        request_max_body_size=MAX_BODY_BYTES,
        responses={**KNOWN_OR_NOT, **MAKES_JOBS, **documented(SETTINGS_GONE, STORE_AWAY)},
    )


VARY, UPSCALE, EXTEND = Vary(), Upscale(), Extend(left=64, right=64)


class ImageActionsController(Controller):
    path = "/api/images"
    tags = ("jobs",)

    @_route("vary", VARY, "Make pictures like this one", "A job that starts from this picture.")
    async def vary(
        self,
        request: Request[Any, Any, Any],
        image_id: ImageId,
        data: Annotated[Vary, json_body(VARY)],
        caller: NamedDependency[Caller],
        image_actions: NamedDependency[ImageActions],
        addresses: NamedDependency[presenters.Addresses],
        prefer: Prefer = None,
        idempotency_key: IdempotencyKeyHeader = None,
    ) -> Response[schemas.Accepted | schemas.FinishedJob]:
        sizes = image_actions.policy.sizes(caller.requester)
        return await image_actions.submit(
            "vary",
            image_id,
            data,
            caller,
            lambda spec, asset: variations.varied(spec, asset, data.strength, data.prompt, sizes),
            (prefer, idempotency_key, addresses.base(request)),
        )

    @_route("upscale", UPSCALE, "Make this picture larger", "A job with one picture: this one, larger.")
    async def upscale(
        self,
        request: Request[Any, Any, Any],
        image_id: ImageId,
        data: Annotated[Upscale, json_body(UPSCALE)],
        caller: NamedDependency[Caller],
        image_actions: NamedDependency[ImageActions],
        addresses: NamedDependency[presenters.Addresses],
        prefer: Prefer = None,
        idempotency_key: IdempotencyKeyHeader = None,
    ) -> Response[schemas.Accepted | schemas.FinishedJob]:
        variations.check_upscaler(data.upscaler, image_actions.policy.upscalers)
        return await image_actions.submit(
            "upscale",
            image_id,
            data,
            caller,
            lambda spec, asset: variations.upscaled(
                spec, asset, data.scale, data.upscaler, data.strength, image_actions.policy.model
            ),
            (prefer, idempotency_key, addresses.base(request)),
        )

    @_route("extend", EXTEND, "Show more around this picture", "A job that adds to the sides of this picture.")
    async def extend(
        self,
        request: Request[Any, Any, Any],
        image_id: ImageId,
        data: Annotated[Extend, json_body(EXTEND)],
        caller: NamedDependency[Caller],
        image_actions: NamedDependency[ImageActions],
        addresses: NamedDependency[presenters.Addresses],
        prefer: Prefer = None,
        idempotency_key: IdempotencyKeyHeader = None,
    ) -> Response[schemas.Accepted | schemas.FinishedJob]:
        sides = (data.left, data.right, data.top, data.bottom)
        variations.check_sides(sides)
        sizes = image_actions.policy.sizes(caller.requester)
        return await image_actions.submit(
            "extend",
            image_id,
            data,
            caller,
            lambda spec, asset: variations.extended(spec, asset, sides, data.strength, data.prompt, sizes),
            (prefer, idempotency_key, addresses.base(request)),
        )
