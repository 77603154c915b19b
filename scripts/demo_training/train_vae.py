"""The VAE: 256 x 256 pictures to 32 x 32 latents of four channels and back, heads first."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from torch import Tensor

from scripts.demo_training.budget import Budget, Checkpoint, log
from scripts.demo_training.dataset import CHARACTERS, HELD_OUT, Drawings, to_tensor
from scripts.demo_training.muon import Muon
from scripts.demo_training.parts import SIZE_PX, make_vae
from scripts.demo_training.team import Team

PEAK_RATE = 2e-3
KL_WEIGHT = 1e-3
GUIDED_STEPS = 250  # the first three latent channels are pulled to the mean colors, or it stays gray for minutes
HALF_SIZE_SHARE = 0.2  # of the steps decode latents averaged 2 x 2 and compare with the picture averaged 2 x 2
# An autoencoder whose latents shrink like pictures is easier to denoise (Skorokhodov et al. 2025, arXiv 2502.14831),
# and gives 128 px latents for free.
CROP_PX, NUM_CROPS, NUM_WHOLE = 128, 8, 2
HEAD_SHARE = 0.6  # of the crops show a head
CHARACTER_SHARE = 0.15  # of these heads are those of the characters, whose eyes have other colors
WHOLE_SHARE, WHOLE_SHARE_AT_END = 0.25, 0.5  # of the batches are whole pictures, for the statistics of group norm
FOREIGN_SHARE = 0.06  # of the pictures get other colors or a flat patch, as visitors bring their own pictures
NUM_TEST = 48


def picture_loss(made: Tensor, real: Tensor) -> Tensor:
    """L1, L1 of the gradients, L1 of 4 x 4 means, and MSE; (N, 3, H, W) both."""
    wide = F.l1_loss(made[..., 1:] - made[..., :-1], real[..., 1:] - real[..., :-1])
    high = F.l1_loss(made[..., 1:, :] - made[..., :-1, :], real[..., 1:, :] - real[..., :-1, :])
    coarse = F.l1_loss(F.avg_pool2d(made, 4), F.avg_pool2d(real, 4))
    return F.l1_loss(made, real) + 0.5 * (wide + high) + 0.5 * coarse + 3 * F.mse_loss(made, real)


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


class People:
    """A set's pictures, the rows that show people, and the middles of their heads in pixels."""

    def __init__(self, drawings: Drawings, name: str) -> None:
        self.pixels, self.middles = drawings.pixels(name), drawings.faces(name)[:, 6:8]
        self.rows = np.flatnonzero(~np.isnan(self.middles[:, 0]))


class Crops:
    """Batches of crops, mostly around heads, and now and then of whole pictures; mirrored in half of the cases."""

    def __init__(self, drawings: Drawings, seed: int) -> None:
        self.pixels = drawings.pixels("square")
        self.people = [People(drawings, name) for name in ("square", *CHARACTERS)]
        self.rng = np.random.default_rng(seed)

    def next(self, fraction: float) -> Tensor:
        whole_share = WHOLE_SHARE_AT_END if fraction > 0.7 else WHOLE_SHARE
        if self.rng.random() < whole_share:
            batch = self.pixels[np.sort(self.rng.integers(len(self.pixels), size=NUM_WHOLE))]
        else:
            batch = np.stack([self._crop() for _ in range(NUM_CROPS)])
        pictures = to_tensor(batch)
        for picture in pictures:
            if self.rng.random() < 0.5:
                picture[:] = picture.flip(2).clone()
            if self.rng.random() < FOREIGN_SHARE:
                self._estrange(picture)
        return pictures

    def _crop(self) -> np.ndarray:
        limit = SIZE_PX - CROP_PX
        if self.rng.random() < HEAD_SHARE:
            is_character = self.rng.random() < CHARACTER_SHARE
            people = self.people[self.rng.integers(1, len(self.people)) if is_character else 0]
            row = self.rng.choice(people.rows)
            x, y = people.middles[row] - CROP_PX / 2 + self.rng.uniform(-32, 32, 2)
            pixels = people.pixels
        else:
            row, pixels = self.rng.integers(len(self.pixels)), self.pixels
            x, y = self.rng.uniform(0, limit + 1, 2)
        left, top = (int(np.clip(value, 0, limit)) for value in (x, y))
        return pixels[row, top : top + CROP_PX, left : left + CROP_PX]

    def _estrange(self, picture: Tensor) -> None:
        """Swaps the color channels of a picture (3, H, W), or paints a flat rectangle into it."""
        if self.rng.random() < 0.5:
            picture[:] = picture[self.rng.permutation(3).tolist()].clone()
            return
        height, width = picture.shape[1:]
        top, left = self.rng.integers(height - 16), self.rng.integers(width - 16)
        high, wide = self.rng.integers(16, height), self.rng.integers(16, width)
        color = torch.from_numpy(self.rng.uniform(-1, 1, (3, 1, 1))).float()
        picture[:, top : top + high, left : left + wide] = color


