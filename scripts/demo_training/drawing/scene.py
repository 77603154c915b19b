"""Draws a demo scene: background, then the person or object, then the style."""

import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from scripts.demo_training.captions.scenes import Scene
from scripts.demo_training.drawing.canvas import Canvas
from scripts.demo_training.drawing.face import Face
from scripts.demo_training.drawing.figure import draw_figure
from scripts.demo_training.drawing.objects import draw_object
from scripts.demo_training.drawing.places import draw_backdrop, draw_place
from scripts.demo_training.drawing.sky import FIGURE_TINTS

OVERSAMPLING = 3
SOFTNESS_PX = 0.8  # a factor-8 autoencoder cannot place an edge more exactly than this
BLOCK_PX = 8


def draw(scene: Scene, width: int, height: int) -> Image.Image:
    """The scene as an RGB picture of width x height pixels; the same scene always gives the same picture."""
    return draw_with_face(scene, width, height)[0]


def draw_with_face(scene: Scene, width: int, height: int) -> tuple[Image.Image, Face | None]:
    """The picture and where its face lies in it; None where no person is shown."""
    image = Image.new("RGB", (width * OVERSAMPLING, height * OVERSAMPLING))
    canvas = Canvas(ImageDraw.Draw(image), height * OVERSAMPLING / 256)
    width_units = width * 256 / height
    if scene.has_backdrop:
        draw_backdrop(canvas, image, random.Random(scene.layout_seed), scene.time)
    else:
        draw_place(canvas, image, random.Random(scene.layout_seed), scene.place, scene.time)
    rng = random.Random(scene.layout_seed ^ 0x5EED)
    lit, face = canvas.lit(FIGURE_TINTS[scene.time]), None
    if scene.is_person:
        face = draw_figure(lit, rng, scene, width_units).scaled(1 / OVERSAMPLING)
    else:
        draw_object(lit, rng, scene.subject, scene.color, width_units)
    picture = image.reduce(OVERSAMPLING).filter(ImageFilter.GaussianBlur(SOFTNESS_PX))
    return _styled(picture, scene.style), face


def _styled(image: Image.Image, style: str) -> Image.Image:
    if style == "monochrome":
        return image.convert("L").convert("RGB")
    if style == "foggy":
        return Image.blend(image, Image.new("RGB", image.size, (220, 224, 230)), 0.42)
    if style == "pixel art":
        # blocks as large as the autoencoder's
        small = image.resize((image.width // BLOCK_PX, image.height // BLOCK_PX), Image.Resampling.BOX)
        return small.resize(image.size, Image.Resampling.NEAREST)
    if style == "sketch":
        gray = image.convert("L")
        edges = ImageChops.subtract(gray.filter(ImageFilter.GaussianBlur(3)), gray.filter(ImageFilter.GaussianBlur(1)))
        lines = edges.point([max(80, 255 - 14 * max(0, value - 2)) for value in range(256)]).convert("RGB")
        paper = Image.blend(image, Image.new("RGB", image.size, (252, 248, 238)), 0.6)
        return ImageChops.multiply(paper, lines)
    return image
