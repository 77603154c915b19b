"""Which LoRAs a picture is made with, and what the runner asks of whatever applies them."""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from pipelines.spec import LoraRef

AdapterSet = tuple[tuple[str, float], ...]
"""The exact LoRAs at work: (sha256, weight) in the order given."""


class LoraError(Exception):
    """A LoRA could not be loaded; the pictures that need it fail, nobody else."""


def adapter_set(loras: tuple[LoraRef, ...]) -> AdapterSet:
    """Weights of the same file add up; a LoRA of weight 0 is none."""
    weights: dict[str, float] = {}
    for lora in loras:
        weights[lora.sha256] = weights.get(lora.sha256, 0.0) + lora.weight
    return tuple((sha256, weight) for sha256, weight in weights.items() if weight != 0)


@dataclass(frozen=True, slots=True)
class RowLayout:
    """The LoRAs of a forward's B rows, on the host. Each of `ranks` is a term that is added to every layer; `numbers`
    holds, term after term, the slot of each row and then the weight of each row: 2 * B numbers a term."""

    ranks: tuple[int, ...] = ()
    numbers: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class LoraTerm:
    """One LoRA a row, all of one rank, on the device: `slots` (B,) int64, `scales` (layers, B) in the model's dtype."""

    rank: int
    slots: Tensor
    scales: Tensor

    def portion(self, rows: slice) -> "LoraTerm":
        return LoraTerm(self.rank, self.slots[rows], self.scales[:, rows])


LoraTerms = tuple[LoraTerm, ...]


class LoraBackend(Protocol):
    """Applies LoRAs to UNet and text encoders. Torch thread, but for `resident`."""

    @property
    def resident(self) -> frozenset[str]:
        """Hashes of the LoRAs in memory. Any thread."""
        ...

    @property
    def num_bytes(self) -> int:
        """Memory they take."""
        ...

    def admit(self, adapters: AdapterSet, in_use: Collection[str]) -> bool:
        """Bring them into memory, without waiting for a file. False: one is not read yet, or has no room beside those
        `in_use` by other pictures; the picture must wait. Raises LoraError."""
        ...

    def prepare(self, rows: Sequence[AdapterSet]) -> RowLayout:
        """For one forward over these rows, all of them admitted."""
        ...

    def place(self, layout: RowLayout, numbers: Tensor) -> LoraTerms:
        """The layout with its numbers (float32) sent to the device."""
        ...

    def applied(self, terms: LoraTerms) -> AbstractContextManager[None]:
        """Within it, forwards use the LoRAs of these terms."""
        ...
