"""The sky of each time of day, and the light that falls on ground and figure."""

import random

from PIL import Image

from scripts.demo_training.drawing.canvas import Canvas, Color, mix

SKIES: dict[str, tuple[Color, ...]] = {
    "sunrise": ((160, 190, 236), (206, 200, 238), (250, 210, 214), (255, 230, 204)),
    "day": ((104, 178, 240), (146, 204, 248), (190, 226, 251), (226, 242, 252)),
    "sunset": ((110, 78, 156), (194, 94, 142), (244, 138, 108), (255, 196, 118)),
    "night": ((20, 26, 72), (34, 42, 100), (52, 64, 130), (78, 94, 160)),
}
GROUND_TINTS = {
    "sunrise": (1.0, 0.94, 0.95),
    "day": (1.0, 1.0, 1.0),
    "sunset": (0.98, 0.80, 0.74),
    "night": (0.46, 0.51, 0.72),
}
FIGURE_TINTS = {
    "sunrise": (1.0, 0.97, 0.975),
    "day": (1.0, 1.0, 1.0),
    "sunset": (1.0, 0.945, 0.90),
    "night": (0.93, 0.915, 0.99),
}
SUN_COLORS: dict[str, tuple[Color, Color]] = {
    "sunrise": ((255, 248, 214), (255, 232, 204)),
    "day": ((255, 236, 140), (216, 232, 232)),
    "sunset": ((255, 222, 118), (252, 164, 104)),
    "night": ((252, 247, 222), (66, 76, 138)),
}
FAR: dict[str, Color] = {
    "sunrise": (228, 200, 218),
    "day": (190, 220, 246),
    "sunset": (218, 112, 112),
    "night": (50, 60, 122),
}
CLOUDS: dict[str, Color] = {"sunrise": (255, 236, 232), "day": (255, 255, 255), "sunset": (226, 122, 138)}


def sky_image(time: str, width_px: int, height_px: int) -> Image.Image:
    """The sky's vertical gradient, reaching its last color at 70 % of the height."""
    stops, column = SKIES[time], Image.new("RGB", (1, 64))
    for row in range(64):
        position = min(row / 45, 1.0) * (len(stops) - 1)
        index = min(int(position), len(stops) - 2)
        column.putpixel((0, row), mix(stops[index], stops[index + 1], position - index))
    return column.resize((width_px, height_px), Image.Resampling.BILINEAR)


def sky_things(c: Canvas, rng: random.Random, time: str, width: float, horizon: float) -> None:
    """Sun or moon, with one or two big clouds or a few stars. Low suns sit on the horizon."""
    side = rng.choice((rng.uniform(0.1, 0.26), rng.uniform(0.74, 0.9))) * width
    core, halo = SUN_COLORS[time]
    if time == "sunset":
        y, r = horizon - rng.uniform(4, 24), rng.uniform(28, 34)
    elif time == "sunrise":
        y, r = horizon - rng.uniform(10, 36), rng.uniform(19, 23)
    else:
        y, r = rng.uniform(34, 58), rng.uniform(17, 21)
    c.oval(side, y, r * 1.4, r * 1.4, halo)
    c.oval(side, y, r, r, core)
    if time == "night":
        for _ in range(rng.randint(4, 6)):
            x, star_y, s = rng.uniform(6, width - 6), rng.uniform(10, horizon * 0.6), rng.uniform(2.4, 3.2)
            if abs(x - side) > 38:
                c.oval(x, star_y, s, s, (244, 240, 214))
        return
    for _ in range(rng.randint(1, 2)):
        x = rng.uniform(0.05, 0.45) * width if side > width / 2 else rng.uniform(0.55, 0.95) * width
        _cloud(c, x, rng.uniform(22, horizon * 0.5), rng.uniform(0.9, 1.3), CLOUDS[time], time == "day")


def _cloud(c: Canvas, x: float, y: float, s: float, color: Color, is_puffy: bool) -> None:
    if is_puffy:
        for dx, dy, r in ((-20, 0, 12), (-3, -8, 17), (16, -1, 13)):
            c.oval(x + dx * s, y + dy * s, r * s, r * s, color)
        c.oval(x - 2 * s, y + 6 * s, 35 * s, 8 * s, color)
    else:
        c.oval(x, y, 38 * s, 6 * s, color)
        c.oval(x + 18 * s, y + 9 * s, 27 * s, 5 * s, color)
