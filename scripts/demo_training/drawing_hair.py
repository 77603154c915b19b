"""Hair behind and in front of the head, and hats. The fringe ends above the eyes."""

import math

from scripts.demo_training.drawing_canvas import Canvas, Color, bend, darker, lighter


def draw_back_hair(c: Canvas, style: str, hair: Color, side: int) -> None:
    """Everything behind the head; side (-1 or 1) is where a tail hangs."""
    shade = darker(hair, 0.06 if sum(hair) > 620 else 0.14)
    if style == "long":
        c.blob([(0, -58), (42, -44), (56, -4), (60, 60), (56, 116), (30, 124), (0, 116), (-30, 124), (-56, 116),
                (-60, 60), (-56, -4), (-42, -44)], shade, 1.8)  # fmt: skip
    elif style == "bob":
        c.blob([(0, -58), (42, -44), (58, -2), (62, 40), (44, 54), (0, 50), (-44, 54), (-62, 40), (-58, -2),
                (-42, -44)],
               shade, 1.8)  # fmt: skip
    elif style == "curly":
        spots = [(54 * math.cos(a), -4 - 48 * math.sin(a)) for a in (i * math.pi / 7 - 0.62 for i in range(10))]
        for x, y in spots:
            c.oval(x, y, 23.5, 23.5, darker(hair, 0.45))
        for x, y in spots:
            c.oval(x, y, 21.8, 21.8, shade)
    elif style == "bun":
        c.oval(0, -66, 23, 21, hair, 1.8)
        c.oval(-7, -73, 8, 5, lighter(hair, 0.2))
        c.oval(0, -8, 51, 46, shade, 1.8)
    elif style == "ponytail":
        c.blob([(side * 30, -46), (side * 62, -42), (side * 82, 0), (side * 76, 60), (side * 60, 84), (side * 56, 40),
                (side * 44, 0)], hair, 1.8)  # fmt: skip
        c.oval(0, -8, 51, 46, shade, 1.8)
    elif style == "spiky":
        points = []
        for i in range(9):
            a = math.pi * (i / 8)
            points += [
                (52 * math.cos(a), -14 - 42 * math.sin(a)),
                (72 * math.cos(a - 0.19), -16 - 60 * math.sin(a - 0.19)),
            ]
        c.shape([(48, 16), *points[:-1], (-48, 16)], hair, 1.8)
    else:
        c.blob([(0, -58), (42, -44), (54, -8), (48, 26), (0, 34), (-48, 26), (-54, -8), (-42, -44)], shade, 1.8)


def draw_fringe(c: Canvas, style: str, hair: Color, is_man: bool) -> None:
    """The cap of hair over the forehead, with a strand at either side."""
    low = 4 if is_man or style in ("spiky", "short") else 26
    outer = [(-50, low), *bend((-53, -6), (-40, -46), (0, -59)), *bend((0, -59), (40, -46), (53, -6)), (50, low)]
    if style == "braid":
        inner = [*bend((44, low - 4), (38, -16), (2, -36)), *bend((-2, -36), (-38, -16), (-44, low - 4))]
    elif style in ("bob", "bun"):
        inner = [*bend((43, low - 4), (42, -6), (37, -17)), *bend((37, -17), (0, -19), (-37, -17)),
                 *bend((-37, -17), (-42, -6), (-43, low - 4))]  # fmt: skip
    elif style == "curly":
        inner = [(44, low - 4), *bend((42, -10), (28, -24), (14, -17)), *bend((14, -17), (0, -26), (-14, -17)),
                 *bend((-14, -17), (-28, -24), (-42, -10)), (-44, low - 4)]  # fmt: skip
    elif style == "spiky":
        inner = [(44, low - 4), (40, -14), (30, -28), (22, -15), (8, -28), (-4, -15), (-18, -28), (-30, -15),
                (-40, -18),
                 (-44, low - 4)]  # fmt: skip
    else:
        inner = [*bend((44, low - 4), (42, -10), (36, -18)), *bend((36, -18), (0, -22), (-24, -36)),
                 *bend((-24, -36), (-38, -20), (-44, low - 4))]  # fmt: skip
    c.shape([*outer, *inner], hair, 1.8)
    c.stroke(bend((-34, -38), (-20, -48), (0, -51)), 4, lighter(hair, 0.32))


def draw_front_braid(c: Canvas, hair: Color, side: int) -> None:
    """A thick braid over one shoulder."""
    c.oval(side * 44, 30, 14, 16, hair, 1.8)
    for i, (x, y) in enumerate(((47, 50), (49, 69), (49, 88), (47, 106))):
        c.oval(side * x, y, 15 - i, 12.5, hair, 1.8)
        c.stroke([(side * (x - 6), y - 3), (side * (x + 2), y + 5)], 2.4, darker(hair, 0.3))
    c.box(side * 46 - 7, 114, side * 46 + 7, 121, (240, 196, 84), 1.2)
    c.blob(
        [(side * 46 - 7, 121), (side * 46 + 7, 121), (side * 46 + 6, 134), (side * 46, 142), (side * 46 - 6, 134)],
        hair,
        1.6,
    )


def draw_hat(c: Canvas, hat: str) -> None:
    """A hat that sits above the brows."""
    if hat == "straw hat":
        straw: Color = (238, 204, 126)
        c.blob([(-34, -26), (-36, -58), (-18, -78), (18, -78), (36, -58), (34, -26)], straw, 1.8)
        c.shape([*bend((-36, -48), (0, -40), (36, -48)), *bend((36, -30), (0, -22), (-36, -30))], (196, 70, 66))
        c.blob([(-80, -26), (-40, -38), (0, -34), (40, -38), (80, -26), (44, -16), (0, -19), (-44, -16)], straw, 1.8)
    elif hat == "wizard hat":
        cloth: Color = (92, 70, 168)
        c.blob([(-40, -28), (-26, -58), (-12, -88), (14, -104), (34, -96), (20, -88), (24, -60), (40, -28)], cloth, 1.8)
        c.shape([*bend((-36, -44), (0, -36), (36, -44)), *bend((39, -30), (0, -22), (-39, -30))], (244, 198, 78))
        c.blob([(-76, -26), (-40, -36), (0, -33), (40, -36), (76, -26), (42, -16), (0, -20), (-42, -16)], cloth, 1.8)
    elif hat == "cap":
        cloth = (206, 62, 66)
        c.blob([(-50, -20), (-46, -48), (-22, -66), (22, -66), (46, -48), (50, -20), (0, -28)], cloth, 1.8)
        c.oval(0, -44, 11, 10, (250, 248, 240), 1.4)
        c.blob([(-46, -22), (0, -34), (46, -22), (30, -14), (0, -17), (-30, -14)], darker(cloth, 0.25), 1.8)
    else:
        wool: Color = (74, 156, 164)
        c.oval(0, -78, 13, 13, (250, 248, 242), 1.8)
        c.blob([(-50, -22), (-48, -46), (-26, -68), (26, -68), (48, -46), (50, -22), (0, -30)], wool, 1.8)
        c.limb(bend((-45, -23), (0, -31), (45, -23)), 13, lighter(wool, 0.5))
