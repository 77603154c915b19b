"""Damaged faces, in place: what a face finder must not take for whole."""

import random

import torch
import torch.nn.functional as F
from torch import Tensor

KINDS = ("eye", "mouth", "outline")
MAP_SHARE = 1 / 8  # cells of the maps to pixels of 256; the pictures have 128


def damage(picture: Tensor, maps: Tensor, face: Tensor, kind: str | None = None) -> None:
    """Removes an eye, the mouth or a side of the head from a picture (3, 128, 128) and from its maps (3, 32, 32);
    `face` is `Face.numbers` in pixels of 256."""
    kind = kind or random.choice(("eye", "eye", "mouth", "mouth", "outline"))
    radius = face[8].item() / 2
    if kind == "outline":
        _cut_side(picture, maps, face)
        return
    at = 4 if kind == "mouth" else random.choice((0, 2))
    x, y = (face[at : at + 2] / 2).tolist()
    wide, high = (0.36, 0.2) if kind == "mouth" else (0.38, 0.4)
    inside = _oval(picture, x, y, wide * radius, high * radius)
    _fill(picture, inside, face)
    keep = 1 - _oval(maps, x / 4, y / 4, 1.3 * wide * radius / 4, 1.6 * high * radius / 4).float()
    maps[0 if kind == "eye" else 1] *= keep


def _oval(like: Tensor, x: float, y: float, rx: float, ry: float) -> Tensor:
    """True within an oval of the picture's (or the maps') own pixels."""
    height, width = like.shape[1:]
    rows, columns = torch.arange(height)[:, None] + 0.5, torch.arange(width)[None] + 0.5
    return ((columns - x) / rx).square() + ((rows - y) / ry).square() < 1


def _fill(picture: Tensor, inside: Tensor, face: Tensor) -> None:
    """With the skin's color, or with a smear of what was there."""
    if random.random() < 0.5:
        # between the eyes and the mouth, next to the nose
        x, y = ((face[0:2] + face[2:4]) / 4 * 0.7 + face[4:6] / 2 * 0.3).tolist()
        skin = picture[:, min(127, max(0, int(y))), min(127, max(0, int(x)))].clone()
        picture[:, inside] = skin[:, None]
        return
    size = 2 * random.randrange(6, 11) + 1
    smear = F.avg_pool2d(F.pad(picture[None], (size // 2,) * 4, mode="replicate"), size, 1)[0]
    picture[:, inside] = smear[:, inside]


def _cut_side(picture: Tensor, maps: Tensor, face: Tensor) -> None:
    """One half of the head moves outwards or inwards, so that the outline is lopsided."""
    x, side = face[6].item(), random.choice((-1, 1))
    factor = random.choice((random.uniform(0.45, 0.6), random.uniform(1.6, 2.0)))
    for tensor, scale in ((picture, 0.5), (maps, MAP_SHARE)):
        height, width = tensor.shape[1:]
        columns, middle = torch.arange(width) + 0.5, x * scale
        source = torch.where((columns - middle) * side > 0, middle + (columns - middle) * factor, columns)
        grid_x = (2 * source / width - 1).expand(height, width)
        grid_y = ((2 * torch.arange(height) + 1) / height - 1)[:, None].expand(height, width)
        moved = F.grid_sample(
            tensor[None], torch.stack([grid_x, grid_y], dim=-1)[None], padding_mode="border", align_corners=False
        )
        tensor.copy_(moved[0])


def warp(pictures: Tensor, maps: Tensor) -> tuple[Tensor, Tensor]:
    """Bends pictures (N, 3, 128, 128) and their maps (N, 3, 32, 32) by the same smooth random shifts."""
    shift = F.interpolate(torch.randn(len(pictures), 2, 4, 4) * 0.05, size=(128, 128), mode="bicubic")
    rows = (2 * torch.arange(128) + 1) / 128 - 1
    y, x = torch.meshgrid(rows, rows, indexing="ij")
    grid = torch.stack([x, y], dim=-1) + shift.permute(0, 2, 3, 1)
    coarse = F.avg_pool2d(grid.permute(0, 3, 1, 2), 4).permute(0, 2, 3, 1)
    return (
        F.grid_sample(pictures, grid, padding_mode="border", align_corners=False),
        F.grid_sample(maps, coarse, align_corners=False),
    )
