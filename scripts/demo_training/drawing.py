"""Draws a demo scene: background, then the person or object, then the style."""

import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from scripts.demo_training.drawing_canvas import Canvas
from scripts.demo_training.drawing_figure import draw_figure
from scripts.demo_training.drawing_objects import draw_object
from scripts.demo_training.drawing_places import draw_place
from scripts.demo_training.drawing_sky import FIGURE_TINTS
from scripts.demo_training.scenes import Scene

OVERSAMPLING = 3


def draw(scene: Scene, width: int, height: int) -> Image.Image:
    """The scene as an RGB picture of width x height pixels; the same scene always gives the same picture."""
    image = Image.new("RGB", (width * OVERSAMPLING, height * OVERSAMPLING))
    canvas = Canvas(ImageDraw.Draw(image), height * OVERSAMPLING / 256)
    width_units = width * 256 / height
    draw_place(canvas, image, random.Random(scene.layout_seed), scene.place, scene.time)
    rng = random.Random(scene.layout_seed ^ 0x5EED)
    lit = canvas.lit(FIGURE_TINTS[scene.time])
    if scene.is_person:
        draw_figure(lit, rng, scene, width_units)
    else:
        draw_object(lit, rng, scene.subject, scene.color, width_units)
    return _styled(image.reduce(OVERSAMPLING), scene.style)


def _styled(image: Image.Image, style: str) -> Image.Image:
    if style == "monochrome":
        return image.convert("L").convert("RGB")
    if style == "foggy":
        return Image.blend(image, Image.new("RGB", image.size, (216, 220, 226)), 0.42)
    if style == "pixel art":
        small = image.resize((image.width // 5, image.height // 5), Image.Resampling.BOX)
        return small.resize(image.size, Image.Resampling.NEAREST)
    if style == "sketch":
        edges = image.convert("L").filter(ImageFilter.GaussianBlur(0.8)).filter(ImageFilter.FIND_EDGES)
        edges = ImageOps.expand(ImageOps.crop(edges, 2), 2)
        lines = edges.point([max(60, 255 - 5 * value) for value in range(256)]).convert("RGB")
        paper = Image.blend(image, Image.new("RGB", image.size, (252, 248, 238)), 0.55)
        return ImageChops.multiply(paper, lines)
    return image
