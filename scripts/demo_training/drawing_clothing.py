"""Bodies and the six kinds of clothing. Units as in drawing_figure; the shoulders are at y = 52."""

from dataclasses import dataclass

from scripts.demo_training.drawing_canvas import Canvas, Color, Point, bend, darker, lighter
from scripts.demo_training.scenes import Scene

CREAM: Color = (246, 234, 212)
NAVY: Color = (62, 74, 112)
CHARCOAL: Color = (92, 92, 104)


@dataclass(frozen=True)
class Build:
    """Half widths, and how much shorter than a grown-up's the body is."""

    shoulder: float
    waist: float
    hip: float
    neck: float
    stretch: float


BUILDS = {
    "woman": Build(36, 26, 36, 11, 1.0),
    "man": Build(50, 40, 40, 16, 1.0),
    "child": Build(33, 29, 32, 10, 0.78),
}


def draw_body(c: Canvas, scene: Scene, color: Color, skin: Color, side: int) -> None:
    """Body, clothing, arms and hands; side (-1 or 1) is where a waving arm goes up."""
    build = BUILDS[scene.subject]
    body = c.at(0, 46 * (1 - build.stretch), 1.0, build.stretch)
    if scene.subject == "child":
        _draw_legs(body, skin)
    {"dress": _dress, "coat": _coat, "shirt": _shirt, "suit": _suit, "sweater": _sweater, "kimono": _kimono}[
        scene.clothing
    ](body, build, color, skin)
    signs = (side, -side) if scene.pose == "waving" else (-1, 1)
    for sign in signs:
        _draw_arm(body, build, scene, color, skin, sign, is_raised=scene.pose == "waving" and sign == side)


def _draw_legs(c: Canvas, skin: Color) -> None:
    for sign in (-1, 1):
        c.limb([(sign * 14, 150), (sign * 14, 204)], 16, skin)
        c.oval(sign * 17, 208, 15, 9, (110, 74, 60), 1.6)


def _arm_points(build: Build, pose: str, sign: int, is_raised: bool) -> tuple[Point, Point, Point]:
    shoulder = (sign * (build.shoulder - 7), 62.0)
    if is_raised:
        return shoulder, (sign * (build.shoulder + 26), 64.0), (sign * 74, 22.0)
    if pose == "hands on hips":
        return shoulder, (sign * (build.shoulder + 24), 92.0), (sign * (build.waist + 6), 114.0)
    if pose == "hands together":
        return shoulder, (sign * (build.shoulder + 6), 98.0), (sign * 9, 112.0)
    return shoulder, (sign * (build.shoulder + 8), 94.0), (sign * (build.shoulder + 10), 126.0)


def _draw_arm(c: Canvas, build: Build, scene: Scene, color: Color, skin: Color, sign: int, is_raised: bool) -> None:
    start, middle, end = _arm_points(build, scene.pose, sign, is_raised)
    path = bend(start, middle, end)
    c.oval(*end, 10, 10, skin, 1.6)
    clothing = scene.clothing
    if clothing in ("dress", "shirt"):
        c.limb(path, 14, skin)
        if clothing == "dress":
            c.oval(start[0] + sign * 2, start[1] + 1, 17, 15, color, 1.6)
        else:
            c.limb(path[:4], 23, color)
            c.stroke(path[3:5], 23, darker(color, 0.18))
        c.oval(*end, 9, 9, skin, 1.4)
        return
    if clothing == "kimono":
        ex, ey = path[-2]
        mx, my = path[4]
        low = max(ey, my) + 40
        c.shape([start, (mx + sign * 6, my - 8), (ex + sign * 10, ey - 8), (ex + sign * 12, low),
                (ex - sign * 14, low + 2), (mx - sign * 6, my + 12)],
                color, 1.8)  # fmt: skip
        c.limb(path[:-1], 17, color)
        c.stroke([(ex - sign * 12, low - 3), (ex + sign * 10, low - 4)], 5, CREAM)
        return
    c.limb(path[:-1], 21 if clothing in ("coat", "sweater") else 17, color)
    cuff = {"coat": CREAM, "sweater": darker(color, 0.22), "suit": (252, 252, 250)}[clothing]
    c.limb(path[-2:], 21 if clothing == "coat" else 14, cuff, 1.4)
    c.oval(end[0], end[1] + (0 if is_raised else 3), 9, 9, skin, 1.4)


def _torso(build: Build, bottom: float, flare: float) -> list[Point]:
    """Right side from the neck to the bottom and back up the left."""
    right = [(12.0, 47.0), (build.shoulder - 8, 51.0), (build.shoulder, 62.0), (build.waist, 100.0), (flare, bottom)]
    return right + [(-x, y) for x, y in reversed(right)]


def _trousers(c: Canvas, build: Build, color: Color) -> None:
    for sign in (-1, 1):
        c.shape(
            [(0, 112), (sign * build.hip, 112), (sign * (build.hip + 2), 200), (sign * 4, 200), (0, 140)], color, 1.6
        )


def _collar_skin(c: Canvas, skin: Color, width: float, depth: float) -> None:
    c.shape([(-width, 46), (width, 46), (0, depth)], skin)


