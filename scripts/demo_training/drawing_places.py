"""The eight places: the background of a demo picture."""

import random

from PIL import Image

from scripts.demo_training.drawing_canvas import Canvas, Color, bend, darker, lighter, mix
from scripts.demo_training.drawing_plants import blossom_bush, cactus, flower, palm, pine, plant_pot, round_tree
from scripts.demo_training.drawing_sky import FAR, GROUND_TINTS, SUN_COLORS, sky_image, sky_things


def _hill(c: Canvas, rng: random.Random, width: float, y: float, rise: float, color: Color) -> None:
    """Ground from a gentle curve at y down to the picture's bottom."""
    line = bend((-4, y + rng.uniform(-rise, rise)), (width / 2, y), (width + 4, y + rng.uniform(-rise, rise)), 12)
    c.shape([*line, (width + 4, 262), (-4, 262)], color)


def _spread(rng: random.Random, width: float, num: int, jitter: float = 0.25) -> list[float]:
    """Positions across the picture, one in each of num stripes."""
    stripe = width / num
    return [(i + 0.5 + rng.uniform(-jitter, jitter)) * stripe for i in range(num)]


def _beach(c: Canvas, rng: random.Random, time: str, width: float, horizon: float) -> None:
    sea: Color = {"sunrise": (142, 170, 206), "day": (40, 150, 200), "sunset": (128, 64, 122), "night": (28, 44, 104)}[
        time
    ]
    plain = c.lit((1.0, 1.0, 1.0))
    shore = rng.uniform(horizon + 26, min(horizon + 62, 222))
    plain.box(-4, horizon, width + 4, 260, sea)
    plain.box(-4, (horizon + shore) / 2, width + 4, 260, lighter(sea, 0.14))
    for _ in range(3):
        x, y = rng.uniform(0, width), rng.uniform(horizon + 7, shore - 8)
        plain.stroke([(x - 16, y), (x + 16, y)], 2.2, lighter(sea, 0.35))
    slope, mid = rng.uniform(-12, 12), rng.uniform(-7, 7)
    c.shape([*bend((-4, shore - slope), (width / 2, shore + mid), (width + 4, shore + slope), 12), (width,
            262), (-4, 262)],
            (250, 248, 240))  # fmt: skip
    c.shape([*bend((-4, shore + 6 - slope), (width / 2, shore + 6 + mid), (width + 4, shore + 6 + slope), 12),
             (width + 4, 262), (-4, 262)], (240, 212, 156))  # fmt: skip
    for side in rng.choice(((0,), (1,), (0, 1), (0,), (1,), ())):
        lean = rng.uniform(8, 26) * (1 if side == 0 else -1)
        palm(c, (rng.uniform(0.04, 0.16) if side == 0 else rng.uniform(0.84, 0.96)) * width,
             rng.uniform(shore + 8, 250), rng.uniform(60, 96), lean)  # fmt: skip


def _forest(c: Canvas, rng: random.Random, time: str, width: float, horizon: float) -> None:
    far, near, num = mix((92, 150, 110), FAR[time], 0.3), (44, 116, 74), max(5, round(width / 44))
    for x in _spread(rng, width, num):
        pine(c.lit((1, 1, 1) if time != "night" else c.tint), x, horizon + 8, rng.uniform(80, 130), far)
    _hill(c, rng, width, horizon + 4, 6, (96, 158, 84))
    for x in _spread(rng, width, max(3, round(width / 70)), 0.45):
        if rng.random() < 0.6:
            pine(c, x, horizon + rng.uniform(12, 30), rng.uniform(110, 160), near)
        else:
            round_tree(c, x, horizon + rng.uniform(12, 30), rng.uniform(0.8, 1.1), (66, 140, 76))
    _hill(c, rng, width, horizon + 34, 8, (84, 148, 76))


def _city(c: Canvas, rng: random.Random, time: str, width: float, horizon: float) -> None:
    base: Color = rng.choice(((150, 158, 184), (176, 148, 152), (138, 164, 176)))
    for x in _spread(rng, width, max(4, round(width / 52))):
        c.box(x - 26, horizon - rng.uniform(70, 130), x + 26, 262, mix(base, FAR[time], 0.5))
    window: Color = (255, 222, 128) if time in ("night", "sunset") else (214, 234, 246)
    x = rng.uniform(-34, -4)
    while x < width:
        wide, high = rng.uniform(44, 62), rng.uniform(52, 116)
        color = mix(base, rng.choice(((196, 110, 90), (96, 116, 160), (226, 196, 150), (120, 112, 140))), 0.6)
        c.box(x, horizon - high, x + wide, 262, color, 1.2)
        y = horizon - high + 14
        while y < horizon + 4:
            for column in (0.17, 0.58):
                is_lit = time != "night" or rng.random() < 0.7
                pane = window if is_lit else (70, 76, 110)
                c.lit((1, 1, 1) if is_lit else c.tint).box(
                    x + wide * column, y, x + wide * (column + 0.25), y + 17, pane
                )
            y += 32
        x += wide + rng.uniform(0, 8)
    c.box(-4, horizon + 20, width + 4, 262, (196, 192, 196))
    c.box(-4, horizon + 36, width + 4, 262, (104, 104, 118))
    dash = rng.uniform(-40, 0)
    while dash < width:
        c.box(dash, horizon + 64, dash + 30, horizon + 70, (238, 234, 218))
        dash += 58


