"""Convert the bytes of a LoRA file, in any supported layout, to matrices for named layers. Any thread.

diffusers' own converters name the layers. The scale of a layer is kohya's alpha / rank, or what PEFT's settings in the
file determine, or 1.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from diffusers.loaders.lora_pipeline import StableDiffusionXLLoraLoaderMixin
from diffusers.utils import state_dict_utils
from peft import LoraConfig
from peft.utils.other import get_pattern_key
from safetensors.torch import load as parse_safetensors
from torch import Tensor, nn

from pipelines.lora.backend import LoraError
from pipelines.lora.file import adapter_metadata
from pipelines.lora.keys import peft_key
from pipelines.model.load import LoadedModel
from pipelines.safetensors_header import read_header

PARTS = ("unet", "text_encoder", "text_encoder_2")
_KOHYA_PREFIXES = ("lora_unet_", "lora_te_", "lora_te1_", "lora_te2_")
_CONFIG_KEYS = ("r", "lora_alpha", "rank_pattern", "alpha_pattern", "target_modules", "use_rslora")
_UNUSABLE = (("dora_scale", "DoRA"), ("lora_magnitude_vector", "DoRA"), ("hada_", "LoHa"), ("lokr_", "LoKr"))

_converters: Any = state_dict_utils


@dataclass(frozen=True, slots=True, eq=False)
class LoraPair:
    """The change of one layer's weight: `up` @ `down` * `scale`. `down` (rank, in) or, for a convolution, (rank, in,
    height, width); `up` (out, rank)."""

    down: Tensor
    up: Tensor
    scale: float

    @property
    def rank(self) -> int:
        return len(self.down)


@dataclass(frozen=True, slots=True, eq=False)
class LoraWeights:
    """A LoRA ready to apply; `pairs` by the layer's name, `unet.mid_block...`."""

    pairs: Mapping[str, LoraPair]

    @property
    def rank(self) -> int:
        """The largest rank of its layers."""
        return max(pair.rank for pair in self.pairs.values())

    @property
    def num_bytes(self) -> int:
        return sum(pair.down.nbytes + pair.up.nbytes for pair in self.pairs.values())


def lora_layers(model: LoadedModel) -> dict[str, Any]:
    """Every layer a LoRA can change, by its name after that of its part: `unet.conv_in`."""
    parts = dict(zip(PARTS, (model.unet, *model.text_encoders), strict=True))
    return {
        f"{part}.{name}": layer
        for part, module in parts.items()
        for name, layer in module.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv2d)
    }


