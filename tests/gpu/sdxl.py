"""SDXL in float16 on the pretended GPU, in its real size or with few layers, and LoRA files for it. Its weights take no
memory."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from safetensors.torch import save
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection
from transformers.initialization import no_init_weights

from pipelines.lora.weights import lora_layers
from pipelines.model.acceleration import accelerate
from pipelines.model.info import SDXL_BASE, read_config
from pipelines.model.load import LoadedModel
from pipelines.model.weights import unet_layout
from pipelines.spec import LoraRef
from tests.gpu.pretended import CUDA, PretendedGpu
from tests.support.loras.files import keep

RANK = 8
UNTRAINED = ("conv_in", "conv_out", "time_embedding", "add_embedding", "embeddings.", "text_projection")
"""Layers that no trainer changes."""


FEW_LAYERS: Mapping[str, Mapping[str, Any]] = {
    "unet": {"layers_per_block": 1, "transformer_layers_per_block": [1, 1, 1]},
    "vae": {"layers_per_block": 1},
    "text_encoder": {"num_hidden_layers": 2},
    "text_encoder_2": {"num_hidden_layers": 2},
}
"""For what only has to be seen once: 7 transformer blocks in place of 70, as wide as SDXL's."""


def sdxl_model(gpu: PretendedGpu, few_layers: bool = False) -> LoadedModel:
    """As `load_model` leaves it. Within `gpu.installed()`."""

    def config(part: str) -> dict[str, Any]:
        real = read_config(SDXL_BASE / part / "config.json")
        return {**real, **FEW_LAYERS[part]} if few_layers else dict(real)

    with gpu.fakes, CUDA, _in_half_precision(), no_init_weights():
        unet: Any = UNet2DConditionModel.from_config(config("unet"))
        vae: Any = AutoencoderKL.from_config(config("vae"))
        first: Any = CLIPTextModel(CLIPTextConfig(**config("text_encoder")))
        second: Any = CLIPTextModelWithProjection(CLIPTextConfig(**config("text_encoder_2")))
        for part in (unet, vae, first, second):
            part.eval().requires_grad_(False)
        unet.to(memory_format=unet_layout(CUDA))
        vae.to(memory_format=torch.channels_last)
    accelerate(unet, vae, "sdpa", compiled=False, tiled_vae=False)
    for part in (unet, vae, first, second):
        for tensor in (*part.parameters(), *part.buffers()):
            gpu.live.add(tensor)
    return LoadedModel(
        device=torch.device("cuda"),
        dtype=torch.float16,
        unet=unet,
        vae=vae,
        text_encoders=(first, second),
        scheduler_config=read_config(SDXL_BASE / "scheduler" / "scheduler_config.json"),
        configs=SDXL_BASE,
        half_vae=True,
    )


def write_sdxl_lora(model: LoadedModel, folder: Path, name: str, convolutions: bool = False, only: str = "") -> LoraRef:
    """In diffusers' layout, over every layer that trainers change: all attention and feed-forward layers, with
    `convolutions` the convolutions, too; of all these, the layers with `only` in their path. The values are zeros but
    for one, so that no two files are the same."""
    tensors: dict[str, Tensor] = {}
    for path, layer in lora_layers(model).items():
        out, *inner = layer.weight.shape
        is_trained = not any(part in path for part in UNTRAINED)
        is_wanted = "attentions" in path or not path.startswith("unet.") or convolutions
        if not (is_trained and is_wanted and only in path) or (inner[1:] and not convolutions):
            continue
        tensors[f"{path}.lora_A.weight"] = torch.zeros(RANK, *inner, dtype=torch.float16)
        tensors[f"{path}.lora_B.weight"] = torch.zeros(out, RANK, *(1 for _ in inner[1:]), dtype=torch.float16)
    next(iter(tensors.values())).view(-1)[0] = sum(name.encode())
    return keep(folder, save(tensors), name, 0.9)


@contextmanager
def _in_half_precision() -> Iterator[None]:
    torch.set_default_dtype(torch.float16)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)
