"""Uploads of every kind become one form of PNG; what cannot be used is refused in words, soon, whatever it claims."""

import hashlib
import io
import struct
import time
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, ImageOps
from PIL.PngImagePlugin import PngInfo

from server.assets.decode import MAX_BYTES, MAX_PX, read_upload
from server.assets.errors import AssetTooLarge, UnusableImage
from server.errors import StudioError

SOON_S = 10.0


def photo(width: int = 48, height: int = 32) -> Image.Image:
    """Smooth colors, different in each corner."""
    y, x = np.mgrid[0:height, 0:width]
    channels = (x * 255 // (width - 1), y * 255 // (height - 1), (x + y) * 255 // (width + height - 2))
    return Image.fromarray(np.stack(channels, axis=-1).astype(np.uint8))


def file_of(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pixels(png: bytes) -> Image.Image:
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        image.load()
    return image


def mean_difference(a: Image.Image, b: Image.Image) -> float:
    assert (a.size, a.mode) == (b.size, b.mode)
    return float(np.abs(np.asarray(a, np.int16) - np.asarray(b, np.int16)).mean())


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_file(width: int, height: int, depth: int, color: int, data: bytes, extra: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    body = chunk(b"IHDR", head) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def jpeg_claiming(width: int, height: int) -> bytes:
    """A real JPEG with another size in its head."""
    data = file_of(photo(), "JPEG")
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def webp_claiming(width: int, height: int) -> bytes:
    canvas = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    frame = file_of(photo(), "WEBP")[12:]
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + canvas + frame
    return b"RIFF" + struct.pack("<I", len(body)) + body


def small_webp_claiming(width: int, height: int) -> bytes:
    """Lossless: the size is in the bitstream, 14 bits a side."""
    bits = (width - 1) | (height - 1) << 14
    data = b"\x2f" + struct.pack("<I", bits) + bytes(27)
    body = b"WEBPVP8L" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_what_is_stored_is_a_plain_png_named_by_its_content() -> None:
    asset = read_upload(file_of(photo()))
    assert pixels(asset.png).mode == "RGB"
    assert (asset.width, asset.height) == (48, 32)
    assert asset.sha256 == hashlib.sha256(asset.png).hexdigest()
    assert read_upload(asset.png) == asset == read_upload(file_of(photo(), compress_level=9))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"quality": 95}),
        ("JPEG", {"quality": 95}),
        ("JPEG", {"quality": 95, "progressive": True}),
    ],
)
def test_every_format_gives_its_pixels(kind: str, options: dict[str, Any]) -> None:
    asset = read_upload(file_of(photo(), kind, **options))
    is_lossless = kind == "PNG" or "lossless" in options
    assert mean_difference(pixels(asset.png), photo()) <= (0 if is_lossless else 3)


def test_metadata_is_stripped() -> None:
    text = PngInfo()
    text.add_text("parameters", "a secret prompt")
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "a secret name"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind, options in (("PNG", {"pnginfo": text}), ("JPEG", {"comment": b"a secret"}), ("WEBP", {})):
        data = file_of(photo(), kind, exif=exif, icc_profile=profile, dpi=(300, 300), **options)
        png = read_upload(data).png
        names = [png[at + 4 : at + 8] for at in chunk_starts(png)]
        assert set(names) == {b"IHDR", b"IDAT", b"IEND"}
        assert b"secret" not in png


