"""LoRAs as live adapters of the base model: loaded from content-addressed bytes, switched before each forward.

The base weights are never touched: an adapter computes beside its layer, so there is nothing to restore.
"""

import hashlib
import logging
import warnings
from collections import OrderedDict
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from diffusers.loaders.lora_pipeline import StableDiffusionXLLoraLoaderMixin
from diffusers.utils import peft_utils
from peft.tuners.tuners_utils import BaseTunerLayer
from safetensors.torch import load as parse_safetensors

from pipelines.load import LoadedModel
from pipelines.lora_file import adapter_metadata, read_header
from pipelines.lora_keys import peft_key
from pipelines.params import LoraRef

log = logging.getLogger(__name__)

AdapterSet = tuple[tuple[str, float], ...]
"""The exact LoRAs at work: (sha256, weight) in the order given."""

MAX_LOADED = 8
_CONFIG_KEYS = ("r", "lora_alpha", "rank_pattern", "alpha_pattern", "target_modules", "use_rslora")


class LoraError(Exception):
    """A LoRA could not be loaded; the pictures that need it fail, nobody else."""


def adapter_set(loras: tuple[LoraRef, ...]) -> AdapterSet:
    """Weights of the same file add up; a LoRA of weight 0 is none."""
    weights: dict[str, float] = {}
    for lora in loras:
        weights[lora.sha256] = weights.get(lora.sha256, 0.0) + lora.weight
    return tuple((sha256, weight) for sha256, weight in weights.items() if weight != 0)


class LoraShelf:
    """Keeps the most recently used LoRAs loaded in UNet and text encoders and makes one set of them active.

    `folder` holds `{sha256}.safetensors`. Torch thread.
    """

    def __init__(self, model: LoadedModel, folder: Path, max_loaded: int = MAX_LOADED) -> None:
        self._parts: dict[str, Any] = {
            "unet": model.unet,
            "text_encoder": model.text_encoders[0],
            "text_encoder_2": model.text_encoders[1],
        }
        self._folder = folder
        self._max_loaded = max_loaded
        self._loaded: OrderedDict[str, None] = OrderedDict()
        self._find_layers()
        self._apply(())

    @property
    def resident(self) -> frozenset[str]:
        """Of `loaded`. Any thread."""
        return frozenset(self.loaded)

    @property
    def loaded(self) -> tuple[str, ...]:
        """Hashes of the LoRAs in memory, the least recently used first."""
        return tuple(self._loaded.copy())

    def activate(self, adapters: AdapterSet) -> None:
        """From now on every forward uses exactly these LoRAs. Raises LoraError, after which none is active."""
        if adapters == self._active:
            return
        with torch.inference_mode(False), torch.no_grad():  # parameters made in inference mode would stay frozen
            self._apply(())
            for sha256, _ in adapters:
                self._ensure_loaded(sha256)
            self._evict(keep={sha256 for sha256, _ in adapters})
            self._apply(adapters)

    def _apply(self, adapters: AdapterSet) -> None:
        """What `set_adapters` of stock does, without its walk over all modules and its switching of gradients."""
        names = [_adapter_name(sha256) for sha256, _ in adapters]
        for layer in self._layers:
            layer._active_adapter = names
            for name, (_, weight) in zip(names, adapters, strict=True):
                layer.set_scale(name, weight)
        self._active = adapters

    def _ensure_loaded(self, sha256: str) -> None:
        if sha256 not in self._loaded:
            try:
                self._load(sha256)
            except Exception as error:
                self._forget(sha256)
                raise LoraError(f"LoRA {sha256[:12]} could not be loaded: {_brief(error)}") from error
            finally:
                self._find_layers()
                self._apply(())
            self._loaded[sha256] = None
        self._loaded.move_to_end(sha256)

    def _find_layers(self) -> None:
        modules = (module for part in self._parts.values() for module in part.modules())
        self._layers: list[Any] = [module for module in modules if isinstance(module, BaseTunerLayer)]

    def _load(self, sha256: str) -> None:
        """The steps of stock's `load_lora_weights`, on bytes: the file is never mapped."""
        data = (self._folder / f"{sha256}.safetensors").read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise ValueError("its bytes are not those it was accepted with")
        _, file_metadata, _ = read_header(data)
        config = _adapter_config(adapter_metadata(file_metadata))
        loader: Any = StableDiffusionXLLoraLoaderMixin
        named = {peft_key(key): tensor for key, tensor in parse_safetensors(data).items()}
        tensors, alphas, _ = loader.lora_state_dict(
            named, unet_config=self._parts["unet"].config, return_lora_metadata=True
        )
        options: dict[str, Any] = {
            "network_alphas": alphas,
            "adapter_name": _adapter_name(sha256),
            "metadata": config,
            "low_cpu_mem_usage": True,
        }
        with _quiet_about_other_adapters():
            for prefix, part in self._parts.items():
                if not any(key.startswith(f"{prefix}.") for key in tensors):
                    continue
                if prefix == "unet":
                    loader.load_lora_into_unet(tensors, unet=part, **options)
                else:
                    loader.load_lora_into_text_encoder(tensors, text_encoder=part, prefix=prefix, **options)

    def _evict(self, keep: set[str]) -> None:
        for sha256 in list(self._loaded):
            if len(self._loaded) <= max(self._max_loaded, len(keep)):
                return
            if sha256 not in keep:
                self._forget(sha256)

    def _forget(self, sha256: str) -> None:
        """Takes the LoRA out of every layer, also where only half of it was loaded."""
        self._loaded.pop(sha256, None)
        self._find_layers()
        self._apply(())
        name = _adapter_name(sha256)
        adapter_layers: Any = peft_utils
        for part in self._parts.values():
            if name in getattr(part, "peft_config", {}):
                adapter_layers.delete_adapter_layers(part, name)
        for layer in self._layers:
            layer.delete_adapter(name)


@contextmanager
def _quiet_about_other_adapters() -> Generator[None]:
    """PEFT warns of a second adapter; transformers reports the weights of the first as newly initialized, which they
    are not."""
    report = logging.getLogger("transformers.integrations.peft")
    level = report.level
    report.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Already found a `peft_config`")
            yield
    finally:
        report.setLevel(level)


def _adapter_name(sha256: str) -> str:
    return f"l{sha256[:16]}"  # a module name: no dots


def _adapter_config(metadata: dict[str, Any] | None) -> dict[str, Any] | None:
    """Of the PEFT settings a file carries, those that decide its scale; the rest is for training, dropout among it,
    which stock would leave switched on."""
    if metadata is None:
        return None
    return {key: value for key, value in metadata.items() if key.partition(".")[2] in _CONFIG_KEYS}


def _brief(error: Exception) -> str:
    first_line = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {first_line[:200]}" if first_line else type(error).__name__
