"""Merge one LoRA set into the base weights, for a server that runs a single set: forwards cost nothing extra.

Weights are restored from copies of the originals, never by subtraction. Changing the set rewrites all layers that a
LoRA of either set changes: with more than one set the bank is the better choice. Torch thread.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from pipelines.lora.backend import AdapterSet, LoraTerms, RowLayout
from pipelines.lora.loader import LoraLoader
from pipelines.lora.weights import LoraPair, LoraWeights, lora_layers
from pipelines.model.load import LoadedModel

log = logging.getLogger(__name__)


class LoraMerge:
    """Keeps the most recently used LoRAs within `max_bytes`, and the original weights of the layers that are changed at
    the moment, both in RAM."""

    def __init__(self, model: LoadedModel, loader: LoraLoader, max_bytes: int) -> None:
        self._loader = loader
        self._device = model.device
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
        """Memory of the LoRA matrices; the original weights are not counted."""
        return sum(weights.num_bytes for weights in self._kept.values())

    def admit(self, adapters: AdapterSet, in_use: Collection[str]) -> bool:
        own = [sha256 for sha256, _ in adapters]
        for sha256 in own:
            weights = self._kept.get(sha256) or self._loader.look(sha256)
            if weights is None:
                return False
            self._kept[sha256] = weights
            self._kept.move_to_end(sha256)
            self._loader.forget(sha256)
        staying = {*in_use, *own}
        for sha256 in [sha256 for sha256 in self._kept if sha256 not in staying]:
            if self.num_bytes > self._max_bytes:
                del self._kept[sha256]
        self._resident = frozenset(self._kept)
        return True

    def prepare(self, rows: Sequence[AdapterSet]) -> RowLayout:
        """Merge the set of the rows. Raises ValueError if they have more than one."""
        if len(set(rows)) > 1:
            raise ValueError("with merged LoRAs all images of a step must have the same LoRA set")
        self._merge(rows[0])
        return RowLayout()

    def place(self, layout: RowLayout, numbers: Tensor) -> LoraTerms:
        return ()

    def blank_terms(self, num_rows: int) -> LoraTerms:
        return ()

    def applied(self, terms: LoraTerms) -> AbstractContextManager[None]:
        return nullcontext()

    def _merge(self, adapters: AdapterSet) -> None:
        if adapters == self._merged:
            return
        started_s = time.perf_counter()
        changes: dict[str, list[tuple[LoraPair, float]]] = {}
        for sha256, weight in adapters:
            for name, pair in self._kept[sha256].on(self._device).pairs.items():
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
        log.info("merged %d LoRAs into %d layers in %.0f ms", len(adapters), len(changes), taken_ms)

    def _change(self, name: str, parts: Sequence[tuple[LoraPair, float]]) -> None:
        """Compute in float32, whatever the model's dtype, and round once."""
        weight: Tensor = self._layers[name].weight
        if name not in self._pristine:
            self._pristine[name] = weight.detach().to("cpu", copy=True)
        total = self._pristine[name].to(weight.device, torch.float32, copy=True)
        for pair, factor in parts:
            up, down = (matrix.to(weight.device, torch.float32) for matrix in (pair.up, pair.down))
            total += (up @ down.flatten(1)).view(weight.shape) * factor
        weight.data.copy_(total)

    def _restore(self, names: Collection[str]) -> None:
        for name in names:
            self._layers[name].weight.data.copy_(self._pristine.pop(name))
