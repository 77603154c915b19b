"""What can be asked for: the model, its bounds and defaults."""

from typing import get_args

from litestar import Controller, get
from litestar.di import NamedDependency
from msgspec import UNSET, UnsetType

from pipelines.denoise.samplers import SAMPLERS
from pipelines.prompt.analysis import PromptAnalyzer
from pipelines.spec import LATENT_UPSCALER, MAX_SEED, PIXEL_UPSCALER
from server.api.auth.caller import Caller
from server.api.http.openapi_errors import documented
from server.api.jobs import examples, schemas
from server.assets.decode import MAX_BYTES as MAX_ASSET_BYTES
from server.gallery.public_gallery import PublicGallery
from server.generation import policy as defaults
from server.generation.lora_choices import NO_LORA
from server.generation.policy import RequestPolicy
from server.generation.prompt_warnings import style_fits
from server.generation.requests import (
    DEFAULT_STRENGTH,
    MAX_EXTEND_PX,
    MAX_GUIDANCE_SCALE,
    MAX_LORA_WEIGHT,
    MAX_PROMPT_CHARACTERS,
    MAX_SCALE,
    SIZE_MULTIPLE_PX,
    Format,
    GenerateRequest,
)
from server.generation.sources import enlarging_strength
from server.generation.styles import STYLES
from server.loras.catalog import LORA_WEIGHT
from server.wake.notice import Outlook

DEFAULTS = GenerateRequest(prompt="-")


class CatalogController(Controller):
    path = "/api"
    tags = ("catalog",)

    @get(
        "/options",
        operation_id="options",
        summary="What this server can make",
        responses={200: examples.answers(examples.OPTIONS, "Options"), **documented()},
        sync_to_thread=False,
    )
    def options(
        self,
        caller: NamedDependency[Caller],
        policy: NamedDependency[RequestPolicy],
        analyzer: NamedDependency[PromptAnalyzer],
        gallery: NamedDependency[PublicGallery],
        outlook: NamedDependency[Outlook],
    ) -> schemas.Options:
        return options(policy, analyzer, caller, gallery.is_on, outlook)


def options(
    policy: RequestPolicy, analyzer: PromptAnalyzer, caller: Caller, has_gallery: bool, outlook: Outlook
) -> schemas.Options:
    """For this caller: bounds differ with and without an account."""
    info = policy.model
    return schemas.Options(
        base_model=info.name,
        base_model_sha256=policy.base.sha256,
        is_demo=info.is_demo,
        native_width=info.native_width,
        native_height=info.native_height,
        shapes=[schemas.ShapeOption(name, *size) for name, size in info.native_shapes.items()],
        bounds=_bounds(policy, caller),
        defaults=_defaults(policy, caller),
        image_to_image=_image_to_image(policy, caller),
        samplers=[
            schemas.SamplerOption(name, spec.label, spec.schedule_type, spec.min_steps, spec.max_steps)
            for name, spec in SAMPLERS.items()
        ],
        qualities=[schemas.QualityOption(name, steps) for name, steps in defaults.STEPS.items()],
        styles=[
            schemas.StyleOption(
                style.name, style.label, style.prompt, style.negative_prompt, style_fits(style, analyzer)
            )
            for style in STYLES.values()
        ],
        formats=list(get_args(Format)),
        known_words=None if info.known_words is None else sorted(info.known_words),
        gallery=has_gallery or UNSET,
        no_worker=_no_worker(outlook),
        moderation=UNSET if policy.moderation == "off" else policy.moderation,  # pyright: ignore[reportArgumentType]
    )


def _no_worker(outlook: Outlook) -> schemas.NoWorker | UnsetType:
    notice, hours = outlook.notice, outlook.hours
    if notice is None:
        return UNSET
    shown = hours and schemas.WorkerHours(f"{hours.begins:%H:%M}", f"{hours.ends:%H:%M}", hours.zone.key)
    return schemas.NoWorker(state=notice.state, detail=notice.detail, starts_in_s=notice.starts_in_s, hours=shown)


def _bounds(policy: RequestPolicy, caller: Caller) -> schemas.Bounds:
    info, bounds = policy.model, policy.bounds(caller.requester)
    return schemas.Bounds(
        max_prompt_characters=MAX_PROMPT_CHARACTERS,
        max_images=bounds.max_images,
        min_steps=1,
        max_steps=bounds.max_steps,
        max_guidance_scale=MAX_GUIDANCE_SCALE,
        max_lora_weight=MAX_LORA_WEIGHT,
        max_seed=MAX_SEED,
        min_size=info.min_size_px,
        max_size=info.max_size_px,
        max_pixels=policy.sizes(caller.requester).max_pixels,
        size_multiple=SIZE_MULTIPLE_PX,
    )


def _image_to_image(policy: RequestPolicy, caller: Caller) -> schemas.ImageToImage:
    sizes = policy.sizes(caller.requester)
    return schemas.ImageToImage(
        upscalers=list(policy.upscalers),
        default_strength=DEFAULT_STRENGTH,
        default_upscale_strength=enlarging_strength(policy.model, PIXEL_UPSCALER),
        default_latent_strength=enlarging_strength(policy.model, LATENT_UPSCALER),
        max_scale=MAX_SCALE,
        max_extend=MAX_EXTEND_PX,
        max_pixels=sizes.max_hires_pixels,
        max_size=sizes.max_hires_px,
        max_asset_bytes=MAX_ASSET_BYTES,
    )


def _defaults(policy: RequestPolicy, caller: Caller) -> schemas.Defaults:
    info = policy.model
    return schemas.Defaults(
        model_name=None if policy.default_model == NO_LORA else policy.default_model,
        num_images=min(DEFAULTS.num_images, policy.bounds(caller.requester).max_images),
        quality=DEFAULTS.quality,
        guidance_scale=defaults.GUIDANCE_SCALE,
        width=info.native_width,
        height=info.native_height,
        sampler=defaults.SAMPLER,
        negative_prompt=defaults.NEGATIVE_PROMPT,
        format=defaults.FORMAT,
        lora_weight=LORA_WEIGHT,
    )
