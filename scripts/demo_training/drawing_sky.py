"""The sky of each time of day, and the light that falls on ground and figure."""

import random

from PIL import Image

from scripts.demo_training.drawing_canvas import Canvas, Color, mix

SKIES: dict[str, tuple[Color, ...]] = {
    "sunrise": ((146, 178, 232), (196, 186, 230), (248, 196, 206), (255, 222, 188)),
    "day": ((78, 160, 238), (120, 190, 246), (176, 218, 250), (222, 240, 252)),
    "sunset": ((84, 50, 130), (176, 66, 128), (240, 108, 82), (255, 178, 84)),
    "night": ((12, 16, 52), (22, 28, 80), (38, 48, 112), (62, 76, 142)),
}
GROUND_TINTS = {
    "sunrise": (1.0, 0.92, 0.94),
    "day": (1.0, 1.0, 1.0),
    "sunset": (0.98, 0.76, 0.70),
    "night": (0.42, 0.47, 0.68),
}
FIGURE_TINTS = {
    "sunrise": (1.0, 0.96, 0.97),
    "day": (1.0, 1.0, 1.0),
    "sunset": (1.0, 0.89, 0.84),
    "night": (0.82, 0.84, 0.95),
}
SUN_COLORS: dict[str, tuple[Color, Color]] = {
    "sunrise": ((255, 244, 200), (255, 226, 190)),
    "day": ((255, 232, 110), (206, 228, 236)),
    "sunset": ((255, 214, 92), (250, 140, 84)),
    "night": ((252, 246, 216), (52, 60, 118)),
}
FAR: dict[str, Color] = {
    "sunrise": (226, 190, 210),
    "day": (190, 220, 246),
    "sunset": (214, 92, 96),
    "night": (40, 50, 108),
}


def sky_image(time: str, width_px: int, height_px: int) -> Image.Image:
    """The sky's vertical gradient, reaching its last color at 70 % of the height."""
    stops, column = SKIES[time], Image.new("RGB", (1, 64))
    for row in range(64):
        position = min(row / 45, 1.0) * (len(stops) - 1)
        index = min(int(position), len(stops) - 2)
        column.putpixel((0, row), mix(stops[index], stops[index + 1], position - index))
    return column.resize((width_px, height_px), Image.Resampling.BILINEAR)


def sky_things(c: Canvas, rng: random.Random, time: str, width: float, horizon: float) -> None:
    """Sun or moon, with a few big clouds or stars. Low suns sit on the horizon."""
    side = rng.choice((rng.uniform(0.08, 0.3), rng.uniform(0.7, 0.92))) * width
    core, halo = SUN_COLORS[time]
    if time == "sunset":
        y, r = horizon - rng.uniform(0, 26), rng.uniform(28, 36)
    elif time == "sunrise":
        y, r = horizon - rng.uniform(4, 40), rng.uniform(18, 24)
    else:
        y, r = rng.uniform(26, 62), rng.uniform(15, 21)
    c.oval(side, y, r * 1.35, r * 1.35, halo)
    c.oval(side, y, r, r, core)
    if time == "night":
        if rng.random() < 0.5:
            c.oval(side + r * 0.5, y - r * 0.2, r * 0.8, r * 0.8, halo)
        for _ in range(rng.randint(5, 8)):
            x, star_y, s = rng.uniform(0, width), rng.uniform(8, horizon * 0.7), rng.uniform(2.2, 3.6)
            if abs(x - side) > 34:
                c.shape([(x, star_y - s), (x + s, star_y), (x, star_y + s), (x - s, star_y)], (236, 236, 214))
        return
    cloud = {"sunrise": (255, 228, 226), "day": (255, 255, 255), "sunset": (206, 92, 124)}[time]
    for _ in range(rng.randint(1, 3)):
        _cloud(c, rng.uniform(0, width), rng.uniform(18, horizon * 0.62), rng.uniform(0.7, 1.2), cloud, time == "day")


def _cloud(c: Canvas, x: float, y: float, s: float, color: Color, is_puffy: bool) -> None:
    if is_puffy:
        for dx, dy, r in ((-20, 0, 11), (-4, -7, 15), (14, -2, 12)):
            c.oval(x + dx * s, y + dy * s, r * s, r * s, color)
        c.oval(x - 2 * s, y + 6 * s, 32 * s, 8 * s, color)
    else:
        c.oval(x, y, 36 * s, 5 * s, color)
        c.oval(x + 18 * s, y + 7 * s, 26 * s, 4 * s, color)
