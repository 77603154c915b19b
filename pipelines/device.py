"""Numbers from the host to the device."""

from collections.abc import Sequence

import torch
from torch import Tensor


def to_device(numbers: Sequence[float], device: torch.device) -> Tensor:
    """float32 on the device. From pinned memory the copy does not hold the host up; torch keeps it until it is done."""
    on_host = torch.tensor(numbers, dtype=torch.float32)
    return (on_host.pin_memory() if device.type == "cuda" else on_host).to(device, non_blocking=True)
