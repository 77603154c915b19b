"""Data-parallel training on the CPU: processes of one thread each, every one with its own batches.

Two such processes make more steps than one with two threads, above all on a busy machine, where threads of one
operation wait for each other with spinning cores.
"""

import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

PATIENCE = timedelta(days=7)  # a paused leader keeps the others waiting


class Team:
    """One process's view of the team; process 0 leads: it keeps the clock, the log and the checkpoints."""

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank, self.size = rank, size

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def wait(self) -> None:
        """Until every process has come here."""
        if self.size > 1:
            dist.barrier()

    def from_leader(self, values: Sequence[float]) -> list[float]:
        """The leader's numbers, in every process."""
        shared = torch.tensor(values, dtype=torch.float64)
        if self.size > 1:
            dist.broadcast(shared, 0)
        return shared.tolist()

    @torch.no_grad()
    def average_gradients(self, weights: Iterable[nn.Parameter]) -> None:
        """Replaces every gradient by the mean over the team."""
        if self.size == 1:
            return
        weights = list(weights)
        for weight in weights:
            if weight.grad is None:
                weight.grad = torch.zeros_like(weight)
        grads = [weight.grad for weight in weights if weight.grad is not None]
        flat = torch.cat([grad.reshape(-1) for grad in grads])
        dist.all_reduce(flat)
        flat /= self.size
        for grad, mean in zip(grads, flat.split([grad.numel() for grad in grads]), strict=True):
            grad.copy_(mean.view(grad.shape))


def _alone(index: int, stage: Callable[..., None], tasks: Sequence[tuple[Any, ...]]) -> None:
    torch.set_num_threads(1)
    stage(*tasks[index])


def run_side_by_side(stage: Callable[..., None], tasks: Sequence[tuple[Any, ...]]) -> None:
    """Runs `stage(*task)` for every task, each in a process of one thread; ends when all have ended."""
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.multiprocessing.spawn(_alone, (stage, tasks), nprocs=len(tasks), daemon=True)


def _member(rank: int, size: int, meeting: str, stage: Callable[..., None], args: tuple[Any, ...]) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=size, timeout=PATIENCE)
    stage(Team(rank, size), *args)
    dist.barrier()
    dist.destroy_process_group()


def run_team(size: int, stage: Callable[..., None], *args: Any) -> None:
    """Runs `stage(team, *args)` in `size` processes; ends when all have ended, raises when one fails."""
    if size == 1:
        stage(Team(), *args)
        return
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(
            _member, (size, str(Path(folder) / "meeting"), stage, args), nprocs=size, daemon=True
        )
