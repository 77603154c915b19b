"""The LoRAs of one rank bucket: a slot for each, the same one in all layers. Torch thread."""

from collections.abc import Collection, Mapping, Sequence

import torch

from pipelines.device import to_device
from pipelines.lora.layer import BankLayer, Stack
from pipelines.lora.weights import LoraWeights

SMALLEST_RANK = 8


def bucket_rank(rank: int) -> int:
    """The next power of two: LoRAs of ranks 9 to 16 share stacks."""
    return max(SMALLEST_RANK, 1 << (rank - 1).bit_length())


class RankBucket:
    """The LoRAs of one rank bucket. `scales` (layers, slots) float32 holds alpha / rank, `scales_of` has it by hash on
    the host. Slot 0 is all zero.

    `min_slots`: slots that it has in any case; `kept`: layers that keep their stacks. With both, the shapes that a
    compiled block sees stay the same, unless one image alone needs more slots."""

    def __init__(
        self,
        rank: int,
        layers: Mapping[str, BankLayer],
        device: torch.device,
        dtype: torch.dtype,
        min_slots: int = 1,
        kept: Collection[str] = (),
    ) -> None:
        self.rank = rank
        self.slot_of: dict[str, int] = {}
        self.num_slots = min_slots
        self.scales = torch.zeros(len(layers), min_slots, device=device)
        self.scales_of: dict[str, Sequence[float]] = {}
        self._layers = layers
        self._changed_by: dict[str, frozenset[str]] = {}
        self._device, self._dtype = device, dtype
        self._min_slots, self._kept = min_slots, frozenset(kept)

    @property
    def num_bytes(self) -> int:
        return self.num_slots * sum(self._slot_bytes(name) for name in self._layer_names)

    @property
    def _layer_names(self) -> set[str]:
        return {name for name, layer in self._layers.items() if self.rank in layer.stacks}

    def sizes(self) -> tuple[int, ...]:
        """Slot counts that have room for one more LoRA, the preferred one first.

        Doubling leaves the stacks' shapes unchanged for most additions, so that a compiled UNet is not compiled again.
        """
        needed = len(self.slot_of) + 2
        if self._kept:
            return (max(self._min_slots, needed),)
        return (self.num_slots, needed) if needed <= self.num_slots else (2 * self.num_slots, needed)

    def bytes_with(self, weights: LoraWeights, num_slots: int) -> int:
        """Memory of the bucket once it holds these weights, too."""
        return num_slots * sum(self._slot_bytes(name) for name in self._layer_names | weights.pairs.keys())

    def put(self, sha256: str, weights: LoraWeights, num_slots: int) -> None:
        """Copy a LoRA into a free slot, after a resize to `num_slots`."""
        if num_slots != self.num_slots:
            self.resize(num_slots)
        slot = min(set(range(1, num_slots)) - set(self.slot_of.values()))
        self.slot_of[sha256] = slot
        self._changed_by[sha256] = frozenset(weights.pairs)
        scales = [0.0] * len(self._layers)
        on_device = weights.on(self._device)
        for name in self._layer_names | weights.pairs.keys():
            layer, pair = self._layers[name], on_device.pairs.get(name)
            if self.rank not in layer.stacks:
                layer.hold(self.rank, self._zeros(layer, num_slots))
            layer.stacks[self.rank].put(slot, pair)
            if pair is not None:
                scales[layer.number] = pair.scale
        self.scales[:, slot] = to_device(scales, self._device)
        self.scales_of[sha256] = scales

    def drop(self, sha256: str) -> None:
        """Free a LoRA's slot. The bucket keeps the memory until it is resized, or until it holds no LoRA."""
        self.slot_of.pop(sha256, None)
        self._changed_by.pop(sha256, None)
        self.scales_of.pop(sha256, None)
        if not self.slot_of:
            self.shrink()

    def shrink(self) -> None:
        """Keep as many slots as are in use, but no fewer than `min_slots`."""
        self.resize(max(self._min_slots, len(self.slot_of) + 1))

    def resize(self, num_slots: int) -> None:
        """Reallocate the stacks layer by layer, so that at most one layer is held twice; layers that no LoRA changes
        any more lose their stacks. If memory runs out half way, the slots in use are right in every layer."""
        self._close_gaps()
        changed = self._kept.union(*self._changed_by.values())
        kept = min(num_slots, self.num_slots)
        scales = torch.zeros(len(self._layers), num_slots, device=self._device)
        scales[:, :kept] = self.scales[:, :kept]
        for name in self._layer_names:
            layer = self._layers[name]
            if name not in changed:
                del layer.stacks[self.rank]
            elif num_slots != self.num_slots:
                stack = self._zeros(layer, num_slots)
                stack.values[:kept] = layer.stacks[self.rank].values[:kept]
                layer.hold(self.rank, stack)
        self.scales, self.num_slots = scales, num_slots

    def _close_gaps(self) -> None:
        """Move the LoRAs to the slots from 1 on, in place."""
        for slot, sha256 in enumerate(sorted(self.slot_of, key=lambda sha256: self.slot_of[sha256]), start=1):
            old = self.slot_of[sha256]
            if old == slot:
                continue
            for name in self._layer_names:
                values = self._layers[name].stacks[self.rank].values
                values[slot] = values[old]
            self.scales[:, slot] = self.scales[:, old]
            self.slot_of[sha256] = slot

    def _zeros(self, layer: BankLayer, num_slots: int) -> Stack:
        return Stack.zeros(num_slots, self.rank, layer.weight_shape, self._device, self._dtype)

    def _slot_bytes(self, name: str) -> int:
        return self.rank * self._layers[name].values_per_rank * self._dtype.itemsize
