"""The eight places: the calm background of a demo picture, a few big shapes each."""

import random

from PIL import Image

from scripts.demo_training.drawing.canvas import Canvas, Color, bend, darker, lighter, mix
from scripts.demo_training.drawing.plants import cactus, flower, palm, pine, plant_pot, round_tree
from scripts.demo_training.drawing.sky import FAR, GROUND_TINTS, SUN_COLORS, sky_image, sky_things

PLAIN = (1.0, 1.0, 1.0)
SEAS: dict[str, Color] = {
    "sunrise": (150, 180, 214), "day": (78, 166, 212), "sunset": (146, 86, 140), "night": (38, 54, 116),
}  # fmt: skip
WALLS: tuple[Color, ...] = ((244, 230, 208), (218, 230, 226), (240, 218, 212), (218, 220, 238))
BACKDROPS: tuple[Color, ...] = (
    (246, 238, 224), (214, 228, 236), (236, 214, 216), (216, 230, 212), (226, 218, 240), (250, 224, 190),
    (168, 186, 206), (206, 180, 168),
)  # fmt: skip


def _hill(c: Canvas, rng: random.Random, width: float, y: float, rise: float, color: Color) -> None:
    """Ground from a gentle curve at y down to the picture's bottom."""
    line = bend((-4, y + rng.uniform(-rise, rise)), (width / 2, y), (width + 4, y + rng.uniform(-rise, rise)), 12)
    c.shape([*line, (width + 4, 262), (-4, 262)], color)


def _spread(rng: random.Random, width: float, num: int, jitter: float = 0.25) -> list[float]:
    """Positions across the picture, one in each of num stripes."""
    stripe = width / num
    return [(i + 0.5 + rng.uniform(-jitter, jitter)) * stripe for i in range(num)]


def _beach(c: Canvas, rng: random.Random, time: str, width: float, horizon: float) -> None:
    sea, plain = SEAS[time], c.lit(PLAIN)
    shore = horizon + rng.uniform(30, 50)
    plain.box(-4, horizon, width + 4, 260, sea)
    plain.box(-4, (horizon + shore) / 2 - 2, width + 4, 260, lighter(sea, 0.14))
    slope, mid = rng.uniform(-10, 10), rng.uniform(-6, 6)
    for dy, color in ((0.0, (252, 250, 243)), (7.0, (246, 222, 172))):
        line = bend((-4, shore + dy - slope), (width / 2, shore + dy + mid), (width + 4, shore + dy + slope), 12)
        c.shape([*line, (width + 4, 262), (-4, 262)], color)
    if rng.random() < 0.7:
        is_left = rng.random() < 0.5
        x = (rng.uniform(0.05, 0.13) if is_left else rng.uniform(0.87, 0.95)) * width
        palm(c, x, rng.uniform(shore + 14, 246), rng.uniform(84, 112), rng.uniform(4, 18) * (1 if is_left else -1))


def _forest(c: Canvas, rng: random.Random, time: str, width: float, horizon: float) -> None:
    far, near = mix((120, 172, 132), FAR[time], 0.35), (72, 142, 98)
    for x in _spread(rng, width, max(4, round(width / 50))):
        pine(c.lit(PLAIN if time != "night" else c.tint), x, horizon + 10, rng.uniform(100, 140), far)
    _hill(c, rng, width, horizon + 4, 6, (126, 180, 108))
    for x in _spread(rng, width, max(3, round(width / 80)), 0.4):
        pine(c, x, horizon + rng.uniform(16, 30), rng.uniform(130, 165), near)
    _hill(c, rng, width, horizon + 34, 8, (112, 168, 98))


def _city(c: Canvas, rng: random.Random, time: str, width: float, horizon: float) -> None:
    base: Color = rng.choice(((164, 172, 198), (188, 168, 178), (156, 180, 192)))
    for x in _spread(rng, width, max(4, round(width / 60))):
        c.box(x - 31, horizon - rng.uniform(74, 120), x + 31, 262, mix(base, FAR[time], 0.55))
    window: Color = (255, 226, 146) if time in ("night", "sunset") else (222, 236, 246)
    x = rng.uniform(-36, -8)
    while x < width:
        wide, high = rng.uniform(62, 74), rng.uniform(50, 100)
        wall = mix(base, rng.choice(((206, 140, 122), (128, 144, 186), (228, 204, 168), (150, 142, 170))), 0.6)
        c.box(x, horizon - high, x + wide, 262, wall)
        for y in range(round(horizon - high + 14), round(horizon), 34):
            for column in (0.16, 0.58):
                c.lit(PLAIN).box(x + wide * column, y, x + wide * (column + 0.26), y + 18, window)
        x += wide + rng.uniform(2, 8)
    c.box(-4, horizon + 22, width + 4, 262, (206, 202, 208))
    c.box(-4, horizon + 36, width + 4, 262, (132, 132, 148))


