"""People: a big head with a simple face on a small body. Units are picture units around the head's middle."""

import random

from scripts.demo_training.drawing_canvas import INK, Canvas, Color, bend, darker, lighter, mix
from scripts.demo_training.drawing_clothing import BUILDS, draw_body
from scripts.demo_training.drawing_hair import draw_back_hair, draw_fringe, draw_front_braid, draw_hat
from scripts.demo_training.palette import GARMENT_COLORS, HAIR, SKIN
from scripts.demo_training.scenes import Scene

EYE_X, EYE_Y = 20.0, 8.0


def draw_figure(c: Canvas, rng: random.Random, scene: Scene, width: float) -> None:
    """The scene's person at a random place and size; all that hangs on the head turns with it."""
    is_child = scene.subject == "child"
    scale = rng.uniform(0.9, 1.12) * (0.88 if is_child else 1.0) * min(1.0, width / 215)
    room = max(0.0, width / 2 - 88 * scale)
    x = width / 2 + rng.uniform(-1, 1) * min(room + 6, 80)
    tall_hat = scene.hat in ("wizard hat", "straw hat") or "bronze crown" in scene.extras
    y = rng.uniform(90, 106) + (18 if is_child else 0) + (12 if tall_hat else 0)
    if scene.hair_style == "bun":
        y += 8
    body = c.at(x, y, scale, scale)
    head = c.at(x, y, scale, scale, rng.uniform(-5, 5))
    side = -1 if x > width / 2 else 1
    hair, skin, garment = HAIR[scene.hair_color], SKIN[scene.skin], GARMENT_COLORS[scene.color]
    draw_back_hair(head, scene.hair_style, hair, -side)
    draw_body(body, scene, garment, skin, side)
    _draw_head(head, rng, scene, skin, hair)
    draw_fringe(head, scene.hair_style, hair, scene.subject == "man")
    if scene.hair_style == "braid":
        draw_front_braid(body, hair, -side)
    if "pointed ears" in scene.extras:
        _draw_pointed_ears(head, skin)
    _draw_ornament(head, scene)
    if scene.hat:
        draw_hat(head, scene.hat)


def _draw_head(c: Canvas, rng: random.Random, scene: Scene, skin: Color, hair: Color) -> None:
    is_man = scene.subject == "man"
    neck = BUILDS[scene.subject].neck
    c.shape([(-neck, 34), (neck, 34), (neck, 54), (-neck, 54)], darker(skin, 0.16))
    if "pointed ears" not in scene.extras:
        for sign in (-1, 1):
            c.oval(sign * 46, 12, 7, 9, skin, 1.6)
    jaw, cheek = (34, 46) if is_man else (24, 43)
    c.blob([(0, -50), (34, -38), (46, -4), (cheek, 20), (jaw, 40), (0, 47), (-jaw, 40), (-cheek, 20), (-46,
            -4), (-34, -38)],
           skin, 1.8)  # fmt: skip
    blush = mix(skin, (250, 96, 104), 0.12 if is_man else 0.24 if skin[0] < skin[1] else 0.34)
    for sign in (-1, 1):
        c.oval(sign * 32, 24, 7.5, 4.6, blush)
        _draw_eye(c, sign, scene.subject, hair)
    c.stroke([(-1, 20), (1, 20)], 2.4, darker(skin, 0.28))
    lips: Color = (176, 62, 66) if scene.subject == "woman" else (132, 60, 54)
    if rng.random() < 0.3:
        c.shape([(-9, 28), *bend((9, 28), (0, 39), (-9, 28))], (140, 44, 52), 1.4)
        c.oval(0, 34, 4, 2.2, (236, 128, 128))
    else:
        c.stroke(bend((-9, 29), (0, 34), (9, 29)), 3.0, lips)


def _draw_eye(c: Canvas, sign: int, subject: str, hair: Color) -> None:
    """White, dark iris, one highlight, a lash line and a brow; always at the same place of the head."""
    x, plain = sign * EYE_X, c.lit((1.0, 1.0, 1.0))
    r, g, b = c.tint
    c.lit(((r + 1) / 2, (g + 1) / 2, (b + 1) / 2)).oval(x, EYE_Y, 9.6, 10.8, (255, 253, 250), 1.4)
    plain.oval(x - sign * 0.8, EYE_Y + 0.8, 6.9, 9.0, (62, 42, 44))
    plain.oval(x - sign * 0.8, EYE_Y + 4.2, 4.4, 4.2, (122, 78, 62))
    plain.oval(x - 2.8, EYE_Y - 3.2, 2.9, 3.2, (255, 255, 255))
    lash = 4.2 if subject == "woman" else 2.8
    c.stroke(bend((x - 10, EYE_Y - 4), (x, EYE_Y - 11), (x + 10, EYE_Y - 4)), lash, INK)
    if subject == "woman":
        c.stroke([(x + sign * 10, EYE_Y - 4), (x + sign * 14, EYE_Y - 8)], 3.0, INK)
    brow = darker(hair, 0.45)
    width = 5.0 if subject == "man" else 2.6
    c.stroke(bend((x - 9, EYE_Y - 17), (x, EYE_Y - 20), (x + 9, EYE_Y - 17)), width, brow)


def _draw_pointed_ears(c: Canvas, skin: Color) -> None:
    for sign in (-1, 1):
        ear = [(sign * 42, 2), *bend((sign * 44, -4), (sign * 62, -16), (sign * 84, -22)),
               *bend((sign * 84, -22), (sign * 68, 12), (sign * 42, 22))]  # fmt: skip
        c.shape(ear, skin, 1.8)
        c.shape([(sign * 48, 4), (sign * 72, -13), (sign * 60, 8), (sign * 48, 15)], mix(skin, (236, 120, 120), 0.25))


def _draw_ornament(c: Canvas, scene: Scene) -> None:
    if "golden hairpin" in scene.extras:
        gold: Color = (246, 192, 56)
        c.limb([(2, -44), (52, -64)], 6, gold)
        c.oval(54, -65, 10, 10, gold, 1.8)
        c.oval(52, -68, 4, 4, lighter(gold, 0.6))
        c.oval(20, -51, 7, 7, gold, 1.6)
    if "bronze crown" in scene.extras:
        bronze: Color = (178, 108, 50)
        crown = [(-36, -34), (-42, -70), (-22, -54), (0, -82), (22, -54), (42, -70), (36, -34), (0, -40)]
        c.shape(crown, bronze, 1.8)
        c.stroke(bend((-35, -37), (0, -43), (35, -37)), 6, darker(bronze, 0.25))
        for x, y in ((-42, -70), (0, -82), (42, -70)):
            c.oval(x, y, 5, 5, lighter(bronze, 0.35), 1.4)
        c.oval(0, -56, 6, 7, (60, 176, 164), 1.4)
