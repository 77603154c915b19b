"""Encoded pictures: right pixels, readable parameters, the same bytes each time, a thumbnail for the large ones."""

import base64
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import piexif
import piexif.helper
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipelines.plan import RawImage
from server.storage.encoding import (
    CONTENT_TYPES,
    encode_image,
    image_key,
    preview_data_url,
    thumbnail_key,
)
from server.storage.provenance import TRAINED_ALGORITHMIC_MEDIA
from tests.support.picture_text import a1111_text


def gradient(width: int, height: int) -> RawImage:
    rgb = bytes(value for y in range(height) for x in range(width) for value in (x % 256, y % 256, (x + y) % 256))
    return RawImage(width, height, rgb)


@pytest.mark.parametrize("image_format", CONTENT_TYPES)
@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=300))
def test_every_format_carries_the_text(image_format: str, text: str):
    assert a1111_text(encode_image(gradient(8, 16), image_format, text).data) == text


@pytest.mark.parametrize("image_format", ["jpeg", "webp"])
def test_the_comment_is_undefined_bytes_in_the_whole_file_too(image_format: str, tmp_path: Path):
    file = tmp_path / f"picture.{image_format}"
    file.write_bytes(encode_image(gradient(400, 64), image_format, "jade, 雪 and a 🦊").data)
    tags = piexif.load(str(file))
    assert list(tags["Exif"]) == [piexif.ExifIFD.UserComment]
    assert tags["Exif"][piexif.ExifIFD.UserComment] == piexif.helper.UserComment.dump("jade, 雪 and a 🦊", "unicode")


def source_type(data: bytes) -> str:
    """As an XMP reader finds it."""
    root = ElementTree.fromstring(Image.open(BytesIO(data)).info["xmp"])
    (description,) = root.iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description")
    return description.attrib["{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"]


@pytest.mark.parametrize("text", ["a jade woman", None])
@pytest.mark.parametrize("image_format", CONTENT_TYPES)
def test_every_file_says_that_a_model_made_it(image_format: str, text: str | None):
    encoded = encode_image(gradient(400, 64), image_format, text)
    assert encoded.thumbnail is not None
    assert source_type(encoded.data) == source_type(encoded.thumbnail) == TRAINED_ALGORITHMIC_MEDIA


@pytest.mark.parametrize("image_format", CONTENT_TYPES)
def test_no_text_leaves_nothing_but_that(image_format: str):
    image = Image.open(BytesIO(encode_image(gradient(8, 8), image_format, None).data))
    assert "parameters" not in image.info
    assert "exif" not in image.info
    assert not image.getexif()


@pytest.mark.parametrize("image_format", CONTENT_TYPES)
def test_a_file_is_what_its_content_type_says(image_format: str):
    encoded = encode_image(gradient(64, 32), image_format, "a jade woman")
    image = Image.open(BytesIO(encoded.data))
    assert encoded.content_type == CONTENT_TYPES[image_format] == Image.MIME[image.format or ""]
    assert image.size == (64, 32)


@pytest.mark.parametrize("image_format", CONTENT_TYPES)
def test_the_same_picture_gives_the_same_bytes(image_format: str):
    pictures = [encode_image(gradient(400, 64), image_format, "a jade woman") for _ in range(2)]
    assert pictures[0] == pictures[1]


def test_png_keeps_every_pixel_and_jpeg_nearly():
    raw = gradient(64, 64)
    assert Image.open(BytesIO(encode_image(raw, "png", "x").data)).tobytes() == raw.rgb
    jpeg = Image.open(BytesIO(encode_image(raw, "jpeg", "x").data)).tobytes()
    assert sum(abs(a - b) for a, b in zip(jpeg, raw.rgb, strict=True)) / len(jpeg) < 2


@pytest.mark.parametrize(
    ("size", "thumbnail"), [((384, 384), None), ((392, 128), (384, 125)), ((512, 1024), (192, 384))]
)
def test_large_pictures_get_a_webp_thumbnail(size: tuple[int, int], thumbnail: tuple[int, int] | None):
    encoded = encode_image(gradient(*size), "jpeg", "x")
    if thumbnail is None:
        assert encoded.thumbnail is None
        return
    assert encoded.thumbnail is not None
    image = Image.open(BytesIO(encoded.thumbnail))
    assert (image.format, image.size) == ("WEBP", thumbnail)


def test_a_preview_is_a_small_jpeg_in_an_address():
    address = preview_data_url(gradient(1024, 512))
    kind, _, data = address.partition(";base64,")
    image = Image.open(BytesIO(base64.b64decode(data)))
    assert (kind, image.format, image.size) == ("data:image/jpeg", "JPEG", (256, 128))
    assert len(address) < 50_000


def test_keys_name_job_and_number():
    assert image_key("ab", 3, "jpeg") == "generations/ab/ab-3.jpg"
    assert image_key("ab", 3, "webp") == "generations/ab/ab-3.webp"
    assert thumbnail_key("ab", 3) == "generations/ab/ab-3.thumb.webp"


def test_an_unknown_format_is_refused():
    with pytest.raises(ValueError, match="gif"):
        encode_image(gradient(8, 8), "gif", "x")
