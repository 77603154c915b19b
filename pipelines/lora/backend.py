"""The LoRA set of an image, and the interface between the runner and the code that applies LoRAs."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from pipelines.spec import LoraRef

AdapterSet = tuple[tuple[str, float], ...]
"""The LoRAs of an image: (sha256, weight) in the order given."""


class LoraError(Exception):
    """A LoRA could not be loaded. The images that use it fail; no other image does. `broken`: hash → reason of the
    LoRAs whose bytes are at fault, so that every other image with them would fail, too."""

    def __init__(self, text: str, broken: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.broken = dict(broken or {})


def adapter_set(loras: tuple[LoraRef, ...]) -> AdapterSet:
    """Weights of the same file add up; a LoRA of weight 0 is dropped."""
    weights: dict[str, float] = {}
    for lora in loras:
        weights[lora.sha256] = weights.get(lora.sha256, 0.0) + lora.weight
    return tuple((sha256, weight) for sha256, weight in weights.items() if weight != 0)


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Rows next to each other with the same LoRA at the same `weight`. `rows`: None if they are all of the forward.
    `scales`: alpha / rank by layer number, 0 where the LoRA does not change the layer."""

    rows: slice | None
    slot: int
    weight: float
    scales: Sequence[float]


@dataclass(frozen=True, slots=True, eq=False)
class RunTerm:
    """One LoRA for each row, all of one rank, as few runs, known on the host. Rows without a LoRA are in no run."""

    rank: int
    runs: tuple[Run, ...]

    def portion(self, start: int, num_rows: int) -> "RunTerm":
        parts: list[Run] = []
        for run in self.runs:
            whole = run.rows or slice(0, start + num_rows)
            first, last = max(whole.start - start, 0), min(whole.stop - start, num_rows)
            if first < last:
                parts.append(Run(slice(first, last), run.slot, run.weight, run.scales))
        return RunTerm(self.rank, tuple(parts))


@dataclass(frozen=True, slots=True, eq=False)
class MixedTerm:
    """One LoRA for each row, all of one rank, on the device: `slots` (B,) int64, `scales` (layers, B) in the model's
    dtype, weights included."""

    rank: int
    slots: Tensor
    scales: Tensor

    def portion(self, start: int, num_rows: int) -> "MixedTerm":
        rows = slice(start, start + num_rows)
        return MixedTerm(self.rank, self.slots[rows], self.scales[:, rows].contiguous())


LoraTerms = tuple[RunTerm | MixedTerm, ...]
"""What is added to every layer, one after the other."""


@dataclass(frozen=True, slots=True)
class RowLayout:
    """The LoRAs of a forward's B rows, on the host.

    `run_terms` are complete. `ranks`: one entry for each mixed term. `numbers`: for each of these the slot of each row,
    then the weight of each row: 2 * B numbers a term.
    """

    run_terms: tuple[RunTerm, ...] = ()
    ranks: tuple[int, ...] = ()
    numbers: tuple[float, ...] = ()


class LoraBackend(Protocol):
    """Applies LoRAs to the UNet and the text encoders. Torch thread, except `resident`."""

    @property
    def resident(self) -> frozenset[str]:
        """Hashes of the LoRAs in memory. Any thread."""
        ...

    @property
    def num_bytes(self) -> int:
        """Memory of the resident LoRAs."""
        ...

    def admit(self, adapters: AdapterSet, in_use: Collection[str]) -> bool:
        """Bring a set into memory; never waits for a file.

        Returns False if the image must wait: a LoRA is not loaded yet, or there is no room for it next to the LoRAs
        `in_use` by other images. Raises LoraError.
        """
        ...

    def prepare(self, rows: Sequence[AdapterSet]) -> RowLayout:
        """Lay out one forward over these rows; all their sets are admitted."""
        ...

    def place(self, layout: RowLayout, numbers: Tensor) -> LoraTerms:
        """The terms of a layout; `numbers` (float32) are the layout's, copied to the device."""
        ...

    def blank_terms(self, num_rows: int) -> LoraTerms:
        """Terms of the kind that compiled forwards with LoRAs have, which change nothing; none where there are none."""
        ...

    def applied(self, terms: LoraTerms) -> AbstractContextManager[None]:
        """Forwards within this context apply the LoRAs of `terms`."""
        ...
