"""A small CNN that finds two eyes, a mouth and the outline of a head, trained on the drawings and on drawings whose
faces were damaged; it judges whether the people in generated pictures have whole faces."""

import json
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scripts.demo_training.budget import Budget, log
from scripts.demo_training.dataset import CHARACTERS, HELD_OUT, Drawings, to_tensor
from scripts.demo_training.judging.face_damage import damage, warp

INPUT_PX, CELL_PX = 128, 4  # the maps are 32 x 32
EYE, MOUTH, HEAD = 0, 1, 2
NUM_TRAIN = 5_000
FOUND = 0.4  # a peak of an eye or a mouth
SYMMETRIC = 0.86  # overlap of a head's outline with its mirror image, intersection over union


class FaceFinder(nn.Module):
    """(N, 3, 128, 128) in -1..1 -> logits of eyes, mouth and head (N, 3, 32, 32)."""

    def __init__(self) -> None:
        super().__init__()
        self.down1 = nn.Sequential(_block(3, 24, 2), _block(24, 32, 2))
        self.down2 = nn.Sequential(_block(32, 64, 2), _block(64, 64, 1))
        self.down3 = nn.Sequential(_block(64, 96, 2), _block(96, 96, 1))
        self.up2 = _block(96 + 64, 64, 1)
        self.up1 = _block(64 + 32, 48, 1)
        self.out = nn.Conv2d(48, 3, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        one = self.down1(pictures)
        two = self.down2(one)
        three = self.down3(two)
        two = self.up2(torch.cat([F.interpolate(three, scale_factor=2.0), two], dim=1))
        return self.out(self.up1(torch.cat([F.interpolate(two, scale_factor=2.0), one], dim=1)))


def _block(before: int, after: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, after, 3, stride, 1), nn.BatchNorm2d(after), nn.SiLU())


def shrink(pixels: np.ndarray) -> Tensor:
    """(N, 256, 256, 3) uint8 -> (N, 3, 128, 128) in -1..1."""
    return F.avg_pool2d(to_tensor(pixels), 2)


