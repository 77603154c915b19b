"""The named colors of clothing and objects, skin and hair."""

from scripts.demo_training.drawing_canvas import Color

GARMENT_COLORS: dict[str, Color] = {
    "red": (218, 42, 48),
    "orange": (246, 132, 30),
    "yellow": (252, 212, 60),
    "green": (52, 158, 72),
    "blue": (46, 104, 214),
    "purple": (134, 66, 180),
    "pink": (248, 140, 186),
    "white": (247, 246, 242),
    "black": (50, 48, 58),
    "brown": (132, 84, 52),
}
SKIN: dict[str, Color] = {
    "pale": (255, 228, 210),
    "fair": (250, 208, 178),
    "tan": (228, 172, 128),
    "brown": (176, 118, 80),
    "dark": (122, 78, 56),
    "green": (150, 200, 84),
    "blue": (118, 170, 232),
    "violet": (182, 140, 222),
    "jade": (84, 184, 140),
    "amber": (240, 164, 56),
}
HAIR: dict[str, Color] = {
    "blonde": (244, 206, 104),
    "brown": (120, 74, 46),
    "black": (52, 44, 56),
    "red": (214, 88, 44),
    "blue": (76, 120, 206),
    "pink": (240, 142, 176),
    "silver": (190, 194, 210),
    "jade": (200, 238, 208),
    "auburn": (146, 52, 34),
}
