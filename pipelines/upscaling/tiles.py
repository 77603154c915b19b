"""Enlarge an image by a network, tile by tile: each tile is a piece of work between two steps. Torch thread."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from pipelines.plan import Piece, Pieces
from pipelines.upscaling.architecture import UpscalerError

OVERLAP_PX = 24
EDGE_PX = 8
"""The outermost pixels of a tile, which see the least around them, are not used where another tile has them."""


def tile_px(device: torch.device) -> int:
    """A side of a tile. ESRGAN with 23 blocks has 16.7 million weights, used at each pixel: 1.1 trillion products for
    256 x 256 pixels, a fifth of the decode of an image of 1024 x 1024; 0.07 trillion for 64 x 64 on a CPU."""
    return 256 if device.type == "cuda" else 64


def enlarged(net: nn.Module, scale: int, image: Image.Image, device: torch.device, side_px: int) -> Pieces[Image.Image]:
    """`image` (RGB), `scale` times as large. A piece of work is a tile of `side_px`; tiles overlap and fade into each
    other. Raises UpscalerError."""
    pixels = np.asarray(image)
    height, width = pixels.shape[:2]
    canvas = np.empty((height * scale, width * scale, 3), np.uint8)
    tops, lefts = _starts(height, side_px), _starts(width, side_px)
    piece = Piece("upscale", height * width // (len(tops) * len(lefts)))
    for top in tops:
        under = canvas[top * scale : (top + side_px) * scale]
        row = np.empty_like(under)
        for left in lefts:
            made = _run(net, pixels[top : top + side_px, left : left + side_px], device)
            columns = row[:, left * scale : (left + side_px) * scale]
            columns[:] = _faded(columns, made, _shares(made.shape[1], scale, left > 0)[None, :, None])
            yield piece
        under[:] = _faded(under, row, _shares(row.shape[0], scale, top > 0)[:, None, None])
    return Image.fromarray(canvas)


def _starts(length: int, side_px: int) -> list[int]:
    """Multiples of 4, as networks that fold squares of pixels need it."""
    stride = side_px - OVERLAP_PX
    return list(range(0, max(length - OVERLAP_PX, 1), stride))


def _run(net: nn.Module, pixels: np.ndarray, device: torch.device) -> np.ndarray:
    """(h, w, 3) uint8 → (h * scale, w * scale, 3) float32 in 0..255."""
    levels = torch.tensor(pixels, device=device)
    made: Tensor = net(levels.permute(2, 0, 1)[None].to(torch.float32) / 255)[0]
    if not torch.isfinite(made).all():
        raise UpscalerError("it made pixels that are not finite numbers")
    return (made.clamp(0, 1) * 255).permute(1, 2, 0).cpu().numpy()


def _faded(under: np.ndarray, over: np.ndarray, share: np.ndarray) -> np.ndarray:
    return np.rint(under * (1 - share) + over * share)


def _shares(length: int, scale: int, fades_in: bool) -> np.ndarray:
    """Of a tile in each of its rows (or columns): from 0 to 1 over the overlap with the tile before."""
    if not fades_in:
        return np.ones(length, np.float32)
    first, last = EDGE_PX * scale, (OVERLAP_PX - EDGE_PX) * scale
    centers = np.arange(length, dtype=np.float32) + 0.5
    return np.clip((centers - first) / (last - first), 0, 1)
