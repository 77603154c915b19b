"""The parameters that a picture's file carries."""

from io import BytesIO

import piexif
import piexif.helper
from PIL import Image


def a1111_text(data: bytes) -> str:
    """By the rules of A1111's `modules/images.py`, read_info_from_image: a comment that piexif does not read as bytes
    is an error there."""
    info = Image.open(BytesIO(data)).info
    if "exif" not in info:
        return info["parameters"]
    return piexif.helper.UserComment.load(piexif.load(info["exif"])["Exif"][piexif.ExifIFD.UserComment])
