"""Compute the matrices that a LoRA file adds to the layers of a model, in any supported layout. Any thread."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pipelines.lora.files.changes import HADAMARD, LOW_RANK, LayerChange, Shape
from pipelines.lora.files.file import LoraData
from pipelines.lora.files.keys import layer_name
from pipelines.model.load import LoadedModel

PARTS = ("unet", "text_encoder", "text_encoder_2")
_COMPONENTS: dict[str, str] = dict(zip(PARTS, ("lora_unet", "lora_te1", "lora_te2"), strict=True))

Factors = tuple[Tensor, Tensor]
"""`up` (out, rank) and `down` (rank, inner), float32: the matrix `up @ down`."""


@dataclass(frozen=True, slots=True, eq=False)
class LoraPair:
    """The change of one layer's weight: `up` @ `down` * `scale`. `values` holds both matrices, `down` first;
    `down_shape`: (rank, in) or, for a convolution, (rank, in, height, width); `up` is (out, rank)."""

    values: Tensor
    down_shape: torch.Size
    scale: float

    @property
    def rank(self) -> int:
        return self.down_shape[0]

    @property
    def down(self) -> Tensor:
        return self.values[: self.down_shape.numel()].view(self.down_shape)

    @property
    def up(self) -> Tensor:
        return self.values[self.down_shape.numel() :].view(-1, self.rank)


@dataclass(frozen=True, slots=True, eq=False)
class LoraWeights:
    """A LoRA ready to apply; `pairs` by the layer's name, `unet.mid_block...`. Their values are views of `packed`, one
    after the other."""

    pairs: Mapping[str, LoraPair]
    packed: Tensor

    @classmethod
    def of(cls, pairs: Mapping[str, LoraPair], packed: Tensor) -> "LoraWeights":
        """The values of the pairs are replaced by their places in `packed`."""
        parts: tuple[Tensor, ...] = torch.split(packed, [len(pair.values) for pair in pairs.values()])
        placed = {
            name: LoraPair(part, pair.down_shape, pair.scale)
            for part, (name, pair) in zip(parts, pairs.items(), strict=True)
        }
        return cls(placed, packed)

    @property
    def rank(self) -> int:
        """The largest rank of its layers."""
        return max(pair.rank for pair in self.pairs.values())

    @property
    def num_bytes(self) -> int:
        return self.packed.nbytes

    def on(self, device: torch.device) -> "LoraWeights":
        """The same on the device: one copy, which the host does not wait for if the memory is pinned."""
        return LoraWeights.of(self.pairs, self.packed.to(device, non_blocking=True))


def lora_layers(model: LoadedModel) -> dict[str, Any]:
    """Every layer a LoRA can change, by its name after that of its part: `unet.conv_in`."""
    parts = dict(zip(PARTS, (model.unet, *model.text_encoders), strict=True))
    return {
        f"{part}.{name}": layer
        for part, module in parts.items()
        for name, layer in module.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv2d)
    }


class LoraParser:
    """Parses LoRA files for one model. With CUDA the matrices of a file are in one piece of pinned memory, so that they
    go to the GPU in one copy, which does not block the host.

    `base`: the model's layers by the name that `keys.layer_name` gives them; equal to what `read_base_layers` reads
    from the files of the model.
    """

    def __init__(self, model: LoadedModel) -> None:
        self._names: dict[str, str] = {}
        self.base: dict[str, Shape] = {}
        for name, layer in lora_layers(model).items():
            part, _, path = name.partition(".")
            flat = layer_name(_COMPONENTS[part], path)
            self._names[flat] = name
            self.base[flat] = tuple(layer.weight.shape)
        self._dtype = model.dtype
        self._pin = model.device.type == "cuda"

    def parse(self, data: bytes) -> LoraWeights:
        """Raises LoraFormatError."""
        lora = LoraData(data)
        changes, _ = lora.changes(self.base)
        with torch.inference_mode(False), torch.no_grad():
            pairs = {self._names[flat]: self._pair(lora, change, self.base[flat]) for flat, change in changes.items()}
            packed = torch.empty(sum(len(pair.values) for pair in pairs.values()), dtype=self._dtype)
            packed = packed.pin_memory() if self._pin else packed
            return LoraWeights.of(pairs, torch.cat([pair.values for pair in pairs.values()], out=packed))

    def _pair(self, lora: LoraData, change: LayerChange, shape: Shape) -> LoraPair:
        tensors = {part: _tensor(lora, key) for part, key in change.keys.items()}
        if change.parts == LOW_RANK:
            up, down = tensors["up"].flatten(1), tensors["down"]  # not by way of float32
        else:
            up, down = _factors(change, {part: tensor.float() for part, tensor in tensors.items()})
        values = torch.cat([matrix.to(self._dtype).flatten() for matrix in (down, up)])
        return LoraPair(values, torch.Size([len(up.T), *shape[1:]]), change.scale)


def _tensor(lora: LoraData, key: str) -> Tensor:
    """A copy: torch wants memory that it may write to."""
    tensor = torch.asarray(np.array(lora.values(key)))
    return tensor.view(torch.bfloat16) if lora.dtype(key) == "BF16" else tensor


def _factors(change: LayerChange, tensors: Mapping[str, Tensor]) -> Factors:
    """The pair of a change that the file holds in another form, of the rank that `change` names."""
    if change.parts == LOW_RANK | {"mid"}:
        return _tucker(tensors["up"].flatten(1).T, tensors["mid"], tensors["down"].flatten(1))
    if change.parts >= HADAMARD:
        first, second = (_factor(tensors, f"hada_w{n}_a", f"hada_w{n}_b", f"hada_t{n}", shortest=False) for n in (1, 2))
        return _hadamard(first, second, change.rank)
    first = _factor(tensors, "lokr_w1_a", "lokr_w1_b", "", "lokr_w1")
    second = _factor(tensors, "lokr_w2_a", "lokr_w2_b", "lokr_t2", "lokr_w2")
    return torch.kron(first[0], second[0]), torch.kron(first[1], second[1])


def _factor(
    tensors: Mapping[str, Tensor], left: str, right: str, core: str, whole: str = "", shortest: bool = True
) -> Factors:
    """A matrix that the file holds whole, as a product, or as a Tucker decomposition. `shortest`: of the lowest rank
    that its shape allows."""
    if whole in tensors:
        return _split(tensors[whole].flatten(1))
    if core in tensors:
        up, down = _tucker(tensors[left], tensors[core], tensors[right])
    else:
        up, down = tensors[left], tensors[right].flatten(1)
    is_longer = len(down) > min(len(up), down.shape[1])
    return _split(up @ down) if shortest and is_longer else (up, down)


def _split(matrix: Tensor) -> Factors:
    """A matrix as a product with the identity."""
    rows, columns = matrix.shape
    return (torch.eye(rows), matrix) if rows <= columns else (matrix, torch.eye(columns))


def _tucker(up: Tensor, core: Tensor, down: Tensor) -> Factors:
    """`up` (r, out), `core` (r, s, height, width), `down` (s, in)."""
    return up.T.contiguous(), torch.einsum("rshw,si->rihw", core, down).flatten(1).contiguous()


def _hadamard(first: Factors, second: Factors, rank: int) -> Factors:
    """The product value by value: the rows of all pairs of `down`s and the columns of all pairs of `up`s, or the whole
    matrix where that has a lower rank."""
    (up_1, down_1), (up_2, down_2) = first, second
    if len(down_1) * len(down_2) > rank:
        return _split((up_1 @ down_1) * (up_2 @ down_2))
    up = (up_1[:, :, None] * up_2[:, None, :]).flatten(1)
    return up, (down_1[:, None, :] * down_2[None, :, :]).flatten(0, 1)
