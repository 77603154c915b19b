"""A small SDXL with random weights, as a diffusers folder and as one file with the original key names. Its images are
noise."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from pipelines.model.info import SDXL_BASE

UNET_LAYERS = 2
Weights = dict[str, Tensor]

_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_UNET_ENDS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_VAE = {
    "down_blocks": "down",
    "resnets": "block",
    "mid_block.attentions.0": "mid.attn_1",
    "mid_block.block.0": "mid.block_1",
    "mid_block.block.1": "mid.block_2",
    "downsamplers.0.conv": "downsample.conv",
    "upsamplers.0.conv": "upsample.conv",
    "conv_norm_out": "norm_out",
    "conv_shortcut": "nin_shortcut",
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
}
_OPEN_CLIP = {
    "encoder.layers": "transformer.resblocks",
    "self_attn.out_proj": "attn.out_proj",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "final_layer_norm": "ln_final",
    "embeddings.token_embedding.weight": "token_embedding.weight",
    "embeddings.position_embedding.weight": "positional_embedding",
}


def write_small_sdxl(folder: Path) -> tuple[Path, Path]:
    """Write the folder and the file, float16. The folder has SDXL's packed vocabulary."""
    torch.manual_seed(0)
    model, file = folder / "small", folder / "small.safetensors"
    parts: dict[str, Any] = {
        "unet": _unet(),
        "vae": _vae(),
        "text_encoder": CLIPTextModel(_text(32, "quick_gelu")),
        "text_encoder_2": CLIPTextModelWithProjection(_text(64, "gelu")),
    }
    for name, part in parts.items():
        part.half().save_pretrained(model / name)
    for shared in ("model_index.json", "merges.txt.gz", "scheduler/scheduler_config.json"):
        (model / shared).parent.mkdir(exist_ok=True)
        (model / shared).write_bytes((SDXL_BASE / shared).read_bytes())
    for tokenizer in ("tokenizer", "tokenizer_2"):
        (model / tokenizer).mkdir()
        config = "tokenizer_config.json"
        (model / tokenizer / config).write_bytes((SDXL_BASE / tokenizer / config).read_bytes())
    save_file(original_layout(parts), file)
    return model, file


def original_layout(parts: Mapping[str, Any]) -> Weights:
    """Rename the parts' weights as in published SDXL checkpoints."""
    named: Weights = {}
    for key, weight in parts["unet"].state_dict().items():
        named[f"model.diffusion_model.{original_unet_key(key)}"] = weight
    levels = len(parts["vae"].config.block_out_channels)
    for key, weight in parts["vae"].state_dict().items():
        name = _vae_key(key, levels)
        is_attention = "mid.attn_1" in name and weight.ndim == 2
        named[f"first_stage_model.{name}"] = weight[..., None, None] if is_attention else weight
    for key, weight in parts["text_encoder"].state_dict().items():
        inner = key.removeprefix("text_model.")
        named[f"conditioner.embedders.0.transformer.text_model.{inner}"] = weight
    for key, weight in _open_clip(parts["text_encoder_2"].state_dict()).items():
        named[f"conditioner.embedders.1.model.{key}"] = weight
    return {key: weight.contiguous() for key, weight in named.items()}


def _unet() -> Any:
    return UNet2DConditionModel(
        sample_size=32,
        block_out_channels=(32, 64, 64),
        attention_head_dim=(2, 4, 4),  # pyright: ignore[reportArgumentType]
        layers_per_block=UNET_LAYERS,
        transformer_layers_per_block=(1, 1, 2),  # pyright: ignore[reportArgumentType]
        cross_attention_dim=96,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=64 + 6 * 8,
        norm_num_groups=8,
        use_linear_projection=True,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    )


def _vae() -> Any:
    return AutoencoderKL(
        block_out_channels=(32, 32, 64, 64),  # pyright: ignore[reportArgumentType]
        down_block_types=("DownEncoderBlock2D",) * 4,  # pyright: ignore[reportArgumentType]
        up_block_types=("UpDecoderBlock2D",) * 4,  # pyright: ignore[reportArgumentType]
        layers_per_block=2,
        norm_num_groups=8,
        sample_size=256,
        scaling_factor=0.13025,
        force_upcast=True,
    )


def _text(width: int, activation: str) -> CLIPTextConfig:
    return CLIPTextConfig(
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=2,
        num_attention_heads=2,
        hidden_act=activation,
        projection_dim=width,
        vocab_size=49408,
    )


def original_unet_key(key: str) -> str:
    """The original blocks are numbered consecutively, UNET_LAYERS + 1 for each level."""
    step = UNET_LAYERS + 1
    if match := re.fullmatch(r"(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.*)", key):
        side, level, kind, index, rest = match[1], int(match[2]), match[3], int(match[4]), match[5]
        if kind == "downsamplers":
            return f"input_blocks.{(level + 1) * step}.0.op.{rest.removeprefix('conv.')}"
        if kind == "upsamplers":
            return f"output_blocks.{(level + 1) * step - 1}.2.{rest}"
        block = (
            f"input_blocks.{level * step + index + 1}" if side == "down" else f"output_blocks.{level * step + index}"
        )
        return f"{block}.1.{rest}" if kind == "attentions" else f"{block}.0.{_resnet_key(rest)}"
    if match := re.fullmatch(r"mid_block\.(resnets|attentions)\.(\d)\.(.*)", key):
        if match[1] == "attentions":
            return f"middle_block.1.{match[3]}"
        return f"middle_block.{2 * int(match[2])}.{_resnet_key(match[3])}"
    name, _, end = key.rpartition(".")
    return f"{_UNET_ENDS[name]}.{end}"


def _resnet_key(rest: str) -> str:
    name, _, end = rest.rpartition(".")
    return f"{_RESNET[name]}.{end}"


def _vae_key(key: str, levels: int) -> str:
    key = re.sub(r"up_blocks\.(\d+)", lambda match: f"up.{levels - 1 - int(match[1])}", key)
    for ours, theirs in _VAE.items():
        key = key.replace(ours, theirs)
    return key


def _open_clip(clip: Weights) -> Weights:
    """OpenCLIP keeps q, k and v in one matrix and its projection transposed."""
    named: Weights = {}
    for key, weight in clip.items():
        name = key.removeprefix("text_model.")
        if "k_proj" in name or "v_proj" in name:
            continue
        if "q_proj" in name:
            weight = torch.cat([clip[key.replace("q_proj", kind)] for kind in ("q_proj", "k_proj", "v_proj")])
            name = name.replace("self_attn.q_proj.", "attn.in_proj_")
        elif name == "text_projection.weight":
            name, weight = "text_projection", weight.T
        for ours, theirs in _OPEN_CLIP.items():
            name = name.replace(ours, theirs)
        named[name] = weight
    return named