def _mountains(c: Canvas, rng: random.Random, time: str, width: float, horizon: float) -> None:
    num = max(2, round(width / 120)) + rng.randint(0, 1)
    for layer, x in enumerate(rng.sample(_spread(rng, width, num, 0.3), num)):
        high, wide = rng.uniform(84, 130), rng.uniform(78, 104)
        rock = mix((136, 146, 180), FAR[time], 0.4 if layer < num / 2 else 0.12)
        top, s = horizon - high, 0.32
        c.shape([(x - wide, horizon + 14), (x, top), (x + wide, horizon + 14)], rock)
        c.shape([(x, top), (x + wide, horizon + 14), (x + wide * 0.1, horizon + 14)], darker(rock, 0.14))
        c.shape([(x, top), (x + wide * s, top + high * s), (x + wide * 0.1, top + high * 0.24),
                 (x - wide * 0.1, top + high * 0.38), (x - wide * s, top + high * s)], (247, 249, 252))  # fmt: skip
    _hill(c, rng, width, horizon + 6, 10, (148, 194, 124))
    for x in rng.sample(_spread(rng, width, 5), rng.randint(1, 2)):
        pine(c, x, horizon + rng.uniform(18, 32), rng.uniform(54, 74), (92, 152, 110))
    _hill(c, rng, width, horizon + rng.uniform(36, 48), 10, (124, 178, 104))


def _desert(c: Canvas, rng: random.Random, time: str, width: float, horizon: float) -> None:
    if rng.random() < 0.5:
        x, high = rng.uniform(0.1, 0.9) * width, rng.uniform(40, 60)
        rock = mix((216, 148, 112), FAR[time], 0.25)
        c.shape(
            [(x - 62, horizon + 10), (x - 44, horizon - high), (x + 40, horizon - high), (x + 60, horizon + 10)], rock
        )
    _hill(c, rng, width, horizon, 14, (246, 210, 150))
    _hill(c, rng, width, horizon + rng.uniform(20, 30), 16, (238, 194, 130))
    for x in rng.sample(_spread(rng, width, 3, 0.3), rng.randint(1, 2)):
        cactus(c, x, horizon + rng.uniform(18, 46), rng.uniform(1.1, 1.5))
    _hill(c, rng, width, horizon + rng.uniform(52, 66), 14, (248, 212, 152))


def _snow(c: Canvas, rng: random.Random, time: str, width: float, horizon: float) -> None:
    _hill(c, rng, width, horizon, 16, mix((230, 238, 249), FAR[time], 0.25))
    for x in rng.sample(_spread(rng, width, 4), rng.randint(2, 3)):
        pine(c, x, horizon + rng.uniform(16, 34), rng.uniform(92, 126), (116, 164, 156), has_snow=True)
    _hill(c, rng, width, horizon + rng.uniform(28, 40), 14, (241, 246, 252))
    flake: Color = (255, 255, 255) if time != "night" else (214, 222, 244)
    for x in _spread(rng, width, 6, 0.4):
        r = rng.uniform(3.2, 4.4)
        c.lit(PLAIN).oval(x, rng.uniform(8, horizon), r, r, flake)


def _garden(c: Canvas, rng: random.Random, time: str, width: float, horizon: float) -> None:
    for x in rng.sample(_spread(rng, width, 3, 0.3), rng.randint(1, 2)):
        blossom = rng.choice(((246, 184, 206), (250, 206, 214), (150, 196, 130)))
        round_tree(c, x, horizon + 16, rng.uniform(1.1, 1.45), blossom)
    for x in _spread(rng, width, max(4, round(width / 52)), 0.1):
        c.oval(x, horizon + 12, 36, 25, (106, 166, 106))
    _hill(c, rng, width, horizon + 24, 4, (152, 202, 122))
    for x in _spread(rng, width, max(4, round(width / 50)), 0.3):
        petals = rng.choice(((246, 138, 152), (255, 214, 116), (255, 252, 248), (190, 148, 224)))
        flower(c, x, horizon + rng.uniform(46, 82), petals)