def target_maps(faces: Tensor) -> Tensor:
    """`Face.numbers` in pixels of 256 (N, 9) -> maps of eyes, mouth and head in 0..1 (N, 3, 32, 32)."""
    grid = (torch.arange(INPUT_PX // CELL_PX) + 0.5) * 2 * CELL_PX
    y, x = torch.meshgrid(grid, grid, indexing="ij")

    def spot(at: int, width: Tensor) -> Tensor:
        dx, dy = x - faces[:, at, None, None], y - faces[:, at + 1, None, None]
        return (-(dx.square() + dy.square()) / (2 * width[:, None, None].square())).exp()

    radius = faces[:, 8]
    eyes = torch.maximum(spot(0, radius * 0.16), spot(2, radius * 0.16))
    dx, dy = (x - faces[:, 6, None, None]), (y - faces[:, 7, None, None])
    inside = 1 - (dx.square() + (dy / 1.04).square()).sqrt() / radius[:, None, None]
    return torch.stack([eyes, spot(4, radius * 0.16), (inside * 12).sigmoid()], dim=1)


def _batch(pictures: Tensor, faces: Tensor) -> tuple[Tensor, Tensor]:
    """Half of the faces damaged, some bent, all roughened, with the maps of what is left."""
    rows = torch.randint(len(pictures), (32,))
    some, marks = pictures[rows].clone(), faces[rows]
    maps = target_maps(marks)
    for i in range(len(rows)):
        if random.random() < 0.5:
            damage(some[i], maps[i], marks[i])
    if random.random() < 0.4:
        some, maps = warp(some, maps)
    if random.random() < 0.4:
        some = F.avg_pool2d(F.pad(some, (1, 1, 1, 1), mode="replicate"), 3, 1)
    gain = 1 + 0.08 * torch.randn(len(rows), 3, 1, 1)
    return some * gain + 0.1 * random.random() * torch.randn_like(some), maps


@dataclass(frozen=True)
class Found:
    """What was found of one picture's face."""

    num_eyes: int
    has_mouth: bool
    is_symmetric: bool

    @property
    def is_whole(self) -> bool:
        return self.num_eyes == 2 and self.has_mouth and self.is_symmetric


def _peaks(heat: Tensor) -> list[tuple[float, float]]:
    """(x, y) in cells, to fractions of one, of the local maxima of a map (32, 32), from left to right."""
    top = (heat == F.max_pool2d(heat[None], 3, 1, 1)[0]) & (heat > FOUND)
    points: list[tuple[float, float]] = []
    for y, x in top.nonzero().tolist():
        rows, columns = slice(max(0, y - 1), y + 2), slice(max(0, x - 1), x + 2)
        near = heat[rows, columns]
        ys, xs = torch.meshgrid(torch.arange(32.0)[rows], torch.arange(32.0)[columns], indexing="ij")
        points.append(((near * xs).sum().item() / near.sum().item(), (near * ys).sum().item() / near.sum().item()))
    return sorted(points)


def judge(maps: Tensor) -> Found:
    """Reads the maps (3, 32, 32) in 0..1: two level eyes, a mouth below and between them, and a head that equals its
    mirror image at the line between the eyes."""
    eyes = _peaks(maps[EYE])
    if len(eyes) != 2:
        return Found(len(eyes), False, False)
    (x0, y0), (x1, y1) = eyes
    apart, middle, level = x1 - x0, (x0 + x1) / 2, (y0 + y1) / 2
    if apart < 3 or abs(y1 - y0) > 0.35 * apart:
        return Found(1, False, False)
    mouths = [
        (x, y)
        for x, y in _peaks(maps[MOUTH])
        if abs(x - middle) < 0.35 * apart and 0.25 * apart < y - level < 1.3 * apart
    ]
    # the head turned upright and mirrored
    slope = (y1 - y0) / apart
    head, size = maps[HEAD], len(maps[HEAD])
    y, x = torch.meshgrid(torch.arange(size) * 1.0, torch.arange(size) * 1.0, indexing="ij")
    along = ((x - middle) + slope * (y - level)) / (1 + slope * slope)
    mirror = torch.stack([x - 2 * along, y - 2 * slope * along], dim=-1) / (size - 1) * 2 - 1
    flipped = F.grid_sample(head[None, None], mirror[None], align_corners=True)[0, 0]
    overlap = (torch.minimum(head, flipped).sum() / torch.maximum(head, flipped).sum()).item()
    return Found(2, len(mouths) == 1, overlap >= SYMMETRIC)


@torch.no_grad()
def find_faces(finder: FaceFinder, pictures: Tensor) -> list[Found]:
    """What is found in pictures (N, 3, 128, 128)."""
    finder.eval()
    return [judge(maps.sigmoid()) for part in pictures.split(64) for maps in finder(part).float()]


def _load(drawings: Drawings, name: str, num: int) -> tuple[Tensor, Tensor]:
    """Pictures of people without pixel art, and their faces."""
    faces, all_scenes = drawings.faces(name), drawings.scenes(name)
    rows = [i for i, s in enumerate(all_scenes) if s.is_person and s.style != "pixel art"][:num]
    pixels = drawings.pixels(name)
    pictures = torch.cat([shrink(pixels[rows[at : at + 64]]) for at in range(0, len(rows), 64)])
    return pictures, torch.from_numpy(faces[rows])


def whole_share(found: list[Found]) -> float:
    return round(sum(each.is_whole for each in found) / len(found), 4)


def train_face_finder(work: Path, minutes: float) -> None:
    """Writes `faces.pt` and `faces.json`: the share of whole faces it finds whole among held-out drawings, and the
    share of damaged ones it takes for whole."""
    torch.manual_seed(5)
    random.seed(5)
    drawings = Drawings(work / "drawings")
    parts = [_load(drawings, "square", NUM_TRAIN), *(_load(drawings, name, 200) for name in CHARACTERS)]
    pictures, faces = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
    finder, budget, step = FaceFinder().to(memory_format=torch.channels_last), Budget(minutes * 60, work), 0
    optimizer = torch.optim.AdamW(finder.parameters(), lr=3e-3, weight_decay=0.02)
    while budget.fraction < 1:
        budget.tick()
        some, maps = _batch(pictures, faces)
        with torch.autocast("cpu", torch.bfloat16):
            logits = finder(some.contiguous(memory_format=torch.channels_last))
        loss = F.binary_cross_entropy_with_logits(logits.float(), maps, reduction="none").mean(dim=(0, 2, 3))
        optimizer.param_groups[0]["lr"] = budget.cosine(3e-3)
        optimizer.zero_grad()
        (loss * torch.tensor([4.0, 4.0, 1.0])).sum().backward()
        optimizer.step()
        step += 1
        if step % 100 == 0:
            log(f"faces step {step} {budget.fraction:.0%} loss {loss.tolist()}")
    torch.save(finder.state_dict(), work / "faces.pt")
    scores = measure_finder(finder, drawings)
    (work / "faces.json").write_text(json.dumps(scores))
    log(f"faces done: {step} steps, held-out drawings {scores}")


def measure_finder(finder: FaceFinder, drawings: Drawings) -> dict[str, float]:
    """On held-out drawings: whole ones found whole, and damaged ones taken for whole, by kind of damage."""
    pictures, faces = _load(drawings, HELD_OUT, 300)
    scores = {"whole_found": whole_share(find_faces(finder, pictures))}
    for kind in ("eye", "mouth", "outline"):
        some, maps = pictures.clone(), target_maps(faces)
        for i in range(len(some)):
            damage(some[i], maps[i], faces[i], kind)
        scores[f"damaged_{kind}_taken_for_whole"] = whole_share(find_faces(finder, some))
    return scores


def load_face_finder(work: Path) -> FaceFinder:
    finder = FaceFinder()
    finder.load_state_dict(torch.load(work / "faces.pt", weights_only=True))
    return finder.eval()
