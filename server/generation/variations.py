"""Specs made from a finished image: vary, upscale, extend. Pure."""

from collections.abc import Sequence

from msgspec.structs import replace

from pipelines.model.info import ModelInfo
from pipelines.spec import Extend, ImageSpec, Mask, Pass, Source, start_index
from server.errors import FieldError, InvalidRequest
from server.generation.sources import (
    EXTEND_BLUR_PX,
    SizeBounds,
    SourceAsset,
    enlarging_strength,
    extended_size,
    least_strength,
    multiple_of_8,
    of_pixels,
    unknown_upscaler,
)

SUBTLE = 0.35
EXTEND_STRENGTH = 0.8


def varied(spec: ImageSpec, asset: SourceAsset, strength: float, prompt: str | None, sizes: SizeBounds) -> ImageSpec:
    size = sizes.fitted(asset.width, asset.height)
    return _from(spec, asset, size, strength, None, prompt=prompt)


def upscaled(
    spec: ImageSpec, asset: SourceAsset, scale: float, upscaler: str, strength: float | None, info: ModelInfo
) -> ImageSpec:
    strength = strength or enlarging_strength(info, upscaler, spec.sampling.steps)
    size = (multiple_of_8(asset.width * scale), multiple_of_8(asset.height * scale))
    return _from(spec, asset, size, strength, upscaler)


def extended(
    spec: ImageSpec,
    asset: SourceAsset,
    sides: tuple[int, int, int, int],
    strength: float,
    prompt: str | None,
    sizes: SizeBounds,
) -> ImageSpec:
    """`sides`: pixels to add at the left, right, top and bottom."""
    size = extended_size(*sizes.fitted(asset.width, asset.height), *sides)
    made = _from(spec, asset, size, strength, None, prompt=prompt)
    assert made.source is not None
    return replace(made, source=replace(made.source, mask=Mask(blur=EXTEND_BLUR_PX), extend=Extend(*sides)))


def check_upscaler(upscaler: str, known: Sequence[str]) -> None:
    """Raises InvalidRequest."""
    if errors := list(unknown_upscaler("upscaler", upscaler, of_pixels(known))):
        raise InvalidRequest(errors)


def check_sides(sides: tuple[int, int, int, int]) -> None:
    """Raises InvalidRequest."""
    if not any(sides):
        allowed = "pixels for at least one of left, right, top and bottom"
        raise InvalidRequest([FieldError("left", "nothing is added", allowed)])


def _from(
    spec: ImageSpec,
    asset: SourceAsset,
    size: tuple[int, int],
    strength: float,
    upscaler: str | None,
    prompt: str | None = None,
) -> ImageSpec:
    strength = max(strength, least_strength(spec.sampling.steps))
    start = start_index(spec.sampling.steps, strength)
    return replace(
        spec,
        prompt=spec.prompt if prompt is None else prompt.strip(),
        passes=(Pass(*size, start, strength, upscaler=upscaler),),
        source=Source(asset.sha256, asset.width, asset.height, from_image=asset.from_image),
    )
