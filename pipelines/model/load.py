"""Load a base model, a diffusers folder or a single `.safetensors` file. Torch thread; never uses the network."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers.utils.logging import disable_progress_bar

from pipelines.errors import brief
from pipelines.model.acceleration import accelerate
from pipelines.model.checkpoint import scheduler_changes
from pipelines.model.info import check_base_model, config_folder, read_config
from pipelines.model.memory import check_fits, free_ram_bytes
from pipelines.model.weights import PartReader, map_file

log = logging.getLogger(__name__)

DTYPES: Mapping[str, torch.dtype] = {
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float32": torch.float32,
}


DRIVER_VERSION = Path("/proc/driver/nvidia/version")
"""Exists while NVIDIA's kernel driver is loaded (Linux)."""


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """`vae`: a VAE that replaces the model's own, a folder or a file. `tiled_vae`: decode images in tiles. `vae_dtype`:
    `auto`, `float16` (the model's own 16-bit format) or `float32`. `attention`: `sdpa` or `xformers`. `compiled`:
    compile the UNet with torch.compile. `fp16_accumulation`: sum products of float16 matrices in float16. `configs`:
    folder of configs for a single file that is not of SDXL's size."""

    vae: Path | None = None
    tiled_vae: bool = False
    vae_dtype: str = "auto"
    attention: str = "sdpa"
    compiled: bool = False
    fp16_accumulation: bool = False
    configs: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """The parts of an SDXL pipeline on their device. `configs`: the folder of its configs and vocabularies. `half_vae`:
    decode in the model's dtype until an image overflows; else in float32.

    The VAE's weights are channels-last, the UNet's as `weights.unet_layout` returns; this changes results by rounding
    only. `Any`: diffusers and transformers have no types.
    """

    device: torch.device
    dtype: torch.dtype
    unet: Any
    vae: Any
    text_encoders: tuple[Any, Any]
    scheduler_config: Mapping[str, Any]
    configs: Path
    half_vae: bool = False

    @property
    def pixels_per_latent(self) -> int:
        return 2 ** (len(self.vae.config.block_out_channels) - 1)


def resolve_device(device: str, dtype: str) -> tuple[str, str]:
    """Resolve `auto` on this machine. Returns the device, `cuda` or `cpu`, and a key of `DTYPES`. Raises ValueError."""
    has_cuda = device != "cpu" and torch.cuda.is_available()
    if device == "cuda" and not has_cuda:
        raise ValueError(
            f"the device is set to cuda, but torch cannot use one here: {_cuda_trouble()}; allowed are auto and cpu"
        )
    if device == "auto" and not has_cuda and DRIVER_VERSION.exists():
        log.error(
            "this machine has an NVIDIA driver, but torch cannot use a GPU: %s. Pictures are made on the CPU, many"
            " times slower. STUDIO_DEVICE=cuda refuses to start like this, STUDIO_DEVICE=cpu asks for it"
            " (docs/operations/deploy.md)",
            _cuda_trouble(),
        )
    resolved = ("cuda" if has_cuda else "cpu") if device == "auto" else device
    if dtype == "auto":
        return resolved, "float16" if resolved == "cuda" else "float32"
    return resolved, dtype


def _cuda_trouble() -> str:
    """Why torch sees no CUDA device, in torch's own words."""
    build = torch.version.cuda
    if build is None:
        return f"torch {torch.__version__} is a build without CUDA"
    try:
        torch.cuda.init()
    except (RuntimeError, AssertionError) as error:
        return f"torch is built for CUDA {build} and reports: {brief(error)}"
    return f"torch is built for CUDA {build} and finds no device"


def load_model(path: Path, device: str, dtype: str, options: LoadOptions | None = None) -> LoadedModel:
    """Load part after part, each converted and moved before the next is read, so that no weight is held twice. Raises
    BaseModelError if the path is no SDXL model or does not fit into memory."""
    options = options or LoadOptions()
    started_s = time.perf_counter()
    weight_bytes = check_base_model(path, options.vae) * DTYPES[dtype].itemsize
    torch_device = torch.device(device)
    check_fits(weight_bytes, _free_bytes(torch_device), dtype, _memory_name(torch_device))
    disable_progress_bar()  # transformers would draw one for each part, and later for each LoRA
    configs = options.configs or config_folder(path)
    tensors = map_file(path) if path.is_file() else None
    reader = PartReader(configs, torch_device, DTYPES[dtype], tensors)
    unet: Any = reader.read("unet")
    vae: Any = reader.read("vae") if options.vae is None else reader.read_vae(options.vae)
    model = LoadedModel(
        device=torch_device,
        dtype=DTYPES[dtype],
        unet=unet,
        vae=vae,
        text_encoders=(reader.read("text_encoder"), reader.read("text_encoder_2")),
        scheduler_config=read_config(configs / "scheduler" / "scheduler_config.json")
        | scheduler_changes(tensors or ()),
        configs=configs,
        half_vae=_half_vae(dtype, options.vae_dtype, vae.config.force_upcast),
    )
    accelerate(model.unet, model.vae, options.attention, options.compiled, options.tiled_vae)
    torch.backends.cuda.matmul.allow_fp16_accumulation = options.fp16_accumulation
    taken_s = time.perf_counter() - started_s
    log.info(
        "%s: loaded %.2f GB of weights as %s on %s in %.1f s", path.name, weight_bytes / 1e9, dtype, device, taken_s
    )
    return model


def _half_vae(dtype: str, vae_dtype: str, force_upcast: bool) -> bool:
    """True if the VAE decodes in the model's 16-bit format. `auto` tries float16 even where the config says
    `force_upcast`: single files take SDXL's own config, whatever their VAE can do. bfloat16 does not overflow, but is
    coarse, so there the config decides."""
    if dtype == "float32" or vae_dtype == "float32":
        return False
    return vae_dtype == "float16" or dtype == "float16" or not force_upcast


def _free_bytes(device: torch.device) -> int | None:
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else free_ram_bytes()


def _memory_name(device: torch.device) -> str:
    return f"memory of the {torch.cuda.get_device_name(device)}" if device.type == "cuda" else "RAM"
