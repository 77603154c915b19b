"""From a source and its mask, as stored, to the pixels that the VAE encodes, and back: the unchanged part is pasted
over the result. On a thread for I/O."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from diffusers.image_processor import VaeImageProcessor
from PIL import Image, ImageChops, ImageFilter

from pipelines.image.masks import mask_levels
from pipelines.plan import RawImage, SourceImage
from pipelines.spec import Extend, ImageSpec, Mask, Source

RESIZE_MODES = {"stretch": "default", "crop": "crop", "fill": "fill"}
FILL_BLURS = (64, 16, 4, 2)
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Overlay:
    """The source that is pasted over a result where `mask` (L, of the same size) is black. `box`: where the result
    belongs in it; None: the result has its size."""

    original: Image.Image
    mask: Image.Image
    box: Box | None = None

    def applied(self, raw: RawImage) -> RawImage:
        result = Image.frombytes("RGB", (raw.width, raw.height), raw.rgb)
        pasted = VaeImageProcessor().apply_overlay(self.mask, self.original, result, self.box)
        return RawImage(pasted.width, pasted.height, pasted.tobytes())


@dataclass(frozen=True, slots=True)
class PreparedSource:
    """`overlay` None: nothing of the source is pasted over the result."""

    image: SourceImage
    overlay: Overlay | None


def prepare(spec: ImageSpec, image: bytes, mask: bytes | None) -> PreparedSource:
    """`image` and `mask` as stored. Raises ValueError and OSError if they cannot be read or do not fit each other."""
    source = spec.source
    assert source is not None
    size = (spec.passes[0].width, spec.passes[0].height)
    pixels = _rgb(image)
    if spec.passes[0].network is not None:
        return PreparedSource(_source_image(pixels, None), None)
    if source.mask is None:
        return PreparedSource(_source_image(resized_to(pixels, size, source.resize), None), None)
    stored_mask = _mask(mask, source.mask, pixels.size)
    if source.pasted:
        return _masked_area(pixels, stored_mask, source.mask, size)
    return _whole(pixels, stored_mask, source, source.mask, size)


def _whole(
    pixels: Image.Image, stored: Image.Image | None, source: Source, mask: Mask, size: tuple[int, int]
) -> PreparedSource:
    extend = source.extend or Extend()
    base = (size[0] - extend.left - extend.right, size[1] - extend.top - extend.bottom)
    shown = _extended(resized_to(pixels, base, source.resize), extend)
    repainted = Image.new("L", base, 0) if stored is None else resized_to(stored, base, source.resize)
    edge = Image.new("L", size, 255)
    edge.paste(repainted, (extend.left, extend.top))
    soft = _blurred(edge, mask.blur)
    begun = _filled(shown, soft) if mask.content == "fill" and source.extend is None else shown
    latent_mask = edge if mask.mode == "hard" else soft
    return PreparedSource(_source_image(begun, latent_mask), Overlay(shown, soft))


def _masked_area(pixels: Image.Image, stored: Image.Image | None, mask: Mask, size: tuple[int, int]) -> PreparedSource:
    """The masked area and `padding` pixels around it, grown to the shape of the pass."""
    assert stored is not None and mask.padding is not None
    soft = _blurred(stored, mask.blur)
    box: Box = VaeImageProcessor.get_crop_region(stored, *size, pad=mask.padding)
    begun = _filled(pixels, soft) if mask.content == "fill" else pixels
    latent_mask = stored if mask.mode == "hard" else soft
    area = _source_image(resized_to(begun.crop(box), size, "fill"), resized_to(latent_mask.crop(box), size, "fill"))
    return PreparedSource(area, Overlay(pixels, soft, box))


def _rgb(data: bytes) -> Image.Image:
    """Transparent parts become white."""
    image = Image.open(BytesIO(data), formats=["PNG"])
    if image.mode == "RGB":
        image.load()
        return image
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image.convert("RGBA"))
    return white.convert("RGB")


def _mask(data: bytes | None, mask: Mask, size: tuple[int, int]) -> Image.Image | None:
    """White is repainted. Transparent parts count as black."""
    if data is None:
        return None
    image = Image.open(BytesIO(data), formats=["PNG"])
    if image.size != size:
        raise ValueError(f"the mask has {image.size[0]} x {image.size[1]} pixels, its source {size[0]} x {size[1]}")
    return mask_levels(image, invert=mask.invert)


def resized_to(image: Image.Image, size: tuple[int, int], resize: str) -> Image.Image:
    """By Lanczos; `resize` says how to another shape."""
    if image.size == size:
        return image
    resized = VaeImageProcessor().resize(image, size[1], size[0], RESIZE_MODES[resize])
    assert isinstance(resized, Image.Image)
    return resized.convert(image.mode)


def _extended(image: Image.Image, extend: Extend) -> Image.Image:
    """The new sides repeat the pixels of the edge."""
    sides = ((extend.top, extend.bottom), (extend.left, extend.right), (0, 0))
    return Image.fromarray(np.pad(np.asarray(image), sides, mode="edge"))


def _blurred(mask: Image.Image, blur: float) -> Image.Image:
    return mask.filter(ImageFilter.GaussianBlur(blur)) if blur > 0 else mask


def _filled(image: Image.Image, mask: Image.Image) -> Image.Image:
    """The masked area gets the colors around it, from far to near."""
    kept = image.convert("RGBA")
    kept.putalpha(ImageChops.invert(mask))
    filled = image.convert("RGBA")
    for radius in FILL_BLURS:
        spread = kept.convert("RGBa").filter(ImageFilter.GaussianBlur(radius)).convert("RGBA")
        filled.alpha_composite(spread)
    filled.alpha_composite(kept)
    return filled.convert("RGB")


def _source_image(image: Image.Image, mask: Image.Image | None) -> SourceImage:
    return SourceImage(image.width, image.height, image.tobytes(), None if mask is None else mask.tobytes())
