"""The bytes of a LoRA file to matrices for named layers, in whatever layout the file is written. Any thread.

diffusers' own converters name the layers; the scale of a layer is kohya's alpha / rank or what PEFT's settings in the
file say, and 1 where neither is there.
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
from pipelines.lora.file import adapter_metadata, read_header
from pipelines.lora.keys import peft_key
from pipelines.model.load import LoadedModel

PARTS = ("unet", "text_encoder", "text_encoder_2")
_KOHYA_PREFIXES = ("lora_unet_", "lora_te_", "lora_te1_", "lora_te2_")
_CONFIG_KEYS = ("r", "lora_alpha", "rank_pattern", "alpha_pattern", "target_modules", "use_rslora")
_UNUSABLE = (("dora_scale", "DoRA"), ("lora_magnitude_vector", "DoRA"), ("hada_", "LoHa"), ("lokr_", "LoKr"))

_converters: Any = state_dict_utils


@dataclass(frozen=True, slots=True, eq=False)
class LoraPair:
    """What is added to one layer: `up` @ `down` * `scale`. `down` (rank, in) or, for a convolution, (rank, in, height,
    width); `up` (out, rank)."""

    down: Tensor
    up: Tensor
    scale: float

    @property
    def rank(self) -> int:
        return len(self.down)


@dataclass(frozen=True, slots=True, eq=False)
class LoraWeights:
    """A LoRA as the layers take it; `pairs` by the layer's name, `unet.mid_block...`."""

    pairs: Mapping[str, LoraPair]

    @property
    def rank(self) -> int:
        """The largest of its layers'."""
        return max(pair.rank for pair in self.pairs.values())

    @property
    def num_bytes(self) -> int:
        return sum(pair.down.nbytes + pair.up.nbytes for pair in self.pairs.values())


def lora_layers(model: LoadedModel) -> dict[str, Any]:
    """Every layer a LoRA can change, by its name with the part's in front."""
    parts = dict(zip(PARTS, (model.unet, *model.text_encoders), strict=True))
    return {
        f"{part}.{name}": layer
        for part, module in parts.items()
        for name, layer in module.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv2d)
    }


class LoraParser:
    """Knows the layers' names and shapes. `pin`: the matrices come in pinned memory, from where a GPU copies them
    without holding the host up."""

    def __init__(self, model: LoadedModel) -> None:
        self._shapes = {name: tuple(layer.weight.shape) for name, layer in lora_layers(model).items()}
        self._by_flat_name = {name.replace(".", "_"): name for name in self._shapes}
        self._unet_config: Any = model.unet.config
        self._dtype = model.dtype
        self._pin = model.device.type == "cuda"

    def parse(self, data: bytes) -> LoraWeights:
        """Raises LoraError, and what safetensors, diffusers and PEFT raise for files they cannot read."""
        _, file_metadata, _ = read_header(data)
        settings = adapter_metadata(file_metadata)
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
        """Keys as PEFT writes them, with the part's name in front."""
        loader: Any = StableDiffusionXLLoraLoaderMixin
        keyed = {peft_key(key): tensor for key, tensor in tensors.items()}
        if any(key.startswith(_KOHYA_PREFIXES) for key in keyed):
            keyed = {key: tensor for key, tensor in tensors.items() if not key.endswith(".alpha")}
        found, _ = loader.lora_state_dict(keyed, unet_config=self._unet_config)
        named: dict[str, Tensor] = {}
        for part in PARTS:
            mine = {key.removeprefix(f"{part}."): found[key] for key in found if key.startswith(f"{part}.")}
            if part == "unet":
                mine = _converters.convert_unet_state_dict_to_peft(mine)
            else:  # the type is named: left to itself it goes by keys that not every file has
                mine = _converters.convert_state_dict_to_peft(mine, _converters.StateDictType.DIFFUSERS_OLD)
            named |= {f"{part}.{peft_key(key)}": tensor for key, tensor in mine.items()}
        if strange := [key for key in found if key.partition(".")[0] not in PARTS]:
            raise LoraError(f"{strange[0][:120]!r} belongs to no part of an SDXL model")
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
        """Older and newer CLIP models differ in a `text_model.`; kohya's names have no dots to tell words by."""
        part, _, inner = name.partition(".")
        for each in (name, f"{part}.{inner.removeprefix('text_model.')}", f"{part}.text_model.{inner}"):
            found = each if each in self._shapes else self._by_flat_name.get(each.replace(".", "_"))
            if found is not None:
                return found
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
        return LoraPair(self._own(down), self._own(up), scale)

    def _own(self, tensor: Tensor) -> Tensor:
        settled = tensor.to(self._dtype).contiguous()
        return settled.pin_memory() if self._pin else settled


def _kohya_scales(tensors: Mapping[str, Tensor]) -> dict[int, float]:
    """alpha / rank (1 where there is no alpha) by the identity of the up matrix: the converters rename tensors, they do
    not copy them. Empty for other layouts."""
    scales: dict[int, float] = {}
    for key, up in tensors.items():
        if key.endswith(".lora_up.weight"):
            rank, alpha = up.shape[1], tensors.get(key.removesuffix(".lora_up.weight") + ".alpha")
            scales[id(up)] = 1.0 if alpha is None else float(alpha) / rank
    return scales


def _scale_in(settings: Mapping[str, Any] | None, layer: str, rank: int) -> float:
    """As PEFT reads its own settings, of which those that decide the scale count."""
    part, _, name = layer.partition(".")
    mine = {key.partition(".")[2]: value for key, value in (settings or {}).items() if key.partition(".")[0] == part}
    mine = {key: mine[key] for key in _CONFIG_KEYS if key in mine}
    if not mine:
        return 1.0
    config: Any = LoraConfig(**mine)
    told = config.rank_pattern.get(get_pattern_key(config.rank_pattern.keys(), name), config.r)
    if told != rank:
        raise LoraError(f"its settings say rank {told} for {layer}, its matrices {rank}")
    alpha = config.alpha_pattern.get(get_pattern_key(config.alpha_pattern.keys(), name), config.lora_alpha)
    return alpha / (math.sqrt(rank) if config.use_rslora else rank)
