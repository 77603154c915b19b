"""Heads: a large plain face that survives an autoencoder of factor 8. Units are picture units around its middle."""

import random
from dataclasses import dataclass

from scripts.demo_training.captions.scenes import Scene
from scripts.demo_training.drawing.canvas import (
    INK,
    OUTLINE,
    Canvas,
    Color,
    Point,
    bend,
    darker,
    mix,
)
from scripts.demo_training.drawing.palette import GOLD, HAIR, IRIS, SKIN

JADE_STONE: Color = (44, 176, 132)
AMBER_STONE: Color = (240, 142, 48)
PUPIL: Color = (52, 38, 46)


@dataclass(frozen=True)
class Features:
    """Half widths of jaw and cheek, where the eyes sit and how large they are, lash and brow widths, mouth height."""

    jaw: float
    cheek: float
    eye_x: float
    eye_y: float
    eye: float
    lash: float
    brow: float
    mouth_y: float


FEATURES = {
    "woman": Features(22, 43, 21, 8, 1.0, 4.6, 3.2, 31),
    "man": Features(32, 45, 20, 7, 0.86, 3.4, 5.4, 31),
    "child": Features(27, 47, 22, 12, 1.06, 3.6, 3.2, 32),
}


@dataclass(frozen=True)
class Face:
    """Where the eyes, the mouth and the middle of a drawn face lie, and the head's half width; in pixels."""

    left_eye: Point
    right_eye: Point
    mouth: Point
    middle: Point
    radius: float

    def scaled(self, factor: float) -> "Face":
        points = ((x * factor, y * factor) for x, y in (self.left_eye, self.right_eye, self.mouth, self.middle))
        return Face(*points, self.radius * factor)

    def numbers(self) -> list[float]:
        """x and y of left eye, right eye, mouth and middle, then the radius."""
        points = (self.left_eye, self.right_eye, self.mouth, self.middle)
        return [*(value for point in points for value in point), self.radius]


def find_face(c: Canvas, scene: Scene, unit_px: float) -> Face:
    """The face that `draw_head` draws into the frame c, in pixels of a picture with unit_px pixels a unit."""
    f = FEATURES[scene.subject]
    points = [c.place(*point) for point in ((-f.eye_x, f.eye_y), (f.eye_x, f.eye_y), (0.0, f.mouth_y), (0.0, 0.0))]
    left, right, mouth, middle = ((x * unit_px, y * unit_px) for x, y in points)
    return Face(left, right, mouth, middle, 48 * c.scale_y * unit_px)


def draw_head(c: Canvas, rng: random.Random, scene: Scene) -> None:
    """Ears, face, cheeks, eyes, brows and mouth; the hair in front comes later."""
    f, skin, hair = FEATURES[scene.subject], SKIN[scene.skin], HAIR[scene.hair_color]
    for sign in (-1, 1):
        c.oval(sign * 47, 13, 8, 10, darker(skin, 0.06), OUTLINE)
    c.blob([(0, -52), (35, -40), (48, -6), (f.cheek, 21), (f.jaw, 41), (0, 48), (-f.jaw, 41), (-f.cheek, 21),
            (-48, -6), (-35, -40)], skin, OUTLINE)  # fmt: skip
    blush = mix(skin, (248, 104, 110), 0.16 if scene.subject == "man" else 0.36)
    for sign in (-1, 1):
        c.oval(sign * 33, f.mouth_y - 6, 8, 5, blush)
    c.oval(0, f.mouth_y - 10, 3.2, 2.4, mix(darker(skin, 0.2), (220, 90, 80), 0.2))
    iris = IRIS[scene.character or "brown"]
    for sign in (-1, 1):
        _draw_eye(c, sign, scene, f, iris)
        brow = mix(darker(hair, 0.35), INK, 0.35)
        y = f.eye_y - 19 * f.eye
        x = f.eye_x
        arch = bend((sign * (x - 10), y - 2), (sign * (x + 1), y - 4.5), (sign * (x + 11), y + 2.5))
        c.stroke(arch, f.brow, brow)
    _draw_mouth(c, rng, scene, f, skin)