def _room(c: Canvas, rng: random.Random, time: str, width: float, sky: Image.Image, image: Image.Image) -> None:
    """A wall with a big window that shows the sky, a floor, and one piece of furniture."""
    floor_y = rng.uniform(190, 208)
    c.box(-4, -4, width + 4, 262, rng.choice(WALLS))
    is_left = rng.random() < 0.5
    wide, high, top = rng.uniform(86, 100), rng.uniform(92, 108), rng.uniform(18, 30)
    x = rng.uniform(16, 26) if is_left else width - wide - rng.uniform(16, 26)
    pane = sky.resize((round(wide * c.unit_px), round(high * c.unit_px)))
    image.paste(pane, (round(x * c.unit_px), round(top * c.unit_px)))
    core, halo = SUN_COLORS[time]
    sun_y = top + high * {"sunrise": 0.62, "day": 0.3, "sunset": 0.66, "night": 0.3}[time]
    sun_x, r = x + wide * rng.choice((0.27, 0.73)), 17 if time == "sunset" else 13
    c.lit(PLAIN).oval(sun_x, sun_y, r * 1.35, r * 1.35, halo)
    c.lit(PLAIN).oval(sun_x, sun_y, r, r, core)
    c.shape([*bend((x, top + high * 0.84), (x + wide / 2, top + high * 0.78), (x + wide, top + high * 0.86)),
             (x + wide, top + high), (x, top + high)], (136, 188, 116))  # fmt: skip
    frame: Color = (252, 249, 242)
    ring = [(x, top), (x + wide, top), (x + wide, top + high), (x, top + high), (x, top), (x + wide, top)]
    c.stroke(ring, 7, frame)
    c.stroke([(x + wide / 2, top), (x + wide / 2, top + high)], 5, frame)
    c.box(x - 8, top + high, x + wide + 8, top + high + 9, frame)
    curtain = rng.choice(((212, 122, 118), (122, 170, 156), (236, 190, 130), (146, 148, 194)))
    for sign, edge in ((1, x - 13), (-1, x + wide + 13)):
        c.shape([(edge, top - 9), (edge + sign * 28, top - 9), (edge + sign * 14, top + high * 0.55),
                 (edge + sign * 20, top + high + 12), (edge, top + high + 12)], curtain)  # fmt: skip
    c.box(-4, floor_y, width + 4, 262, rng.choice(((192, 148, 112), (172, 130, 104), (210, 172, 134))))
    c.box(-4, floor_y - 6, width + 4, floor_y + 2, frame)
    _furniture(c, rng, width - 38 if is_left else 38, floor_y, time)


def _furniture(c: Canvas, rng: random.Random, x: float, floor_y: float, time: str) -> None:
    kind = rng.choice(("plant", "picture", "lamp"))
    x += rng.uniform(-6, 6)
    if kind == "plant":
        plant_pot(c, x, floor_y + 22)
    elif kind == "picture":
        y = rng.uniform(36, 60)
        c.box(x - 26, y, x + 26, y + 60, (156, 118, 92))
        c.box(x - 19, y + 7, x + 19, y + 53, (186, 216, 228))
        c.shape([(x - 19, y + 53), (x - 2, y + 26), (x + 19, y + 53)], (132, 178, 140))
    else:
        c.stroke([(x, floor_y + 20), (x, floor_y - 70)], 5, (146, 120, 104))
        c.oval(x, floor_y + 20, 18, 6, (146, 120, 104))
        shade: Color = (255, 232, 160) if time == "night" else (248, 230, 194)
        c.lit(PLAIN).shape([(x - 15, floor_y - 108), (x + 15, floor_y - 108), (x + 28, floor_y - 64),
                            (x - 28, floor_y - 64)], shade)  # fmt: skip


OUTDOOR = {"beach": _beach, "forest": _forest, "city": _city, "mountains": _mountains, "desert": _desert,
           "snow": _snow, "garden": _garden}  # fmt: skip


def draw_place(c: Canvas, image: Image.Image, rng: random.Random, place: str, time: str) -> None:
    """Paints the whole background; c covers image with 256 units of height."""
    width = image.width / c.unit_px
    sky = sky_image(time, image.width, image.height)
    if place == "room":
        r, g, b = GROUND_TINTS[time]
        _room(c.lit((r * 0.7 + 0.28, g * 0.7 + 0.27, b * 0.7 + 0.25)), rng, time, width, sky, image)
        return
    image.paste(sky)
    horizon = rng.uniform(132, 164)
    sky_things(c, rng, time, width, horizon)
    OUTDOOR[place](c.lit(GROUND_TINTS[time]), rng, time, width, horizon)


def draw_backdrop(c: Canvas, image: Image.Image, rng: random.Random, time: str) -> None:
    """One flat color instead of a place, in the light of the time."""
    c.lit(GROUND_TINTS[time]).box(-4, -4, image.width / c.unit_px + 4, 262, rng.choice(BACKDROPS))
