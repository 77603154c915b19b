"""Bodies and the six kinds of clothing. Units as in drawing_figure; the shoulders are at y = 54."""

from collections.abc import Callable
from dataclasses import dataclass

from scripts.demo_training.captions.scenes import Scene
from scripts.demo_training.drawing.canvas import OUTLINE, Canvas, Color, Point, bend, darker, lighter

CREAM: Color = (250, 240, 222)
NAVY: Color = (78, 90, 128)
CHARCOAL: Color = (106, 104, 118)
LEATHER: Color = (122, 86, 68)
SASH: Color = (236, 186, 92)


@dataclass(frozen=True)
class Build:
    """Half widths of the shoulders, waist, hip and neck."""

    shoulder: float
    waist: float
    hip: float
    neck: float


BUILDS = {
    "woman": Build(44, 31, 40, 11.5),
    "man": Build(58, 46, 46, 17),
    "child": Build(39, 35, 38, 11),
}


def draw_neck(c: Canvas, subject: str, skin: Color) -> None:
    neck = BUILDS[subject].neck
    c.shape([(-neck, 30), (neck, 30), (neck, 56), (neck + 14, 66), (-neck - 14, 66), (-neck, 56)], darker(skin, 0.14))


def draw_body(c: Canvas, scene: Scene, color: Color, skin: Color, side: int) -> None:
    """Clothing, arms and hands; side (-1 or 1) is where a waving arm goes up."""
    build = BUILDS[scene.subject]
    if scene.subject == "child":
        _draw_legs(c, skin)
    behind = scene.pose == "standing"
    signs = (side, -side) if scene.pose == "waving" else (-1, 1)
    arms = [(sign, scene.pose == "waving" and sign == side) for sign in signs]
    for sign, is_raised in arms if behind else ():
        _draw_arm(c, build, scene, color, skin, sign, is_raised)
    GARMENTS[scene.clothing](c, build, color, skin)
    for sign, is_raised in () if behind else arms:
        _draw_arm(c, build, scene, color, skin, sign, is_raised)


def _draw_legs(c: Canvas, skin: Color) -> None:
    for sign in (-1, 1):
        c.limb([(sign * 16, 150), (sign * 16, 190)], 18, skin)
        c.oval(sign * 19, 194, 17, 10, LEATHER, OUTLINE)


def _arm_path(build: Build, pose: str, sign: int, is_raised: bool) -> list[Point]:
    shoulder = (sign * (build.shoulder - 8), 67.0)
    if is_raised:
        return bend(shoulder, (sign * (build.shoulder + 25), 70.0), (sign * 82, 24.0))
    if pose == "hands on hips":
        return bend(shoulder, (sign * (build.shoulder + 21), 96.0), (sign * (build.waist + 9), 120.0))
    if pose == "hands together":
        return bend(shoulder, (sign * (build.shoulder + 8), 102.0), (sign * 10, 116.0))
    return bend(shoulder, (sign * (build.shoulder + 9), 100.0), (sign * (build.shoulder + 10), 134.0))


def _draw_arm(c: Canvas, build: Build, scene: Scene, color: Color, skin: Color, sign: int, is_raised: bool) -> None:
    path, clothing = _arm_path(build, scene.pose, sign, is_raised), scene.clothing
    end = path[-1]
    if clothing in ("dress", "shirt"):
        c.limb(path, 15, skin)
        c.oval(*end, 10.5, 10.5, skin, OUTLINE)
        c.stroke(path[-3:], 15, skin)
        if clothing == "dress":
            c.oval(path[0][0] + sign * 2, path[0][1] - 1, 17, 15, color, OUTLINE)
        else:
            c.limb(path[:4], 25, color)
        return
    c.oval(*end, 11, 11, skin, OUTLINE)
    if clothing == "kimono":
        (ex, ey), (mx, my) = path[-2], path[4]
        low = max(ey, my) + 36
        c.blob([path[0], (mx + sign * 9, my - 8), (ex + sign * 13, ey - 6), (ex + sign * 14, low),
                (ex - sign * 15, low + 2), (mx - sign * 8, my + 14)], color, OUTLINE)  # fmt: skip
        c.limb(path[:-1], 19, color)
        return
    thick = {"coat": 22, "sweater": 22, "suit": 20}[clothing]
    c.limb(path[:-1], thick, color)
    cuff: Color = {"coat": CREAM, "sweater": darker(color, 0.16), "suit": (252, 252, 250)}[clothing]
    c.limb(path[-2:-1] * 2, thick, cuff)


def _torso(c: Canvas, build: Build, bottom: float, flare: float, color: Color) -> None:
    right: list[Point] = [(0, 56), (16, 52), (build.shoulder - 10, 56), (build.shoulder, 68), (build.waist, 106)]
    right += [(flare, bottom - 4), (flare * 0.6, bottom)]
    c.blob([*right, *((-x, y) for x, y in reversed(right[1:]))], color, OUTLINE)


def _trousers(c: Canvas, build: Build, color: Color) -> None:
    for sign in (-1, 1):
        c.shape(
            [(0, 112), (sign * build.hip, 112), (sign * (build.hip + 1), 210), (sign * 4, 210), (0, 150)],
            color,
            OUTLINE,
        )


