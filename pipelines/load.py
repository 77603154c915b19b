"""Loads a base model from a diffusers folder. Start-up or the torch thread; no network is ever touched."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer
from transformers.utils.logging import disable_progress_bar

from pipelines.model_info import check_model_folder

DTYPES: Mapping[str, torch.dtype] = {
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float32": torch.float32,
}


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """The parts of an SDXL pipeline on their device. `Any` where diffusers and transformers carry no types.

    UNet and VAE keep their weights channels-last, which is faster on CPU and GPU and changes no result beyond rounding.
    """

    folder: Path
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


def resolve_device(device: str = "auto", dtype: str = "auto") -> tuple[str, str]:
    """What the settings mean on this machine: device `cuda` or `cpu`, and a key of `DTYPES`. Raises ValueError."""
    has_cuda = torch.cuda.is_available()
    if device == "cuda" and not has_cuda:
        raise ValueError("the device is set to cuda, but torch sees no CUDA device here; allowed are auto and cpu")
    resolved = ("cuda" if has_cuda else "cpu") if device == "auto" else device
    if dtype == "auto":
        return resolved, "float16" if resolved == "cuda" else "float32"
    return resolved, dtype


def load_model(folder: Path, device: str, dtype: str) -> LoadedModel:
    """Part after part, each in its final number format and moved before the next is read, so that no weight is held
    twice. Raises ModelFolderError where the folder is no SDXL model."""
    check_model_folder(folder)
    disable_progress_bar()  # transformers draws one for each part, and for each LoRA later
    torch_dtype, torch_device = DTYPES[dtype], torch.device(device)

    def load(part_class: Any, part: str) -> Any:
        kind = "dtype" if part.startswith("text_encoder") else "torch_dtype"  # transformers' name, diffusers' name
        options = {kind: torch_dtype, "use_safetensors": True, "local_files_only": True}
        loaded = part_class.from_pretrained(str(folder / part), low_cpu_mem_usage=True, **options)
        return loaded.eval().requires_grad_(False).to(torch_device)

    return LoadedModel(
        folder=folder,
        device=torch_device,
        dtype=torch_dtype,
        unet=load(UNet2DConditionModel, "unet").to(memory_format=torch.channels_last),
        vae=load(AutoencoderKL, "vae").to(memory_format=torch.channels_last),
        text_encoders=(load(CLIPTextModel, "text_encoder"), load(CLIPTextModelWithProjection, "text_encoder_2")),
        tokenizers=(_load_tokenizer(folder / "tokenizer"), _load_tokenizer(folder / "tokenizer_2")),
        scheduler_config=json.loads((folder / "scheduler" / "scheduler_config.json").read_text(encoding="utf-8")),
    )


def _load_tokenizer(folder: Path) -> Any:
    tokenizer_class: Any = CLIPTokenizer
    return tokenizer_class.from_pretrained(str(folder), local_files_only=True)
