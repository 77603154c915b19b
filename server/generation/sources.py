"""Images made from images: what may be asked for, and the source and passes of the spec. Pure."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipelines.model.info import ModelInfo
from pipelines.spec import LATENT_UPSCALER, Extend, ImageSpec, Mask, Pass, Source, start_index
from server.errors import FieldError
from server.generation.requests import MAX_STEPS, SIZE_MULTIPLE_PX, ImageFields

DEFAULT_SCALE = 2.0
LATENT_STRENGTH, PIXEL_STRENGTH, DEMO_STRENGTH = 0.55, 0.3, 0.07
EXTEND_BLUR_PX = 16.0
"""Of the edge between a source and its extension."""


@dataclass(frozen=True, slots=True)
class SourceAsset:
    """An asset of the caller. `from_image`: the id of the image that it is a copy of."""

    sha256: str
    width: int
    height: int
    from_image: str | None = None


@dataclass(frozen=True, slots=True)
class SourceAssets:
    """What a request's `init` and `mask` name."""

    init: SourceAsset | None = None
    mask: SourceAsset | None = None

    def fields(self, init_field: str = "init", mask_field: str = "mask") -> dict[str, str]:
        """SHA-256 → the request field that names it."""
        named = ((self.init, init_field), (self.mask, mask_field))
        return {asset.sha256: field for asset, field in named if asset is not None}


@dataclass(frozen=True, slots=True)
class SizeBounds:
    """Of one pass. `max_pixels` bounds width times height, `max_hires_pixels` that of a second pass or an upscaled
    image."""

    info: ModelInfo
    max_pixels: int
    max_hires_pixels: int

    @property
    def max_hires_px(self) -> int:
        """A side."""
        return 2 * self.info.max_size_px

    def fitted(self, width: int, height: int) -> tuple[int, int]:
        """The size nearest to this one, of about its shape, that the model can make."""
        low, high = self.info.min_size_px, self.info.max_size_px
        scale = max(1.0, low / min(width, height))
        scale = min(scale, high / max(width, height), math.sqrt(self.max_pixels / (width * height)))
        wide, tall = (min(max(multiple_of_8(side * scale), low), high) for side in (width, height))
        while wide * tall > self.max_pixels:  # a side was raised to the lower bound
            wide, tall = (wide - SIZE_MULTIPLE_PX, tall) if wide >= tall else (wide, tall - SIZE_MULTIPLE_PX)
        return wide, tall


def source_errors(request: ImageFields, upscalers: Sequence[str]) -> Iterator[FieldError]:
    """Of the fields that need no look at the assets. `upscalers`: the names that this server knows."""
    init, mask, extend, hires = request.init, request.mask, request.extend, request.hires
    if init is not None and (init.asset_id is None) == (init.from_image is None):
        yield FieldError("init", "it names no image, or two", "asset_id or from_image, one of them")
    if init is None:
        for name in ("mask", "extend"):
            if getattr(request, name) is not None:
                yield FieldError(name, "there is no init image", "only together with init")
    if init is not None and hires is not None:
        yield FieldError("hires", "it cannot be combined with init", "hires or init")
    if extend is not None and not any((extend.left, extend.right, extend.top, extend.bottom)):
        yield FieldError("extend", "nothing is added", "pixels for at least one side")
    if extend is not None and (request.width is not None or request.height is not None):
        yield FieldError("extend", "the size follows from the init image", "width and height absent")
    if extend is not None and mask is not None and mask.padding is not None:
        yield FieldError("mask.padding", "the whole picture is made where it is extended", "null")
    if hires is not None:
        has_size = (hires.width, hires.height) != (None, None)
        if has_size and (None in (hires.width, hires.height) or hires.scale is not None):
            yield FieldError("hires", "the size is not clear", "scale, or width and height")
        yield from unknown_upscaler("hires.upscaler", hires.upscaler, upscalers)
    if init is not None and init.upscaler is not None:
        yield from unknown_upscaler("init.upscaler", init.upscaler, of_pixels(upscalers))
        if request.width is None or request.height is None:
            yield FieldError("init.upscaler", "the size is not clear", "only together with width and height")
        if mask is not None or extend is not None:
            yield FieldError("init.upscaler", "the whole picture is enlarged", "only without mask and extend")


def unknown_upscaler(field: str, name: str, known: Sequence[str]) -> Iterator[FieldError]:
    if name not in known:
        yield FieldError(field, f"there is no upscaler {name!r}", "one of " + ", ".join(known))


def of_pixels(upscalers: Sequence[str]) -> Sequence[str]:
    """The upscalers of a finished image. Latents are enlarged between passes only."""
    return [name for name in upscalers if name != LATENT_UPSCALER]


def missing_upscalers(spec: ImageSpec, known: Sequence[str]) -> Iterator[FieldError]:
    """Of an image that was made before: the folder may have changed since."""
    for index, each in enumerate(spec.passes):
        if each.upscaler is not None:
            yield from unknown_upscaler("hires.upscaler" if index else "upscaler", each.upscaler, known)


def asset_errors(request: ImageFields, assets: SourceAssets) -> Iterator[FieldError]:
    init, mask = assets.init, assets.mask
    if init is not None and mask is not None and (mask.width, mask.height) != (init.width, init.height):
        allowed = f"the size of the init image, {init.width} x {init.height}"
        yield FieldError("mask.asset_id", f"the mask has {mask.width} x {mask.height} pixels", allowed)