def psnr(made: Tensor, real: Tensor) -> float:
    """Peak signal to noise ratio in dB of one picture in -1..1."""
    return -10 * ((made - real) / 2).square().mean().log10().item()


class HeldOut:
    """Held-out drawings of people, measured as a whole and around the heads."""

    def __init__(self, drawings: Drawings) -> None:
        faces = drawings.faces(HELD_OUT)
        rows = np.flatnonzero(~np.isnan(faces[:, 0]))[:NUM_TEST]
        self.pictures, self.faces = to_tensor(drawings.pixels(HELD_OUT)[rows]), faces[rows]

    @torch.no_grad()
    def measure(self, vae: AutoencoderKL) -> tuple[float, float]:
        """Mean PSNR in dB of whole pictures and of the squares around the heads, from the posterior's mean."""
        whole: list[float] = []
        heads: list[float] = []
        for real, face in zip(self.pictures, self.faces, strict=True):
            with torch.autocast("cpu", torch.bfloat16):
                latents = vae.encode(real[None]).latent_dist.mean
                made = vae.decode(latents).sample[0].float().clamp(-1, 1)
            whole.append(psnr(made, real))
            left, top, right, bottom = np.clip(
                [*(face[6:8] - 1.3 * face[8]), *(face[6:8] + 1.3 * face[8])], 0, SIZE_PX
            ).astype(int)
            heads.append(psnr(made[:, top:bottom, left:right], real[:, top:bottom, left:right]))
        return sum(whole) / len(whole), sum(heads) / len(heads)


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


def train_vae(team: Team, work: Path, minutes: float, resume: bool, start: Path | None) -> None:
    """Writes `vae/`. Begins with the weights of the diffusers model `start`, if given."""
    vae = AutoencoderKL.from_pretrained(start / "vae") if start else make_vae()
    _train(team, work, minutes, resume, vae, "vae", GUIDED_STEPS if start else 0)


def train_decoder(team: Team, work: Path, minutes: float, resume: bool) -> None:
    """Goes on with the decoder of `vae/` alone, so that the stored latents, and what was trained on them, stay
    right."""
    vae = AutoencoderKL.from_pretrained(work / "vae")
    vae.encoder.requires_grad_(False)
    assert vae.quant_conv is not None
    vae.quant_conv.requires_grad_(False)
    _train(team, work, minutes, resume, vae, "decoder", GUIDED_STEPS)


def _train(team: Team, work: Path, minutes: float, resume: bool, vae: AutoencoderKL, name: str, step: int) -> None:
    """Trains what requires gradients, counting from step; every process of the team makes its own batches."""
    torch.manual_seed(1 + team.rank)
    drawings = Drawings(work / "drawings")
    vae.to(memory_format=torch.channels_last)
    optimizer, budget = Muon([vae]), Budget(minutes * 60, work if team.leads else None)
    checkpoint = Checkpoint(work / f"{name}.pt")
    if saved := checkpoint.load(resume):
        vae.load_state_dict(saved["vae"])
        optimizer.load_state_dict(saved["optimizer"])
        budget.restore(saved["budget"])
        step = saved["step"]
    crops, held_out = Crops(drawings, 1000 * step + team.rank), HeldOut(drawings)

    def save() -> None:
        whole, heads = held_out.measure(vae)
        log(f"{name} step {step}, held-out PSNR {whole:.2f} dB, heads {heads:.2f} dB, after {budget.used_s:.0f} s")
        state: dict[str, Any] = {"vae": vae.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
        checkpoint.save({**state, "budget": budget.state()})

    if team.leads:
        save()
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
        half = step > GUIDED_STEPS and crops.rng.random() < HALF_SIZE_SHARE
        loss = vae_loss(vae, crops.next(fraction), step, half)
        loss.backward()
        team.average_gradients(optimizer.parameters)
        if not math.isfinite(loss.item()):
            raise RuntimeError(f"the VAE's loss is {loss.item()} after {step} steps")
        torch.nn.utils.clip_grad_norm_(optimizer.parameters, 1.0)
        optimizer.step(rate)
        optimizer.zero_grad()
        step += 1
        if team.leads and step % 50 == 0:
            log(f"{name} step {step} {fraction:.1%} rate {rate:.1e} loss {loss.item():.4f}")
        if team.leads and checkpoint.due():
            save()
    if team.leads:
        save()
        if name == "vae":
            whiten(vae, to_tensor(crops.pixels[:256]))
        vae.save_pretrained(work / "vae")
        log(f"{name} done: {step} steps, {budget.used_s:.0f} s")
