"""Trees and plants of the places."""

import math

from scripts.demo_training.drawing_canvas import Canvas, Color, bend, darker, lighter

BARK: Color = (132, 90, 62)


def pine(c: Canvas, x: float, y: float, height: float, color: Color, has_snow: bool = False) -> None:
    c.box(x - 5, y - height * 0.15, x + 5, y, BARK)
    wide = height * 0.3
    for low, high, share in ((0.1, 0.5, 1.0), (0.34, 0.76, 0.78), (0.58, 1.0, 0.56)):
        y_low, y_high = y - height * low, y - height * high
        c.shape([(x - wide * share, y_low), (x, y_high), (x + wide * share, y_low)], color)
        c.shape([(x, y_high), (x + wide * share, y_low), (x + wide * share * 0.15, y_low)], darker(color, 0.14))
        if has_snow:
            half = wide * share * 0.52
            y_mid = y_high + (y_low - y_high) * 0.52
            c.shape([(x - half, y_mid), (x, y_high - 2), (x + half, y_mid), (x, y_mid - 5)], (244, 248, 253))


def round_tree(c: Canvas, x: float, y: float, s: float, color: Color) -> None:
    c.box(x - 6 * s, y - 40 * s, x + 6 * s, y, BARK)
    for dx, dy, r in ((-20, -52, 22), (20, -52, 22), (0, -72, 28)):
        c.oval(x + dx * s, y + dy * s, r * s, r * s, color)
    c.oval(x - 7 * s, y - 80 * s, 14 * s, 12 * s, lighter(color, 0.14))


def blossom_bush(c: Canvas, x: float, y: float, s: float, color: Color) -> None:
    round_tree(c, x, y, s, color)


def palm(c: Canvas, x: float, y: float, height: float, lean: float) -> None:
    top = (x + lean, y - height)
    c.limb(bend((x, y), (x + lean * 0.3, y - height * 0.5), top), 8, (150, 104, 66), 1.0)
    leaf: Color = (62, 140, 78)
    for degrees in (-165, -125, -55, -15, 25, 155):
        turn = math.radians(degrees)
        dx, dy = math.cos(turn), math.sin(turn)
        end = (top[0] + 40 * dx, top[1] + 26 * dy + 14)
        middle = (top[0] + 24 * dx, top[1] + 22 * dy - 8)
        back = bend(end, (middle[0], middle[1] + 13), top)
        c.shape([*bend(top, middle, end), *back], leaf, 0.8)
    c.oval(top[0] - 5, top[1] + 4, 5, 5, darker(BARK, 0.2))
    c.oval(top[0] + 6, top[1] + 5, 5, 5, darker(BARK, 0.2))


def cactus(c: Canvas, x: float, y: float, s: float) -> None:
    green: Color = (82, 148, 88)
    c.limb([(x - 16 * s, y - 46 * s), (x - 16 * s, y - 28 * s), (x, y - 24 * s)], 8 * s, green, 0.9)
    c.limb([(x + 16 * s, y - 56 * s), (x + 16 * s, y - 38 * s), (x, y - 34 * s)], 8 * s, green, 0.9)
    c.limb([(x, y), (x, y - 66 * s)], 13 * s, green, 0.9)
    c.stroke([(x - 2 * s, y - 4), (x - 2 * s, y - 62 * s)], 2.5, lighter(green, 0.25))


def flower(c: Canvas, x: float, y: float, color: Color) -> None:
    c.stroke([(x, y), (x, y + 16)], 2.4, (70, 136, 70))
    for turn in range(5):
        angle = turn * 2 * math.pi / 5
        c.oval(x + 6 * math.cos(angle), y + 6 * math.sin(angle), 5, 5, color)
    c.oval(x, y, 4, 4, (250, 220, 110))


def plant_pot(c: Canvas, x: float, y: float) -> None:
    leaf: Color = (84, 152, 96)
    for dx, dy in ((-30, -66), (-16, -88), (0, -98), (16, -88), (30, -66)):
        end = (x + dx, y + dy)
        c.shape([*bend((x - 4, y - 30), (x + dx * 0.6 - 6, y + dy * 0.6), end), *bend(end, (x + dx * 0.6 + 7,
                y + dy * 0.6), (x + 4, y - 30))],
                leaf, 1.0)  # fmt: skip
    c.shape([(x - 20, y - 34), (x + 20, y - 34), (x + 14, y), (x - 14, y)], (198, 116, 84), 1.2)
    c.box(x - 23, y - 38, x + 23, y - 29, (208, 128, 94), 1.2)
