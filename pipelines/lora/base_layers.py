"""The layers of a base model that a LoRA can change, with their shapes, from the headers of its weights. Torch-free."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipelines.lora.file import LoraContent, LoraMisfit
from pipelines.lora.keys import layer_name
from pipelines.model.checkpoint import read_file_header
from pipelines.model.info import weight_files

BaseLayers = Mapping[str, tuple[int, ...]]
"""Layer, as `lora_keys.layer_name` calls it → shape of its weight: (out, in) or (out, in, kernel, kernel)."""

_PARTS = {"unet": "lora_unet", "text_encoder": "lora_te1", "text_encoder_2": "lora_te2"}
_ORIGINAL = (
    ("lora_unet", "model.diffusion_model."),
    ("lora_te1", "conditioner.embedders.0.transformer."),
    ("lora_te2", "conditioner.embedders.1.model."),
)
_OPEN_CLIP = (
    (re.compile(r"transformer\.resblocks\.(\d+)\.mlp\.c_fc"), r"encoder.layers.\1.mlp.fc1"),
    (re.compile(r"transformer\.resblocks\.(\d+)\.mlp\.c_proj"), r"encoder.layers.\1.mlp.fc2"),
    (re.compile(r"transformer\.resblocks\.(\d+)\.attn\.out_proj"), r"encoder.layers.\1.self_attn.out_proj"),
)
_OPEN_CLIP_QKV = re.compile(r"transformer\.resblocks\.(\d+)\.attn\.in_proj_weight")


def read_base_layers(path: Path) -> BaseLayers:
    """Of a diffusers folder or a single file. Raises BaseModelError."""
    return dict(_of_file(path) if path.is_file() else _of_folder(path))


def check_fits(content: LoraContent, base: BaseLayers) -> None:
    """Raises LoraMisfit where the LoRA changes a layer that the base model has not, or has in another shape."""
    for module, pair in content.modules.items():
        if module not in base:
            raise LoraMisfit(f"the base model has no layer {module}: it is made for another one")
        layer = pair.layer
        if len(base[module]) == 2 and layer[2:] == (1, 1):  # a matrix, written as a convolution by some trainers
            layer = layer[:2]
        if layer != base[module]:
            ours, theirs = (" x ".join(map(str, shape)) for shape in (base[module], layer))
            raise LoraMisfit(f"{module} is made for a layer of {theirs}; the base model's is {ours}")


def _of_folder(folder: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    for part, component in _PARTS.items():
        for file in weight_files(folder, part):
            for key, entry in read_file_header(file)[0].items():
                if _is_layer(key, entry.shape):
                    yield layer_name(component, key.removesuffix(".weight")), entry.shape


def _of_file(path: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    for key, entry in read_file_header(path)[0].items():
        for component, prefix in _ORIGINAL:
            if key.startswith(prefix):
                name, shape = key.removeprefix(prefix), entry.shape
                yield from _open_clip(name, shape) if component == "lora_te2" else _plain(component, name, shape)


def _plain(component: str, key: str, shape: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
    if _is_layer(key, shape):
        yield layer_name(component, key.removesuffix(".weight")), shape


def _open_clip(key: str, shape: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The original second text encoder keeps q, k and v in one matrix, and its projection transposed."""
    if qkv := _OPEN_CLIP_QKV.fullmatch(key):
        for name in ("q_proj", "k_proj", "v_proj"):
            yield layer_name("lora_te2", f"encoder.layers.{qkv[1]}.self_attn.{name}"), (shape[0] // 3, *shape[1:])
    elif key == "text_projection":
        yield layer_name("lora_te2", key), shape[::-1]
    else:
        for pattern, name in _OPEN_CLIP:
            if pattern.fullmatch(key.removesuffix(".weight")) and _is_layer(key, shape):
                yield layer_name("lora_te2", pattern.sub(name, key.removesuffix(".weight"))), shape


def _is_layer(key: str, shape: tuple[int, ...]) -> bool:
    """A matrix or a convolution; tables of token and position embeddings are neither."""
    return key.endswith(".weight") and len(shape) in (2, 4) and not key.endswith("_embedding.weight")