def _dress(c: Canvas, build: Build, color: Color, skin: Color) -> None:
    """A bodice with a round neck, a sash and a wide bell skirt."""
    c.shape(_torso(build, 106, build.waist), color, 1.8)
    c.shape([*bend((-20, 46), (0, 66), (20, 46))], skin, 1.4)
    wide = build.hip + 42
    c.blob([(-build.waist, 100), (build.waist, 100), (wide * 0.72, 130), (wide, 176), (wide * 0.5, 188), (0, 182),
            (-wide * 0.5, 188), (-wide, 176), (-wide * 0.72, 130)], color, 1.8)  # fmt: skip
    for x in (-0.45, 0.0, 0.45):
        c.stroke([(build.waist * x, 122), (wide * x, 172)], 2.2, darker(color, 0.25))
    c.limb([(-build.waist + 1, 102), (build.waist - 1, 102)], 9, lighter(color, 0.5))


def _coat(c: Canvas, build: Build, color: Color, skin: Color) -> None:
    """Long and buttoned, with a big cream fur collar, belt and hem."""
    c.shape([(-build.hip, 150), (build.hip, 150), (build.hip, 204), (-build.hip, 204)], CHARCOAL)
    c.shape(_torso(build, 176, build.hip + 16), color, 1.8)
    c.stroke([(0, 70), (0, 172)], 2.2, darker(color, 0.4))
    c.limb([(-build.hip - 15, 176), (build.hip + 15, 176)], 12, CREAM)
    c.limb([(-build.waist - 2, 108), (build.waist + 2, 108)], 8, (92, 62, 48))
    for y in (90, 130, 152):
        for x in (-11, 11):
            c.oval(x, y, 4.6, 4.6, (244, 200, 90), 1.2)
    for x, y in ((-30, 56), (30, 56), (-16, 66), (16, 66), (0, 72)):
        c.oval(x, y, 15, 12, darker(CREAM, 0.3))
    for x, y in ((-30, 56), (30, 56), (-16, 66), (16, 66), (0, 72)):
        c.oval(x, y, 13.6, 10.6, CREAM)


def _shirt(c: Canvas, build: Build, color: Color, skin: Color) -> None:
    """Short sleeves, a light turned-down collar, buttons; blue trousers."""
    _trousers(c, build, NAVY)
    c.shape(_torso(build, 124, build.hip + 2), color, 1.8)
    _collar_skin(c, skin, 15, 70)
    for sign in (-1, 1):
        c.shape([(sign * 10, 45), (sign * 25, 51), (sign * 19, 72), (0, 66)], lighter(color, 0.55), 1.6)
    c.stroke([(0, 72), (0, 122)], 2.2, darker(color, 0.3))
    for y in (82, 98, 114):
        c.oval(0, y, 3.4, 3.4, (255, 252, 240), 1.2)


def _suit(c: Canvas, build: Build, color: Color, skin: Color) -> None:
    """A jacket with lapels over a white shirt and a dark tie; trousers of the same color."""
    _trousers(c, build, darker(color, 0.12))
    c.shape(_torso(build, 134, build.hip + 4), color, 1.8)
    c.shape([(-19, 46), (19, 46), (0, 112)], (252, 252, 250))
    c.shape([(-5, 56), (5, 56), (8, 92), (0, 104), (-8, 92)], (44, 44, 66))
    for sign in (-1, 1):
        c.shape([(sign * 17, 46), (sign * 32, 62), (sign * 24, 74), (sign * 1, 114)], darker(color, 0.26), 1.4)
    c.stroke([(0, 112), (3, 134)], 2.4, darker(color, 0.45))
    c.oval(6, 122, 3.6, 3.6, (240, 232, 206), 1.2)


def _sweater(c: Canvas, build: Build, color: Color, skin: Color) -> None:
    """Round and bulky, with a roll neck and two light bands; dark trousers."""
    _trousers(c, build, CHARCOAL)
    wide, hip = build.shoulder + 4, build.hip + 6
    c.blob([(0, 46), (wide - 10, 50), (wide, 68), (wide, 100), (hip, 124), (0, 128), (-hip, 124), (-wide, 100),
            (-wide, 68),
            (-wide + 10, 50)], color, 1.8)  # fmt: skip
    band = lighter(color, 0.62) if sum(color) < 690 else (150, 176, 206)
    for y in (80, 98):
        c.stroke(bend((-wide + 6, y), (0, y + 3), (wide - 6, y)), 9, band)
    c.limb([(-hip + 4, 124), (hip - 4, 124)], 10, darker(color, 0.22))
    c.limb([(-15, 54), (15, 54)], 13, darker(color, 0.14))


def _kimono(c: Canvas, build: Build, color: Color, skin: Color) -> None:
    """A straight robe with crossed cream collars and a wide golden sash."""
    c.shape(_torso(build, 204, build.hip + 2), color, 1.8)
    _collar_skin(c, skin, 14, 76)
    c.stroke([(16, 48), (-10, 90)], 10, darker(CREAM, 0.3))
    c.stroke([(16, 48), (-10, 90)], 7.5, CREAM)
    c.stroke([(-16, 48), (12, 90)], 10, darker(CREAM, 0.3))
    c.stroke([(-16, 48), (12, 90)], 7.5, CREAM)
    c.stroke([(6, 124), (14, 204)], 2.4, darker(color, 0.35))
    c.box(-build.waist - 6, 88, build.waist + 6, 124, (226, 168, 66), 1.8)
    c.box(-build.waist - 6, 102, build.waist + 6, 109, (160, 62, 62))
