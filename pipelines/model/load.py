"""Loads a base model: a diffusers folder or a single `.safetensors` file. Torch thread; no network is ever touched."""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import CLIPTokenizer
from transformers.utils.logging import disable_progress_bar

from pipelines.model.acceleration import accelerate
from pipelines.model.checkpoint import scheduler_changes
from pipelines.model.clip_vocabulary import MERGES_FILE, read_merges, vocabulary
from pipelines.model.info import check_base_model, config_folder
from pipelines.model.memory import check_fits, free_ram_bytes
from pipelines.model.weights import PartReader, map_file

log = logging.getLogger(__name__)

DTYPES: Mapping[str, torch.dtype] = {
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float32": torch.float32,
}


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """`vae`: a VAE to use in place of the model's own, a folder or a file. `tiled_vae`: pictures are decoded in tiles.
    `attention`: `sdpa` or `xformers`. `compiled`: the UNet goes through torch.compile. `configs`: in place of SDXL's
    for a single file (of another size: a test's)."""

    vae: Path | None = None
    tiled_vae: bool = False
    attention: str = "sdpa"
    compiled: bool = False
    configs: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """The parts of an SDXL pipeline on their device. `Any` where diffusers and transformers carry no types.

    The VAE keeps its weights channels-last, the UNet as `weights.unet_layout` says; that changes no result beyond
    rounding.
    """

    device: torch.device
    dtype: torch.dtype
    unet: Any
    vae: Any
    text_encoders: tuple[Any, Any]
    tokenizers: tuple[Any, Any]
    scheduler_config: Mapping[str, Any]

    @property
    def pixels_per_latent(self) -> int:
        return 2 ** (len(self.vae.config.block_out_channels) - 1)


def resolve_device(device: str, dtype: str) -> tuple[str, str]:
    """What the settings mean on this machine: device `cuda` or `cpu`, and a key of `DTYPES`. Raises ValueError."""
    has_cuda = torch.cuda.is_available()
    if device == "cuda" and not has_cuda:
        raise ValueError("the device is set to cuda, but torch sees no CUDA device here; allowed are auto and cpu")
    resolved = ("cuda" if has_cuda else "cpu") if device == "auto" else device
    if dtype == "auto":
        return resolved, "float16" if resolved == "cuda" else "float32"
    return resolved, dtype


def load_model(path: Path, device: str, dtype: str, options: LoadOptions | None = None) -> LoadedModel:
    """Part after part, each in its final number format and moved before the next is read, so that no weight is held
    twice. Raises BaseModelError where the path is no SDXL model or does not fit into memory."""
    options = options or LoadOptions()
    started_s = time.perf_counter()
    weight_bytes = check_base_model(path, options.vae) * DTYPES[dtype].itemsize
    torch_device = torch.device(device)
    check_fits(weight_bytes, _free_bytes(torch_device), dtype, _memory_name(torch_device))
    disable_progress_bar()  # transformers draws one for each part, and for each LoRA later
    configs = options.configs or config_folder(path)
    tensors = map_file(path) if path.is_file() else None
    reader = PartReader(configs, torch_device, DTYPES[dtype], tensors)
    model = LoadedModel(
        device=torch_device,
        dtype=DTYPES[dtype],
        unet=reader.read("unet"),
        vae=reader.read("vae") if options.vae is None else reader.read_vae(options.vae),
        text_encoders=(reader.read("text_encoder"), reader.read("text_encoder_2")),
        tokenizers=(_load_tokenizer(configs / "tokenizer"), _load_tokenizer(configs / "tokenizer_2")),
        scheduler_config=_scheduler_config(configs) | scheduler_changes(tensors or ()),
    )
    accelerate(model.unet, model.vae, options.attention, options.compiled, options.tiled_vae)
    taken_s = time.perf_counter() - started_s
    log.info("%s: %.2f GB of weights as %s on %s in %.1f s", path.name, weight_bytes / 1e9, dtype, device, taken_s)
    return model


def _free_bytes(device: torch.device) -> int | None:
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else free_ram_bytes()


def _memory_name(device: torch.device) -> str:
    return f"memory of the {torch.cuda.get_device_name(device)}" if device.type == "cuda" else "RAM"


def _scheduler_config(configs: Path) -> dict[str, Any]:
    return json.loads((configs / "scheduler" / "scheduler_config.json").read_text(encoding="utf-8"))


def _load_tokenizer(folder: Path) -> Any:
    tokenizer_class: Any = CLIPTokenizer
    merges_file = folder.parent / MERGES_FILE
    if not merges_file.is_file():
        return tokenizer_class.from_pretrained(str(folder), local_files_only=True)
    merges = read_merges(merges_file)
    config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    return tokenizer_class(vocab=vocabulary(merges), merges=merges, **config)
