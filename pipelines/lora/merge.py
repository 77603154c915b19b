"""Merged LoRAs, for a server that runs one set of them: added to the weights, so that a forward costs nothing extra.

The weights go back by copies of what they were, never by subtraction. Every change of the set rewrites all layers that
a LoRA of either set changes: with more than one set the bank is the better choice. Torch thread.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from pipelines.lora.backend import AdapterSet, LoraTerms, RowLayout
from pipelines.lora.loader import LoraReader
from pipelines.lora.weights import LoraPair, LoraWeights, lora_layers
from pipelines.model.load import LoadedModel

log = logging.getLogger(__name__)


class LoraMerge:
    """Keeps the matrices of LoRAs within `max_bytes`, those used last, and the pristine weights of the layers that are
    changed at the moment, both in RAM."""

    def __init__(self, model: LoadedModel, reader: LoraReader, max_bytes: int) -> None:
        self._reader = reader
        self._layers = lora_layers(model)
        self._max_bytes = max_bytes
        self._kept: OrderedDict[str, LoraWeights] = OrderedDict()
        self._resident: frozenset[str] = frozenset()
        self._pristine: dict[str, Tensor] = {}
        self._merged: AdapterSet = ()

    @property
    def resident(self) -> frozenset[str]:
        return self._resident

    @property
    def num_bytes(self) -> int:
        """Of the matrices; the pristine weights are not counted."""
        return sum(each.num_bytes for each in self._kept.values())

    def admit(self, adapters: AdapterSet, in_use: Collection[str]) -> bool:
        own = [sha256 for sha256, _ in adapters]
        for sha256 in own:
            weights = self._kept.get(sha256) or self._reader.look(sha256)
            if weights is None:
                return False
            self._kept[sha256] = weights
            self._kept.move_to_end(sha256)
            self._reader.forget(sha256)
        staying = {*in_use, *own}
        for sha256 in [each for each in self._kept if each not in staying]:
            if self.num_bytes > self._max_bytes:
                del self._kept[sha256]
        self._resident = frozenset(self._kept)
        return True

    def prepare(self, rows: Sequence[AdapterSet]) -> RowLayout:
        """Merges. Raises ValueError where the rows have more than one set."""
        if len(set(rows)) > 1:
            raise ValueError("with merged LoRAs the pictures of a step must have one LoRA set")
        self._merge(rows[0])
        return RowLayout()

    def place(self, layout: RowLayout, numbers: Tensor) -> LoraTerms:
        return ()

    def applied(self, terms: LoraTerms) -> AbstractContextManager[None]:
        return nullcontext()

    def _merge(self, adapters: AdapterSet) -> None:
        if adapters == self._merged:
            return
        started_s = time.perf_counter()
        changes: dict[str, list[tuple[LoraPair, float]]] = {}
        for sha256, weight in adapters:
            for name, pair in self._kept[sha256].pairs.items():
                changes.setdefault(name, []).append((pair, weight * pair.scale))
        try:
            self._restore(self._pristine.keys() - changes.keys())
            for name, parts in changes.items():
                self._change(name, parts)
        except Exception:
            self._restore(list(self._pristine))
            self._merged = ()
            raise
        self._merged = adapters
        taken_ms = 1000 * (time.perf_counter() - started_s)
        log.info("%d LoRAs are merged into %d layers after %.0f ms", len(adapters), len(changes), taken_ms)

    def _change(self, name: str, parts: Sequence[tuple[LoraPair, float]]) -> None:
        """In float32, whatever the model's format; rounded once."""
        weight: Tensor = self._layers[name].weight
        if name not in self._pristine:
            self._pristine[name] = weight.detach().to("cpu", copy=True)
        total = self._pristine[name].to(weight.device, torch.float32, copy=True)
        for pair, factor in parts:
            up, down = (each.to(weight.device, torch.float32) for each in (pair.up, pair.down))
            total += (up @ down.flatten(1)).view(weight.shape) * factor
        weight.data.copy_(total)

    def _restore(self, names: Collection[str]) -> None:
        for name in names:
            self._layers[name].weight.data.copy_(self._pristine.pop(name))
