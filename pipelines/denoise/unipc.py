"""UniPC (arXiv 2302.04867) without work on the device that depends on no image. Torch thread.

Both updates of a step are sums of the latents and the last predictions, with coefficients that depend only on the
step. diffusers computes them on the device at each step of each image: about 120 launches, six copies and a linear
system that the host waits for.
"""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler
from torch import Tensor

_Key = tuple[str, int, int]  # update, step index, order


class TabledUniPC(UniPCMultistepScheduler):
    """Computes the coefficients once, by diffusers' own update of unit vectors on the CPU. Copies share the table."""

    _coefficients: dict[_Key, tuple[float, ...]]

    def set_timesteps(self, *args: Any, **options: Any) -> None:
        super().set_timesteps(*args, **options)
        self._coefficients = {}

    def multistep_uni_p_bh_update(self, model_output: Any, *_: Any, sample: Any = None, order: Any = None, **__: Any):
        """The predictor: latents, then the last `order` predictions, the newest first."""
        return self._sum("multistep_uni_p_bh_update", order, [sample, *self._latest(order)])

    def multistep_uni_c_bh_update(
        self,
        this_model_output: Any,
        *_: Any,
        last_sample: Any = None,
        this_sample: Any = None,
        order: Any = None,
        **__: Any,
    ):
        """The corrector: the latents before, the last `order` predictions before, and the new one."""
        return self._sum("multistep_uni_c_bh_update", order, [last_sample, *self._latest(order), this_model_output])

    def _latest(self, order: int) -> list[Tensor]:
        sampler: Any = self
        return sampler.model_outputs[: -order - 1 : -1]

    def _sum(self, update: str, order: int, terms: Sequence[Tensor]) -> Tensor:
        key = (update, int(self.step_index or 0), order)
        if key not in self._coefficients:
            self._coefficients[key] = self._by_diffusers(update, order, len(terms))
        first, *others = self._coefficients[key]
        total = terms[0] * first
        for term, factor in zip(terms[1:], others, strict=True):
            total.add_(term, alpha=factor)
        return total

    def _by_diffusers(self, update: str, order: int, num_terms: int) -> tuple[float, ...]:
        """Image i of a batch has 1 as its term i and 0 as the others; what comes out is the coefficient of i."""
        unit = [*torch.eye(num_terms).view(num_terms, num_terms, 1, 1, 1)]
        probe: Any = copy.copy(self)
        history: list[Any] = [None] * len(probe.model_outputs)
        history[-order:] = reversed(unit[1 : 1 + order])
        probe.model_outputs = history
        stock: Any = getattr(UniPCMultistepScheduler, update)
        if update == "multistep_uni_p_bh_update":
            made: Any = stock(probe, unit[1], sample=unit[0], order=order)
        else:
            made = stock(probe, unit[-1], last_sample=unit[0], this_sample=unit[0], order=order)
        return tuple(made.flatten().tolist())
