"""Read the parts of an SDXL model from a diffusers folder or a single file into memory of their own. Torch thread.

A file is mapped while a part is read, in its own number format; then every weight is copied once, in the requested
format, to the device. So no weight is held twice, and later changes of the file have no effect. The operator must not
change a base model's files while it is being loaded.
"""

import contextlib
import ctypes
import logging
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from diffusers.loaders import single_file_utils
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from pipelines.model.checkpoint import BaseModelError, read_tensors
from pipelines.model.info import weight_files, weight_variant

_safetensors: Any = safetensors.torch
_conversions: Any = single_file_utils

CLASSES: Mapping[str, Any] = {
    "unet": UNet2DConditionModel,
    "vae": AutoencoderKL,
    "text_encoder": CLIPTextModel,
    "text_encoder_2": CLIPTextModelWithProjection,
}
_PREFIXES = {
    "unet": "model.diffusion_model.",
    "vae": "first_stage_model.",
    "text_encoder": "conditioner.embedders.0.",
    "text_encoder_2": "conditioner.embedders.1.",
}
FORMATS = {"F16": torch.float16, "BF16": torch.bfloat16, "F32": torch.float32}
_MISSING_SHOWN = 3


def map_file(path: Path) -> Mapping[str, Tensor]:
    """The tensors of a file, mapped: the system reads them when they are used."""
    return _safetensors.load_file(path)


@dataclass(frozen=True, slots=True, eq=False)
class PartReader:
    """Reads the parts of one base model. `configs`: the folder of their configs. `tensors`: the mapped tensors of a
    single file, None for a folder."""

    configs: Path
    device: torch.device
    dtype: torch.dtype
    tensors: Mapping[str, Tensor] | None = None

    def read(self, part: str) -> Any:
        """A part of the model on its device. Raises BaseModelError."""
        if self.tensors is None:
            return self._settled(part, lambda: _from_folder(part, self.configs, part))
        own = {key: tensor for key, tensor in self.tensors.items() if key.startswith(_PREFIXES[part])}
        return self._settled(part, lambda: _from_tensors(part, own, self.configs))

    def read_vae(self, path: Path) -> Any:
        """A separate VAE, from a folder, or from a file with the configs of this model. Raises BaseModelError."""
        if path.is_dir():
            return self._settled("vae", lambda: _from_folder("vae", path, ""))
        return self._settled("vae", lambda: _from_tensors("vae", map_file(path), self.configs))

    def _settled(self, part: str, read: Callable[[], Any]) -> Any:
        try:
            module = read()
        except BaseModelError:
            raise
        except Exception as error:  # the errors of diffusers and transformers have no common type
            raise BaseModelError(f"its {part} cannot be read: {_reason(error)}") from error
        _check_complete(part, module)
        module = _copied(module.eval().requires_grad_(False), part, self.device, self.dtype)
        trim_heap()
        return module


def _from_folder(part: str, folder: Path, subfolder: str) -> Any:
    entries = read_tensors(weight_files(folder, subfolder or ".")[0]).values()
    dtype = next((FORMATS[entry.dtype] for entry in entries if entry.dtype in FORMATS), torch.float32)
    kind = "dtype" if part.startswith("text_encoder") else "torch_dtype"  # transformers' name, diffusers' name
    module, loading = CLASSES[part].from_pretrained(
        str(folder),
        subfolder=subfolder or None if kind == "torch_dtype" else subfolder,
        variant=weight_variant(folder, subfolder or "."),
        use_safetensors=True,
        local_files_only=True,
        low_cpu_mem_usage=True,
        output_loading_info=True,
        **{kind: dtype},
    )
    _refuse_missing(part, list(loading["missing_keys"]))
    return module


def _from_tensors(part: str, tensors: Mapping[str, Tensor], configs: Path) -> Any:
    """Uses diffusers' own conversion of the original key names."""
    dtype = next((tensor.dtype for tensor in tensors.values() if tensor.is_floating_point()), torch.float32)
    if part.startswith("text_encoder"):
        return _conversions.create_diffusers_clip_model_from_ldm(
            CLASSES[part], dict(tensors), subfolder=part, config=str(configs), torch_dtype=dtype, local_files_only=True
        )
    with _without_cast_warnings():
        return CLASSES[part].from_single_file(
            dict(tensors), config=str(configs), subfolder=part, torch_dtype=dtype, local_files_only=True
        )


@contextlib.contextmanager
def _without_cast_warnings() -> Generator[None]:
    """Silence `from_single_file`, which warns of its own last cast because of modules that SDXL does not have."""
    report = logging.getLogger("diffusers.models.modeling_utils")
    level = report.level
    report.setLevel(logging.ERROR)
    try:
        yield
    finally:
        report.setLevel(level)


def _reason(error: Exception) -> str:
    """The first sentence of an error, without the advice to programmers that follows."""
    first_sentence = next(iter(str(error).splitlines()), type(error).__name__).partition(". ")[0]
    if "shape" not in first_sentence:
        return first_sentence
    return f"it has the shapes of another model (a distilled or pruned SDXL cannot be used): {first_sentence}"


def _check_complete(part: str, module: Any) -> None:
    _refuse_missing(part, [name for name, weight in module.named_parameters() if weight.is_meta])


def _refuse_missing(part: str, missing: list[str]) -> None:
    if missing:
        shown = ", ".join(missing[:_MISSING_SHOWN]) + (", ..." if len(missing) > _MISSING_SHOWN else "")
        raise BaseModelError(f"its {part} lacks {len(missing)} of its weights ({shown}): download it again")


def unet_layout(device: torch.device) -> torch.memory_format:
    """The faster memory format. On a CPU a contiguous UNet was 2 to 4 % faster at every row count, while a contiguous
    VAE was 10 to 33 % slower."""
    return torch.contiguous_format if device.type == "cpu" else torch.channels_last


def _copied(module: Any, part: str, device: torch.device, dtype: torch.dtype) -> Any:
    """Replace each weight by a copy in the process's own memory."""
    images = unet_layout(device) if part == "unet" else torch.channels_last
    for weight in module.parameters():
        layout = images if weight.dim() == 4 else torch.preserve_format
        weight.data = weight.data.to(device, dtype, copy=True, memory_format=layout)
    return module.to(device)  # its buffers


def trim_heap() -> None:
    """Return the free pages that copying left in the C heap to the system: gigabytes after a UNet. Only glibc has
    it."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