def _mountains(c: Canvas, rng: random.Random, time: str, width: float, horizon: float) -> None:
    num = max(2, round(width / 110)) + rng.randint(0, 1)
    for layer, x in enumerate(rng.sample(_spread(rng, width, num, 0.35), num)):
        high, wide = rng.uniform(70, 140), rng.uniform(64, 100)
        rock = mix((112, 122, 156), FAR[time], 0.35 if layer < num / 2 else 0.08)
        top = horizon - high
        c.shape([(x - wide, horizon + 14), (x, top), (x + wide, horizon + 14)], rock)
        c.shape([(x, top), (x + wide, horizon + 14), (x + wide * 0.1, horizon + 14)], darker(rock, 0.22))
        s = 0.3
        c.shape([(x, top), (x + wide * s, top + high * s), (x + wide * 0.1, top + high * 0.24),
                 (x - wide * 0.08, top + high * 0.36), (x - wide * s, top + high * s)], (246, 248, 252))  # fmt: skip
    _hill(c, rng, width, horizon + 6, 10, (122, 178, 98))
    for x in rng.sample(_spread(rng, width, 6), rng.randint(1, 3)):
        pine(c, x, horizon + rng.uniform(14, 30), rng.uniform(40, 64), (58, 122, 84))
    _hill(c, rng, width, horizon + rng.uniform(34, 50), 10, (98, 160, 82))


def _desert(c: Canvas, rng: random.Random, time: str, width: float, horizon: float) -> None:
    if rng.random() < 0.55:
        x, high = rng.uniform(0.1, 0.9) * width, rng.uniform(34, 64)
        rock = mix((206, 124, 84), FAR[time], 0.25)
        c.shape(
            [(x - 60, horizon + 10), (x - 42, horizon - high), (x + 38, horizon - high), (x + 58, horizon + 10)], rock
        )
    _hill(c, rng, width, horizon, 14, (238, 194, 122))
    _hill(c, rng, width, horizon + rng.uniform(20, 30), 16, (228, 178, 104))
    for x in rng.sample(_spread(rng, width, 4, 0.3), rng.randint(1, 3)):
        cactus(c, x, horizon + rng.uniform(14, 50), rng.uniform(0.9, 1.5))
    _hill(c, rng, width, horizon + rng.uniform(52, 66), 14, (240, 196, 126))


def _snow(c: Canvas, rng: random.Random, time: str, width: float, horizon: float) -> None:
    _hill(c, rng, width, horizon, 16, mix((226, 236, 248), FAR[time], 0.25))
    for x in rng.sample(_spread(rng, width, 5), rng.randint(2, 4)):
        pine(c, x, horizon + rng.uniform(14, 34), rng.uniform(76, 120), (84, 140, 132), has_snow=True)
    _hill(c, rng, width, horizon + rng.uniform(26, 40), 14, (238, 244, 252))
    flake: Color = (255, 255, 255) if time != "night" else (206, 214, 240)
    for x in _spread(rng, width, 9, 0.5):
        r = rng.uniform(2.6, 4.2)
        c.lit((1, 1, 1)).oval(x, rng.uniform(8, horizon + 20), r, r, flake)


def _garden(c: Canvas, rng: random.Random, time: str, width: float, horizon: float) -> None:
    for x in rng.sample(_spread(rng, width, 4, 0.3), rng.randint(1, 3)):
        if rng.random() < 0.5:
            blossom_bush(c, x, horizon + 12, rng.uniform(1.0, 1.4), rng.choice(((244, 164, 190), (250, 222, 232))))
        else:
            round_tree(c, x, horizon + 14, rng.uniform(0.9, 1.25), (104, 170, 90))
    hedge = (78, 146, 84)
    for x in _spread(rng, width, max(5, round(width / 50)), 0.1):
        c.oval(x, horizon + 6, 34, 20, hedge)
    fence: Color = (252, 250, 246)
    x = rng.uniform(-14, 0)
    c.box(-4, horizon - 2, width + 4, horizon + 5, fence)
    c.box(-4, horizon + 18, width + 4, horizon + 25, fence)
    while x < width:
        c.shape([(x, horizon + 34), (x, horizon - 12), (x + 7, horizon - 20), (x + 14, horizon - 12), (x + 14,
                horizon + 34)],
                fence, 1.0, (206, 206, 212))  # fmt: skip
        x += 27
    _hill(c, rng, width, horizon + 32, 4, (112, 180, 88))
    for x in rng.sample(_spread(rng, width, 7), 5):
        flower(
            c,
            x,
            horizon + rng.uniform(50, 84),
            rng.choice(((246, 110, 130), (255, 206, 84), (255, 255, 255), (180, 120, 220))),
        )


