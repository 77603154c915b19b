"""The linear layers of compiled transformer blocks. Torch thread.

All blocks of one shape share a graph, if no block's own Python objects are in it. So such a layer has no hook: its
LoRAs are a buffer of the module, of one rank and one number of slots, and its row in the scales is a tensor. Any other
term, of a higher rank for example, is computed without a graph.
"""

from typing import Any, cast

import torch
from torch import Tensor, nn

from pipelines.lora.backend import MixedTerm
from pipelines.lora.layer import BankLayer, CurrentTerms, Stack, add_to_linear, gathered


class LoraLinear(nn.Linear):
    """`lora_values`: the stack of rank `lora_rank`. `lora_number` (1,): the layer's row in the scales."""

    lora_values: Tensor
    lora_number: Tensor
    lora_rank: int
    lora_layer: "CompiledLayer"
    lora_current: CurrentTerms

    def forward(self, input: Tensor) -> Tensor:
        output = nn.functional.linear(input, self.weight, self.bias)
        for term in self.lora_current.terms:
            assert isinstance(term, MixedTerm)
            if term.rank == self.lora_rank:
                values = self.lora_values
            elif (stack := self.lora_layer.stacks.get(term.rank)) is not None:
                values = stack.values
            else:
                continue
            down, up = gathered(values, term.slots, term.rank, self.weight.shape)
            add_to_linear(output, input, down, up, term.scales.index_select(0, self.lora_number)[0])
        return output


def compiled_names(unet: Any) -> frozenset[str]:
    """The names of the linear layers of the blocks that `unet.compile_repeated_blocks` compiles, as `lora_layers` has
    them."""
    repeated = [name for name, module in unet.named_modules() if type(module).__name__ in unet._repeated_blocks]
    return frozenset(
        f"unet.{name}"
        for name, module in unet.named_modules()
        if isinstance(module, nn.Linear) and any(name.startswith(f"{block}.") for block in repeated)
    )


class CompiledLayer(BankLayer):
    """A `LoraLinear` in the bank. It has its stack of the fixed rank from the beginning."""

    def __init__(self, number: int, layer: Any, current: CurrentTerms, rank: int, stack: Stack) -> None:
        super().__init__(number, layer, current)
        layer.__class__ = LoraLinear
        self._linear = cast(LoraLinear, layer)
        self._linear.register_buffer("lora_values", stack.values, persistent=False)
        row = torch.tensor([number], device=stack.values.device)
        self._linear.register_buffer("lora_number", row, persistent=False)
        self._linear.lora_rank = rank
        self._linear.lora_layer, self._linear.lora_current = self, current
        self.hold(rank, stack)

    def hold(self, rank: int, stack: Stack) -> None:
        super().hold(rank, stack)
        if rank == self._linear.lora_rank:
            self._linear.lora_values = stack.values

    def attach(self) -> None:
        pass

    def detach(self) -> None:
        pass
