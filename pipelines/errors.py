"""Classify exceptions that are raised while one image is made: which one fails it, with which code, and whether one of
its LoRAs is at fault. Torch thread."""

from collections.abc import Callable, Collection

import torch

from pipelines.lora.backend import AdapterSet, LoraError
from pipelines.plan import DeviceLost, ImageError
from pipelines.upscaling.architecture import UpscalerError


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
        return ImageError("lora", f"The picture could not be made: {error}.", error.broken)
    if isinstance(error, UpscalerError):
        return ImageError("upscaler", f"The picture could not be made: {error}.")
    if is_out_of_memory(error):
        return ImageError("out_of_memory", "There was not enough memory for this picture. A smaller size needs less.")
    return ImageError("internal", "The server could not make this picture; its log says more.")


def blamed(
    error: Exception, adapters: AdapterSet, proven: Collection[str], work: Callable[[AdapterSet], object]
) -> Exception:
    """The LoraError that names the LoRAs at fault for `error`, or `error` itself.

    A LoRA is at fault if `work` succeeds without LoRAs and fails with this one alone, for another reason than memory or
    numbers, which depend on the image. `proven` LoRAs have made an image. Raises DeviceLost.
    """
    if isinstance(error, LoraError) or not adapters or not _is_lasting(error) or _failure(work, ()) is not None:
        return error
    failures = {sha256: _failure(work, ((sha256, weight),)) for sha256, weight in adapters if sha256 not in proven}
    broken = {
        sha256: f"it cannot be applied: {brief(failure)}"
        for sha256, failure in failures.items()
        if failure is not None and _is_lasting(failure)
    }
    if not broken:
        return error
    return LoraError("; ".join(f"LoRA {sha256[:12]}: {reason}" for sha256, reason in broken.items()), broken)


def depends_on_bytes(error: Exception) -> bool:
    """True if parsing the same bytes raises the error again: neither the disk, the memory nor the GPU is at fault."""
    return not isinstance(error, LoraError | OSError | torch.AcceleratorError) and not is_out_of_memory(error)


def brief(error: Exception) -> str:
    """The type and the first line of an exception."""
    first_line = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {first_line[:200]}" if first_line else type(error).__name__


def _is_lasting(error: Exception) -> bool:
    return not isinstance(error, NotFinite) and not is_out_of_memory(error)


def _failure(work: Callable[[AdapterSet], object], adapters: AdapterSet) -> Exception | None:
    try:
        work(adapters)
    except Exception as error:
        raise_if_device_lost(error)
        return error
    return None
