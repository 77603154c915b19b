"""UNet and both text encoders together, from nothing, on the stored latents."""

import math
import random
import shutil
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from scripts.demo_training.budget import Budget, Checkpoint, log
from scripts.demo_training.captions.captions import caption
from scripts.demo_training.captions.scenes import Scene
from scripts.demo_training.captions.vocabulary import make_tokenizer
from scripts.demo_training.conditioning import EXTRA_TAGS, NEGATIVE_TAGS, TextConditioner, training_caption
from scripts.demo_training.dataset import Drawings
from scripts.demo_training.diffusion import Diffusion, LatentSet
from scripts.demo_training.muon import Muon
from scripts.demo_training.parts import make_text_encoders, make_unet
from scripts.demo_training.team import Team

PEAK_RATE = 2e-3
HALF_SIZE_TIME = 0.06  # the first part of the time, at 128 px
REPLAY_SHARE = 0.05  # of the later steps, at 128 px
WIDE_SHARE = TALL_SHARE = 0.10
BATCH_HALF, BATCH_FULL = 32, 16  # of each process
EMA = 0.998


def tokenizer_of(work: Path, start: Path | None = None) -> CLIPTokenizer:
    """That of `start`, or learned from the training captions; chosen once."""
    folder = work / "tokenizer"
    if start and not folder.exists():
        shutil.copytree(start / "tokenizer", folder)
    if folder.exists():
        return CLIPTokenizer.from_pretrained(str(folder), pad_token="<|endoftext|>", model_max_length=77)
    rng = random.Random(5)
    texts = [caption(scene, rng) for scene in Drawings(work / "drawings").scenes("square")]
    return make_tokenizer([*texts, *NEGATIVE_TAGS, *EXTRA_TAGS], folder)


class Batches:
    """Draws training batches: (scenes, latents) at 128 px early and now and then, at 256 px otherwise. All processes
    of a team make batches of the same size at the same time, of different pictures."""

    def __init__(self, work: Path, seed: int, rank: int) -> None:
        self.sizes = random.Random(seed)
        self.sets = {name: LatentSet(work, name) for name in ("square", "portrait", "landscape")}
        self.rng = random.Random(f"{seed} {rank}")
        self.queues: dict[str, list[int]] = {name: [] for name in self.sets}
        if rank == 0:
            log("latents: " + ", ".join(f"{len(each)} {name}" for name, each in self.sets.items()))

    def next(self, fraction: float) -> tuple[list[Scene], Tensor]:
        if fraction < HALF_SIZE_TIME or self.sizes.random() < REPLAY_SHARE:
            scenes, latents = self._take("square", BATCH_HALF)
            return scenes, F.avg_pool2d(latents, 2)
        roll = self.sizes.random()
        name = "portrait" if roll < TALL_SHARE else "landscape" if roll < TALL_SHARE + WIDE_SHARE else "square"
        return self._take(name, BATCH_FULL)

    def _take(self, name: str, num: int) -> tuple[list[Scene], Tensor]:
        queue, pictures = self.queues[name], self.sets[name]
        while len(queue) < num:
            queue[:0] = self.rng.sample(range(len(pictures)), len(pictures))
        rows = [queue.pop() for _ in range(num)]
        return [pictures.scenes[row] for row in rows], pictures.sample(rows)


class MovingAverage:
    """Exponential moving average of the weights of some modules."""

    def __init__(self, modules: dict[str, nn.Module]) -> None:
        self.modules = modules
        self.weights = {name: {k: v.detach().clone() for k, v in m.state_dict().items()} for name, m in modules.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        decay = min(EMA, (1 + step) / (10 + step))
        for name, module in self.modules.items():
            for key, value in module.state_dict().items():
                if value.is_floating_point():
                    self.weights[name][key].lerp_(value, 1 - decay)


def make_modules(start: Path | None) -> tuple[UNet2DConditionModel, CLIPTextModel, CLIPTextModelWithProjection]:
    """UNet and text encoders with the weights of the diffusers model `start`, or fresh ones."""
    if start is None:
        return make_unet(), *make_text_encoders()
    unet = UNet2DConditionModel.from_pretrained(start / "unet", torch_dtype=torch.float32)
    first = CLIPTextModel.from_pretrained(start / "text_encoder", dtype=torch.float32)
    second = CLIPTextModelWithProjection.from_pretrained(start / "text_encoder_2", dtype=torch.float32)
    return unet, first.train(), second.train()


def train_unet(team: Team, work: Path, minutes: float, resume: bool, start: Path | None) -> None:
    """Writes `unet.pt`. Begins with the weights of the diffusers model `start`, if given."""
    torch.manual_seed(2)
    unet, first, second = make_modules(start)
    unet.to(memory_format=torch.channels_last)
    # on the CPU its backward pass is 3 times faster than that of fused attention
    unet.set_attn_processor(AttnProcessor())
    modules: dict[str, nn.Module] = {"unet": unet, "text_encoder": first, "text_encoder_2": second}
    text, diffusion = TextConditioner(tokenizer_of(work, start), first, second), Diffusion()
    optimizer, average = Muon(modules.values()), MovingAverage(modules)
    checkpoint, step = Checkpoint(work / "unet.pt"), 0
    budget = Budget(minutes * 60, work if team.leads else None)
    if saved := checkpoint.load(resume):
        _restore(saved, modules, optimizer, average)
        budget.restore(saved["budget"])
        step = saved["step"]
    batches, rng, seen = Batches(work, step, team.rank), random.Random(f"{step} {team.rank}"), 0.0
    torch.manual_seed(1000 * step + team.rank)

    def save() -> None:
        now = {"modules": {name: m.state_dict() for name, m in modules.items()}, "average": average.weights}
        checkpoint.save({**now, "optimizer": optimizer.state_dict(), "step": step, "budget": budget.state()})

    was_cooling = budget.is_cooling
    while True:
        budget.tick()
        fraction, rate = team.from_leader([budget.fraction, budget.stable(PEAK_RATE)])
        if fraction >= 1:
            break
        if team.leads and budget.is_cooling and not was_cooling:
            save()
            checkpoint.keep()
        was_cooling = budget.is_cooling
        scenes, latents = batches.next(fraction)
        with torch.autocast("cpu", torch.bfloat16):
            hidden, pooled = text([training_caption(scene, rng) for scene in scenes])
        loss = diffusion.loss(unet, latents, hidden, pooled)
        loss.backward()
        team.average_gradients(optimizer.parameters)
        torch.nn.utils.clip_grad_norm_(optimizer.parameters, 1.0)
        optimizer.step(rate)
        optimizer.zero_grad()
        step, seen = step + 1, 0.98 * seen + 0.02 * loss.item() if seen else loss.item()
        if not math.isfinite(seen):
            raise RuntimeError(f"the UNet's loss is {loss.item()} after {step} steps")
        if not team.leads:
            continue
        average.update(step)
        if step % 50 == 0:
            log(f"unet step {step} {fraction:.1%} rate {rate:.1e} loss {seen:.4f} size {8 * latents.shape[-1]}")
        if checkpoint.due():
            save()
    if team.leads:
        save()
        log(f"unet done: {step} steps, {budget.used_s:.0f} s")


def _restore(saved: dict[str, Any], modules: dict[str, nn.Module], optimizer: Muon, average: MovingAverage) -> None:
    for name, module in modules.items():
        module.load_state_dict(saved["modules"][name])
        for key, value in saved["average"][name].items():
            average.weights[name][key].copy_(value)
    optimizer.load_state_dict(saved["optimizer"])
