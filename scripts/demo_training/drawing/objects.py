"""The eight objects, large and with few features. Units are picture units around the object's foot."""

import random
from collections.abc import Callable

from scripts.demo_training.drawing.canvas import INK, OUTLINE, Canvas, Color, bend, darker, lighter
from scripts.demo_training.drawing.palette import GARMENT_COLORS

WOOD: Color = (128, 86, 58)
GLASS: Color = (196, 228, 246)


def draw_object(c: Canvas, rng: random.Random, subject: str, color_name: str, width: float) -> None:
    scale = rng.uniform(0.86, 1.1) * min(1.0, width / 205)
    x = width / 2 + rng.uniform(-1, 1) * max(6.0, min(70.0, width / 2 - 92 * scale))
    y = rng.uniform(214, 238) if subject != "balloon" else rng.uniform(216 * scale, 244)
    mirror = rng.choice((-1, 1))
    frame = c.at(x, y, scale * mirror, scale)
    DRAWERS[subject](frame, GARMENT_COLORS[color_name])


def _boat(c: Canvas, color: Color) -> None:
    c.box(-5, -150, 3, -40, WOOD, OUTLINE)
    c.shape([(4, -148), *bend((4, -148), (52, -104), (72, -58)), (4, -58)], (252, 246, 230), OUTLINE)
    c.shape([(-7, -132), *bend((-7, -132), (-38, -94), (-52, -58)), (-7, -58)], (250, 226, 196), OUTLINE)
    c.shape([(-1, -168), (28, -158), (-1, -148)], color, OUTLINE)
    c.shape(
        [(-90, -46), (92, -46), *bend((92, -46), (80, -8), (50, 2)), *bend((-50, 2), (-78, -8), (-90, -46))],
        color,
        OUTLINE,
    )
    c.stroke([(-84, -36), (84, -36)], 7, lighter(color, 0.5))
    for x in (-46, -20, 6):
        c.stroke(bend((x * 1.9 - 8, 4), (x * 1.9 + 14, -4), (x * 1.9 + 36, 4)), 7, (120, 184, 226))
    c.stroke(bend((66, 4), (84, -3), (102, 4)), 7, (120, 184, 226))


def _house(c: Canvas, color: Color) -> None:
    c.box(36, -158, 58, -104, darker(WOOD, 0.1), OUTLINE)
    c.box(-74, -92, 74, 2, color, OUTLINE)
    c.shape([(-96, -88), (0, -162), (96, -88)], (150, 72, 62), OUTLINE)
    c.box(-17, -58, 17, 2, WOOD, OUTLINE)
    c.oval(10, -28, 3.4, 3.4, (246, 206, 96))
    for x in (-48, 48):
        c.box(x - 19, -72, x + 19, -34, (252, 250, 244), OUTLINE)
        c.box(x - 14, -67, x + 14, -39, GLASS)
        c.stroke([(x, -70), (x, -36)], 3.4, (252, 250, 244))
    c.oval(0, -112, 15, 15, (252, 250, 244), OUTLINE)
    c.oval(0, -112, 10, 10, GLASS)


def _tree(c: Canvas, color: Color) -> None:
    c.shape([(-15, -84), (15, -84), (18, -16), (32, 2), (-32, 2), (-18, -16)], WOOD, OUTLINE)
    spots = ((-50, -104, 34), (50, -104, 34), (-30, -142, 36), (32, -144, 36), (0, -170, 32), (0, -110, 42))
    for x, y, r in spots:
        c.oval(x, y, r + OUTLINE, r + OUTLINE, darker(color, 0.26))
    for x, y, r in spots:
        c.oval(x, y, r, r, color)
    c.oval(-18, -160, 22, 16, lighter(color, 0.2))
    c.oval(34, -112, 20, 14, darker(color, 0.12))
    c.oval(-44, -106, 17, 12, darker(color, 0.12))


def _car(c: Canvas, color: Color) -> None:
    c.blob([(-96, -26), (-94, -58), (-64, -68), (-42, -108), (0, -116), (40, -108), (62, -70), (92, -60), (98, -28),
            (80, -14), (-80, -14)], color, OUTLINE)  # fmt: skip
    c.shape([(-48, -70), (-33, -98), (-6, -103), (-6, -70)], GLASS, OUTLINE)
    c.shape([(6, -70), (6, -103), (32, -98), (48, -70)], GLASS, OUTLINE)
    c.stroke([(0, -66), (0, -24)], 2.2, darker(color, 0.35))
    c.stroke([(8, -56), (22, -56)], 4, darker(color, 0.35))
    c.stroke([(-84, -36), (84, -36)], 5, lighter(color, 0.35))
    for x in (-54, 54):
        c.oval(x, -14, 25, 25, (52, 50, 60), OUTLINE)
        c.oval(x, -14, 12, 12, (214, 216, 222))
    c.oval(90, -48, 8, 9, (255, 238, 160), OUTLINE)
    c.oval(-91, -48, 6, 8, (206, 64, 58), OUTLINE)


def _pet_eyes(c: Canvas, y: float, apart: float) -> None:
    plain = c.lit((1.0, 1.0, 1.0))
    for sign in (-1, 1):
        c.oval(sign * apart, y, 14, 15, (255, 253, 250), OUTLINE)
        plain.oval(sign * apart - sign, y + 1, 10, 12, (48, 38, 44))
        plain.oval(sign * apart - 4, y - 4, 4, 4.4, (255, 255, 255))


