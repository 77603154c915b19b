"""The LoRA arithmetic of one layer: each row of the batch has its own LoRAs. Torch thread.

    output[b] += scale[b] * up[slot[b]] @ (down[slot[b]] @ input[b])

It is added in place: the output is new, and the layer's alone. Where few runs of rows share a LoRA, each run takes two
plain products. Otherwise the matrices of each row are gathered, not grouped by LoRA: `slot` and `scale` are tensors on
the device, shapes are static and the host never waits. Slot 0 holds zeros: a row without a LoRA keeps its output bit by
bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from pipelines.lora.backend import LoraTerms, MixedTerm, Run
from pipelines.lora.weights import LoraPair


@dataclass(slots=True, eq=False)
class Stack:
    """The matrices of one layer for S slots. `values` (S, R * inner + out * R) holds those of a slot next to each
    other; `down` (S, R, in) or (S, R, in, height, width) and `up` (S, out, R) are views of it."""

    values: Tensor
    down: Tensor
    up: Tensor

    @classmethod
    def zeros(
        cls, num_slots: int, rank: int, weight_shape: Sequence[int], device: torch.device, dtype: torch.dtype
    ) -> "Stack":
        out, *inner = weight_shape
        num_down = rank * torch.Size(inner).numel()
        with torch.inference_mode(False):  # a compiled block distinguishes tensors of inference mode
            values = torch.zeros(num_slots, num_down + out * rank, device=device, dtype=dtype)
        return cls(values, *_views(values, rank, out, inner))

    def put(self, slot: int, pair: LoraPair | None) -> None:
        """Fill a slot with matrices on the same device, of this rank or a lower one; None: with zeros."""
        rank = self.up.shape[2]
        if pair is None:
            self.values[slot].zero_()
        elif pair.rank == rank:
            self.values[slot].copy_(pair.values)
        else:
            self.down[slot, : pair.rank].copy_(pair.down)
            self.down[slot, pair.rank :].zero_()
            self.up[slot, :, : pair.rank].copy_(pair.up)
            self.up[slot, :, pair.rank :].zero_()


def gathered(values: Tensor, slots: Tensor, rank: int, weight_shape: Sequence[int]) -> tuple[Tensor, Tensor]:
    """`down` and `up` of each row, gathered in one launch."""
    out, *inner = weight_shape
    return _views(values.index_select(0, slots), rank, out, inner)


def _views(values: Tensor, rank: int, out: int, inner: Sequence[int]) -> tuple[Tensor, Tensor]:
    num_down = rank * torch.Size(inner).numel()
    down, up = values[:, :num_down], values[:, num_down:]
    return down.view(-1, rank, *inner), up.view(-1, out, rank)


@dataclass(slots=True, eq=False)
class CurrentTerms:
    """The terms of the current forward. All layers share one instance."""

    terms: LoraTerms = ()


class BankLayer:
    """One layer of the model and its stacks by rank. `number` is its row in the scales of a term; `values_per_rank` is
    how many values a LoRA of rank 1 has in this layer."""

    def __init__(self, number: int, layer: Any, current: CurrentTerms) -> None:
        self.number = number
        self.weight_shape: Sequence[int] = layer.weight.shape
        self.values_per_rank = layer.weight.shape[0] + layer.weight[0].numel()
        self.stacks: dict[int, Stack] = {}
        self._layer = layer
        self._current = current
        self._hook: Any = None

    def hold(self, rank: int, stack: Stack) -> None:
        self.stacks[rank] = stack

    def attach(self) -> None:
        if self._hook is None:
            self._hook = self._layer.register_forward_hook(self._add)

    def detach(self) -> None:
        """Without its hook the layer runs as if there were no LoRAs, at no cost."""
        if self._hook is not None:
            self._hook.remove()
            self._hook = None

    def _add(self, layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        for term in self._current.terms:
            if (stack := self.stacks.get(term.rank)) is None:
                continue
            if isinstance(term, MixedTerm):
                scale = term.scales[self.number]
                down, up = gathered(stack.values, term.slots, term.rank, self.weight_shape)
                if isinstance(layer, nn.Conv2d):
                    _add_to_convolution(layer, output, inputs[0], down, up, scale)
                else:
                    add_to_linear(output, inputs[0], down, up, scale)
                continue
            for run in term.runs:
                if (alpha := run.scales[self.number] * run.weight) != 0:
                    _add_run(layer, run, output, inputs[0], stack, alpha)


def _add_run(layer: nn.Module, run: Run, output: Tensor, x: Tensor, stack: Stack, alpha: float) -> None:
    if run.rows is not None:
        output, x = output[run.rows], x[run.rows]
    down, up = stack.down[run.slot], stack.up[run.slot]
    if not isinstance(layer, nn.Conv2d):
        narrow = x.reshape(-1, x.shape[-1]) @ down.mT
        output.view(-1, len(up)).addmm_(narrow, up.mT, alpha=alpha)
        return
    narrow: Tensor = nn.functional.conv2d(x, down, None, layer.stride, layer.padding, layer.dilation)
    if output.is_contiguous():
        output.view(*output.shape[:2], -1).baddbmm_(up.expand(len(x), -1, -1), narrow.flatten(2), alpha=alpha)
    else:  # channels come last: pixels are rows
        pixels = narrow.permute(0, 2, 3, 1).reshape(-1, len(down))
        output.permute(0, 2, 3, 1).view(-1, len(up)).addmm_(pixels, up.mT, alpha=alpha)


def add_to_linear(output: Tensor, x: Tensor, down: Tensor, up: Tensor, scale: Tensor) -> None:
    """`x` (B, tokens, in) or (B, in); with B = 1 also several windows of one text, (windows, tokens, in). `down` (B, R,
    in), `up` (B, out, R), `scale` (B,)."""
    num_rows = len(scale)
    rows = x.reshape(num_rows, -1, x.shape[-1])
    narrow = torch.bmm(rows, down.mT).mul_(scale[:, None, None])  # (B, tokens, R)
    output.view(num_rows, -1, output.shape[-1]).baddbmm_(narrow, up.mT)


def _add_to_convolution(layer: nn.Conv2d, output: Tensor, x: Tensor, down: Tensor, up: Tensor, scale: Tensor) -> None:
    """`x` (B, in, H, W): one grouped convolution, each row a group with its own kernels."""
    num_rows, _, height, width = output.shape
    kernels = down.flatten(0, 1)  # (B * R, in, kernel height, kernel width)
    grouped = x.reshape(1, -1, *x.shape[2:])
    narrow: Tensor = nn.functional.conv2d(
        grouped, kernels, None, layer.stride, layer.padding, layer.dilation, groups=num_rows
    )
    narrow = narrow.reshape(num_rows, -1, height * width) * scale[:, None, None]  # (B, R, H' * W')
    if output.is_contiguous():
        output.view(num_rows, -1, height * width).baddbmm_(up, narrow)
    else:  # channels come last: pixels are rows
        output.permute(0, 2, 3, 1).view(num_rows, height * width, -1).baddbmm_(narrow.mT, up.mT)
