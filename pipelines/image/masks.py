"""Masks as stored. Torch-free; on a thread."""

from io import BytesIO

from PIL import Image, ImageChops


def mask_levels(image: Image.Image, *, invert: bool) -> Image.Image:
    """Mode L, 255 is repainted. Transparent parts count as black."""
    if image.mode == "RGBA":
        black = Image.new("RGBA", image.size, "black")
        black.alpha_composite(image)
        image = black
    levels = image.convert("L")
    return ImageChops.invert(levels) if invert else levels


def is_empty(png: bytes, *, invert: bool) -> bool:
    """True if a mask repaints nothing."""
    return mask_levels(Image.open(BytesIO(png), formats=["PNG"]), invert=invert).getbbox() is None
