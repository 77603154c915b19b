"""Classify exceptions that are raised while one image is made: which one fails it, and with which code. Torch
thread."""

import torch

from pipelines.lora.backend import LoraError
from pipelines.plan import DeviceLost, ImageError


class NotFinite(Exception):
    """Latents or pixels hold NaN or infinity; there is no image."""


def is_out_of_memory(error: Exception) -> bool:
    """True if memory ran out: on the GPU, in Python or in torch's CPU allocator, which raises a plain RuntimeError."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


def raise_if_device_lost(error: Exception) -> None:
    """Raise DeviceLost if the GPU has failed: after an error other than out of memory, CUDA refuses every later call of
    the process."""
    if isinstance(error, torch.AcceleratorError) and not isinstance(error, torch.OutOfMemoryError):
        raise DeviceLost(f"the GPU has failed: {next(iter(str(error).splitlines()), type(error).__name__)}") from error


def image_error(error: Exception) -> ImageError:
    """Map an exception of one image to its stable error code and a text for people."""
    if isinstance(error, NotFinite):
        return ImageError("nan", f"The picture could not be made: {error}. Other LoRA weights or guidance may help.")
    if isinstance(error, LoraError):
        return ImageError("lora", f"The picture could not be made: {error}.")
    if is_out_of_memory(error):
        return ImageError("out_of_memory", "There was not enough memory for this picture. A smaller size needs less.")
    return ImageError("internal", "The server could not make this picture; its log says more.")