def _pet_body(c: Canvas, color: Color, belly: Color) -> None:
    c.blob([(0, -84), (40, -70), (58, -20), (46, 0), (0, 4), (-46, 0), (-58, -20), (-40, -70)], color, OUTLINE)
    c.oval(0, -26, 28, 28, belly)
    for sign in (-1, 1):
        c.oval(sign * 24, -4, 20, 11, lighter(color, 0.16), OUTLINE)


def _dog(c: Canvas, color: Color) -> None:
    light = lighter(color, 0.5) if sum(color) < 690 else (226, 216, 204)
    c.limb(bend((46, -22), (76, -34), (82, -66)), 15, color)
    _pet_body(c, color, light)
    c.limb([(-34, -66), (34, -66)], 10, (206, 54, 60))
    c.blob(
        [(0, -170), (44, -158), (58, -118), (42, -78), (0, -68), (-42, -78), (-58, -118), (-44, -158)], color, OUTLINE
    )
    c.oval(0, -92, 30, 22, light)
    for sign in (-1, 1):
        c.blob([(sign * 34, -162), (sign * 60, -162), (sign * 76, -124), (sign * 70, -88), (sign * 54, -96),
                (sign * 50, -130)],
               darker(color, 0.24), OUTLINE)  # fmt: skip
    _pet_eyes(c, -122, 24)
    c.oval(0, -102, 12, 8.5, INK)
    c.oval(0, -80, 8, 9, (238, 118, 128), OUTLINE)
    c.stroke([(0, -96), (0, -88)], 3, INK)
    c.stroke(bend((-16, -92), (0, -84), (16, -92)), 3, INK)


def _cat(c: Canvas, color: Color) -> None:
    light = lighter(color, 0.5) if sum(color) < 690 else (226, 216, 204)
    c.limb(bend((44, -14), (90, -24), (80, -80)), 13, color)
    _pet_body(c, color, light)
    for sign in (-1, 1):
        c.shape([(sign * 18, -148), (sign * 54, -186), (sign * 60, -120)], color, OUTLINE)
        c.shape([(sign * 32, -150), (sign * 49, -169), (sign * 52, -136)], (244, 160, 170))
    c.blob(
        [(0, -158), (40, -150), (64, -112), (46, -78), (0, -66), (-46, -78), (-64, -112), (-40, -150)], color, OUTLINE
    )
    c.oval(0, -88, 24, 16, light)
    _pet_eyes(c, -114, 27)
    c.shape([(-8, -97), (8, -97), (0, -88)], (226, 96, 116), OUTLINE)
    c.stroke(bend((-15, -84), (-7, -78), (0, -86)), 3, INK)
    c.stroke(bend((15, -84), (7, -78), (0, -86)), 3, INK)
    for sign in (-1, 1):
        c.stroke([(sign * 46, -92), (sign * 78, -96)], 4, darker(light, 0.3))


def _castle(c: Canvas, color: Color) -> None:
    roof: Color = (88, 100, 168) if color[2] < 170 else (176, 84, 76)
    c.box(-30, -152, 30, 2, color, OUTLINE)
    c.shape([(-40, -150), (0, -204), (40, -150)], roof, OUTLINE)
    c.box(-70, -74, 70, 2, color, OUTLINE)
    for x in (-44, -15, 15, 44):
        c.box(x - 9, -88, x + 9, -73, color, OUTLINE)
    for sign in (-1, 1):
        c.box(sign * 70 - 24, -116, sign * 70 + 24, 2, lighter(color, 0.08), OUTLINE)
        c.shape([(sign * 70 - 33, -114), (sign * 70, -164), (sign * 70 + 33, -114)], roof, OUTLINE)
        c.blob([(sign * 70 - 8, -66), (sign * 70 - 8, -86), (sign * 70, -96), (sign * 70 + 8, -86),
                (sign * 70 + 8, -66)],
               (255, 224, 130), OUTLINE)  # fmt: skip
    c.blob([(-9, -102), (-9, -124), (0, -134), (9, -124), (9, -102)], (255, 224, 130), OUTLINE)
    c.shape([(-21, 2), (-21, -32), *bend((-21, -32), (0, -56), (21, -32)), (21, 2)], darker(WOOD, 0.3), OUTLINE)


def _balloon(c: Canvas, color: Color) -> None:
    light = lighter(color, 0.66) if sum(color) < 690 else (196, 210, 226)
    c.stroke([(-34, -98), (-17, -44)], 2.6, WOOD)
    c.stroke([(34, -98), (17, -44)], 2.6, WOOD)
    c.blob([(0, -212), (50, -198), (76, -152), (60, -112), (26, -84), (-26, -84), (-60, -112), (-76, -152),
            (-50, -198)],
           color, OUTLINE)  # fmt: skip
    c.shape([(-4, -210), *bend((-4, -210), (-50, -152), (-18, -86)), *bend((-6, -86), (-22, -152), (-4, -210))], light)
    c.shape([(4, -210), *bend((4, -210), (50, -152), (18, -86)), *bend((6, -86), (22, -152), (4, -210))], light)
    c.limb([(-22, -84), (22, -84)], 6, darker(color, 0.25))
    c.shape([(-23, -46), (23, -46), (18, -10), (-18, -10)], (176, 122, 76), OUTLINE)
    c.limb([(-23, -46), (23, -46)], 6, (202, 150, 98))


DRAWERS: dict[str, Callable[[Canvas, Color], None]] = {
    "boat": _boat, "house": _house, "tree": _tree, "car": _car, "dog": _dog, "cat": _cat, "castle": _castle,
    "balloon": _balloon,
}  # fmt: skip
