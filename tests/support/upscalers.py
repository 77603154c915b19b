"""Files of upscalers with random weights, in the layouts in which the published ones come. Torch-free."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from pipelines.upscaling.architecture import Architecture

X4 = Architecture(is_compact=False, scale=4, num_features=8, num_blocks=1, growth=4, num_doublings=2)
X2 = Architecture(False, 2, num_features=8, num_blocks=1, growth=4, num_doublings=1)
X2_FOLDED = Architecture(False, 2, num_features=8, num_blocks=1, growth=4, num_doublings=2, unshuffle=2)
COMPACT = Architecture(True, 4, num_features=8, num_blocks=2)
LAYOUTS = ("esrgan", "realsr", "real-esrgan")


def weights(architecture: Architecture, seed: int = 0) -> dict[str, np.ndarray]:
    """By Real-ESRGAN's names. The network answers with colors all over the range; as in trained ones, a pixel depends
    little on what is far away."""
    random = np.random.default_rng(seed)
    made: dict[str, np.ndarray] = {}
    for name, shape in architecture.shapes().items():
        scale = 0.1 if len(shape) == 1 else (2 / (shape[1] * 9)) ** 0.5
        if ".rdb" in name:
            scale *= 0.4
        made[name] = random.standard_normal(shape, np.float32) * np.float32(scale)
    last = f"body.{2 * architecture.num_blocks + 2}" if architecture.is_compact else "conv_last"
    made[f"{last}.bias"][:] = 0.0 if architecture.is_compact else 0.4
    return made


def in_layout(tensors: Mapping[str, np.ndarray], layout: str) -> dict[str, np.ndarray]:
    """The same weights under the names of another layout of RRDB networks."""
    if layout == "real-esrgan":
        return dict(tensors)
    doublings = sum(bool(re.fullmatch(r"conv_up\d\.weight", name)) for name in tensors)
    blocks = max(int(found[1]) for name in tensors if (found := re.match(r"body\.(\d+)\.", name))) + 1
    if layout == "realsr":
        rules = [
            (r"body\.(\d+)\.rdb(\d)", r"RRDB_trunk.\1.RDB\2"),
            ("conv_body", "trunk_conv"),
            ("conv_up", "upconv"),
            ("conv_hr", "HRconv"),
        ]
    else:
        rules = [
            (r"body\.(\d+)\.rdb(\d)\.conv(\d)", r"model.1.sub.\1.RDB\2.conv\3.0"),
            ("conv_body", f"model.1.sub.{blocks}"),
            ("conv_first", "model.0"),
            *((f"conv_up{n}", f"model.{3 * n}") for n in range(1, doublings + 1)),
            ("conv_hr", f"model.{3 * doublings + 2}"),
            ("conv_last", f"model.{3 * doublings + 4}"),
        ]
    renamed: dict[str, np.ndarray] = {}
    for name, tensor in tensors.items():
        for pattern, other in rules:
            name = re.sub(pattern, other, name)
        renamed[name] = tensor
    return renamed


def write_upscaler(path: Path, architecture: Architecture = X2, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(weights(architecture, seed), path)
    return path
