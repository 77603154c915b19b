"""Every drawn picture as latents, once, so that the UNet's training never runs the VAE."""

import random
import time
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL

from scripts.demo_training.budget import log
from scripts.demo_training.dataset import BASE_SETS, CHARACTERS, Drawings, to_tensor

BATCH = 8


def latents_folder(work: Path) -> Path:
    return work / "latents"


def _tasks(drawings: Drawings) -> list[tuple[str, int]]:
    """(set, first row) of every batch: the characters first, then the base sets in random order, as time may run
    out."""
    first = [(name, at) for name in CHARACTERS for at in range(0, len(drawings.pixels(name)), BATCH)]
    rest = [(name, at) for name in BASE_SETS for at in range(0, len(drawings.pixels(name)), BATCH)]
    random.Random(3).shuffle(rest)
    return first + rest


def _target(folder: Path, name: str, shape: tuple[int, ...]) -> np.ndarray:
    path = folder / f"{name}.npy"
    if path.exists():
        return np.load(path, mmap_mode="r+")
    # NaN marks rows that are not encoded yet
    made = np.lib.format.open_memmap(path, "w+", np.float16, shape)
    made[:] = np.nan
    return made


@torch.inference_mode()
def encode_all(work: Path, minutes: float) -> None:
    """Writes `latents/<set>.npy` (N, 8, H/8, W/8) float16: the posterior's mean and log-variance. Resumes by itself."""
    drawings, folder = Drawings(work / "drawings"), latents_folder(work)
    folder.mkdir(exist_ok=True)
    vae = AutoencoderKL.from_pretrained(work / "vae").to(torch.bfloat16, memory_format=torch.channels_last)
    pixels = {name: drawings.pixels(name) for name in (*CHARACTERS, *BASE_SETS)}
    targets = {name: _target(folder, name, (len(p), 8, p.shape[1] // 8, p.shape[2] // 8)) for name, p in pixels.items()}
    started, done = time.monotonic(), 0
    for name, at in _tasks(drawings):
        if time.monotonic() - started > minutes * 60:
            log("encode: out of time, the rest stays unused")
            break
        target = targets[name]
        if not np.isnan(target[at, 0, 0, 0]):
            continue
        pictures = to_tensor(pixels[name][at : at + BATCH]).to(torch.bfloat16, memory_format=torch.channels_last)
        target[at : at + BATCH] = vae.encode(pictures).latent_dist.parameters.float().numpy()
        done += len(pictures)
        if done % 1000 < BATCH:
            log(f"encode: {done} pictures, {done / (time.monotonic() - started):.0f} a second")
    for target in targets.values():
        target.flush()
    log(f"encode done: {done} pictures in {time.monotonic() - started:.0f} s")
