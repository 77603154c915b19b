"""The sample pictures of the model card."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from scripts.demo_training.budget import log
from scripts.demo_training.dataset import CHARACTERS
from scripts.demo_training.sampling import Order, paint_all

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
    """`samples.webp` (the base) and `loras.webp` (the same prompts and seeds without and with each LoRA) beside the
    weights."""
    orders = [Order(model, BASE_PROMPTS, seed=1), Order(model, tuple(f"woman, {p}" for p in LORA_PROMPTS), seed=1)]
    for name in CHARACTERS:
        prompts = tuple(f"{name} woman, {prompt}" for prompt in LORA_PROMPTS)
        orders.append(Order(model, prompts, loras / f"{name}-v1.safetensors", seed=1))
    base, *rows = paint_all(orders)
    sheet(base, 6).save(model / "samples.webp", quality=82)
    sheet(np.concatenate(rows), len(LORA_PROMPTS)).save(model / "loras.webp", quality=82)
    log("grids written")
