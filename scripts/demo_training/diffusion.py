"""The training loss shared by base and LoRAs: v-prediction with min-SNR weights on stored latents."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from torch import Tensor

from scripts.demo_training.conditioning import size_ids
from scripts.demo_training.dataset import Drawings
from scripts.demo_training.encode import latents_folder
from scripts.demo_training.parts import make_scheduler

MIN_SNR_GAMMA = 5.0
MIN_WEIGHT = 0.3  # min-SNR weights alone all but ignore the noisiest steps, where colors are decided


class LatentSet:
    """Encoded pictures of one set with their scenes: posterior `moments` (N, 8, h, w) float16."""

    def __init__(self, work: Path, name: str) -> None:
        moments = np.load(latents_folder(work) / f"{name}.npy")
        known = np.flatnonzero(~np.isnan(moments[:, 0, 0, 0]))
        scenes = Drawings(work / "drawings").scenes(name)
        self.moments = torch.from_numpy(moments[known])
        self.scenes = [scenes[i] for i in known]

    def __len__(self) -> int:
        return len(self.scenes)

    def sample(self, rows: list[int]) -> Tensor:
        """Latents (len(rows), 4, h, w) float32, drawn from the posterior."""
        mean, log_var = self.moments[rows].float().chunk(2, dim=1)
        return mean + (0.5 * log_var.clamp(-30, 20)).exp() * torch.randn_like(mean)


class Diffusion:
    """Noise schedule and loss."""

    def __init__(self) -> None:
        self.alphas: Tensor = make_scheduler().alphas_cumprod

    def timesteps(self, num: int, power: float = 1.0) -> Tensor:
        """Stratified over 0..999, in random order; a power below 1 favors high noise."""
        spread = (torch.randperm(num) + torch.rand(num)) / num
        return (spread**power * 1000).long().clamp(0, 999)

    def loss(
        self,
        unet: UNet2DConditionModel,
        latents: Tensor,
        hidden: Tensor,
        pooled: Tensor,
        power: float = 1,
        flat: bool = False,
    ) -> Tensor:
        """Mean over the batch; latents (N, 4, h, w), hidden (N, 77, 160), pooled (N, 96). `flat` leaves the min-SNR
        weights out."""
        num, _, height, width = latents.shape
        steps = self.timesteps(num, power)
        alpha = self.alphas[steps].view(-1, 1, 1, 1)
        noise = torch.randn_like(latents)
        noisy = alpha.sqrt() * latents + (1 - alpha).sqrt() * noise
        target = alpha.sqrt() * noise - (1 - alpha).sqrt() * latents
        added = {"text_embeds": pooled, "time_ids": size_ids(num, 8 * height, 8 * width)}
        noisy = noisy.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            guess = unet(noisy, steps, encoder_hidden_states=hidden, added_cond_kwargs=added).sample
        error = F.mse_loss(guess.float(), target, reduction="none").mean(dim=(1, 2, 3))
        if flat:
            return error.mean()
        snr = (alpha / (1 - alpha)).flatten()
        weights = (snr.clamp(max=MIN_SNR_GAMMA) / (snr + 1)).clamp(min=MIN_WEIGHT)
        return (error * weights).mean()
