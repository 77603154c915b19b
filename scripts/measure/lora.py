"""Seconds and bytes that a large LoRA takes from disk into the bank of a base model, and what it adds to a step.

    python scripts/measure/lora.py MODEL [--dtype bfloat16] [--rank 32] [--size 256]

Writes a LoRA of random matrices over all attention, feed-forward and convolutional layers of the model's UNet in
kohya's layout (float16, with alpha), reads it as the server does, and steps two pictures: without it and with it.
"""

import argparse
import hashlib
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from pipelines.lora.weights import LoraParser  # noqa: E402
from pipelines.model.load import LoadedModel, load_model, resolve_device  # noqa: E402
from pipelines.plan import BeginOrder, StepPlan  # noqa: E402
from pipelines.sdxl import RunnerOptions, SDXLRunner  # noqa: E402
from pipelines.spec import ImageSpec, LoraRef, Pass, Sampling  # noqa: E402
from tests.support.loras.files import all_layer_lora, kohya_copy  # noqa: E402

STEPS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--rank", type=int, default=32)
    parser.add_argument("--size", type=int, default=256)
    args = parser.parse_args()
    device, dtype = resolve_device(args.device, args.dtype)
    model = load_model(args.model, device, dtype)
    with tempfile.TemporaryDirectory() as folder:
        measure(model, Path(folder), args.rank, args.size)


def measure(model: LoadedModel, folder: Path, rank: int, size: int) -> None:
    data = kohya_copy(all_layer_lora(model, rank, seed=1, strength=0.001), alpha=rank / 2)
    lora = LoraRef("large", None, hashlib.sha256(data).hexdigest(), 1.0)
    (folder / f"{lora.sha256}.safetensors").write_bytes(data)
    pairs = LoraParser(model).parse(data).pairs
    convolutions = sum(pair.down.dim() == 4 for pair in pairs.values())
    print(f"the file: {len(data) / 1e6:.1f} MB, rank {rank}, {len(pairs)} layers, {convolutions} of them convolutions")
    del data, pairs
    runner = SDXLRunner(model, folder, RunnerOptions(lora_cache_bytes=2_000_000_000))
    plain, styled = picture(size, ()), picture(size, (lora,))
    runner.execute(StepPlan(begin=(BeginOrder("plain", plain),), step=("plain",)))  # warm
    read_s = timed(lambda: runner.fetch_loras([lora.sha256]).result())
    prompts_s = timed(lambda: runner.execute(StepPlan(begin=(BeginOrder("same", plain),))))
    begin_s = timed(lambda: runner.execute(StepPlan(begin=(BeginOrder("styled", styled),))))
    print(f"disk to memory: {read_s:.2f} s; a picture with it begins in {begin_s:.2f} s, without in {prompts_s:.2f} s")
    print(f"the bank: {runner.lora_bytes / 1e6:.1f} MB, an empty slot of the same size included")
    for name in ("plain", "styled"):
        step_s = min(timed(lambda name=name: runner.execute(StepPlan(step=(name,)))) for _ in range(STEPS))
        print(f"{name}: {step_s:.2f} s a step of 2 rows at {size} x {size}")


def picture(size: int, loras: tuple[LoraRef, ...]) -> ImageSpec:
    return ImageSpec("a boat at night", "", Sampling("euler", STEPS + 2, 7.0, seed=1), (Pass(size, size),), loras)


def timed(work: object) -> float:
    assert callable(work)
    started_s = time.perf_counter()
    work()
    return time.perf_counter() - started_s


if __name__ == "__main__":
    main()
