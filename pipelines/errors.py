"""What an exception of one picture is told as, and which are not one picture's."""

import torch

from pipelines.image.vae import NotFinite
from pipelines.lora.backend import LoraError
from pipelines.out_of_memory import is_out_of_memory
from pipelines.plan import DeviceLost, PictureError


def raise_if_device_lost(error: Exception) -> None:
    """After an error that is not about memory, CUDA refuses every further call of the process."""
    if isinstance(error, torch.AcceleratorError) and not isinstance(error, torch.OutOfMemoryError):
        raise DeviceLost(f"the GPU has failed: {next(iter(str(error).splitlines()), type(error).__name__)}") from error


def picture_error(error: Exception) -> PictureError:
    """The stable code and the words for an exception of one picture."""
    if isinstance(error, NotFinite):
        return PictureError("nan", f"The picture could not be made: {error}. Other LoRA weights or guidance may help.")
    if isinstance(error, LoraError):
        return PictureError("lora", f"The picture could not be made: {error}.")
    if is_out_of_memory(error):
        return PictureError("out_of_memory", "There was not enough memory for this picture. A smaller size needs less.")
    return PictureError("internal", "The server could not make this picture; its log says more.")
