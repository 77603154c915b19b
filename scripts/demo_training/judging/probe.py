"""A small CNN that reads a picture's attributes, trained on the drawings; it judges whether generated pictures show
what was asked for."""

import itertools
import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from scripts.demo_training.budget import Budget, log
from scripts.demo_training.captions import scenes
from scripts.demo_training.captions.scenes import Scene
from scripts.demo_training.dataset import CHARACTERS, HELD_OUT, Drawings, to_tensor

PROBE_PX = 96
HEADS: dict[str, tuple[str, ...]] = {
    "color": scenes.COLORS,
    "place": scenes.PLACES,
    "time": scenes.TIMES,
    "subject": scenes.SUBJECTS,
    "clothing": (*scenes.CLOTHING, "none"),
    "character": ("none", *scenes.CHARACTERS),
}
NUM_TRAIN, NUM_TEST_CHARACTER = 8_000, 60
IGNORE = -100


class Probe(nn.Module):
    """(N, 3, 96, 96) in -1..1 -> one row of logits for each head."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 32, 64, 96, 128)
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, 2, 1), nn.BatchNorm2d(after), nn.SiLU()]
            layers += [nn.Conv2d(after, after, 3, 1, 1), nn.BatchNorm2d(after), nn.SiLU()]
        self.body = nn.Sequential(*layers)
        self.heads = nn.ModuleDict({name: nn.Linear(2 * widths[-1], len(values)) for name, values in HEADS.items()})

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        features = self.body(pictures)
        pooled = torch.cat([features.mean(dim=(2, 3)), features.amax(dim=(2, 3))], dim=1)
        return {name: head(pooled) for name, head in self.heads.items()}


def small(pixels: np.ndarray) -> Tensor:
    """(N, H, W, 3) uint8 of any size -> (N, 3, 96, 96) in -1..1."""
    rows = [np.asarray(Image.fromarray(row).resize((PROBE_PX, PROBE_PX), Image.Resampling.BOX)) for row in pixels]
    return to_tensor(np.stack(rows))


def targets(rows: Sequence[Scene]) -> dict[str, Tensor]:
    """Class numbers for each head; a monochrome picture has no color, one with a plain background no place or time."""
    out: dict[str, list[int]] = {name: [] for name in HEADS}
    for scene in rows:
        for name, value in scene.labels().items():
            hidden = name == "color" and scene.style == "monochrome"
            hidden = hidden or (scene.has_backdrop and name in ("place", "time"))
            out[name].append(IGNORE if hidden else HEADS[name].index(value))
    return {name: torch.tensor(values) for name, values in out.items()}


def _load(drawings: Drawings, parts: Sequence[tuple[str, slice]]) -> tuple[Tensor, list[Scene]]:
    pictures = torch.cat([small(drawings.pixels(name)[rows]) for name, rows in parts])
    return pictures, [scene for name, rows in parts for scene in drawings.scenes(name)[rows]]


def _roughen(pictures: Tensor) -> Tensor:
    """Shifts, blurs and noises a batch, as generated pictures are less clean than drawings."""
    top, left = (random.randrange(-6, 7) for _ in range(2))
    pictures = torch.roll(pictures, (top, left), (2, 3))
    if random.random() < 0.4:
        pictures = F.avg_pool2d(F.pad(pictures, (1, 1, 1, 1), mode="replicate"), 3, 1)
    gain = 1 + 0.08 * torch.randn(len(pictures), 3, 1, 1)
    return pictures * gain + 0.12 * random.random() * torch.randn_like(pictures)


@torch.no_grad()
def accuracy(probe: Probe, pictures: Tensor, rows: Sequence[Scene]) -> dict[str, float]:
    """Share of right answers by head, over the pictures where the head applies."""
    probe.eval()
    said = [probe(part) for part in pictures.split(64)]
    right: dict[str, float] = {}
    for name, wanted in targets(rows).items():
        guess = torch.cat([each[name] for each in said]).argmax(1)
        right[name] = (guess == wanted)[wanted != IGNORE].float().mean().item()
    return right


def train_probe(work: Path, minutes: float) -> None:
    """Writes `probe.pt` and `probe.json` (its accuracy on held-out drawings)."""
    torch.manual_seed(3)
    random.seed(3)
    drawings = Drawings(work / "drawings")
    known = slice(0, -NUM_TEST_CHARACTER)
    pictures, rows = _load(drawings, [("square", slice(0, NUM_TRAIN)), *((name, known) for name in CHARACTERS)])
    wanted = targets(rows)
    probe = Probe().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(probe.parameters(), lr=3e-3, weight_decay=0.02)
    budget, step = Budget(minutes * 60, work), 0
    probe.train()
    while budget.fraction < 1:
        budget.tick()
        batch = torch.randint(len(rows), (64,))
        optimizer.param_groups[0]["lr"] = budget.cosine(3e-3)
        with torch.autocast("cpu", torch.bfloat16):
            said = probe(_roughen(pictures[batch]).contiguous(memory_format=torch.channels_last))
        losses = [F.cross_entropy(said[name].float(), wanted[name][batch], ignore_index=IGNORE) for name in HEADS]
        loss = torch.stack(losses).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
        if step % 100 == 0:
            log(f"probe step {step} {budget.fraction:.0%} loss {loss.item():.3f}")
    test, test_rows = _load(drawings, [(HELD_OUT, slice(None))])
    strange, strange_rows = _load(drawings, [(name, slice(-NUM_TEST_CHARACTER, None)) for name in CHARACTERS])
    scores = accuracy(probe, test, test_rows)
    scores["character"] = accuracy(probe, torch.cat([test, strange]), [*test_rows, *strange_rows])["character"]
    torch.save(probe.state_dict(), work / "probe.pt")
    (work / "probe.json").write_text(json.dumps({name: round(value, 4) for name, value in scores.items()}))
    log(f"probe done: {step} steps, held-out drawings {scores}")


def load_probe(work: Path) -> Probe:
    probe = Probe()
    probe.load_state_dict(torch.load(work / "probe.pt", weights_only=True))
    return probe.eval()
