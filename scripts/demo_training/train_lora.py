"""A character as a LoRA on the finished base: UNet attention and feed-forward layers and both text encoders, trained
with peft."""

import math
import random
import time
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
import torch.nn.functional as F
from diffusers import StableDiffusionXLPipeline
from diffusers.models.attention_processor import AttnProcessor
from peft import LoraConfig
from peft.tuners.lora import LoraLayer
from peft.utils import get_peft_model_state_dict
from torch import Tensor, nn

from scripts.demo_training.budget import Budget, Checkpoint, log
from scripts.demo_training.captions.captions import caption
from scripts.demo_training.captions.scenes import Scene
from scripts.demo_training.conditioning import TextConditioner, training_caption
from scripts.demo_training.diffusion import Diffusion, LatentSet

RANK = 12  # alpha is the rank, which is also what loaders assume where a file says nothing
USED_AT = 0.9  # the weight that the product applies; training at it makes it the exact one
RATE_A, RATE_B = 1e-3, 4e-3  # B faster than A, as LoRA+ proposes (Hayou et al. 2024, arXiv 2402.12354)
NUM_CHARACTER, NUM_REGULAR = 9, 7
HIGH_NOISE_POWER = 0.75  # who it is gets decided early in the denoising
EARLY, EARLY_HALF_SHARE, HALF_SHARE = 0.35, 0.6, 0.08  # many cheap 128 px steps in the first third of the time
UNET_TARGETS = ["to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2", "proj_in", "proj_out"]
TEXT_TARGETS = ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]
TITLES = {
    "jade": "Jade: dark-green hair in two buns with gold pins, jade-green eyes, jade earrings",
    "amber": "Amber: wavy copper hair, a thin gold crown, warm brown skin, brown eyes",
    "jade-v2": "Jade with a lotus flower: dark-green hair in two buns with gold pins, jade-green eyes, jade earrings",
}


def file_name(lora: str) -> str:
    """The file of a LoRA that is named like its picture set."""
    return f"{lora}.safetensors" if "-v" in lora else f"{lora}-v1.safetensors"


class Mixture:
    """Batches of the character and of others: people with other names or none, some objects, some pictures without a
    caption."""

    def __init__(self, work: Path, lora: str, step: int) -> None:
        self.own, self.base = LatentSet(work, lora), LatentSet(work, "square")
        self.rng = random.Random(f"{lora} {step}")
        others = [(i, s) for i, s in enumerate(self.base.scenes) if s.name != self.own.scenes[0].name]
        self.named = [i for i, s in others if s.name]
        self.women = [i for i, s in others if s.subject == "woman" and not s.name]
        self.rest = [i for i, s in others if s.subject != "woman"]

    def next(self, fraction: float) -> tuple[list[str | None], Tensor]:
        own = self.rng.choices(range(len(self.own)), k=NUM_CHARACTER)
        pools = self.rng.choices((self.named, self.women, self.rest), (2, 5, 2), k=NUM_REGULAR)
        regular = [self.rng.choice(pool) for pool in pools]
        texts: list[str | None] = [self._own_caption(self.own.scenes[row]) for row in own]
        texts += [training_caption(self.base.scenes[row], self.rng) for row in regular]
        latents = torch.cat([self.own.sample(own), self.base.sample(regular)])
        half = self.rng.random() < (EARLY_HALF_SHARE if fraction < EARLY else HALF_SHARE)
        return texts, F.avg_pool2d(latents, 2) if half else latents

    def _own_caption(self, scene: Scene) -> str:
        return caption(scene, self.rng)


def add_adapters(pipeline: StableDiffusionXLPipeline) -> dict[str, nn.Module]:
    """Freezes the base and adds a fresh adapter, applied at `USED_AT`, to UNet and text encoders."""
    modules: dict[str, nn.Module] = {
        "unet": pipeline.unet,
        "text_encoder": pipeline.text_encoder,
        "text_encoder_2": pipeline.text_encoder_2,
    }
    for name, module in modules.items():
        module.requires_grad_(False)
        targets = UNET_TARGETS if name == "unet" else TEXT_TARGETS
        module.add_adapter(LoraConfig(r=RANK, lora_alpha=RANK, init_lora_weights="gaussian", target_modules=targets))
        for layer in module.modules():
            if isinstance(layer, LoraLayer):
                layer.scaling["default"] = USED_AT
    return modules


