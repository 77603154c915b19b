"""The networks of upscalers, by PyTorch's own layers. Any thread.

They compute what the published ones do: https://github.com/xinntao/ESRGAN (RRDBNet_arch.py) and
https://github.com/xinntao/Real-ESRGAN (archs/srvgg_arch.py).
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu, pad, pixel_shuffle, pixel_unshuffle

from pipelines.upscaling.architecture import COLORS, DENSE_CONVS, Architecture

SLOPE = 0.2
RESIDUAL = 0.2
"""Share of its change that a block adds to its input."""


def network(architecture: Architecture, tensors: Mapping[str, Tensor]) -> nn.Module:
    """(1, 3, H, W) in 0..1, float32 → (1, 3, H * scale, W * scale) around 0..1. `tensors` by the names of
    `Architecture.shapes`; they are not copied."""
    with torch.device("meta"):
        made = Compact(architecture) if architecture.is_compact else RRDBNet(architecture)
    made.load_state_dict(tensors, assign=True)
    return made.eval().requires_grad_(False)


class DenseBlock(nn.Module):
    """Each convolution sees the input and what all before it have made."""

    def __init__(self, num_features: int, growth: int) -> None:
        super().__init__()
        for number in range(DENSE_CONVS):
            out_of = num_features if number == DENSE_CONVS - 1 else growth
            self.add_module(f"conv{number + 1}", _convolution(num_features + number * growth, out_of))

    def forward(self, x: Tensor) -> Tensor:
        *before, last = self.children()
        seen = x
        for layer in before:
            seen = torch.cat((seen, leaky_relu(layer(seen), SLOPE)), 1)
        return last(seen) * RESIDUAL + x


class Block(nn.Module):
    """Residual in residual dense block (RRDB)."""

    def __init__(self, num_features: int, growth: int) -> None:
        super().__init__()
        for number in (1, 2, 3):
            self.add_module(f"rdb{number}", DenseBlock(num_features, growth))

    def forward(self, x: Tensor) -> Tensor:
        changed = x
        for dense in self.children():
            changed = dense(changed)
        return changed * RESIDUAL + x


class RRDBNet(nn.Module):
    def __init__(self, of: Architecture) -> None:
        super().__init__()
        features = of.num_features
        self._scale, self._unshuffle = of.scale, of.unshuffle
        self.conv_first = _convolution(COLORS * of.unshuffle**2, features)
        self.body = nn.Sequential(*(Block(features, of.growth) for _ in range(of.num_blocks)))
        self.conv_body = _convolution(features, features)
        self._ups = [f"conv_up{number}" for number in range(1, of.num_doublings + 1)]
        for name in self._ups:
            self.add_module(name, _convolution(features, features))
        self.conv_hr = _convolution(features, features)
        self.conv_last = _convolution(features, COLORS)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        x = pad(x, (0, -width % self._unshuffle, 0, -height % self._unshuffle), mode="reflect")
        first = self.conv_first(pixel_unshuffle(x, self._unshuffle))
        x = first + self.conv_body(self.body(first))
        for name in self._ups:
            x = leaky_relu(self.get_submodule(name)(interpolate(x, scale_factor=2, mode="nearest")), SLOPE)
        x = self.conv_last(leaky_relu(self.conv_hr(x), SLOPE))
        return x[..., : height * self._scale, : width * self._scale]


class Compact(nn.Module):
    """All convolutions at the image's own size; the last one makes the pixels, which are added to the nearest ones."""

    def __init__(self, of: Architecture) -> None:
        super().__init__()
        features = of.num_features
        layers: list[nn.Module] = []
        for number in range(of.num_blocks + 1):
            layers += [_convolution(features if number else COLORS, features), nn.PReLU(features)]
        self.body = nn.Sequential(*layers, _convolution(features, COLORS * of.scale**2))
        self._scale = of.scale

    def forward(self, x: Tensor) -> Tensor:
        return pixel_shuffle(self.body(x), self._scale) + interpolate(x, scale_factor=self._scale, mode="nearest")


def _convolution(into: int, out_of: int) -> nn.Conv2d:
    return nn.Conv2d(into, out_of, 3, padding=1)
