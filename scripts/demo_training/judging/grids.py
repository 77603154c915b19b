"""The sample pictures of the model card, and a sheet of edited pictures for the eye."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from scripts.demo_training.budget import log
from scripts.demo_training.dataset import HELD_OUT, Drawings
from scripts.demo_training.judging.editing import Editor
from scripts.demo_training.judging.evaluate import measured_scenes
from scripts.demo_training.judging.sampling import Order, paint_all
from scripts.demo_training.train_lora import TITLES, file_name

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
MISSION_PROMPT, NUM_MISSION = "jade woman, red dress, beach sunset", 8
NUM_FACES = 48


def sheet(pixels: Sequence[np.ndarray] | np.ndarray, columns: int, cell_px: int = CELL_PX) -> Image.Image:
    """A contact sheet, row by row."""
    rows = -(-len(pixels) // columns)
    page = Image.new("RGB", (columns * cell_px, rows * cell_px), "white")
    for i, picture in enumerate(pixels):
        cell = Image.fromarray(picture).resize((cell_px, cell_px), Image.Resampling.LANCZOS)
        page.paste(cell, (i % columns * cell_px, i // columns * cell_px))
    return page


def write_grids(work: Path, model: Path, loras: Path) -> None:
    """Files next to the weights: `samples.webp` (the base), `loras.webp` (the same prompts and seeds without and with
    each LoRA), `mission.webp` (one prompt at eight seeds) and `faces.webp` (48 of the measured people, to be
    counted)."""
    files = {name: path for name in TITLES if (path := loras / file_name(name)).exists()}
    orders = [Order(model, BASE_PROMPTS, seed=1), Order(model, (MISSION_PROMPT,) * NUM_MISSION, files["jade"], seed=1)]
    orders.append(Order(model, tuple(f"woman, {prompt}" for prompt in LORA_PROMPTS), seed=1))
    for name, path in files.items():
        prompts = tuple(f"{name.split('-')[0]} woman, {prompt}" for prompt in LORA_PROMPTS)
        orders.append(Order(model, prompts, path, seed=1))
    base, mission, *rows = paint_all(orders)
    sheet(base, 6).save(model / "samples.webp", quality=82)
    sheet(mission, 4).save(model / "mission.webp", quality=82)
    sheet(np.concatenate(rows), len(LORA_PROMPTS)).save(model / "loras.webp", quality=82)
    people = [i for i, scene in enumerate(measured_scenes(work)) if scene.is_person][:NUM_FACES]
    sheet(np.load(work / "evaluation" / "base.npy")[people], 8, 128).save(model / "faces.webp", quality=80)
    log("grids written")


def write_edits(work: Path, model: Path, loras: Path) -> None:
    """`<work>/evaluation/edits.png`: image-to-image, inpainting, outpainting and a larger size, one kind a row, on
    drawings and on pictures the model never saw the like of."""
    rows = Editor(model, loras / file_name("jade")).rows(Drawings(work / "drawings"), HELD_OUT)
    sheet([picture for row in rows for picture in row], len(rows[0]), 256).save(work / "evaluation" / "edits.png")
    log("edits written")
