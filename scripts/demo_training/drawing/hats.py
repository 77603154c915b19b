"""Hats, which sit above the brows."""

from scripts.demo_training.drawing.canvas import OUTLINE, Canvas, Color, bend, darker, lighter

STRAW: Color = (242, 212, 142)
WIZARD: Color = (104, 88, 176)
FELT: Color = (212, 84, 84)
WOOL: Color = (96, 168, 172)


def draw_hat(c: Canvas, hat: str) -> None:
    if hat == "straw hat":
        c.blob([(-40, -28), (-40, -62), (-20, -80), (20, -80), (40, -62), (40, -28)], STRAW, OUTLINE)
        c.shape([*bend((-41, -52), (0, -43), (41, -52)), *bend((41, -34), (0, -24), (-41, -34))], (206, 92, 86))
        c.blob([(-88, -26), (-46, -40), (0, -34), (46, -40), (88, -26), (48, -16), (0, -20), (-48, -16)],
               STRAW, OUTLINE)  # fmt: skip
    elif hat == "wizard hat":
        c.blob([(-44, -30), (-30, -60), (-12, -92), (12, -108), (30, -100), (22, -90), (28, -60), (44, -30)],
               WIZARD, OUTLINE)  # fmt: skip
        c.shape([*bend((-40, -46), (0, -38), (39, -46)), *bend((43, -30), (0, -22), (-43, -30))], (246, 204, 98))
        c.blob([(-84, -26), (-44, -38), (0, -34), (44, -38), (84, -26), (46, -16), (0, -21), (-46, -16)],
               WIZARD, OUTLINE)  # fmt: skip
    elif hat == "cap":
        c.blob([(-53, -22), (-49, -50), (-24, -70), (24, -70), (49, -50), (53, -22), (0, -30)], FELT, OUTLINE)
        c.oval(0, -50, 12, 11, (252, 248, 240))
        c.blob([(-50, -24), (0, -36), (50, -24), (32, -15), (0, -19), (-32, -15)], darker(FELT, 0.22), OUTLINE)
    else:
        c.oval(0, -80, 14, 14, (252, 248, 242), OUTLINE)
        c.blob([(-54, -24), (-51, -48), (-28, -72), (28, -72), (51, -48), (54, -24), (0, -32)], WOOL, OUTLINE)
        c.limb(bend((-48, -25), (0, -34), (48, -25)), 14, lighter(WOOL, 0.5))
