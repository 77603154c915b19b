"""Classify exceptions that are raised while one image is made: which one fails it, with which code, and whether one of
its LoRAs is at fault. Torch thread."""

from collections.abc import Callable, Collection

import torch

from pipelines.inversions.file import InversionError
from pipelines.lora.backend import AdapterSet, LoraError
from pipelines.plan import DeviceLost, ImageError
from pipelines.upscaling.architecture import UpscalerError

CUDA_ERROR_MEMORY_ALLOCATION = 2
"""cudaErrorMemoryAllocation, in `AcceleratorError.error_code`."""

MEMORY_TEXTS = (
    "out of memory",
    "can't allocate memory",
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
    "cusolver_status_alloc_failed",
    "unable to find an engine",  # cuDNN: none works within the memory that is left
)
"""Parts of messages in lower case."""


class NotFinite(Exception):
    """Latents or pixels hold NaN or infinity; there is no image."""


def is_out_of_memory(error: BaseException) -> bool:
    """True if memory ran out: in Python, in torch's CPU allocator, in its CUDA allocator, or in the libraries that
    allocate on their own (driver, cuBLAS, cuDNN), which leave the GPU usable.

    Seen as AcceleratorError in https://github.com/Comfy-Org/ComfyUI/issues/13210, as RuntimeError of the driver and of
    cuDNN in https://github.com/mberr/torch-max-mem/issues/45.
    """
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    if isinstance(error, torch.AcceleratorError) and getattr(error, "error_code", 0) == CUDA_ERROR_MEMORY_ALLOCATION:
        return True
    return isinstance(error, RuntimeError) and any(text in str(error).lower() for text in MEMORY_TEXTS)


def raise_if_device_lost(error: Exception) -> None:
    """Raise DeviceLost if the GPU has failed: then CUDA refuses every later call of the process. Only the call that
    notices first names the fault; cuBLAS and cuDNN report it as a RuntimeError like any other. So after an error that
    is not memory the device is waited for, which fails if it is lost."""
    if isinstance(error, DeviceLost):
        raise error
    if is_out_of_memory(error):
        return
    if isinstance(error, torch.AcceleratorError):
        raise DeviceLost(f"the GPU has failed: {brief(error)}") from error
    if torch.cuda.is_initialized():
        try:
            torch.cuda.synchronize()
        except RuntimeError as failure:
            if not is_out_of_memory(failure):
                raise DeviceLost(f"the GPU has failed: {brief(failure)}") from error


def image_error(error: Exception) -> ImageError:
    """Map an exception of one image to its stable error code and a text for people."""
    if isinstance(error, NotFinite):
        return ImageError("nan", f"The picture could not be made: {error}. Other LoRA weights or guidance may help.")
    if isinstance(error, LoraError):
        return ImageError("lora", f"The picture could not be made: {error}.", error.broken)
    if isinstance(error, InversionError):
        return ImageError("embedding", f"The picture could not be made: {error}.")
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
