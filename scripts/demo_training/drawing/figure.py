"""People: a large head with a plain face, from the chest up or to the knee."""

import random

from scripts.demo_training.captions.scenes import Scene
from scripts.demo_training.drawing.canvas import Canvas
from scripts.demo_training.drawing.clothing import draw_body, draw_neck
from scripts.demo_training.drawing.face import Face, draw_head, draw_ornaments, find_face
from scripts.demo_training.drawing.hair import draw_back_hair, draw_fringe, draw_front_hair
from scripts.demo_training.drawing.hats import draw_hat
from scripts.demo_training.drawing.palette import GARMENT_COLORS, HAIR, SKIN

TALL_HATS = ("wizard hat", "straw hat")


def draw_figure(c: Canvas, rng: random.Random, scene: Scene, width: float) -> Face:
    """The scene's person at a random place and size; all that hangs on the head turns with it."""
    x, y, scale = _place(rng, scene, width)
    body = c.at(x, y, scale, scale)
    head = c.at(x, y, scale, scale, rng.uniform(-4, 4))
    side = -1 if x > width / 2 else 1
    hair, skin, garment = HAIR[scene.hair_color], SKIN[scene.skin], GARMENT_COLORS[scene.color]
    draw_back_hair(head, scene.hair_style, hair, -side)
    draw_neck(body, scene.subject, skin)
    draw_body(body, scene, garment, skin, side)
    draw_head(head, rng, scene)
    draw_front_hair(body, scene.hair_style, hair, -side)
    draw_fringe(head, scene.hair_style, hair, scene.subject == "man")
    draw_ornaments(head, scene)
    if scene.hat:
        draw_hat(head, scene.hat)
    return find_face(head, scene, c.unit_px)


def _place(rng: random.Random, scene: Scene, width: float) -> tuple[float, float, float]:
    """Middle of the head and scale. The hair's top stays in the picture; room grows with the hat's height."""
    is_child = scene.subject == "child"
    if scene.is_portrait:
        scale, y, room = rng.uniform(1.22, 1.42), rng.uniform(108, 124), 26.0
    else:
        scale, y, room = rng.uniform(0.92, 1.06), rng.uniform(84, 100), 52.0
    if is_child:
        scale, y = scale * 0.92, y + (16 if scene.is_portrait else 26)
    scale *= min(1.0, width / 215)
    top = 112 if scene.hat == "wizard hat" else 96 if scene.hair_style in ("bun", "buns") or scene.hat else 78
    y = max(y, 8 + top * scale)
    side_room = max(4.0, width / 2 - 84 * scale)
    return width / 2 + rng.uniform(-1, 1) * min(room, side_room), y, scale
