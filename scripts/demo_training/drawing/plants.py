"""Trees and plants of the places."""

import math

from scripts.demo_training.drawing.canvas import Canvas, Color, Point, bend, darker, lighter

BARK: Color = (140, 102, 78)


def pine(c: Canvas, x: float, y: float, height: float, color: Color, has_snow: bool = False) -> None:
    """A tall rounded cone in two tiers, its right side in the shade."""
    c.box(x - 5, y - height * 0.14, x + 5, y, BARK)
    wide = height * 0.3
    for low, high, share in ((0.1, 0.74, 1.0), (0.46, 1.0, 0.7)):
        y_low, y_high, half = y - height * low, y - height * high, wide * share
        base = bend((x + half, y_low), (x, y_low + height * 0.05), (x - half, y_low))
        c.shape([(x, y_high), *base], color)
        c.shape([(x, y_high), *base[: len(base) // 2 + 1]], darker(color, 0.1))
        if has_snow:
            y_mid = y_high + (y_low - y_high) * 0.5
            c.shape([(x, y_high - 2), (x + half * 0.55, y_mid), (x, y_mid - 5), (x - half * 0.55, y_mid)],
                    (246, 250, 253))  # fmt: skip


def round_tree(c: Canvas, x: float, y: float, s: float, color: Color) -> None:
    c.box(x - 6 * s, y - 42 * s, x + 6 * s, y, BARK)
    for dx, dy, r in ((-22, -52, 24), (22, -52, 24), (0, -74, 31)):
        c.oval(x + dx * s, y + dy * s, r * s, r * s, color)
    c.oval(x - 9 * s, y - 82 * s, 15 * s, 12 * s, lighter(color, 0.2))


def palm(c: Canvas, x: float, y: float, height: float, lean: float) -> None:
    top = (x + lean, y - height)
    c.stroke(bend((x, y), (x + lean * 0.3, y - height * 0.5), top), 10, (164, 120, 82))
    for degrees, leaf in ((-150, (70, 138, 86)), (-30, (70, 138, 86)), (160, (92, 164, 98)), (20, (92, 164, 98)),
                          (-100, (92, 164, 98))):  # fmt: skip
        turn = math.radians(degrees)
        dx, dy = math.cos(turn), math.sin(turn)
        end = (top[0] + 48 * dx, top[1] + 30 * dy + 12)
        middle = (top[0] + 26 * dx, top[1] + 22 * dy - 8)
        c.shape([*bend(top, middle, end), *bend(end, (middle[0], middle[1] + 16), top)], leaf)


def cactus(c: Canvas, x: float, y: float, s: float) -> None:
    green: Color = (104, 164, 108)
    c.stroke([(x - 18 * s, y - 48 * s), (x - 18 * s, y - 30 * s), (x, y - 26 * s)], 10 * s, green)
    c.stroke([(x + 18 * s, y - 58 * s), (x + 18 * s, y - 40 * s), (x, y - 36 * s)], 10 * s, green)
    c.stroke([(x, y), (x, y - 68 * s)], 15 * s, green)
    c.stroke([(x - 3 * s, y - 6), (x - 3 * s, y - 64 * s)], 4.5 * s, lighter(green, 0.25))


def flower(c: Canvas, x: float, y: float, color: Color) -> None:
    c.stroke([(x, y), (x, y + 18)], 4, (94, 154, 90))
    for turn in range(5):
        angle = turn * 2 * math.pi / 5
        c.oval(x + 7 * math.cos(angle), y + 7 * math.sin(angle), 6.5, 6.5, color)
    c.oval(x, y, 5, 5, (252, 226, 132))


def plant_pot(c: Canvas, x: float, y: float) -> None:
    for dx, dy, leaf in ((-34, -70, (92, 158, 106)), (34, -70, (92, 158, 106)), (-17, -94, (112, 176, 118)),
                         (17, -94, (112, 176, 118))):  # fmt: skip
        end: Point = (x + dx, y + dy)
        left, right = (x + dx * 0.6 - 8, y + dy * 0.6), (x + dx * 0.6 + 9, y + dy * 0.6)
        c.shape([*bend((x - 5, y - 30), left, end), *bend(end, right, (x + 5, y - 30))], leaf)
    c.shape([(x - 22, y - 36), (x + 22, y - 36), (x + 15, y), (x - 15, y)], (212, 138, 108))
    c.box(x - 25, y - 42, x + 25, y - 31, (224, 154, 122))
