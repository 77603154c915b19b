"""Encode images: JPEG, PNG or WebP with their parameters inside, thumbnails, previews. Runs on an I/O thread."""

import base64
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pipelines.plan import RawImage
from server.storage.provenance import XMP

CONTENT_TYPES: Mapping[str, str] = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
EXTENSIONS: Mapping[str, str] = {"jpeg": "jpg", "png": "png", "webp": "webp"}
THUMBNAIL_PX = 384
THUMBNAIL_TYPE = "image/webp"
PREVIEW_PX = 256
BLURRED_PX = 12
EXIF_IFD = 0x8769
USER_COMMENT = 0x9286
LONG, UNDEFINED = 4, 7
"""Types of a TIFF field."""
UNICODE = b"UNICODE\0"
"""Character code of a UserComment in UTF-16."""


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """An image ready to store. `thumbnail` is WebP, longest side 384 px; None: the image is no larger."""

    data: bytes
    content_type: str
    thumbnail: bytes | None


def image_key(job_id: str, n: int, image_format: str) -> str:
    """The storage key of image n (from 1) of a job."""
    return f"generations/{job_id}/{job_id}-{n}.{EXTENSIONS[image_format]}"


def thumbnail_key(job_id: str, n: int) -> str:
    return f"generations/{job_id}/{job_id}-{n}.thumb.webp"


def sheet_key(job_id: str) -> str:
    """The storage key of a comparison's contact sheet."""
    return f"generations/{job_id}/{job_id}-sheet.jpg"


def encode_image(raw: RawImage, image_format: str, text: str | None) -> EncodedImage:
    """Encode an image. The same pixels and text give the same bytes. `text` is written where A1111's tools read it: PNG
    text chunk `parameters`, or EXIF UserComment in JPEG and WebP. Every file has the XMP of provenance.py."""
    image = _image(raw)
    file = BytesIO()
    match image_format:
        case "jpeg":
            image.save(file, "JPEG", quality=92, subsampling=0, xmp=XMP.encode(), **_exif(text))
        case "webp":
            image.save(file, "WEBP", quality=92, method=4, xmp=XMP.encode(), **_exif(text))
        case "png":
            chunks = PngInfo()
            chunks.add_itxt("XML:com.adobe.xmp", XMP)
            if text is not None:
                chunks.add_text("parameters", text)  # tEXt; iTXt if the text is not Latin-1
            image.save(file, "PNG", pnginfo=chunks)
        case _:
            raise ValueError(f"picture format {image_format!r}; allowed are {', '.join(CONTENT_TYPES)}")
    return EncodedImage(file.getvalue(), CONTENT_TYPES[image_format], _thumbnail(image))


def preview_data_url(raw: RawImage, is_blurred: bool = False) -> str:
    """A small JPEG, longest side at most 256 px, as a `data:` URL. A blurred one has the colors of an image 12 px wide:
    nothing brings back the rest."""
    image = _image(raw)
    image.thumbnail((PREVIEW_PX, PREVIEW_PX))
    if is_blurred:
        size = image.size
        image.thumbnail((BLURRED_PX, BLURRED_PX))
        image = image.resize(size, Image.Resampling.BICUBIC)
    file = BytesIO()
    image.save(file, "JPEG", quality=75)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def _image(raw: RawImage) -> Image.Image:
    return Image.frombytes("RGB", (raw.width, raw.height), raw.rgb)


def _thumbnail(image: Image.Image) -> bytes | None:
    if max(image.size) <= THUMBNAIL_PX:
        return None
    small = image.copy()
    small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.LANCZOS)
    file = BytesIO()
    small.save(file, "WEBP", quality=80, method=4, xmp=XMP.encode())
    return file.getvalue()


def _exif(text: str | None) -> dict[str, bytes]:
    """Arguments of Pillow's `save`: EXIF of one tag, UserComment, as `piexif` writes it for A1111. Pillow itself writes
    bytes of this tag with the type BYTE, on which A1111's reader raises; EXIF 2.32, 4.6.5, demands UNDEFINED."""
    if text is None:
        return {}
    comment = UNICODE + text.encode("utf-16-be")
    header = struct.pack(">2sHI", b"MM", 42, 8)
    main = struct.pack(">HHHIII", 1, EXIF_IFD, LONG, 1, 26, 0)
    exif = struct.pack(">HHHIII", 1, USER_COMMENT, UNDEFINED, len(comment), 44, 0)
    return {"exif": b"Exif\0\0" + header + main + exif + comment}