def source_of(request: ImageFields, assets: SourceAssets) -> Source | None:
    init = assets.init
    if request.init is None or init is None:
        return None
    extend = request.extend
    mask: Mask | None = None
    if request.mask is not None and assets.mask is not None:
        asked = request.mask
        mask = Mask(assets.mask.sha256, asked.mode, asked.blur, asked.padding, asked.content, asked.invert)
    elif extend is not None:
        mask = Mask(blur=EXTEND_BLUR_PX)
    added = None if extend is None else Extend(extend.left, extend.right, extend.top, extend.bottom)
    return Source(init.sha256, init.width, init.height, request.init.resize, init.from_image, mask, added)


def passes_of(request: ImageFields, assets: SourceAssets, steps: int, bounds: SizeBounds) -> tuple[Pass, ...]:
    """`steps` of the first pass. Sizes out of bounds are reported by `pass_errors`."""
    info = bounds.info
    if request.init is None or assets.init is None:
        first = Pass(request.width or info.native_width, request.height or info.native_height)
        return (first,) if request.hires is None else (first, _second(request, first, steps, bounds))
    width, height = _first_size(request, assets.init, bounds)
    strength = request.init.strength
    return (Pass(width, height, start_index(steps, strength), strength, upscaler=request.init.upscaler),)


def _first_size(request: ImageFields, init: SourceAsset, bounds: SizeBounds) -> tuple[int, int]:
    info = bounds.info
    if request.mask is not None and request.mask.padding is not None:
        return request.width or info.native_width, request.height or info.native_height
    width, height = bounds.fitted(init.width, init.height)
    if request.extend is not None:
        extend = request.extend
        return extended_size(width, height, extend.left, extend.right, extend.top, extend.bottom)
    return request.width or width, request.height or height


def enlarging_strength(info: ModelInfo, upscaler: str | None, steps: int = MAX_STEPS) -> float:
    """By default, and enough for one of `steps`. Latents that were made larger are blurred: it takes more to clear
    them. The demo model has seen no image larger than its native size, and paints people into large areas."""
    if upscaler == LATENT_UPSCALER:
        return LATENT_STRENGTH if steps > 1 else 1.0
    return max(DEMO_STRENGTH if info.is_demo else PIXEL_STRENGTH, least_strength(steps))


def least_strength(steps: int) -> float:
    """Of so many steps one is taken."""
    return math.ceil(100 / steps) / 100


def extended_size(width: int, height: int, left: int, right: int, top: int, bottom: int) -> tuple[int, int]:
    return width + left + right, height + top + bottom


def _second(request: ImageFields, first: Pass, first_steps: int, bounds: SizeBounds) -> Pass:
    hires = request.hires
    assert hires is not None
    scale = hires.scale or DEFAULT_SCALE
    width, height = (
        hires.width or multiple_of_8(first.width * scale),
        hires.height or multiple_of_8(first.height * scale),
    )
    steps = hires.steps or first_steps
    strength = hires.strength or enlarging_strength(bounds.info, hires.upscaler, steps)
    return Pass(width, height, start_index(steps, strength), strength, hires.steps, hires.upscaler)


def pass_errors(
    spec: ImageSpec, bounds: SizeBounds, enlarged: tuple[str, str] = ("width", "height")
) -> Iterator[FieldError]:
    """Sizes that the model cannot make, and strengths that leave no step. `enlarged`: the fields that give the size of
    an upscaled image."""
    info = bounds.info
    for index, each in enumerate(spec.passes):
        is_large = index > 0 or each.upscaler is not None
        high, most = (
            (bounds.max_hires_px, bounds.max_hires_pixels) if is_large else (info.max_size_px, bounds.max_pixels)
        )
        names = enlarged if not index and each.upscaler is not None else _size_fields(index, spec.source)
        allowed = f"a multiple of {SIZE_MULTIPLE_PX} from {info.min_size_px} to {high}"
        sides = ((names[0], each.width), (names[1], each.height))
        wrong = [(name, px) for name, px in sides if not info.min_size_px <= px <= high]
        for name, px in wrong:
            yield FieldError(name, f"{px} is outside what {info.name} can make", allowed)
        if not wrong and each.num_px > most:
            yield FieldError(
                names[0], f"{each.width} x {each.height} is too much", f"width times height up to {most:,}"
            )
        planned = spec.steps(index)
        if each.start >= planned:
            field = "hires.strength" if index else "init.strength"
            allowed = f"from {math.ceil(1000 / planned) / 1000:g} to 1, with {planned} steps"
            yield FieldError(field, f"{each.strength:g} of {planned} steps is not one step", allowed)


def _size_fields(index: int, source: Source | None) -> tuple[str, str]:
    if index > 0:
        return "hires.width", "hires.height"
    return ("extend", "extend") if source is not None and source.extend is not None else ("width", "height")


def multiple_of_8(px: float) -> int:
    """The nearest lower multiple of 8, with a grace for rounding."""
    return math.floor((px + 1e-6) / SIZE_MULTIPLE_PX) * SIZE_MULTIPLE_PX