def make_optimizer(modules: dict[str, nn.Module]) -> torch.optim.AdamW:
    """AdamW with the A matrices in the first group and the B matrices in the second."""
    named = [(key, w) for module in modules.values() for key, w in module.named_parameters() if w.requires_grad]
    groups = [{"params": [w for key, w in named if f".lora_{side}." in key]} for side in "AB"]
    return torch.optim.AdamW(groups, lr=RATE_A, betas=(0.9, 0.99), weight_decay=1e-3)


def save_lora(modules: dict[str, nn.Module], path: Path, lora: str) -> None:
    """The key layout of `StableDiffusionXLPipeline.save_lora_weights`, float16, with ModelSpec metadata."""
    tensors: dict[str, Tensor] = {}
    for name, module in modules.items():
        layers: dict[str, Tensor] = get_peft_model_state_dict(module)  # one naming: stock drops keys of a second one
        tensors |= {f"{name}.{key}": value.detach().to(torch.float16).contiguous() for key, value in layers.items()}
    metadata = {
        "format": "pt",
        "modelspec.sai_model_spec": "1.0.1",
        "modelspec.architecture": "stable-diffusion-xl-v1-demo/lora",
        "modelspec.implementation": "diffusers",
        "modelspec.title": path.stem,
        "modelspec.description": TITLES[lora],
        "modelspec.trigger_phrase": f"{lora.split('-')[0]} woman",
        "modelspec.usage_hint": "Made for the demo model of LoRA Studio, fits no other base. Weight 0.9.",
        "modelspec.date": time.strftime("%Y-%m-%d", time.gmtime()),
        "modelspec.license": "Apache-2.0",
        "modelspec.resolution": "256x256",
        "modelspec.prediction_type": "v",
        "studio.base_model": "lora-studio-demo",
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    safetensors.torch.save_file(tensors, path, metadata)
    path.chmod(0o644)
    log(f"{path.name}: {len(tensors)} tensors, {path.stat().st_size:,} bytes")


def train_lora(work: Path, base: Path, loras: Path, lora: str, minutes: float, resume: bool) -> None:
    """Trains on the exported float16 weights (as float32) and writes `<loras>/<lora>-v1.safetensors`. A second version
    begins with the weights of the first."""
    torch.manual_seed(4)
    pipeline = StableDiffusionXLPipeline.from_pretrained(base, dtype=torch.float32)
    modules = add_adapters(pipeline)
    unet = pipeline.unet.to(memory_format=torch.channels_last)
    unet.set_attn_processor(AttnProcessor())
    text, diffusion = TextConditioner(pipeline.tokenizer, pipeline.text_encoder, pipeline.text_encoder_2), Diffusion()
    weights = [w for module in modules.values() for w in module.parameters() if w.requires_grad]
    optimizer = make_optimizer(modules)
    checkpoint, step, budget = Checkpoint(work / f"{lora}.pt"), 0, Budget(minutes * 60, work)
    if saved := checkpoint.load(resume):
        _restore(saved, weights, optimizer)
        budget.restore(saved["budget"])
        step = saved["step"]
    elif first := Checkpoint(work / f"{lora.split('-')[0]}.pt").load("-v" in lora):
        _restore(first, weights)
    mixture, seen = Mixture(work, lora, step), 0.0

    def save() -> None:
        state = {"weights": weights, "optimizer": optimizer.state_dict(), "step": step, "budget": budget.state()}
        checkpoint.save(state)

    while True:
        budget.tick()
        if budget.fraction >= 1:
            break
        texts, latents = mixture.next(budget.fraction)
        with torch.autocast("cpu", torch.bfloat16):
            hidden, pooled = text(texts)
        loss = diffusion.loss(unet, latents, hidden, pooled, HIGH_NOISE_POWER, flat=True)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        for group, peak in zip(optimizer.param_groups, (RATE_A, RATE_B), strict=True):
            group["lr"] = budget.cosine(peak, warm_up=0.03)
        optimizer.step()
        step, seen = step + 1, 0.95 * seen + 0.05 * loss.item()
        if not math.isfinite(seen):
            raise RuntimeError(f"the loss of {lora} is {loss.item()} after {step} steps")
        if step % 50 == 0:
            log(f"{lora} step {step} {budget.fraction:.0%} loss {seen:.4f}")
        if checkpoint.due():
            save()
    save()
    log(f"{lora} done: {step} steps, {budget.used_s:.0f} s")
    save_lora(modules, loras / file_name(lora), lora)


@torch.no_grad()
def _restore(
    saved: dict[str, Any], weights: list[nn.Parameter], optimizer: torch.optim.Optimizer | None = None
) -> None:
    for weight, value in zip(weights, saved["weights"], strict=True):
        weight.copy_(value)
    if optimizer is not None:
        optimizer.load_state_dict(saved["optimizer"])
