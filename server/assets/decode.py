"""Decode an image that a caller brought, and encode it again in one form: PNG, 8 bits a channel, upright, no metadata.

Runs on a thread. Pillow's decoder is chosen by the first bytes, and its size is checked before it decodes.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import ExifTags, Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from server.assets.errors import AssetTooLarge, UnusableImage

CONTENT_TYPE = "image/png"
MAX_BYTES = 25_000_000
MIN_SIDE_PX, MAX_SIDE_PX = 8, 8192
MAX_PX = 25_000_000
MAX_SCANNED_PX = 6_000_000_000
"""Of all scans of a JPEG, 4 s: each passes over the whole image, and a small file can hold 100,000 of them."""

START_OF_SCAN = b"\xff\xda"
ALLOWED = (
    f"a JPEG, PNG or WebP image that is not animated, {MIN_SIDE_PX} to {MAX_SIDE_PX:,} px a side, {MAX_PX:,} px in all,"
    f" {MAX_BYTES:,} bytes"
)
TO_UPRIGHT: Mapping[int, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By EXIF's orientation."""


@dataclass(frozen=True, slots=True)
class DecodedAsset:
    """`png` is RGB, or RGBA if a pixel is not opaque. `sha256` is over its bytes."""

    png: bytes
    width: int
    height: int
    sha256: str


def read_upload(data: bytes) -> DecodedAsset:
    """Raises AssetTooLarge and UnusableImage."""
    if len(data) > MAX_BYTES:
        raise AssetTooLarge(MAX_BYTES)
    return decode(data, "file")


def decode(data: bytes, field: str) -> DecodedAsset:
    """`field` is the request field that an error names. Raises UnusableImage."""
    try:
        with _opened(data) as image:
            _check(image, data)
            image.load()
            upright = TO_UPRIGHT.get(_orientation(image))
            plain = _eight_bits(image)
    except _Unusable as error:
        raise UnusableImage(field, str(error), ALLOWED) from error
    except MemoryError:
        raise
    except Exception as error:  # of a damaged file Pillow raises errors of many types
        raise UnusableImage(field, f"it cannot be decoded ({str(error)[:200]})", ALLOWED) from error
    if upright is not None:
        plain = plain.transpose(upright)
    plain.info.clear()  # Pillow would write a color profile that it finds there
    file = BytesIO()
    plain.save(file, "PNG", compress_level=1)
    png = file.getvalue()
    return DecodedAsset(png, plain.width, plain.height, hashlib.sha256(png).hexdigest())


class _Unusable(Exception):
    """Its text is for the caller."""


def _opened(data: bytes) -> ImageFile:
    """The decoder, which has read the head only. `Image.open` would warn of sizes that `_check` refuses, and open a
    JPEG that several images follow as another format."""
    if not data:
        raise _Unusable("it is empty")
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        PngImageFile(BytesIO(data)).verify()  # its checksums, which decoding skips
        return PngImageFile(BytesIO(data))
    if data.startswith(b"\xff\xd8\xff"):
        return JpegImageFile(BytesIO(data))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        try:
            return WebPImageFile(BytesIO(data))
        except Image.DecompressionBombError as error:
            raise _Unusable(f"it has more than {MAX_PX:,} px") from error
    raise _Unusable("it is no JPEG, PNG or WebP image")


def _check(image: ImageFile, data: bytes) -> None:
    """Check what the head says. Raises _Unusable."""
    width, height = image.size
    if not all(MIN_SIDE_PX <= side <= MAX_SIDE_PX for side in image.size) or width * height > MAX_PX:
        raise _Unusable(f"it has {width:,} x {height:,} px")
    if getattr(image, "is_animated", False):
        raise _Unusable("it is animated")
    if isinstance(image, JpegImageFile):
        num_scans = data.count(START_OF_SCAN)  # and by chance some in what follows the image
        if num_scans * width * height > MAX_SCANNED_PX:
            raise _Unusable(f"it has {num_scans:,} scans")


def _orientation(image: ImageFile) -> int:
    """EXIF's, 1 to 8. 1 if there is none, or none that can be read."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:
        return 1


def _eight_bits(image: Image.Image) -> Image.Image:
    """RGB, or RGBA if a pixel is not opaque. Of 16 bits the upper 8 count."""
    if image.mode.startswith("I"):  # gray of 16 bits, which `convert` would clip at 255
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if not image.has_transparency_data:
        return image.convert("RGB")
    rgba = image.convert("RGBA")
    least, _ = rgba.getchannel("A").getextrema()
    return rgba.convert("RGB") if least == 255 else rgba
