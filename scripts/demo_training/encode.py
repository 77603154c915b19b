"""Every drawn picture as latents, once, so that the UNet's training never runs the VAE."""

import math
import random
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL

from scripts.demo_training.budget import Budget, log
from scripts.demo_training.dataset import BASE_SETS, CHARACTERS, Drawings, to_tensor
from scripts.demo_training.team import Team

BATCH = 8


def latents_folder(work: Path) -> Path:
    return work / "latents"


def _tasks(drawings: Drawings) -> list[tuple[str, int]]:
    """(set, first row) of every batch: the characters first, then the base sets in random order, so that a training
    can begin on a part."""
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
def encode_all(team: Team, work: Path) -> None:
    """Writes `latents/<set>.npy` (N, 8, H/8, W/8) float16: the posterior's mean and log-variance. Resumes by itself;
    the processes of a team share the batches."""
    drawings, folder = Drawings(work / "drawings"), latents_folder(work)
    folder.mkdir(exist_ok=True)
    vae = AutoencoderKL.from_pretrained(work / "vae").to(torch.bfloat16, memory_format=torch.channels_last)
    pixels = {name: drawings.pixels(name) for name in (*CHARACTERS, *BASE_SETS)}
    shapes = {name: (len(p), 8, p.shape[1] // 8, p.shape[2] // 8) for name, p in pixels.items()}
    if team.leads:
        for name, shape in shapes.items():
            _target(folder, name, shape).flush()
    team.wait()
    targets = {name: _target(folder, name, shape) for name, shape in shapes.items()}
    budget, done = Budget(math.inf, work), 0
    for name, at in _tasks(drawings)[team.rank :: team.size]:
        budget.tick()
        target = targets[name]
        if not np.isnan(target[at, 0, 0, 0]):
            continue
        pictures = to_tensor(pixels[name][at : at + BATCH]).to(torch.bfloat16, memory_format=torch.channels_last)
        target[at : at + BATCH] = vae.encode(pictures).latent_dist.parameters.float().numpy()
        done += len(pictures)
        if team.leads and done % 1000 < BATCH:
            log(f"encode: {team.size * done} pictures, {team.size * done / budget.used_s:.0f} a second")
    for target in targets.values():
        target.flush()
    team.wait()
    if team.leads:
        log(f"encode done in {budget.used_s:.0f} s")
