"""The figures that compare, as an SVG: a bar for each ratio, a line at 1 and a mark at the target."""

from collections.abc import Sequence
from html import escape

from scripts.benchmark.figures import Figure

WIDTH_PX, ROW_PX, TOP_PX = 1060, 26, 44
TEXT_PX, BAR_PX = 480, 380  # label and bar columns; then the value
MAX_RATIO = 2.0  # longer bars are cut
COLORS = {True: "#2e7d32", False: "#c62828", None: "#546e7a"}


def chart(figures: Sequence[Figure], title: str) -> str:
    """Readable on light and dark pages: it brings its own background."""
    rows = [figure for figure in figures if figure.ratio is not None]
    height = TOP_PX + ROW_PX * len(rows) + 20
    one = TEXT_PX + BAR_PX / MAX_RATIO
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH_PX}" height="{height}" '
        f'viewBox="0 0 {WIDTH_PX} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH_PX}" height="{height}" fill="#fff"/>',
        f'<text x="12" y="24" font-size="14" fill="#222">{escape(title)}</text>',
        *(_row(figure, TOP_PX + ROW_PX * number) for number, figure in enumerate(rows)),
        f'<path d="M{one:.1f} {TOP_PX - 6}V{height - 14}" stroke="#222" stroke-dasharray="3 3"/>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _row(figure: Figure, y: float) -> str:
    ratio = figure.ratio or 0.0
    length = BAR_PX * min(ratio, MAX_RATIO) / MAX_RATIO
    label = escape(f"{figure.scenario}: {figure.what} / {figure.against}")
    value = escape(f"{ratio:.2f}" + (f" (target {figure.target})" if figure.target else ""))
    parts = [
        f'<text x="{TEXT_PX - 8}" y="{y + 15}" text-anchor="end" fill="#222">{label}</text>',
        f'<rect x="{TEXT_PX}" y="{y + 3}" width="{length:.1f}" height="{ROW_PX - 8}" fill="{COLORS[figure.met]}"/>',
        f'<text x="{TEXT_PX + BAR_PX + 10}" y="{y + 15}" fill="#222" font-weight="bold">{value}</text>',
    ]
    if figure.target:
        mark = TEXT_PX + BAR_PX * min(float(figure.target.split()[1]), MAX_RATIO) / MAX_RATIO
        parts.append(f'<path d="M{mark:.1f} {y}v{ROW_PX - 2}" stroke="#f9a825" stroke-width="3"/>')
    return "\n".join(parts)
