"""Pictures from the shipped files through the stock pipeline, with the product's default settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionXLPipeline

from scripts.demo_training.conditioning import PRODUCT_NEGATIVE
from scripts.demo_training.parts import SIZE_PX

STEPS, GUIDANCE, LORA_WEIGHT, BATCH = 30, 7.0, 0.9, 6


class Painter:
    """The stock StableDiffusionXLPipeline in float32, with at most one LoRA at weight 0.9."""

    def __init__(self, model: Path, lora: Path | None = None) -> None:
        self.pipeline = StableDiffusionXLPipeline.from_pretrained(model, dtype=torch.float32)
        self.pipeline.unet.to(memory_format=torch.channels_last)
        self.pipeline.set_progress_bar_config(disable=True)
        if lora is not None:
            self.pipeline.load_lora_weights(lora.parent, weight_name=lora.name, adapter_name="one")
            self.pipeline.set_adapters(["one"], [LORA_WEIGHT])

    def __call__(
        self,
        prompts: Sequence[str],
        seed: int = 1000,
        steps: int = STEPS,
        guidance: float = GUIDANCE,
        width: int = SIZE_PX,
        height: int = SIZE_PX,
    ) -> np.ndarray:
        """(N, height, width, 3) uint8; picture i is made from seed + i."""
        made: list[np.ndarray] = []
        for at in range(0, len(prompts), BATCH):
            part = list(prompts[at : at + BATCH])
            result = self.pipeline(
                part,
                negative_prompt=[PRODUCT_NEGATIVE] * len(part),
                num_inference_steps=steps,
                guidance_scale=guidance,
                width=width,
                height=height,
                generator=[torch.Generator().manual_seed(seed + at + i) for i in range(len(part))],
                output_type="np",
            )
            made.append((result.images * 255).round().astype(np.uint8))
        return np.concatenate(made)


@dataclass(frozen=True)
class Order:
    """Pictures to make: one for each prompt, picture i from seed + i."""

    model: Path
    prompts: tuple[str, ...]
    lora: Path | None = None
    seed: int = 1000


_painters: dict[tuple[Path, Path | None], Painter] = {}  # one process's own


def _paint(order: Order) -> np.ndarray:
    torch.set_num_threads(1)
    key = (order.model, order.lora)
    if key not in _painters:
        _painters[key] = Painter(order.model, order.lora)
    return _painters[key](order.prompts, order.seed)


def paint_all(orders: Sequence[Order], processes: int = 2) -> list[np.ndarray]:
    """The pictures of every order, (N, 256, 256, 3) uint8 each. Single-threaded processes share the work, a batch at
    a time."""
    parts = [
        Order(each.model, each.prompts[at : at + BATCH], each.lora, each.seed + at)
        for each in orders
        for at in range(0, len(each.prompts), BATCH)
    ]
    with get_context("spawn").Pool(processes) as pool:
        made = iter(pool.map(_paint, parts, chunksize=1))
    return [np.concatenate([next(made) for _ in range(0, len(each.prompts), BATCH)]) for each in orders]
