"""Muon for the weight matrices, AdamW for everything else, behind one optimizer.

Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/) replaces a matrix's momentum by the nearest
(semi-)orthogonal matrix; the step is scaled by 0.2 * sqrt(longer side), so that its RMS is AdamW's and both share one
learning rate (Liu et al. 2025, arXiv 2502.16982).
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def orthogonalize(stack: Tensor, steps: int = 5) -> Tensor:
    """Nearest semi-orthogonal matrices of a stack (N, rows, columns), roughly: singular values end up in about 0.7 to
    1.2."""
    a, b, c = NEWTON_SCHULZ
    tall = stack.shape[1] > stack.shape[2]
    x = stack.mT if tall else stack
    x = (x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)).bfloat16()
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.mT if tall else x).float()


class Muon:
    """Steps the matrices of `modules` (convolution kernels flattened to two dimensions) with Muon, embeddings, norms
    and biases with AdamW."""

    def __init__(self, modules: Iterable[nn.Module], momentum: float = 0.95, weight_decay: float = 0.01) -> None:
        self.momentum, self.weight_decay = momentum, weight_decay
        by_shape: dict[tuple[int, int], list[nn.Parameter]] = defaultdict(list)
        rest: list[nn.Parameter] = []
        for module in modules:
            tables = {id(part.weight) for part in module.modules() if isinstance(part, nn.Embedding)}
            for weight in module.parameters():
                if not weight.requires_grad:
                    continue
                if weight.ndim < 2 or id(weight) in tables:
                    rest.append(weight)
                else:
                    by_shape[(weight.shape[0], weight[0].numel())].append(weight)
        self.groups = list(by_shape.items())
        self.buffers = [torch.zeros(len(weights), *shape) for shape, weights in self.groups]
        self.adam = torch.optim.AdamW(rest, lr=1e-3, betas=(0.9, 0.99), weight_decay=0.0)
        self.parameters = [weight for _, weights in self.groups for weight in weights] + rest

    @torch.no_grad()
    def step(self, rate: float) -> None:
        for (shape, weights), buffer in zip(self.groups, self.buffers, strict=True):
            grads = [w.grad if w.grad is not None else torch.zeros_like(w) for w in weights]
            grad = torch.stack([g.reshape(shape).float() for g in grads])
            buffer.lerp_(grad, 1 - self.momentum)
            update = orthogonalize(grad.lerp(buffer, self.momentum)) * (0.2 * max(shape) ** 0.5)
            for weight, change in zip(weights, update, strict=True):
                weight.mul_(1 - rate * self.weight_decay).add_(change.reshape(weight.shape), alpha=-rate)
        for group in self.adam.param_groups:
            group["lr"] = rate
        self.adam.step()

    def zero_grad(self) -> None:
        for weight in self.parameters:
            weight.grad = None

    def state_dict(self) -> dict[str, Any]:
        return {"buffers": self.buffers, "adam": self.adam.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for buffer, saved in zip(self.buffers, state["buffers"], strict=True):
            buffer.copy_(saved)
        self.adam.load_state_dict(state["adam"])
