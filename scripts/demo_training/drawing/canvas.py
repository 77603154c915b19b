"""A small drawing surface in picture units (the picture is 256 units high), with smooth curves and a light tint."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import ImageDraw

Color = tuple[int, int, int]
Point = tuple[float, float]
INK: Color = (62, 46, 58)
OUTLINE = 2.0


def mix(a: Color, b: Color, share: float) -> Color:
    """a moved towards b by share (0 to 1)."""
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


def darker(color: Color, share: float = 0.3) -> Color:
    return mix(color, (30, 18, 40), share)


def lighter(color: Color, share: float = 0.3) -> Color:
    return mix(color, (255, 255, 255), share)


def rim(color: Color) -> Color:
    """The outline of a shape: the same hue, a little darker, so that white on white still shows."""
    return darker(color, 0.26)


def smooth(points: Sequence[Point], steps: int = 6) -> list[Point]:
    """A closed Catmull-Rom curve through the points."""
    num_points, curve = len(points), []
    for i in range(num_points):
        p0, p1 = points[i - 1], points[i]
        p2, p3 = points[(i + 1) % num_points], points[(i + 2) % num_points]
        for step in range(steps):
            t = step / steps
            a, b, c, d = -t + 2 * t * t - t**3, 2 - 5 * t * t + 3 * t**3, t + 4 * t * t - 3 * t**3, t**3 - t * t
            curve.append(
                (
                    0.5 * (a * p0[0] + b * p1[0] + c * p2[0] + d * p3[0]),
                    0.5 * (a * p0[1] + b * p1[1] + c * p2[1] + d * p3[1]),
                )
            )
    return curve


def bend(start: Point, middle: Point, end: Point, steps: int = 8) -> list[Point]:
    """A quadratic curve that passes through middle at its half."""
    cx, cy = 2 * middle[0] - (start[0] + end[0]) / 2, 2 * middle[1] - (start[1] + end[1]) / 2
    curve = []
    for step in range(steps + 1):
        t = step / steps
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
        curve.append((a * start[0] + b * cx + c * end[0], a * start[1] + b * cy + c * end[1]))
    return curve


@dataclass(frozen=True)
class Canvas:
    """Draws in its own frame: a point is scaled, turned, moved to (x, y) and multiplied by the pixels of one unit."""

    draw: ImageDraw.ImageDraw
    unit_px: float
    x: float = 0.0
    y: float = 0.0
    scale_x: float = 1.0
    scale_y: float = 1.0
    cos: float = 1.0
    sin: float = 0.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def at(self, x: float, y: float, scale_x: float = 1.0, scale_y: float = 1.0, degrees: float = 0.0) -> "Canvas":
        """A frame with its origin at (x, y) of this one (this one not turned), for parts of figures."""
        turn = math.radians(degrees)
        return replace(
            self,
            x=self.x + x * self.scale_x,
            y=self.y + y * self.scale_y,
            scale_x=self.scale_x * scale_x,
            scale_y=self.scale_y * scale_y,
            cos=math.cos(turn),
            sin=math.sin(turn),
        )

    def lit(self, tint: tuple[float, float, float]) -> "Canvas":
        return replace(self, tint=tint)

    def place(self, x: float, y: float) -> Point:
        """Where a point of this frame lies in the picture, in picture units."""
        u, v = x * self.scale_x, y * self.scale_y
        return (self.x + u * self.cos - v * self.sin, self.y + u * self.sin + v * self.cos)

    def _px(self, points: Sequence[Point]) -> list[Point]:
        placed = [self.place(x, y) for x, y in points]
        return [(x * self.unit_px, y * self.unit_px) for x, y in placed]

    def _color(self, color: Color) -> Color:
        r, g, b = self.tint
        return (min(255, round(color[0] * r)), min(255, round(color[1] * g)), min(255, round(color[2] * b)))

    def _width_px(self, width: float) -> int:
        return max(1, round(width * abs(self.scale_y) * self.unit_px))

    def shape(self, points: Sequence[Point], fill: Color, outline: float = 0.0, ink: Color | None = None) -> None:
        """A filled polygon, with a slightly darker outline of that many units where given."""
        placed = self._px(points)
        self.draw.polygon(placed, fill=self._color(fill))
        if outline:
            edge = self._color(ink or rim(fill))
            self.draw.line([*placed, placed[0], placed[1]], fill=edge, width=self._width_px(outline))

    def blob(self, points: Sequence[Point], fill: Color, outline: float = 0.0, ink: Color | None = None) -> None:
        """A filled smooth closed curve through the points."""
        self.shape(smooth(points), fill, outline, ink)

    def oval(self, x: float, y: float, rx: float, ry: float, fill: Color, outline: float = 0.0) -> None:
        circle = [(x + rx * math.cos(i * math.pi / 14), y + ry * math.sin(i * math.pi / 14)) for i in range(28)]
        self.shape(circle, fill, outline)

    def box(self, x0: float, y0: float, x1: float, y1: float, fill: Color, outline: float = 0.0) -> None:
        self.shape([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], fill, outline)

    def stroke(self, points: Sequence[Point], width: float, fill: Color) -> None:
        """A thick line with round ends."""
        placed, width_px, color = self._px(points), self._width_px(width), self._color(fill)
        self.draw.line(placed, fill=color, width=width_px, joint="curve")
        r = width_px / 2
        for px, py in (placed[0], placed[-1]):
            self.draw.ellipse((px - r, py - r, px + r, py + r), fill=color)

    def limb(self, points: Sequence[Point], width: float, fill: Color, outline: float = OUTLINE) -> None:
        """A stroke with a darker outline."""
        self.stroke(points, width + 2 * outline, rim(fill))
        self.stroke(points, width, fill)
