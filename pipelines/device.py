"""Host to device transfers, waits and the device's memory pool. Torch thread."""

from collections.abc import Sequence

import torch
from torch import Tensor


def to_device(numbers: Sequence[float], device: torch.device) -> Tensor:
    """Copy numbers to the device as float32, pinned and non-blocking on CUDA.

    torch keeps the pinned memory until the copy has ended.
    """
    if not numbers:
        return torch.empty(0, device=device)
    on_host = torch.tensor(numbers, dtype=torch.float32)
    return (on_host.pin_memory() if device.type == "cuda" else on_host).to(device, non_blocking=True)


def free_cached(device: torch.device) -> None:
    """Empty torch's CUDA memory pool after a failed attempt.

    Call it after the `except` block: the exception holds tensors of the attempt.
    """
    if device.type == "cuda":
        torch.cuda.empty_cache()


def wait_for(device: torch.device) -> None:
    """Wait until the device has finished. Errors of kernels that were launched before are raised here."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
