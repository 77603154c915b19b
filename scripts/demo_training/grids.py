"""The sample pictures of the model card."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from scripts.demo_training.budget import log
from scripts.demo_training.dataset import CHARACTERS
from scripts.demo_training.sampling import Painter

CELL_PX = 192
BASE_PROMPTS = (
    "woman, red dress, long blonde hair, beach, sunset",
    "man, blue suit, short black hair, city, night",
    "child, yellow coat, snow, day",
    "woman, green kimono, garden, sunrise",
    "orange cat, room, day",
    "white castle, mountains, sunset",
    "woman, purple sweater, curly brown hair, forest, day",
    "man, white shirt, straw hat, desert, day",
    "red car, city, sunset",
    "woman, pink coat, wizard hat, snow, night",
    "blue boat, beach, sunrise",
    "yellow balloon, mountains, day",
)
LORA_PROMPTS = (
    "red dress, beach sunset",
    "blue kimono, garden, day",
    "white suit, city, night",
    "purple coat, snow, sunrise",
    "yellow sweater, forest, day",
)


def sheet(pixels: Sequence[np.ndarray] | np.ndarray, columns: int, cell_px: int = CELL_PX) -> Image.Image:
    """A contact sheet, row by row."""
    rows = -(-len(pixels) // columns)
    page = Image.new("RGB", (columns * cell_px, rows * cell_px), "white")
    for i, picture in enumerate(pixels):
        cell = Image.fromarray(picture).resize((cell_px, cell_px), Image.Resampling.LANCZOS)
        page.paste(cell, (i % columns * cell_px, i // columns * cell_px))
    return page


def write_grids(model: Path, loras: Path) -> None:
    """`samples.webp` (the base) and `loras.webp` (the same prompts and seeds without and with each LoRA), beside the
    weights."""
    base = Painter(model)
    sheet(base(BASE_PROMPTS, seed=1), 6).save(model / "samples.webp", quality=82)
    rows = list(base([f"woman, {prompt}" for prompt in LORA_PROMPTS], seed=1))
    for name in CHARACTERS:
        rows += list(
            Painter(model, loras / f"{name}-v1.safetensors")(
                [f"{name} woman, {prompt}" for prompt in LORA_PROMPTS], seed=1
            )
        )
    sheet(rows, len(LORA_PROMPTS)).save(model / "loras.webp", quality=82)
    log("grids written")