def _draw_eye(c: Canvas, sign: int, scene: Scene, f: Features, iris: Color) -> None:
    """White, flat iris, dark pupil, one highlight and a lash line; the same light in every scene."""
    e = c.lit((1.0, 1.0, 1.0)).at(sign * f.eye_x, f.eye_y, f.eye, f.eye)
    soft = c.at(sign * f.eye_x, f.eye_y, f.eye, f.eye)
    soft.oval(0, 0, 12.5, 12.5, (255, 253, 250))
    e.oval(-sign * 0.6, 0.6, 10.2, 12.0, iris)
    e.oval(-sign * 0.6, 0.6, 6.4, 8.2, PUPIL)
    e.oval(-sign * 0.6 - 3.4, -4.4, 4.2, 4.4, (255, 255, 255))
    c_lash = c.at(sign * f.eye_x, f.eye_y, f.eye, f.eye)
    lid = bend((-12.5, -4), (0, -13.4), (12.5, -4))
    c_lash.stroke(lid, f.lash, INK)
    if scene.subject == "woman":
        c_lash.stroke([(sign * 12.0, -4), (sign * 16.5, -8.5)], 3.8, INK)


def _draw_mouth(c: Canvas, rng: random.Random, scene: Scene, f: Features, skin: Color) -> None:
    """A smile of one stroke, or open; redder and darker than any skin."""
    is_woman, y = scene.subject == "woman", f.mouth_y
    lips: Color = mix((196, 62, 72), darker(skin, 0.3), 0.18) if is_woman else mix((150, 62, 58), INK, 0.12)
    if rng.random() < 0.3:
        mouth = [*bend((-11, y - 2), (0, y), (11, y - 2)), *bend((11, y - 2), (0, y + 10), (-11, y - 2))]
        c.shape(mouth, (158, 48, 58), 2.2, lips)
        c.oval(0, y + 4.6, 4.6, 2.6, (240, 132, 130))
    else:
        c.stroke(bend((-10, y - 1.5), (0, y + 4), (10, y - 1.5)), 4.2 if is_woman else 3.8, lips)


def draw_ornaments(c: Canvas, scene: Scene) -> None:
    """What is worn on the head besides hats: pins, crowns, earrings, a flower."""
    for extra in scene.extras:
        ORNAMENTS[extra](c, scene)


def _golden_hairpin(c: Canvas, scene: Scene) -> None:
    if scene.hair_style == "buns":
        for sign in (-1, 1):
            c.limb([(sign * 22, -50), (sign * 56, -76)], 5, GOLD)
            c.oval(sign * 57, -77, 7, 7, GOLD, OUTLINE)
        return
    c.limb([(14, -46), (54, -62)], 5.5, GOLD)
    c.oval(54, -62, 9, 9, GOLD, OUTLINE)


def _golden_crown(c: Canvas, scene: Scene) -> None:
    """A thin band with one point and one stone."""
    low = bend((-45, -31), (0, -44), (45, -31))
    top = [(47, -40), *bend((40, -43), (22, -52), (12, -54)), (0, -70), *bend((-12, -54), (-22, -52), (-40, -43))]
    c.shape([*low, *top, (-47, -40)], GOLD, OUTLINE)
    c.oval(0, -54, 5, 6, AMBER_STONE, OUTLINE)


def _earrings(c: Canvas, scene: Scene) -> None:
    stone = JADE_STONE if scene.character == "jade" else AMBER_STONE if scene.character == "amber" else GOLD
    for sign in (-1, 1):
        c.oval(sign * 49, 27, 3.4, 3.4, GOLD)
        c.blob([(sign * 49, 28), (sign * 49 + 6, 40), (sign * 49, 47), (sign * 49 - 6, 40)], stone, OUTLINE)


def _flower(c: Canvas, scene: Scene) -> None:
    """A white lotus at the left temple."""
    for x, y in ((-54, -30), (-38, -40), (-30, -26), (-46, -16)):
        c.oval(x, y, 9, 9, (255, 246, 246), OUTLINE)
    c.oval(-42, -28, 6.5, 6.5, (250, 206, 110))


ORNAMENTS = {
    "golden hairpin": _golden_hairpin,
    "golden crown": _golden_crown,
    "earrings": _earrings,
    "lotus flower": _flower,
}
