"""The base model of the tests, LoRA files for it, and helpers that run images through the runner."""

import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save

from pipelines.lora.bank import LoraBank
from pipelines.lora.files.file import read_lora
from pipelines.lora.loader import LoraLoader
from pipelines.lora.weights import LoraParser
from pipelines.model.load import LoadedModel
from pipelines.plan import BeginOrder, EncodeOrder, RawImage, StepPlan, StepResult
from pipelines.sdxl import SDXLRunner
from pipelines.spec import ImageSpec, LoraRef
from tests.support.builders import image_spec

PROMPT = "woman, red dress, beach, sunset"
NEGATIVE_PROMPT = "low quality, blurry, distorted"
ROOT = Path(__file__).resolve().parents[2]


def demo_folder() -> Path:
    """The demo model, or another small SDXL-shaped folder that `STUDIO_BASE_MODEL` names."""
    return Path(os.environ.get("STUDIO_BASE_MODEL") or ROOT / "pipelines" / "demo")


def params(**changes: Any) -> ImageSpec:
    """The spec of a small quick image."""
    return image_spec(**{"prompt": PROMPT, "negative_prompt": NEGATIVE_PROMPT, **changes})


def write_lora(model: Any, folder: Path, seed: int = 0, strength: float = 0.3, alpha: int | None = None) -> LoraRef:
    """Write a random rank 4 LoRA for the attention of UNet and text encoders, under its content hash in `folder`; with
    `alpha` in the metadata, as diffusers saves it."""
    generator = torch.Generator().manual_seed(seed)
    parts = {"unet": model.unet, "text_encoder": model.text_encoders[0], "text_encoder_2": model.text_encoders[1]}
    tensors: dict[str, torch.Tensor] = {}
    for prefix, part in parts.items():
        for key, weight in part.state_dict().items():
            module = key.removesuffix(".weight").replace(".base_layer", "")
            if key.endswith(".weight") and module.endswith(("to_q", "to_v", "q_proj", "v_proj")):
                up, down = (
                    torch.randn((weight.shape[0], 4), generator=generator),
                    torch.randn((4, weight.shape[1]), generator=generator),
                )
                tensors[f"{prefix}.{module}.lora_A.weight"] = (down / weight.shape[1] ** 0.5).half()
                tensors[f"{prefix}.{module}.lora_B.weight"] = (up * strength).half()
    settings = {
        "r": 4,
        "lora_alpha": alpha,
        "target_modules": ["to_q", "to_v", "q_proj", "v_proj"],
        "lora_dropout": 0.1,
    }
    scales = {f"{prefix}.{key}": value for prefix in parts for key, value in settings.items()}
    data = save(tensors, {"lora_adapter_metadata": json.dumps(scales)} if alpha else None)
    content = read_lora(data)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{content.sha256}.safetensors").write_bytes(data)
    return LoraRef("jade", "1", content.sha256, 0.9)


STOCK_ETA = {"tcd": 0.3}
"""The `eta` of a stock pipeline, by sampler: TCD's own default, in place of the pipeline's 0."""


def bank_of(model: LoadedModel, folder: Path, max_bytes: int = 1_000_000_000) -> LoraBank:
    """A bank for the LoRA files in `folder`."""
    return LoraBank(model, LoraLoader(folder, LoraParser(model).parse, max_bytes), max_bytes)


def run(
    runner: SDXLRunner, wanted: Mapping[str, ImageSpec], sources: Iterable[EncodeOrder] = (), **plan: Any
) -> dict[str, RawImage]:
    """Run all images together from begin to decode; an image leaves the forward when its steps are done."""
    pictures = dict(wanted)
    encoded = runner.execute(StepPlan(encode=tuple(sources)))
    assert not encoded.encode_failed
    begun = begin(runner, pictures).begun
    left = dict(begun)
    while stepping := tuple(image_id for image_id, count in left.items() if count):
        result = runner.execute(StepPlan(step=stepping, **plan))
        assert set(result.stepped) == set(stepping), result.failed
        left = {image_id: count - (image_id in stepping) for image_id, count in left.items()}
    runner.execute(StepPlan(forget=encoded.encoded))
    return runner.execute(StepPlan(decode=tuple(pictures))).decoded


def begin(runner: SDXLRunner, wanted: Mapping[str, ImageSpec]) -> StepResult:
    """Load their LoRAs, as the engine does, then begin the images."""
    runner.fetch_loras({lora.sha256 for spec in wanted.values() for lora in spec.loras}).result()
    return runner.execute(StepPlan(begin=tuple(BeginOrder(image_id, spec) for image_id, spec in wanted.items())))


def step(runner: SDXLRunner, image_ids: Iterable[str], times: int = 1) -> StepResult:
    result = StepResult()
    for _ in range(times):
        result = runner.execute(StepPlan(step=tuple(image_ids)))
    return result


def pixels(picture: RawImage) -> np.ndarray:
    """(H, W, 3) uint8."""
    return np.frombuffer(picture.rgb, np.uint8).reshape(picture.height, picture.width, 3)


LOSSY_DB = 45.0
"""What "the same picture" means for JPEG and WebP, as docs/api.md says."""


def psnr_db(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Peak signal-to-noise ratio of two pictures of 8-bit values; infinite if they are equal."""
    assert ours.shape == theirs.shape
    error = float(((ours.astype(float) - theirs.astype(float)) ** 2).mean())
    return 10 * math.log10(255**2 / error) if error else math.inf


def share_within_one_level(ours: np.ndarray, theirs: np.ndarray) -> float:
    assert ours.shape == theirs.shape
    return float((np.abs(ours.astype(int) - theirs.astype(int)) <= 1).mean())
