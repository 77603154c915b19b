"""Tables for people."""

import sys
from collections.abc import Sequence

from scripts.benchmark.figures import Figure

HEADINGS = ("scenario", "figure", "LoRA Studio", "compared with", "", "ratio", "rounds", "target")


def say(text: str) -> None:
    """Print progress to stderr."""
    print(text, file=sys.stderr, flush=True)


def table(figures: Sequence[Figure]) -> str:
    return aligned([HEADINGS, *(_cells(figure) for figure in figures)])


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Markdown that reads the same in a terminal; the first row is the heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "| " + " | ".join("-" * max(width, 3) for width in widths) + " |")
    return "\n".join(lines)


def _cells(figure: Figure) -> tuple[str, ...]:
    verdict = {True: "met", False: "MISSED", None: ""}[figure.met]
    return (
        figure.scenario,
        figure.what,
        f"{figure.ours:.4g} {figure.unit}".strip(),
        figure.against,
        "" if figure.theirs is None else f"{figure.theirs:.4g} {figure.unit}".strip(),
        "" if figure.ratio is None else f"{figure.ratio:.3f}",
        f"{min(figure.rounds):.2f} to {max(figure.rounds):.2f}" if figure.rounds else "",
        f"{figure.target} {verdict}".strip(),
    )
