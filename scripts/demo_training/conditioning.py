"""Prompts as SDXL's UNet sees them: both encoders' second-last layers side by side, the second one's projection, and
the sizes."""

import random
from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from scripts.demo_training.captions.captions import caption
from scripts.demo_training.captions.scenes import Scene

EMPTY_SHARE, ZERO_SHARE, NEGATIVE_SHARE, EXTRA_WORD_SHARE = 0.05, 0.06, 0.03, 0.05
NEGATIVE_TAGS = ("low quality", "blurry", "distorted", "ugly", "worst quality", "bad anatomy", "deformed")
PRODUCT_NEGATIVE = "low quality, blurry, distorted"
EXTRA_TAGS = (
    "high quality",
    "masterpiece",
    "best quality",
    "detailed",
    "beautiful",
    "cinematic",
    "photo",
    "8k",
    "smiling",
)


def training_caption(scene: Scene, rng: random.Random) -> str | None:
    """A fresh caption; sometimes none at all ("" or, for zeroed embeddings, None), a negative prompt, or a tag that
    means nothing here."""
    roll = rng.random()
    if roll < EMPTY_SHARE:
        return ""
    if roll < EMPTY_SHARE + ZERO_SHARE:
        return None
    if roll < EMPTY_SHARE + ZERO_SHARE + NEGATIVE_SHARE:
        return PRODUCT_NEGATIVE if rng.random() < 0.5 else ", ".join(rng.sample(NEGATIVE_TAGS, rng.randint(1, 4)))
    text = caption(scene, rng)
    if rng.random() < EXTRA_WORD_SHARE:
        extra = rng.choice(EXTRA_TAGS)
        return f"{extra}, {text}" if rng.random() < 0.5 else f"{text}, {extra}"
    return text


class TextConditioner:
    """Both text encoders with one tokenizer (the two tokenizers of the demo model are equal)."""

    def __init__(self, tokenizer: CLIPTokenizer, first: CLIPTextModel, second: CLIPTextModelWithProjection) -> None:
        self.tokenizer, self.first, self.second = tokenizer, first, second

    def __call__(self, texts: Sequence[str | None]) -> tuple[Tensor, Tensor]:
        """Hidden states (N, 77, 160) and pooled (N, 96); rows of None are zeros, as stock SDXL does where no negative
        prompt is given."""
        words = [text or "" for text in texts]
        ids = self.tokenizer(words, padding="max_length", truncation=True, max_length=77, return_tensors="pt").input_ids
        one = self.first(ids, output_hidden_states=True)
        two = self.second(ids, output_hidden_states=True)
        keep = torch.tensor([text is not None for text in texts]).float()
        hidden = torch.cat([one.hidden_states[-2], two.hidden_states[-2]], dim=-1)
        return hidden * keep[:, None, None], two.text_embeds * keep[:, None]


def size_ids(num: int, height_px: int, width_px: int) -> Tensor:
    """SDXL's six numbers a picture: original size, crop, target size; (num, 6)."""
    return torch.tensor([[height_px, width_px, 0, 0, height_px, width_px]], dtype=torch.float32).expand(num, 6)
