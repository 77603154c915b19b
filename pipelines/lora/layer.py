"""The LoRA arithmetic of one layer: each row of the batch has its own LoRAs. Torch thread.

    output[b] += scale[b] * up[slot[b]] @ (down[slot[b]] @ input[b])

`slot` and `scale` are tensors on the device. Rows are gathered, not grouped by LoRA, so shapes are static and the host
never waits. Slot 0 holds zeros: a row without a LoRA keeps its output bit by bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from pipelines.lora.backend import LoraTerms


@dataclass(slots=True, eq=False)
class Stack:
    """The matrices of one layer for S slots: `down` (S, R, in) or (S, R, in, height, width), `up` (S, out, R)."""

    down: Tensor
    up: Tensor


@dataclass(slots=True, eq=False)
class CurrentTerms:
    """The terms of the current forward. All layers share one instance."""

    terms: LoraTerms = ()


class BankLayer:
    """One layer of the model and its stacks by rank. `number` is its row in `LoraTerm.scales`; `values_per_rank` is how
    many values a LoRA of rank 1 has in this layer."""

    def __init__(self, number: int, layer: Any, current: CurrentTerms) -> None:
        self.number = number
        self.weight_shape: Sequence[int] = layer.weight.shape
        self.values_per_rank = layer.weight.shape[0] + layer.weight[0].numel()
        self.stacks: dict[int, Stack] = {}
        self._layer = layer
        self._current = current
        self._hook: Any = None

    def attach(self) -> None:
        if self._hook is None:
            self._hook = self._layer.register_forward_hook(self._add)

    def detach(self) -> None:
        """Without its hook the layer runs as if there were no LoRAs, at no cost."""
        if self._hook is not None:
            self._hook.remove()
            self._hook = None

    def _add(self, layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        for term in self._current.terms:
            if (stack := self.stacks.get(term.rank)) is not None:
                scale = term.scales[self.number]
                if isinstance(layer, nn.Conv2d):
                    output = _add_to_convolution(layer, output, inputs[0], stack, term.slots, scale)
                else:
                    output = _add_to_linear(output, inputs[0], stack, term.slots, scale)
        return output


def _add_to_linear(output: Tensor, x: Tensor, stack: Stack, slots: Tensor, scale: Tensor) -> Tensor:
    """`x` (B, tokens, in) or (B, in); with B = 1 also several windows of one text, (windows, tokens, in)."""
    num_rows = len(slots)
    rows = x.reshape(num_rows, -1, x.shape[-1])
    narrow = torch.bmm(rows, stack.down[slots].mT) * scale[:, None, None]  # (B, tokens, R)
    wide = output.reshape(num_rows, -1, output.shape[-1])
    return torch.baddbmm(wide, narrow, stack.up[slots].mT).view(output.shape)


def _add_to_convolution(
    layer: nn.Conv2d, output: Tensor, x: Tensor, stack: Stack, slots: Tensor, scale: Tensor
) -> Tensor:
    """`x` (B, in, H, W): one grouped convolution, each row a group with its own kernels."""
    num_rows, _, height, width = output.shape
    kernels = stack.down[slots].flatten(0, 1)  # (B * R, in, kernel height, kernel width)
    grouped = x.reshape(1, -1, *x.shape[2:])
    narrow: Tensor = nn.functional.conv2d(
        grouped, kernels, None, layer.stride, layer.padding, layer.dilation, groups=num_rows
    )
    narrow = narrow.reshape(num_rows, -1, height * width) * scale[:, None, None]  # (B, R, H' * W')
    if output.is_contiguous():
        return torch.baddbmm(output.flatten(2), stack.up[slots], narrow).view_as(output)
    pixels = output.permute(0, 2, 3, 1).reshape(num_rows, height * width, -1)  # a view if channels come last
    added = torch.baddbmm(pixels, narrow.mT, stack.up[slots].mT)
    return added.view(num_rows, height, width, -1).permute(0, 3, 1, 2)
