"""Hair behind and in front of the head. The fringe ends above the eyes and leaves the brows free."""

import math

from scripts.demo_training.drawing.canvas import OUTLINE, Canvas, Color, Point, bend, darker, lighter

CAP: tuple[Point, ...] = (
    (0, -61), (40, -49), (56, -10), (50, 24), (0, 34), (-50, 24), (-56, -10), (-40, -49),
)  # fmt: skip


def shade_of(hair: Color) -> Color:
    return darker(hair, 0.08 if sum(hair) > 560 else 0.16)


def draw_back_hair(c: Canvas, style: str, hair: Color, side: int) -> None:
    """Everything behind the head; side (-1 or 1) is where a tail hangs."""
    shade = shade_of(hair)
    if style in ("long", "buns"):
        c.blob([(0, -62), (42, -50), (60, -8), (64, 50), (66, 104), (40, 120), (0, 112), (-40, 120), (-66, 104),
                (-64, 50), (-60, -8), (-42, -50)], shade, OUTLINE)  # fmt: skip
        if style == "buns":
            for sign in (-1, 1):
                c.oval(sign * 43, -62, 24, 23, hair, OUTLINE)
                c.stroke(bend((sign * 31, -66), (sign * 40, -76), (sign * 51, -74)), 5, lighter(hair, 0.24))
    elif style == "waves":
        c.blob([(0, -64), (46, -52), (64, -10), (58, 22), (74, 54), (66, 84), (74, 108), (40, 122), (0, 112),
                (-40, 122), (-74, 108), (-66, 84), (-74, 54), (-58, 22), (-64, -10), (-46, -52)],
               shade, OUTLINE)  # fmt: skip
    elif style == "bob":
        c.blob([(0, -62), (42, -50), (60, -6), (65, 36), (46, 52), (0, 48), (-46, 52), (-65, 36), (-60, -6),
                (-42, -50)], shade, OUTLINE)  # fmt: skip
    elif style == "curly":
        _curls(c, shade)
    elif style == "bun":
        c.oval(0, -70, 25, 22, hair, OUTLINE)
        c.stroke(bend((-13, -74), (-6, -82), (6, -82)), 5, lighter(hair, 0.24))
        c.blob(CAP, shade, OUTLINE)
    elif style == "ponytail":
        c.blob([(side * 30, -54), (side * 66, -52), (side * 88, -8), (side * 86, 50), (side * 66, 84), (side * 60, 44),
                (side * 46, 0)], hair, OUTLINE)  # fmt: skip
        c.blob(CAP, shade, OUTLINE)
    elif style == "spiky":
        _spikes(c, hair)
    else:
        c.blob(CAP, shade, OUTLINE)


def _curls(c: Canvas, shade: Color) -> None:
    spots = [(56 * math.cos(a), -6 - 48 * math.sin(a)) for a in (i * math.pi / 6 - 0.66 for i in range(9))]
    for radius, color in ((26, darker(shade, 0.26)), (24, shade)):
        for x, y in spots:
            c.oval(x, y, radius, radius, color)


def _spikes(c: Canvas, hair: Color) -> None:
    points: list[Point] = []
    for i in range(6):
        a = math.pi * (i / 5)
        points += [
            (51 * math.cos(a), -12 - 44 * math.sin(a)),
            (76 * math.cos(a + 0.2), -14 - 64 * math.sin(a + 0.2)),
        ]
    c.shape([(48, 18), *points[:-1], (-48, 18)], hair, OUTLINE)


def draw_fringe(c: Canvas, style: str, hair: Color, is_man: bool) -> None:
    """The cap of hair over the forehead, with a strand at either side."""
    low = 2.0 if is_man or style in ("spiky", "short") else 30.0
    outer = [(-52, low), *bend((-56, -8), (-42, -48), (0, -62)), *bend((0, -62), (42, -48), (56, -8)), (52, low)]
    if style in ("braid", "buns", "waves"):
        # parted in the middle
        inner = [*bend((45, low - 4), (41, -16), (2, -40)), *bend((-2, -40), (-41, -16), (-45, low - 4))]
    elif style in ("bob", "bun"):
        inner = [*bend((44, low - 4), (44, -8), (38, -19)), *bend((38, -19), (0, -23), (-38, -19)),
                 *bend((-38, -19), (-44, -8), (-44, low - 4))]  # fmt: skip
    elif style == "curly":
        inner = [(45, low - 8), *bend((44, -12), (30, -30), (15, -20)), *bend((15, -20), (0, -32), (-15, -20)),
                 *bend((-15, -20), (-30, -30), (-44, -12)), (-45, low - 8)]  # fmt: skip
    elif style == "spiky":
        inner = [(46, low - 2), (41, -16), (27, -34), (18, -18), (2, -34), (-10, -18), (-26, -33), (-40, -18),
                 (-46, low - 2)]  # fmt: skip
    else:
        inner = [*bend((45, low - 4), (44, -12), (37, -22)), *bend((37, -22), (4, -27), (-24, -44)),
                 *bend((-24, -44), (-40, -24), (-45, low - 4))]  # fmt: skip
    c.shape([*outer, *inner], hair, OUTLINE)
    c.stroke(bend((-38, -38), (-24, -49), (-4, -53)), 5, lighter(hair, 0.3))


def draw_front_hair(c: Canvas, style: str, hair: Color, side: int) -> None:
    """What falls over the shoulders: a braid at one side, or long strands at both."""
    if style == "braid":
        for i, (x, y) in enumerate(((46, 34), (50, 54), (51, 75), (49, 95), (46, 113))):
            c.oval(side * x, y, 15.5 - i, 13, hair, OUTLINE)
        c.limb([(side * 46 - 6, 122), (side * 46 + 6, 122)], 5, (240, 196, 84))
        c.blob([(side * 46 - 8, 126), (side * 46 + 8, 126), (side * 46 + 6, 138), (side * 46, 146),
                (side * 46 - 6, 138)], hair, OUTLINE)  # fmt: skip
    elif style in ("long", "buns"):
        for sign in (-1, 1):
            c.blob([(sign * 46, -14), (sign * 59, 6), (sign * 64, 44), (sign * 60, 72), (sign * 53, 80),
                    (sign * 48, 68), (sign * 48, 40), (sign * 47, 12)], hair, OUTLINE)  # fmt: skip
    elif style == "waves":
        for sign in (-1, 1):
            c.blob([(sign * 46, -14), (sign * 61, 8), (sign * 57, 28), (sign * 71, 54), (sign * 64, 78),
                    (sign * 54, 84), (sign * 50, 64), (sign * 52, 44), (sign * 46, 20)], hair, OUTLINE)  # fmt: skip
