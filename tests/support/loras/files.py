"""LoRA files for tests: copies in kohya's layout, files that cannot be used, and stock diffusers with LoRAs."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionXLPipeline
from safetensors.torch import load as parse_safetensors
from safetensors.torch import save
from torch import Tensor

from pipelines.lora.weights import lora_layers
from pipelines.spec import LoraRef

KOHYA_PREFIXES = {"unet": "lora_unet_", "text_encoder": "lora_te1_", "text_encoder_2": "lora_te2_"}


def keep(folder: Path, data: bytes, name: str, weight: float) -> LoraRef:
    """Write the bytes under their content hash."""
    import hashlib

    sha256 = hashlib.sha256(data).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{sha256}.safetensors").write_bytes(data)
    return LoraRef(name, None, sha256, weight)


def kohya_copy(data: bytes, alpha: float | None = None) -> bytes:
    """Rewrite a LoRA of diffusers' layout in kohya's layout, with this `alpha` on every module, or without."""
    tensors: dict[str, Tensor] = {}
    for key, tensor in parse_safetensors(data).items():
        module, side, _ = key.rsplit(".", 2)
        part, _, name = module.partition(".")
        if part == "text_encoder" and not name.startswith("text_model."):
            name = f"text_model.{name}"
        flat = KOHYA_PREFIXES[part] + name.replace(".", "_")
        tensors[f"{flat}.{'lora_down' if side == 'lora_A' else 'lora_up'}.weight"] = tensor.contiguous()
        if alpha is not None:
            tensors[f"{flat}.alpha"] = torch.tensor(alpha)
    return save(tensors)


def all_layer_lora(model: Any, rank: int, seed: int, strength: float) -> bytes:
    """Random matrices for every linear and convolutional layer of the UNet, in diffusers' layout."""
    generator = torch.Generator().manual_seed(seed)
    tensors: dict[str, Tensor] = {}
    for name, layer in lora_layers(model).items():
        if name.startswith("unet.") and "embedding" not in name:
            out, *inner = layer.weight.shape
            kernel = inner[1:]
            fan_in = torch.Size(inner).numel()
            tensors[f"{name}.lora_A.weight"] = torch.randn(rank, *inner, generator=generator) / fan_in**0.5
            up = torch.randn(out, rank, *(1 for _ in kernel), generator=generator)
            tensors[f"{name}.lora_B.weight"] = up * strength
    return save({key: tensor.half() for key, tensor in tensors.items()})


class StockLoras:
    """A stock pipeline and the files it has loaded, by hash."""

    def __init__(self, pipeline: StableDiffusionXLPipeline | Any, folder: Path) -> None:
        self.pipeline: Any = pipeline
        self._folder = folder
        self._loaded: set[str] = set()

    def use(self, loras: Sequence[LoraRef]) -> None:
        """As a script of stock diffusers does: `load_lora_weights`, `set_adapters`."""
        for lora in loras:
            if lora.sha256 not in self._loaded:
                with warnings.catch_warnings():
                    warnings.filterwarnings("ignore", "Already found a `peft_config`")
                    self.pipeline.load_lora_weights(
                        self._folder / f"{lora.sha256}.safetensors", adapter_name=lora.sha256[:16]
                    )
                self._loaded.add(lora.sha256)
        self.pipeline.unet.eval()  # stock leaves the dropout of a file's metadata switched on
        if loras:
            self.pipeline.enable_lora()
            self.pipeline.set_adapters([lora.sha256[:16] for lora in loras], [lora.weight for lora in loras])
        elif self._loaded:
            self.pipeline.disable_lora()


@contextmanager
def stock_loras(pipeline: Any, folder: Path) -> Iterator[StockLoras]:
    stock = StockLoras(pipeline, folder)
    try:
        yield stock
    finally:
        pipeline.unload_lora_weights()
