"""The axes of a comparison: one job, an image for each prompt, seed and variant. Pure.

Images are in the order of prompts, within a prompt of seeds, within a seed of variants: cells that are compared side by
side are made together.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, convert, to_builtins

from pipelines.spec import LoraRef

MAX_CELLS = 64


class Cell(Struct, frozen=True):
    """The place of an image: indexes from 0, the seed itself."""

    prompt_index: int
    seed: int
    variant_index: int


class Axes(Struct, frozen=True):
    """`prompts` as typed, `variants` as distinct labels (`jade-v1:0.9`, `no LoRA`)."""

    prompts: tuple[str, ...]
    seeds: tuple[int, ...]
    variants: tuple[str, ...]

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Axes":
        """From `JobRow.axes`."""
        return convert(document, cls)

    def to_json(self) -> dict[str, Any]:
        return to_builtins(self)

    @property
    def num_cells(self) -> int:
        return len(self.prompts) * len(self.seeds) * len(self.variants)

    def cell(self, index: int) -> Cell:
        """Of image `index` (from 0) of the job."""
        row, variant_index = divmod(index, len(self.variants))
        prompt_index, seed_index = divmod(row, len(self.seeds))
        return Cell(prompt_index, self.seeds[seed_index], variant_index)

    def index(self, prompt_index: int) -> int:
        """Of the first image with this prompt."""
        return prompt_index * len(self.seeds) * len(self.variants)

    def title(self, cell: Cell) -> str:
        """What the file of a cell is named after; distinct within a job."""
        number = f"{cell.prompt_index + 1} " if len(self.prompts) > 1 else ""
        return f"{number}{cell.variant_index + 1} {self.variants[cell.variant_index]} {self.prompts[cell.prompt_index]}"


def variant_label(loras: Sequence[LoraRef]) -> str:
    return " + ".join(f"{lora.label}:{lora.weight:g}" for lora in loras) or "no LoRA"


def distinct(labels: Sequence[str]) -> tuple[str, ...]:
    """The second of equal labels gets a number."""
    return tuple(
        label if label not in labels[:index] else f"{label} ({labels[:index].count(label) + 1})"
        for index, label in enumerate(labels)
    )