WALLS: tuple[Color, ...] = ((240, 222, 196), (214, 226, 222), (236, 210, 206), (212, 214, 236))


def _room(c: Canvas, rng: random.Random, time: str, width: float, sky: Image.Image, image: Image.Image) -> None:
    """A wall with a big window that shows the sky, a floor, and one or two pieces of furniture."""
    wall, floor_y = rng.choice(WALLS), rng.uniform(188, 212)
    c.box(-4, -4, width + 4, 262, wall)
    is_left = rng.random() < 0.5
    wide, high, top = rng.uniform(84, 100), rng.uniform(84, 104), rng.uniform(16, 30)
    x = rng.uniform(8, 22) if is_left else width - wide - rng.uniform(8, 22)
    unit, plain = c.unit_px, c.lit((1, 1, 1))
    pane = sky.resize((round(wide * unit), round(high * unit)))
    image.paste(pane, (round(x * unit), round(top * unit)))
    core, halo = SUN_COLORS[time]
    sun_y = top + high * {"sunrise": 0.66, "day": 0.3, "sunset": 0.72, "night": 0.3}[time]
    sun_x, r = x + wide * rng.uniform(0.25, 0.75), 17 if time == "sunset" else 12
    plain.oval(sun_x, sun_y, r * 1.3, r * 1.3, halo)
    plain.oval(sun_x, sun_y, r, r, core)
    c.shape([*bend((x, top + high * 0.84), (x + wide / 2, top + high * 0.78), (x + wide, top + high * 0.86)),
             (x + wide, top + high), (x, top + high)], (110, 168, 98))  # fmt: skip
    frame: Color = (250, 246, 238)
    ring = [(x, top), (x + wide, top), (x + wide, top + high), (x, top + high), (x, top), (x + wide, top)]
    c.stroke(ring, 6, frame)
    c.stroke([(x + wide / 2, top), (x + wide / 2, top + high)], 4, frame)
    c.box(x - 8, top + high, x + wide + 8, top + high + 8, frame)
    curtain = rng.choice(((196, 84, 84), (88, 142, 128), (226, 168, 96), (116, 116, 176)))
    for sign, edge in ((1, x - 10), (-1, x + wide + 10)):
        c.shape([(edge, top - 8), (edge + sign * 26, top - 8), (edge + sign * 12, top + high * 0.55),
                 (edge + sign * 18, top + high + 10), (edge, top + high + 10)], curtain, 1.2)  # fmt: skip
    c.box(-4, floor_y, width + 4, 262, rng.choice(((176, 124, 84), (150, 104, 76), (196, 150, 106))))
    c.box(-4, floor_y - 5, width + 4, floor_y + 2, frame)
    _furniture(c, rng, width - 40 if is_left else 40, floor_y, time)


def _furniture(c: Canvas, rng: random.Random, x: float, floor_y: float, time: str) -> None:
    kind = rng.choice(("plant", "picture", "lamp"))
    x += rng.uniform(-8, 8)
    if kind == "plant":
        plant_pot(c, x, floor_y + 18)
    elif kind == "picture":
        y = rng.uniform(34, 60)
        c.box(x - 24, y, x + 24, y + 56, (132, 92, 64), 1.2)
        c.box(x - 18, y + 6, x + 18, y + 50, (170, 208, 222))
        c.shape([(x - 18, y + 50), (x - 2, y + 24), (x + 18, y + 50)], (104, 156, 116))
    else:
        c.stroke([(x, floor_y + 18), (x, floor_y - 70)], 4, (120, 92, 76))
        c.oval(x, floor_y + 18, 16, 5, (120, 92, 76))
        shade: Color = (255, 226, 140) if time == "night" else (244, 224, 184)
        c.lit((1, 1, 1)).shape([(x - 14, floor_y - 104), (x + 14, floor_y - 104), (x + 26, floor_y - 64),
                                (x - 26, floor_y - 64)], shade, 1.2)  # fmt: skip


OUTDOOR = {"beach": _beach, "forest": _forest, "city": _city, "mountains": _mountains, "desert": _desert,
           "snow": _snow, "garden": _garden}  # fmt: skip


def draw_place(c: Canvas, image: Image.Image, rng: random.Random, place: str, time: str) -> None:
    """Paints the whole background; c covers image with 256 units of height."""
    width = image.width / c.unit_px
    sky = sky_image(time, image.width, image.height)
    ground = c.lit(GROUND_TINTS[time])
    if place == "room":
        tint = GROUND_TINTS[time]
        indoors = c.lit((tint[0] * 0.7 + 0.28, tint[1] * 0.7 + 0.26, tint[2] * 0.7 + 0.24))
        _room(indoors, rng, time, width, sky, image)
        return
    image.paste(sky)
    horizon = rng.uniform(128, 168)
    sky_things(c, rng, time, width, horizon)
    OUTDOOR[place](ground, rng, time, width, horizon)
