"""The VAE, from nothing: 256 x 256 pictures to 32 x 32 latents of four channels and back."""

import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from torch import Tensor

from scripts.demo_training.budget import Budget, Checkpoint, log
from scripts.demo_training.dataset import HELD_OUT, Drawings, to_tensor
from scripts.demo_training.muon import Muon
from scripts.demo_training.parts import SIZE_PX, make_vae

PEAK_RATE = 2.5e-3
KL_WEIGHT = 1e-3
POLISH_RATE = 1.5e-3
GUIDED_STEPS = 250  # the first three latent channels are pulled to the mean colors, or it stays gray for minutes
POLISH_HALF_SHARE = 0.10
HALF_SIZE_SHARE = 0.25  # of the steps decode latents averaged 2 x 2 and compare with the picture averaged 2 x 2
# An autoencoder whose latents shrink like pictures is easier to denoise (Skorokhodov et al. 2025, arXiv 2502.14831),
# and gives 128 px latents for free.


def picture_loss(made: Tensor, real: Tensor) -> Tensor:
    """L1, L1 of the gradients, L1 of 4 x 4 means, and MSE; (N, 3, H, W) both."""
    wide = F.l1_loss(made[..., 1:] - made[..., :-1], real[..., 1:] - real[..., :-1])
    high = F.l1_loss(made[..., 1:, :] - made[..., :-1, :], real[..., 1:, :] - real[..., :-1, :])
    coarse = F.l1_loss(F.avg_pool2d(made, 4), F.avg_pool2d(real, 4))
    return F.l1_loss(made, real) + 0.5 * (wide + high) + 0.5 * coarse + F.mse_loss(made, real)


def vae_loss(vae: AutoencoderKL, pictures: Tensor, step: int, half: bool) -> Tensor:
    """`half`: compare the pictures averaged 2 x 2 with what the decoder makes of the latents averaged 2 x 2."""
    with torch.autocast("cpu", torch.bfloat16):
        posterior = vae.encode(pictures).latent_dist
        latents = posterior.sample().float()
        real = pictures
        if half:
            latents, real = F.avg_pool2d(latents, 2), F.avg_pool2d(pictures, 2)
        made = vae.decode(latents).sample
    mean, log_var = posterior.mean.float(), posterior.logvar.float()
    kl = 0.5 * (mean.square() + log_var.exp() - 1 - log_var).mean()
    loss = picture_loss(made.float(), real) + KL_WEIGHT * kl
    if step < GUIDED_STEPS:
        loss = loss + (1 - step / GUIDED_STEPS) * F.mse_loss(mean[:, :3], F.avg_pool2d(pictures, 8))
    return loss


def crops(pixels: np.ndarray, fraction: float, rng: np.random.Generator) -> Tensor:
    """A batch of random crops: small and many at first, whole pictures in the last quarter."""
    if fraction < 0.40:
        size, num = 64, 16
    elif fraction < 0.72 or rng.random() < 0.3:
        size, num = 128, 8
    else:
        size, num = SIZE_PX, 3
    out = np.empty((num, size, size, 3), np.uint8)
    for row in out:
        y, x = rng.integers(0, SIZE_PX - size + 1, 2)
        row[:] = pixels[rng.integers(len(pixels)), y : y + size, x : x + size]
    return to_tensor(out)


@torch.no_grad()
def held_out_psnr(vae: AutoencoderKL, pictures: Tensor) -> float:
    """Peak signal to noise ratio in dB, mean over pictures, from the posterior's mean."""
    with torch.autocast("cpu", torch.bfloat16):
        made = vae.decode(vae.encode(pictures).latent_dist.mean).sample.float().clamp(-1, 1)
    error = ((made - pictures) / 2).square().mean(dim=(1, 2, 3))
    return (-10 * error.log10()).mean().item()


@torch.no_grad()
def whiten(vae: AutoencoderKL, pictures: Tensor) -> None:
    """Folds mean 0 and deviation 1 per channel into quant_conv and post_quant_conv, so that scaling_factor can be 1."""
    with torch.autocast("cpu", torch.bfloat16):
        latents = torch.cat([vae.encode(part).latent_dist.mean.float() for part in pictures.split(16)])
    mean, std = latents.mean(dim=(0, 2, 3)), latents.std(dim=(0, 2, 3))
    before, after = vae.quant_conv, vae.post_quant_conv
    assert before is not None and after is not None
    before.weight[:4] /= std.view(-1, 1, 1, 1)
    before.bias[:4] = (before.bias[:4] - mean) / std
    before.bias[4:] -= 2 * std.log()
    after.bias += after.weight[:, :, 0, 0] @ mean
    after.weight *= std.view(1, -1, 1, 1)
    log(f"whitened: mean {mean.tolist()}, deviation {std.tolist()}")