def chunk_starts(png: bytes) -> list[int]:
    starts, at = list[int](), 8
    while at < len(png):
        starts.append(at)
        at += 12 + int.from_bytes(png[at : at + 4], "big")
    return starts


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_it_is_stored_upright(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    data = file_of(photo(), kind, exif=exif, **({"lossless": True} if kind == "WEBP" else {"quality": 95}))
    asset = read_upload(data)
    with Image.open(io.BytesIO(data)) as image:
        expected = ImageOps.exif_transpose(image)
    assert (asset.width, asset.height) == ((32, 48) if orientation >= 5 else (48, 32))
    assert mean_difference(pixels(asset.png), expected) == 0
    assert ImageOps.exif_transpose(pixels(asset.png)).size == (asset.width, asset.height)


CORRUPT_EXIF = pytest.mark.filterwarnings("ignore:.*[Cc]orrupt EXIF data")


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_means_nothing_is_ignored(orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    assert mean_difference(pixels(read_upload(file_of(photo(), exif=exif)).png), photo()) == 0


@CORRUPT_EXIF
def test_a_photo_with_damaged_exif_is_a_photo() -> None:
    for damaged in (
        b"Exif\0\0",
        b"Exif\0\0MM\0*",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(20),
        b"Exif\0\0" + b"x" * 50,
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x03up" + bytes(6),  # an orientation in letters
    ):
        data = file_of(photo(), "JPEG", exif=damaged)
        assert read_upload(data).width == 48


def test_every_mode_becomes_rgb() -> None:
    gray = photo().convert("L")
    sources = {
        "L": gray,
        "1": gray.convert("1"),
        "P": photo().quantize(200),
        "LA": Image.merge("LA", (gray, Image.new("L", gray.size, 255))),
        "RGBA": Image.merge("RGBA", (*photo().split(), Image.new("L", gray.size, 255))),
    }
    for mode, source in sources.items():
        assert source.mode == mode
        assert mean_difference(pixels(read_upload(file_of(source)).png), source.convert("RGB")) == 0, mode
    cmyk = photo().convert("CMYK")
    assert mean_difference(pixels(read_upload(file_of(cmyk, "JPEG", quality=95)).png), photo()) < 4


def test_gray_of_16_bits_keeps_its_upper_8() -> None:
    values = np.linspace(0, 65535, 48 * 32).reshape(32, 48).astype(np.uint16)
    png = pixels(read_upload(file_of(Image.fromarray(values))).png)
    assert png.mode == "RGB"
    assert np.array_equal(np.asarray(png)[..., 1], values >> 8)


def test_color_of_16_bits_keeps_its_upper_8() -> None:
    rgb = np.random.default_rng(3).integers(0, 65536, (16, 16, 3), dtype=np.uint16)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in rgb)
    png = pixels(read_upload(png_file(16, 16, 16, 2, zlib.compress(rows))).png)
    assert np.array_equal(np.asarray(png), rgb >> 8)


def test_transparency_is_kept_where_there_is_some() -> None:
    alpha = Image.new("L", (48, 32), 255)
    alpha.paste(0, (10, 10, 20, 20))
    cut = photo().convert("RGBA")
    cut.putalpha(alpha)
    palette = photo().quantize(200)
    for name, data in {
        "RGBA": file_of(cut),
        "WebP": file_of(cut, "WEBP", lossless=True, exact=True),
        "LA": file_of(Image.merge("LA", (photo().convert("L"), alpha))),
        "P": file_of(palette, transparency=palette.getpixel((15, 15))),
        "RGB": file_of(photo(), transparency=photo().getpixel((15, 15))),
    }.items():
        png = pixels(read_upload(data).png)
        assert png.mode == "RGBA", name
        assert png.getpixel((15, 15))[3] == 0, name  # type: ignore[index]
        assert png.getpixel((47, 31))[3] == 255, name  # type: ignore[index]
    assert mean_difference(pixels(read_upload(file_of(cut)).png), cut) == 0


def test_the_first_of_several_images_in_a_jpeg_is_taken() -> None:
    """Phones append a depth map or a film to their photos."""
    several = file_of(photo(), "MPO", save_all=True, append_images=[photo().rotate(180)], quality=95)
    assert mean_difference(pixels(read_upload(several).png), photo()) < 3
    assert read_upload(file_of(photo(), "JPEG") + bytes(100_000)).width == 48


def animated(kind: str) -> bytes:
    return file_of(photo(), kind, save_all=True, append_images=[photo().rotate(180)], duration=50)


def damaged_png() -> bytes:
    data = bytearray(file_of(photo(200, 200)))
    data[len(data) // 2] ^= 0xFF
    data[len(data) // 2 + 1] ^= 0xFF
    return bytes(data)


def text_bomb() -> bytes:
    """A text chunk of 200 MB when it is unpacked."""
    packed = zlib.compress(bytes(200_000_000), 9)
    return png_file(16, 16, 8, 2, zlib.compress(bytes(16 * 49)), chunk(b"zTXt", b"k\0\0" + packed))


def scan_bomb() -> bytes:
    """A progressive JPEG of 24 megapixels with scans that are 30 bytes long and each take a pass over all of it."""
    data = file_of(Image.new("L", (6000, 4000)), "JPEG", progressive=True)
    start = data.rindex(b"\xff\xda")
    scan = data[start : data.rindex(b"\xff\xd9")]
    return data[:start] + scan * (1_000_000 // len(scan)) + b"\xff\xd9"


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "it is empty"),
    "one byte": (lambda: b"\xff", "no JPEG, PNG or WebP"),
    "text": (lambda: b"red dress, beach sunset" * 100, "no JPEG, PNG or WebP"),
    "zeros": (lambda: bytes(10_000), "no JPEG, PNG or WebP"),
    "SVG": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>', "no JPEG, PNG or WebP"),
    "GIF": (lambda: file_of(photo(), "GIF"), "no JPEG, PNG or WebP"),
    "BMP": (lambda: file_of(photo(), "BMP"), "no JPEG, PNG or WebP"),
    "TIFF": (lambda: file_of(photo(), "TIFF"), "no JPEG, PNG or WebP"),
    "EPS": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n", "no JPEG, PNG or WebP"),
    "RIFF, not WebP": (lambda: b"RIFF\x24\0\0\0WAVEfmt " + bytes(30), "no JPEG, PNG or WebP"),
    "1 x 1": (lambda: file_of(photo(2, 2).crop((0, 0, 1, 1))), "it has 1 x 1 px"),
    "7 px high": (lambda: file_of(photo(64, 7)), "it has 64 x 7 px"),
    "8193 px wide": (lambda: file_of(Image.new("L", (8193, 8))), "it has 8,193 x 8 px"),
    "25.2 megapixels": (lambda: file_of(Image.new("1", (6000, 4200))), "it has 6,000 x 4,200 px"),
    "PNG bomb": (lambda: png_file(100_000, 100_000, 8, 6, b""), "it has 100,000 x 100,000 px"),
    "PNG bomb, 1 px wide": (lambda: png_file(1, 100_000, 8, 6, b""), "it has 1 x 100,000 px"),
    "PNG bomb, 2^31": (lambda: png_file(2**31 - 1, 2**31 - 1, 1, 0, b""), "px"),
    "PNG of no size": (lambda: png_file(0, 0, 8, 2, b""), "cannot be decoded"),
    "JPEG bomb": (lambda: jpeg_claiming(65_535, 65_535), "it has 65,535 x 65,535 px"),
    "JPEG of no size": (lambda: jpeg_claiming(0, 0), "cannot be decoded"),
    "8200 px wide": (lambda: file_of(Image.new("L", (8200, 8)), "WEBP"), "it has 8,200 x 8 px"),
    "WebP bomb": (lambda: webp_claiming(16_000, 5_000), "cannot be decoded"),
    "WebP bomb, 100,000": (lambda: webp_claiming(100_000, 40_000), f"it has more than {MAX_PX:,} px"),
    "WebP bomb, lossless": (lambda: small_webp_claiming(16_384, 16_384), f"it has more than {MAX_PX:,} px"),
    "WebP whose canvas is not its image": (lambda: webp_claiming(100, 100), "cannot be decoded"),
    "PNG text bomb": (text_bomb, "cannot be decoded"),
    "JPEG of 20,000 scans": (scan_bomb, "scans"),
    "animated PNG": (lambda: animated("PNG"), "it is animated"),
    "animated WebP": (lambda: animated("WEBP"), "it is animated"),
    "PNG with damaged pixels": (damaged_png, "cannot be decoded"),
    "PNG without pixels": (lambda: png_file(64, 64, 8, 2, b""), "cannot be decoded"),
    "PNG with few pixels": (lambda: png_file(64, 64, 8, 2, zlib.compress(bytes(500))), "cannot be decoded"),
    "PNG head alone": (lambda: b"\x89PNG\r\n\x1a\n", "cannot be decoded"),
    "JPEG head alone": (lambda: b"\xff\xd8\xff", "cannot be decoded"),
    "WebP head alone": (lambda: b"RIFF\x04\0\0\0WEBP", "cannot be decoded"),
    "JPEG of noise": (lambda: b"\xff\xd8\xff\xe0" + bytes(range(256)) * 50, "cannot be decoded"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_used_is_refused_soon_and_named(name: str) -> None:
    make, detail = HOSTILE[name]
    data = make()
    assert len(data) < MAX_BYTES
    started_s = time.monotonic()
    with pytest.raises(UnusableImage) as refused:
        read_upload(data)
    assert time.monotonic() - started_s < SOON_S
    (error,) = refused.value.errors
    assert error.field == "file"
    assert detail in error.detail
    assert "JPEG, PNG or WebP" in error.allowed
    assert refused.value.kind.status == 400


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_file_that_ends_early_is_refused(kind: str) -> None:
    data = file_of(photo(300, 200), kind)
    for share in (0.02, 0.1, 0.5, 0.9):
        with pytest.raises(UnusableImage):
            read_upload(data[: int(len(data) * share)])


def test_any_damage_is_an_image_or_a_refusal() -> None:
    random = np.random.default_rng(7)
    files = [file_of(photo(), kind) for kind in ("PNG", "JPEG", "WEBP")]
    files += [file_of(photo(), "JPEG", progressive=True), animated("PNG"), animated("WEBP")]
    for number in range(1200):
        data = bytearray(files[number % len(files)])
        for at in random.integers(0, len(data), random.integers(1, 6)):
            data[at] = random.integers(0, 256)
        try:
            asset = read_upload(bytes(data))
        except StudioError as error:
            assert error.kind.status == 400
        else:
            assert pixels(asset.png).size == (asset.width, asset.height)


def test_the_size_in_bytes_is_bounded() -> None:
    data = file_of(photo(), "JPEG")
    assert read_upload(data.ljust(MAX_BYTES, b"\0")).width == 48
    with pytest.raises(AssetTooLarge) as refused:
        read_upload(data.ljust(MAX_BYTES + 1, b"\0"))
    assert refused.value.kind.status == 413
    assert "25,000,000" in refused.value.detail


def test_the_largest_image_is_read_soon() -> None:
    data = file_of(Image.linear_gradient("L").resize((5000, 5000)).convert("RGB"), "JPEG")
    started_s = time.monotonic()
    assert read_upload(data).width == 5000
    assert time.monotonic() - started_s < SOON_S
