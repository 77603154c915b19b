"""A comparison: one job, a picture for each prompt, seed and variant. Pure.

Pictures are in the order of prompts, within a prompt of seeds, within a seed of variants: the cells that are looked at
side by side are made together. `JobRow.comparison` is

    {"prompts": [...], "seeds": [...], "variants": [label, ...],
     "cells": [[{"final_prompt": "...", "loras": [...]}, ... by variant], ... by prompt]}
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_CELLS = 64


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a picture stands: indexes from 0, the seed itself."""

    prompt_index: int
    seed: int
    variant_index: int


@dataclass(frozen=True, slots=True)
class Axes:
    """`prompts` as typed, `variants` as labels (`jade-v1:0.9`, `no LoRA`), each once."""

    prompts: tuple[str, ...]
    seeds: tuple[int, ...]
    variants: tuple[str, ...]

    @classmethod
    def of(cls, comparison: Mapping[str, Any]) -> "Axes":
        """`comparison` is a row's."""
        return cls(tuple(comparison["prompts"]), tuple(comparison["seeds"]), tuple(comparison["variants"]))

    @property
    def num_cells(self) -> int:
        return len(self.prompts) * len(self.seeds) * len(self.variants)

    def cell(self, index: int) -> Cell:
        """Of picture `index` (from 0) of the job."""
        row, variant_index = divmod(index, len(self.variants))
        prompt_index, seed_index = divmod(row, len(self.seeds))
        return Cell(prompt_index, self.seeds[seed_index], variant_index)

    def title(self, cell: Cell) -> str:
        """What its file is named after: no two cells of one job are named alike."""
        number = f"{cell.prompt_index + 1} " if len(self.prompts) > 1 else ""
        return f"{number}{cell.variant_index + 1} {self.variants[cell.variant_index]} {self.prompts[cell.prompt_index]}"


def variant_label(loras: Sequence[Mapping[str, Any]]) -> str:
    """Of LoRAs as `JobRow.loras` holds them."""
    names = (each["name"] if each["version"] is None else f"{each['name']}-v{each['version']}" for each in loras)
    return " + ".join(f"{name}:{each['weight']:g}" for name, each in zip(names, loras, strict=True)) or "no LoRA"


def told_apart(labels: Sequence[str]) -> list[str]:
    """The second of equal labels gets a number."""
    return [
        label if label not in labels[:index] else f"{label} ({labels[:index].count(label) + 1})"
        for index, label in enumerate(labels)
    ]
