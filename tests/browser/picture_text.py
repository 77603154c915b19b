"""The parameters that a picture's file carries."""

import piexif
import piexif.helper
from PIL import Image


def parameters(picture: Image.Image) -> str:
    if picture.format == "PNG":
        return picture.info["parameters"]
    return piexif.helper.UserComment.load(piexif.load(picture.info["exif"])["Exif"][piexif.ExifIFD.UserComment])
