"""The named colors of clothing and objects, skin, hair and eyes."""

from scripts.demo_training.drawing.canvas import Color

GARMENT_COLORS: dict[str, Color] = {
    "red": (212, 58, 64),
    "orange": (243, 142, 56),
    "yellow": (250, 212, 88),
    "green": (78, 160, 94),
    "blue": (70, 118, 210),
    "purple": (140, 88, 184),
    "pink": (244, 154, 188),
    "white": (248, 247, 243),
    "black": (60, 58, 70),
    "brown": (146, 100, 70),
}
SKIN: dict[str, Color] = {
    "pale": (255, 232, 218),
    "fair": (252, 216, 190),
    "tan": (234, 184, 144),
    "brown": (198, 142, 106),
    "dark": (158, 108, 82),
    "jade": (255, 226, 208),
    "amber": (192, 132, 92),
}
HAIR: dict[str, Color] = {
    "blonde": (246, 214, 128),
    "brown": (132, 88, 62),
    "black": (66, 58, 74),
    "red": (204, 84, 58),
    "blue": (92, 132, 204),
    "pink": (240, 156, 184),
    "silver": (206, 210, 222),
    "green": (128, 190, 112),
    "jade": (36, 114, 92),
    "copper": (220, 116, 54),
}
IRIS: dict[str, Color] = {
    "brown": (108, 70, 58),
    "jade": (38, 172, 124),
    "amber": (104, 62, 40),
}
GOLD: Color = (246, 198, 76)
