"""The parameters that a picture's file carries."""

from PIL import Image

USER_COMMENT = 0x9286
EXIF_FOLDER = 0x8769


def parameters(picture: Image.Image) -> str:
    if picture.format == "PNG":
        return picture.info["parameters"]
    comment = picture.getexif().get_ifd(EXIF_FOLDER)[USER_COMMENT]
    return comment.removeprefix(b"UNICODE\0").decode("utf-16-be")