def train_vae(work: Path, minutes: float, resume: bool) -> None:
    torch.manual_seed(1)
    drawings = Drawings(work / "drawings")
    pixels = drawings.pixels("square")
    test = to_tensor(drawings.pixels(HELD_OUT)[:24])
    vae = make_vae().to(memory_format=torch.channels_last)
    optimizer = Muon([vae])
    checkpoint, step = Checkpoint(work / "vae.pt"), 0
    budget = Budget(minutes * 60)
    if saved := checkpoint.load(resume):
        vae.load_state_dict(saved["vae"])
        optimizer.load_state_dict(saved["optimizer"])
        step, budget = saved["step"], Budget(minutes * 60, saved["used_s"])
    rng = np.random.default_rng(step + 1)
    while budget.fraction < 1:
        half = step > GUIDED_STEPS and rng.random() < HALF_SIZE_SHARE
        _step(vae, optimizer, crops(pixels, budget.fraction, rng), step, half, budget.rate(PEAK_RATE))
        step += 1
        if step % 50 == 0:
            log(f"vae step {step} {budget.fraction:.0%}")
        if checkpoint.due():
            log(f"vae held-out PSNR {held_out_psnr(vae, test):.1f} dB after {budget.used_s:.0f} s")
            state = {
                "vae": vae.state_dict(),
                "optimizer": optimizer.state_dict(),
                "step": step,
                "used_s": budget.used_s,
            }
            checkpoint.save(state)
    whiten(vae, to_tensor(pixels[:256]))
    log(f"vae done: {step} steps, held-out PSNR {held_out_psnr(vae, test):.2f} dB, {budget.used_s:.0f} s")
    vae.save_pretrained(work / "vae")


def polish_vae(work: Path, minutes: float) -> None:
    """A second, shorter run from the finished VAE on larger crops, mostly around the heads, for sharper faces."""
    torch.manual_seed(11)
    drawings = Drawings(work / "drawings")
    pixels = drawings.pixels("square")
    test = to_tensor(drawings.pixels(HELD_OUT)[:24])
    vae = AutoencoderKL.from_pretrained(work / "vae").to(memory_format=torch.channels_last)
    optimizer, budget, step = Muon([vae]), Budget(minutes * 60), GUIDED_STEPS
    rng = np.random.default_rng(11)
    while budget.fraction < 1:
        batch = head_crops(pixels, rng)
        _step(vae, optimizer, batch, step, rng.random() < POLISH_HALF_SHARE, budget.rate(POLISH_RATE, warm_up=0.04))
        step += 1
        if step % 50 == 0:
            log(f"vae polish step {step - GUIDED_STEPS} {budget.fraction:.0%}")
    whiten(vae, to_tensor(pixels[:256]))
    log(f"vae polished: {step - GUIDED_STEPS} steps, held-out PSNR {held_out_psnr(vae, test):.2f} dB")
    vae.save_pretrained(work / "vae")


def head_crops(pixels: np.ndarray, rng: np.random.Generator, size: int = 128, num: int = 8) -> Tensor:
    """Random crops, three quarters of them from the upper middle."""
    out = np.empty((num, size, size, 3), np.uint8)
    for row in out:
        y, x = rng.integers(0, SIZE_PX - size + 1, 2)
        if rng.random() < 0.75:
            y, x = rng.integers(8, 72), rng.integers(24, 104)
        row[:] = pixels[rng.integers(len(pixels)), y : y + size, x : x + size]
    return to_tensor(out)


def _step(vae: AutoencoderKL, optimizer: Muon, pictures: Tensor, step: int, half: bool, rate: float) -> None:
    loss = vae_loss(vae, pictures, step, half)
    if not math.isfinite(loss.item()):
        raise RuntimeError(f"the VAE's loss is {loss.item()} after {step} steps")
    loss.backward()
    torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
    optimizer.step(rate)
    optimizer.zero_grad()