def _dress(c: Canvas, build: Build, color: Color, skin: Color) -> None:
    """A bodice with a round neck, a light sash and a wide bell skirt."""
    wide = build.hip + 40
    c.blob([(-build.waist, 104), (0, 100), (build.waist, 104), (wide * 0.74, 134), (wide, 178), (wide * 0.5, 192),
            (0, 188), (-wide * 0.5, 192), (-wide, 178), (-wide * 0.74, 134)], color, OUTLINE)  # fmt: skip
    for x in (-0.4, 0.4):
        c.stroke([(build.waist * x * 1.6, 128), (wide * x, 176)], 3.6, darker(color, 0.14))
    _torso(c, build, 112, build.waist, color)
    c.blob([(-22, 50), (0, 46), (22, 50), (15, 66), (0, 72), (-15, 66)], skin)
    c.stroke(bend((-23, 54), (0, 74), (23, 54)), 3.6, darker(color, 0.2))
    c.limb([(-build.waist + 1, 108), (build.waist - 1, 108)], 9, lighter(color, 0.55))


def _coat(c: Canvas, build: Build, color: Color, skin: Color) -> None:
    """Long and buttoned, with a cream fur collar and hem and a belt."""
    c.box(-build.hip, 150, build.hip, 210, CHARCOAL)
    _torso(c, build, 184, build.hip + 16, color)
    c.stroke([(0, 74), (0, 176)], 3.6, darker(color, 0.22))
    c.limb([(-build.hip - 14, 180), (build.hip + 14, 180)], 13, CREAM)
    c.limb([(-build.waist - 3, 118), (build.waist + 3, 118)], 9, LEATHER)
    for y in (94, 146):
        for x in (-13, 13):
            c.oval(x, y, 5, 5, (246, 206, 108), OUTLINE)
    for radius, fur in ((17.0, darker(CREAM, 0.16)), (15.0, CREAM)):
        for x, y in ((-33, 58), (33, 58), (-20, 68), (20, 68), (0, 75)):
            c.oval(x, y, radius, radius * 0.82, fur)


def _shirt(c: Canvas, build: Build, color: Color, skin: Color) -> None:
    """Short sleeves, a light turned-down collar, buttons; blue trousers."""
    _trousers(c, build, NAVY)
    _torso(c, build, 130, build.hip + 2, color)
    c.shape([(-16, 48), (16, 48), (0, 74)], skin)
    for sign in (-1, 1):
        c.shape([(sign * 12, 47), (sign * 29, 55), (sign * 21, 77), (0, 70)], lighter(color, 0.6), OUTLINE)
    c.stroke([(0, 76), (0, 126)], 3.6, darker(color, 0.18))
    for y in (90, 110):
        c.oval(0, y, 4.6, 4.6, (255, 252, 240), OUTLINE)


def _suit(c: Canvas, build: Build, color: Color, skin: Color) -> None:
    """A jacket with lapels over a white shirt and a dark tie; trousers of the same color."""
    _trousers(c, build, darker(color, 0.12))
    _torso(c, build, 140, build.hip + 4, color)
    c.shape([(-20, 50), (20, 50), (0, 116)], (252, 252, 250))
    c.shape([(-7, 58), (7, 58), (9, 94), (0, 108), (-9, 94)], (64, 62, 88))
    for sign in (-1, 1):
        c.shape([(sign * 18, 49), (sign * 36, 66), (sign * 27, 79), (sign * 1, 120)], darker(color, 0.18), OUTLINE)
    c.stroke([(0, 118), (2, 138)], 3.6, darker(color, 0.3))


def _sweater(c: Canvas, build: Build, color: Color, skin: Color) -> None:
    """Round and bulky, with a roll neck and two light bands; dark trousers."""
    _trousers(c, build, CHARCOAL)
    wide, hip = build.shoulder + 3, build.hip + 6
    c.blob([(0, 50), (wide - 12, 55), (wide, 72), (wide - 2, 104), (hip, 128), (0, 132), (-hip, 128),
            (-wide + 2, 104), (-wide, 72), (-wide + 12, 55)], color, OUTLINE)  # fmt: skip
    band = lighter(color, 0.6) if sum(color) < 690 else (160, 184, 212)
    for y in (84, 103):
        c.stroke(bend((-wide + 10, y), (0, y + 3), (wide - 10, y)), 9, band)
    c.limb([(-hip + 6, 130), (hip - 6, 130)], 10, darker(color, 0.14))
    c.limb([(-15, 57), (15, 57)], 15, darker(color, 0.09))


def _kimono(c: Canvas, build: Build, color: Color, skin: Color) -> None:
    """A straight robe with crossed cream collars and a wide golden sash."""
    _torso(c, build, 214, build.hip + 4, color)
    c.shape([(-16, 48), (16, 48), (0, 82)], skin)
    for sign in (1, -1):
        c.stroke([(sign * 18, 51), (sign * -11, 96)], 12, darker(CREAM, 0.16))
        c.stroke([(sign * 18, 51), (sign * -11, 96)], 9, CREAM)
    c.stroke([(6, 134), (13, 212)], 3.6, darker(color, 0.2))
    c.box(-build.waist - 6, 96, build.waist + 6, 130, SASH, OUTLINE)
    c.box(-build.waist - 6, 109, build.waist + 6, 116, (186, 92, 84))


GARMENTS: dict[str, Callable[[Canvas, Build, Color, Color], None]] = {
    "dress": _dress, "coat": _coat, "shirt": _shirt, "suit": _suit, "sweater": _sweater, "kimono": _kimono,
}  # fmt: skip