class LoraParser:
    """Parses LoRA files for one model. With CUDA the matrices are in pinned memory, so that the copy to the GPU does
    not block the host."""

    def __init__(self, model: LoadedModel) -> None:
        self._shapes = {name: tuple(layer.weight.shape) for name, layer in lora_layers(model).items()}
        self._by_flat_name = {name.replace(".", "_"): name for name in self._shapes}
        self._unet_config: Any = model.unet.config
        self._dtype = model.dtype
        self._pin = model.device.type == "cuda"

    def parse(self, data: bytes) -> LoraWeights:
        """Raises LoraError, and the errors of safetensors, diffusers and PEFT for files that they cannot read."""
        settings = adapter_metadata(read_header(data).metadata)
        tensors = parse_safetensors(data)
        for mark, name in _UNUSABLE:
            if any(mark in key for key in tensors):
                raise LoraError(f"{name} files cannot be used")
        scales = _kohya_scales(tensors)
        with torch.inference_mode(False), torch.no_grad():
            named = self._named(tensors)
            pairs = {
                layer: self._pair(layer, down, up, scales[id(up)] if scales else _scale_in(settings, layer, len(down)))
                for layer, (down, up) in self._by_layer(named).items()
            }
        return LoraWeights(pairs)

    def _named(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Rename the keys as PEFT writes them, after the name of the part."""
        loader: Any = StableDiffusionXLLoraLoaderMixin
        keyed = {peft_key(key): tensor for key, tensor in tensors.items()}
        if any(key.startswith(_KOHYA_PREFIXES) for key in keyed):
            keyed = {key: tensor for key, tensor in tensors.items() if not key.endswith(".alpha")}
        converted, _ = loader.lora_state_dict(keyed, unet_config=self._unet_config)
        named: dict[str, Tensor] = {}
        for part in PARTS:
            own = {key.removeprefix(f"{part}."): converted[key] for key in converted if key.startswith(f"{part}.")}
            if part == "unet":
                own = _converters.convert_unet_state_dict_to_peft(own)
            else:  # name the type: diffusers' detection relies on keys that not every file has
                own = _converters.convert_state_dict_to_peft(own, _converters.StateDictType.DIFFUSERS_OLD)
            named |= {f"{part}.{peft_key(key)}": tensor for key, tensor in own.items()}
        if foreign := [key for key in converted if key.partition(".")[0] not in PARTS]:
            raise LoraError(f"{foreign[0][:120]!r} belongs to no part of an SDXL model")
        return named

    def _by_layer(self, named: Mapping[str, Tensor]) -> dict[str, tuple[Tensor, Tensor]]:
        downs: dict[str, Tensor] = {}
        ups: dict[str, Tensor] = {}
        for key, tensor in named.items():
            for suffix, side in ((".lora_A.weight", downs), (".lora_B.weight", ups)):
                if key.endswith(suffix):
                    side[self._layer_named(key.removesuffix(suffix))] = tensor
                    break
            else:
                raise LoraError(f"{key[:120]!r} is no matrix of a LoRA")
        if lonely := sorted(downs.keys() ^ ups.keys()):
            raise LoraError(f"{lonely[0]} has only one half of its pair of matrices")
        if not downs:
            raise LoraError("it holds no matrices")
        return {layer: (down, ups[layer]) for layer, down in downs.items()}

    def _layer_named(self, name: str) -> str:
        """Versions of transformers differ in a `text_model.` prefix; kohya's names have underscores for dots."""
        part, _, inner = name.partition(".")
        for spelling in (name, f"{part}.{inner.removeprefix('text_model.')}", f"{part}.text_model.{inner}"):
            layer = spelling if spelling in self._shapes else self._by_flat_name.get(spelling.replace(".", "_"))
            if layer is not None:
                return layer
        raise LoraError(f"the model has no layer {name[:120]}")

    def _pair(self, layer: str, down: Tensor, up: Tensor, scale: float) -> LoraPair:
        shape = self._shapes[layer]
        down = down.flatten(1) if len(shape) == 2 else down
        up = up.flatten(1)
        rank = len(down)
        if rank < 1 or tuple(down.shape[1:]) != shape[1:] or tuple(up.shape) != (shape[0], rank):
            raise LoraError(
                f"its matrices of shapes {tuple(down.shape)} and {tuple(up.shape)} do not fit {layer}, which is {shape}"
            )
        return LoraPair(self._settled(down), self._settled(up), scale)

    def _settled(self, tensor: Tensor) -> Tensor:
        """In the model's dtype, contiguous and, with CUDA, pinned."""
        settled = tensor.to(self._dtype).contiguous()
        return settled.pin_memory() if self._pin else settled


def _kohya_scales(tensors: Mapping[str, Tensor]) -> dict[int, float]:
    """alpha / rank (1 without an alpha) by the identity of the up matrix: the converters rename tensors, they do not
    copy them. Empty for other layouts."""
    scales: dict[int, float] = {}
    for key, up in tensors.items():
        if key.endswith(".lora_up.weight"):
            rank, alpha = up.shape[1], tensors.get(key.removesuffix(".lora_up.weight") + ".alpha")
            scales[id(up)] = 1.0 if alpha is None else float(alpha) / rank
    return scales


def _scale_in(settings: Mapping[str, Any] | None, layer: str, rank: int) -> float:
    """The scale that PEFT computes from its settings in the file; 1 without settings for the layer's part."""
    part, _, name = layer.partition(".")
    own = {key.partition(".")[2]: value for key, value in (settings or {}).items() if key.partition(".")[0] == part}
    own = {key: own[key] for key in _CONFIG_KEYS if key in own}
    if not own:
        return 1.0
    config: Any = LoraConfig(**own)
    configured = config.rank_pattern.get(get_pattern_key(config.rank_pattern.keys(), name), config.r)
    if configured != rank:
        raise LoraError(f"its settings give rank {configured} for {layer}, its matrices {rank}")
    alpha = config.alpha_pattern.get(get_pattern_key(config.alpha_pattern.keys(), name), config.lora_alpha)
    return alpha / (math.sqrt(rank) if config.use_rslora else rank)
