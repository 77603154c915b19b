"""Graphs that a compiled UNet needs before and after its warm-up, in a run of mixed requests on the demo model.

    python scripts/measure/recompiles.py [--requests 200] [--backend eager] [--rank 16] [--rows 2,4,8]

The requests differ in LoRAs (none, one, another), weights, size (the native shapes), steps, guidance and sampler, and
some start from an image. dynamo counts the graphs. `--backend inductor` also generates code, which takes minutes, and
then seconds of a forward are worth comparing with those of an uncompiled UNet.
"""

import argparse
import logging
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402
from msgspec.structs import replace  # noqa: E402

from pipelines.model.acceleration import compile_unet  # noqa: E402
from pipelines.model.info import read_model_info  # noqa: E402
from pipelines.model.load import LoadedModel, load_model  # noqa: E402
from pipelines.plan import BeginOrder, EncodeOrder, SourceImage, StepPlan  # noqa: E402
from pipelines.sdxl import RunnerOptions, SDXLRunner  # noqa: E402
from pipelines.spec import ImageSpec, LoraRef, Source  # noqa: E402
from tests.support.builders import image_spec  # noqa: E402
from tests.support.demo_model import demo_folder, write_lora  # noqa: E402

SAMPLERS = ("euler", "euler_a", "ddim", "dpmpp_2m_karras", "euler_trailing")
TOGETHER = 4
"""Images that share forwards, as far as their sizes are equal."""


@dataclass(frozen=True)
class Outcome:
    """Graphs by dynamo's count: of the warm-up, and added by the requests, in so many `forwards`."""

    warm_graphs: int
    more_graphs: int
    forwards: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--backend", default="eager")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--rows", default="2,4,8")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    rows = tuple(map(int, args.rows.split(",")))
    with tempfile.TemporaryDirectory() as folder:
        model = load_model(demo_folder(), "cpu", "float32")
        loras = [write_lora(model, Path(folder), seed=seed, strength=0.05) for seed in range(3)]
        plain = SDXLRunner(model, Path(folder))
        uncompiled = {count: seconds(plain, loras, count) for count in rows if count % 2 == 0}
        runner = compiled_runner(model, Path(folder), args.backend, args.rank, rows)
        outcome = measure(runner, loras, args.requests, rows)
        print(
            f"{outcome.warm_graphs} graphs after the warm-up, {outcome.more_graphs} more after {args.requests}"
            f" requests in {outcome.forwards} forwards"
        )
        for count, (without, with_loras) in uncompiled.items():
            own = seconds(runner, loras, count)
            print(
                f"{count} rows: {own[0]:.3f} s compiled, {without:.3f} s uncompiled;"
                f" with LoRAs {own[1]:.3f} s and {with_loras:.3f} s"
            )
    if outcome.more_graphs:
        raise SystemExit(1)


def compiled_runner(model: LoadedModel, folder: Path, backend: str, rank: int, rows: Sequence[int]) -> SDXLRunner:
    """Warmed up. Unlike a server, it would compile more."""
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    compile_unet(model.unet, backend)
    runner = SDXLRunner(model, folder, RunnerOptions(compiled_rank=rank))
    runner.compile_forwards(list(read_model_info(demo_folder()).native_shapes.values()), rows)
    torch.compiler.set_stance("default")
    return runner


def measure(runner: SDXLRunner, loras: Sequence[LoraRef], num_requests: int, rows: Sequence[int]) -> Outcome:
    warm_graphs, forwards = num_graphs(), 0
    chance = random.Random(1)
    wanted = [request(chance, loras, number) for number in range(num_requests)]
    for start in range(0, num_requests, TOGETHER):
        group = wanted[start : start + TOGETHER]
        forwards += run(runner, {f"image-{start + n}": spec for n, spec in enumerate(group)}, rows)
    return Outcome(warm_graphs, num_graphs() - warm_graphs, forwards)


def num_graphs() -> int:
    return torch._dynamo.utils.counters["stats"]["unique_graphs"]


def request(chance: random.Random, loras: Sequence[LoraRef], number: int) -> ImageSpec:
    width, height = chance.choice(list(read_model_info(demo_folder()).native_shapes.values()))
    lora = chance.choice([None, *loras])
    changes: dict[str, Any] = {}
    if lora is not None:
        changes["loras"] = (replace(lora, weight=chance.uniform(-1, 2)),)
    if number % 5 == 0:
        changes |= {"source": Source(f"{number:064x}", width, height), "strength": 0.6}
    return image_spec(
        width=width,
        height=height,
        steps=chance.randint(2, 3),
        guidance_scale=chance.choice([1.0, 7.0]),
        sampler=chance.choice(SAMPLERS),
        seed=number,
        **changes,
    )


def run(runner: SDXLRunner, wanted: dict[str, ImageSpec], rows: Sequence[int]) -> int:
    """Make the images, those of a size together. Returns the number of forwards."""
    runner.fetch_loras({lora.sha256 for spec in wanted.values() for lora in spec.loras}).result()
    forwards = 0
    sources = tuple(orders(wanted))
    runner.execute(StepPlan(encode=sources))
    begun = runner.execute(StepPlan(begin=tuple(BeginOrder(image_id, spec) for image_id, spec in wanted.items())))
    assert begun.begun.keys() == wanted.keys(), begun
    left = dict(begun.begun)
    while left:
        first = wanted[next(iter(left))].passes[0]
        together = tuple(i for i in left if wanted[i].passes[0].width == first.width)
        needed = sum(runner._states[image_id].rows for image_id in together)
        stepped = runner.execute(StepPlan(step=together, pad_to_rows=min(count for count in rows if count >= needed)))
        assert stepped.stepped == together, stepped
        forwards += 1
        left = {image_id: count - (image_id in together) for image_id, count in left.items()}
        left = {image_id: count for image_id, count in left.items() if count}
    runner.execute(StepPlan(release=tuple(wanted), forget=tuple(order.key for order in sources)))
    return forwards


def orders(wanted: dict[str, ImageSpec]) -> Iterator[EncodeOrder]:
    for spec in wanted.values():
        if spec.source_key is not None:
            width, height = spec.passes[0].width, spec.passes[0].height
            yield EncodeOrder(spec.source_key, SourceImage(width, height, bytes(3 * width * height)))


def seconds(runner: SDXLRunner, loras: Sequence[LoraRef], num_rows: int) -> tuple[float, float]:
    """The fastest of five steps of so many rows at the native size, without and with LoRAs."""
    info = read_model_info(demo_folder())
    best: list[float] = []
    for each in ((), (loras[0],)):
        spec = image_spec(width=info.native_width, height=info.native_height, steps=9, loras=each)
        wanted = {f"timed-{n}": spec.with_seed(n) for n in range(num_rows // 2)}
        runner.fetch_loras({lora.sha256 for lora in each}).result()
        runner.execute(StepPlan(begin=tuple(BeginOrder(image_id, spec) for image_id, spec in wanted.items())))
        times: list[float] = []
        for _ in range(6):
            started_s = time.perf_counter()
            runner.execute(StepPlan(step=tuple(wanted)))
            times.append(time.perf_counter() - started_s)
        runner.execute(StepPlan(release=tuple(wanted)))
        best.append(min(times[1:]))
    return best[0], best[1]


if __name__ == "__main__":
    main()
