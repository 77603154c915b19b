"""Many requests with changing LoRAs, mixed and merged: do the base weights stay what they are, and the memory?

    python scripts/measure/lora_soak.py                     # 1,000 requests: about 4 minutes on one core
    python scripts/measure/lora_soak.py --requests 60 --json out.json

The demo model, pictures of 64 x 64 and 2 steps, one to three of them together, each with up to two of six LoRAs; the
bank has room for three. Modes alternate request by request, each on a model of its own. Every base tensor is hashed
before, in between and after. Ends with 1 where a hash changed or memory grew by more than 50 MB after the warm-up.
"""

import argparse
import hashlib
import json
import random
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

from pipelines.model.load import LoadedModel, load_model  # noqa: E402
from pipelines.model.weights import trim_heap  # noqa: E402
from pipelines.plan import BeginOrder, StepPlan  # noqa: E402
from pipelines.sdxl import RunnerOptions, SDXLRunner  # noqa: E402
from pipelines.spec import ImageSpec, LoraRef, Pass, Sampling  # noqa: E402
from tests.support.loras.files import all_layer_lora, keep, kohya_copy  # noqa: E402

MAX_GROWTH_MB = 50.0
LORA_CACHE_BYTES = 8_000_000
NUM_CHECKS = 10
WARM_UP_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Soaked:
    """`resident_mb` is measured at each of the checks; the first is after the warm-up. `num_changed`: checks at which a
    base tensor was not what it had been."""

    num_requests: int
    num_images: int
    num_changed: int
    resident_mb: list[float]

    @property
    def growth_mb(self) -> float:
        return max(self.resident_mb) - self.resident_mb[0]


def soak(num_requests: int, folder: Path, seed: int = 0) -> Soaked:
    chance = random.Random(seed)
    models = {merged: load_model(ROOT / "pipelines" / "demo", "cpu", "float32") for merged in (False, True)}
    hashes = {merged: base_hash(model) for merged, model in models.items()}
    loras = write_loras(models[False], folder)
    runners = {
        merged: SDXLRunner(
            model,
            folder,
            RunnerOptions(embedding_cache_bytes=1_000_000, lora_cache_bytes=LORA_CACHE_BYTES, merged_loras=merged),
        )
        for merged, model in models.items()
    }
    num_images, num_changed = 0, 0
    resident_mb: list[float] = []
    for number in range(num_requests):
        merged = number % 2 == 1
        wanted = list(request(chance, loras, number, merged))
        make(runners[merged], wanted)
        num_images += len(wanted)
        done = (number + 1) / num_requests
        if done >= WARM_UP_SHARE and (number + 1) % max(1, num_requests // NUM_CHECKS) == 0:
            make(runners[True], [picture(number, ())])  # merged weights go back with a picture without LoRAs
            num_changed += any(base_hash(model) != hashes[mode] for mode, model in models.items())
            trim_heap()
            resident_mb.append(resident_bytes() / 1e6)
    return Soaked(num_requests, num_images, num_changed, resident_mb)


def write_loras(model: LoadedModel, folder: Path) -> list[LoraRef]:
    jade, amber = ((ROOT / "loras" / f"{name}-v1.safetensors").read_bytes() for name in ("jade", "amber"))
    files = [jade, amber, kohya_copy(jade, 6.0), kohya_copy(amber)]
    files += [all_layer_lora(model, rank=rank, seed=rank, strength=0.02) for rank in (4, 24)]
    return [keep(folder, data, f"lora{number}", 1.0) for number, data in enumerate(files)]


def request(chance: random.Random, loras: list[LoraRef], number: int, merged: bool) -> Iterator[ImageSpec]:
    """One to three pictures; in merged mode all with one set."""
    chosen: tuple[LoraRef, ...] = ()
    for index in range(chance.randint(1, 3)):
        if index == 0 or not merged:
            names = chance.sample(loras, chance.randint(0, 2))
            chosen = tuple(LoraRef(each.name, None, each.sha256, chance.choice((0.4, 0.9, -0.5))) for each in names)
        yield picture(number * 3 + index, chosen)


def picture(seed: int, loras: tuple[LoraRef, ...]) -> ImageSpec:
    sampling = Sampling(("euler", "dpmpp_2m")[seed % 2], 2, (1.0, 5.0)[seed % 2], seed)
    return ImageSpec(f"woman, red dress, {seed % 50}", "", sampling, (Pass(64, 64),), loras)


def make(runner: SDXLRunner, wanted: list[ImageSpec]) -> None:
    """As the engine does it: what is deferred is begun again, when the others are done."""
    waiting = {f"p{index}": each for index, each in enumerate(wanted)}
    while waiting:
        runner.fetch_loras({lora.sha256 for each in waiting.values() for lora in each.loras}).result()
        begun = runner.execute(StepPlan(begin=tuple(BeginOrder(name, each) for name, each in waiting.items())))
        left = dict(begun.begun)
        while stepping := tuple(name for name, count in left.items() if count):
            stepped = runner.execute(StepPlan(step=stepping)).stepped
            left = {name: count - (name in stepped) for name, count in left.items()}
        decoded = runner.execute(StepPlan(decode=tuple(left))).decoded
        if begun.failed or decoded.keys() != left.keys():
            raise RuntimeError(f"pictures failed: {begun.failed}, {left.keys() - decoded.keys()}")
        waiting = {name: waiting[name] for name in begun.deferred}


def base_hash(model: LoadedModel) -> str:
    """Of every tensor of every part."""
    digest = hashlib.sha256()
    for part in (model.unet, model.vae, *model.text_encoders):
        for name, tensor in part.state_dict().items():
            digest.update(name.encode())
            digest.update(tensor.detach().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


def resident_bytes() -> int:
    """RssAnon of this process (Linux)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise OSError("/proc/self/status has no RssAnon")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--json", type=Path, metavar="FILE")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        soaked = soak(args.requests, Path(folder))
    shown: dict[str, Any] = {**asdict(soaked), "growth_mb": soaked.growth_mb}
    print(json.dumps(shown, indent=2))
    if args.json:
        args.json.write_text(json.dumps(shown, indent=2) + "\n", encoding="utf-8")
    sys.exit(1 if soaked.num_changed or soaked.growth_mb > MAX_GROWTH_MB else 0)


if __name__ == "__main__":
    main()
