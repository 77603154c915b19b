"""The budget table of docs/benchmarks.md, and its comparison with the books."""

import re
from dataclasses import dataclass
from pathlib import Path

from tests.gpu.books import Books

DOCUMENT = Path(__file__).parents[2] / "docs" / "benchmarks.md"
HEAD = "| on the pretended GPU | launches | waits | pinned copies | other copies | live MB |"
SLACK = 0.02
"""Launches and bytes may be so much below their budget, else the table is out of date."""
ROUNDING = 0.002
"""Bytes may be so much above it: when Python frees a tensor is not always the same."""


@dataclass(frozen=True)
class Line:
    launches: int
    waits: int
    pinned: int
    pageable: int
    live_mb: int

    def __str__(self) -> str:
        numbers = (self.launches, self.waits, self.pinned, self.pageable, self.live_mb)
        return " | ".join(f"{number:,}" for number in numbers)

    def broken(self, asked: "Line") -> set[str]:
        """The columns in which `asked` is not within this budget, or the budget is stale."""
        holds = {
            "launches": self.launches * (1 - SLACK) - 1 <= asked.launches <= self.launches,
            "waits": self.waits == asked.waits,
            "pinned": self.pinned == asked.pinned,
            "pageable": self.pageable == asked.pageable,
            "live_mb": self.live_mb * (1 - SLACK) - 1 <= asked.live_mb <= self.live_mb * (1 + ROUNDING),
        }
        return {column for column, is_held in holds.items() if not is_held}


def line_of(books: Books) -> Line:
    live_mb = -(-books.peak_bytes // 1_000_000)
    return Line(books.num_launches, books.waits.total(), books.pinned, books.pageable.total(), live_mb)


class Budget:
    """Lines of the table by name. `checked`: the names that were compared. `broken`: lines that do not hold, as they
    would have to read."""

    def __init__(self) -> None:
        text = DOCUMENT.read_text("utf-8")
        assert HEAD in text, f"{DOCUMENT.name} has no table that begins with {HEAD}"
        rows = text.split(HEAD)[1].lstrip("\n").split("\n\n")[0].splitlines()[1:]
        self.lines = {name: Line(*map(int, numbers)) for name, *numbers in map(_cells, rows)}
        self.checked: set[str] = set()
        self.broken: list[str] = []

    def check(self, name: str, books: Books) -> None:
        self.checked.add(name)
        budget, asked = self.lines.get(name), line_of(books)
        if budget is None or budget.broken(asked):
            where = f"waits {dict(books.waits)}, copies {dict(books.pageable)}, {books.launches.most_common(12)}"
            self.broken.append(f"| {name} | {asked} |\n  in place of {budget}; {where}")


def _cells(row: str) -> list[str]:
    return [re.sub(r"(?<=\d),(?=\d)", "", cell.strip()) for cell in row.strip("|").split("|")]
