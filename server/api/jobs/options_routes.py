"""What can be asked for: the model, its bounds and defaults."""

from typing import get_args

from litestar import Controller, get
from litestar.di import NamedDependency

from pipelines.denoise.samplers import SAMPLERS
from pipelines.params import MAX_SEED
from pipelines.prompt.analysis import PromptAnalyzer
from server.api.auth.caller import Caller
from server.api.http.openapi_errors import documented
from server.api.jobs import examples, schemas
from server.generation import policy
from server.generation.prompt_warnings import style_fits
from server.generation.styles import STYLES
from server.loras.resolution import LORA_WEIGHT

DEFAULTS = schemas.GenerateRequest(prompt="-")


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
        rules: NamedDependency[policy.Rules],
        reader: NamedDependency[PromptAnalyzer],
    ) -> schemas.Options:
        return options(rules, reader, caller)


def options(rules: policy.Rules, reader: PromptAnalyzer, caller: Caller) -> schemas.Options:
    """For this caller: bounds differ with and without an account."""
    info = rules.model
    return schemas.Options(
        base_model=info.name,
        base_model_sha256=rules.base.sha256,
        is_demo=info.is_demo,
        native_width=info.native_width,
        native_height=info.native_height,
        shapes=_shapes(rules.model.native_width, rules.model.native_height),
        bounds=_bounds(rules, caller),
        defaults=_defaults(rules, caller),
        samplers=[
            schemas.SamplerOption(name, spec.label, spec.schedule_type, spec.min_steps, spec.max_steps)
            for name, spec in SAMPLERS.items()
        ],
        qualities=[schemas.QualityOption(name, steps) for name, steps in policy.STEPS.items()],
        styles=[
            schemas.StyleOption(each.name, each.label, each.prompt, each.negative_prompt, style_fits(each, reader))
            for each in STYLES.values()
        ],
        formats=list(get_args(schemas.Format)),
        known_words=None if info.known_words is None else sorted(info.known_words),
    )


def _shapes(width: int, height: int) -> list[schemas.ShapeOption]:
    """13 : 19 is the upright shape that SDXL was trained at with (nearly) its native area: 832 x 1216."""
    short, long = width * 13 // 16, height * 19 // 16
    short, long = (side - side % schemas.SIZE_MULTIPLE_PX for side in (short, long))
    return [
        schemas.ShapeOption("square", width, height),
        schemas.ShapeOption("portrait", short, long),
        schemas.ShapeOption("landscape", long, short),
    ]


def _bounds(rules: policy.Rules, caller: Caller) -> schemas.Bounds:
    info, bounds = rules.model, rules.bounds(caller)
    return schemas.Bounds(
        max_prompt_characters=schemas.MAX_PROMPT_CHARACTERS,
        max_images=bounds.max_images,
        min_steps=1,
        max_steps=bounds.max_steps,
        max_guidance_scale=schemas.MAX_GUIDANCE_SCALE,
        max_lora_weight=schemas.MAX_LORA_WEIGHT,
        max_seed=MAX_SEED,
        min_size=info.min_size_px,
        max_size=info.max_size_px,
        max_pixels=rules.max_pixels(caller),
        size_multiple=schemas.SIZE_MULTIPLE_PX,
    )


def _defaults(rules: policy.Rules, caller: Caller) -> schemas.Defaults:
    info = rules.model
    return schemas.Defaults(
        model_name=None if rules.default_model == policy.NO_LORA else rules.default_model,
        num_images=min(DEFAULTS.num_images, rules.bounds(caller).max_images),
        quality=DEFAULTS.quality,
        guidance_scale=policy.GUIDANCE_SCALE,
        width=info.native_width,
        height=info.native_height,
        sampler=policy.SAMPLER,
        negative_prompt=policy.NEGATIVE_PROMPT,
        format=policy.FORMAT,
        lora_weight=LORA_WEIGHT,
    )
