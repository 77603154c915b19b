"""Read which layers of a base model a LoRA can change, with their shapes, from the headers of its weights.
Torch-free."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pipelines.lora.files.changes import LayerChange
from pipelines.lora.files.keys import LAYERS_PER_BLOCK, layer_name
from pipelines.lora.files.names import LoraMisfit
from pipelines.model.checkpoint import read_tensors
from pipelines.model.info import weight_files

BaseLayers = Mapping[str, tuple[int, ...]]
"""Layer, named as by `keys.layer_name` → shape of its weight: (out, in) or (out, in, height, width)."""

_Layers = Iterator[tuple[str, tuple[int, ...]]]

_RESIDUAL_BLOCK = re.compile(r"lora_unet_down_blocks_\d+_resnets_(\d{1,4})_")
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
    """The layers of a diffusers folder or of a single file. Raises BaseModelError."""
    return dict(_of_file(path) if path.is_file() else _of_folder(path))


def layers_per_block(base: BaseLayers) -> int:
    """How many residual blocks a block of the UNet has, which the original block numbers depend on; SDXL's number if
    the layers are unknown."""
    blocks = (_RESIDUAL_BLOCK.match(name) for name in base)
    return max((int(block[1]) + 1 for block in blocks if block), default=LAYERS_PER_BLOCK)


def check_fits(changes: Mapping[str, LayerChange], named: Sequence[str], base: BaseLayers) -> None:
    """`named`: every layer that the file names. Raises LoraMisfit if a layer of the base model has another shape, or if
    the base model has none of the file's layers, or none of those of the UNet."""
    for name, change in changes.items():
        if not change.fits(base[name]):
            ours, theirs = (" x ".join(map(str, shape)) for shape in (base[name], change.shape))
            raise LoraMisfit(f"{name} is made for a layer of {theirs}; the base model's is {ours}")
    for layers in ([name for name in named if name.startswith("lora_unet_")], named):
        if layers and not any(name in changes for name in layers):
            raise LoraMisfit(f"the base model has no layer {layers[0]}: it is made for another one")


def _of_folder(folder: Path) -> _Layers:
    for part, component in _PARTS.items():
        for file in weight_files(folder, part):
            for key, entry in read_tensors(file).items():
                yield from _plain(component, key, entry.shape)


def _of_file(path: Path) -> _Layers:
    for key, entry in read_tensors(path).items():
        for component, prefix in _ORIGINAL:
            if key.startswith(prefix):
                name = key.removeprefix(prefix)
                yield from (
                    _open_clip(name, entry.shape) if component == "lora_te2" else _plain(component, name, entry.shape)
                )


def _plain(component: str, key: str, shape: tuple[int, ...]) -> _Layers:
    if _is_layer(key, shape):
        yield layer_name(component, key.removesuffix(".weight")), shape


def _open_clip(key: str, shape: tuple[int, ...]) -> _Layers:
    """OpenCLIP, the original second text encoder, keeps q, k and v in one matrix and its projection transposed."""
    if qkv := _OPEN_CLIP_QKV.fullmatch(key):
        for name in ("q_proj", "k_proj", "v_proj"):
            yield layer_name("lora_te2", f"encoder.layers.{qkv[1]}.self_attn.{name}"), (shape[0] // 3, *shape[1:])
    elif key == "text_projection":
        yield layer_name("lora_te2", key), shape[::-1]
    else:
        for pattern, name in _OPEN_CLIP:
            if pattern.fullmatch(key.removesuffix(".weight")):
                yield from _plain("lora_te2", pattern.sub(name, key), shape)


def _is_layer(key: str, shape: tuple[int, ...]) -> bool:
    """True for a matrix or a convolution; tables of token and position embeddings are neither."""
    return key.endswith(".weight") and len(shape) in (2, 4) and not key.endswith("_embedding.weight")
