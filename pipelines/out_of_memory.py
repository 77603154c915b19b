"""What to do where memory runs out: tell it from other errors, let go of what is cached. Torch thread."""

import torch


def is_out_of_memory(error: Exception) -> bool:
    """On the GPU, in Python or in torch's CPU allocator, which raises a plain RuntimeError."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


def free_cached(device: torch.device) -> None:
    """What a failed attempt has left in torch's pool. Call it once the error, which holds tensors, is let go of."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
