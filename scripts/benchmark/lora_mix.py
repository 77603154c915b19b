"""Pictures with different LoRAs: together, beside a loop that loads and unloads them, and one that is only on disk."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from pathlib import Path
from statistics import mean, median

from safetensors.torch import load as parse_safetensors
from safetensors.torch import save

from pipelines.lora_file import read_header
from scripts.benchmark.bench import Bench
from scripts.benchmark.figures import Figure, Pair
from scripts.benchmark.jobs import Job
from scripts.benchmark.report import say

USERS = 8
SWAPS_A_ROUND = 4
NUM_FILES = 80
SHORT_STEPS, LONG_STEPS = 4, 30
BACKGROUND_STEPS, JOINER_STEPS, MIN_STEPS = 150, 10, 20
LOAD_LOOP = "bare loop, load and unload"


def write_copies(lora: Path, folder: Path) -> tuple[Path, ...]:
    """The LoRA over and over, each time a little weaker, so that no two have the same bytes."""
    data = lora.read_bytes()
    _, metadata, _ = read_header(data)
    tensors = parse_safetensors(data)
    paths: list[Path] = []
    for number in range(NUM_FILES):
        strength = 1 - number / (4 * NUM_FILES)
        changed = {
            key: tensor * strength if "lora_B" in key or "lora_up" in key else tensor for key, tensor in tensors.items()
        }
        paths.append(folder / f"copy-v{number}.safetensors")
        paths[-1].write_bytes(save(changed, metadata))
    return tuple(paths)


async def loras(bench: Bench) -> list[Figure]:
    if not bench.lora_files:
        raise RuntimeError("the scenario loras needs a LoRA and a server of its own: leave out --no-lora and --url")
    mixing = list(bench.lora_files[:USERS])
    unused = iter(bench.lora_files[USERS:])
    await bench.serve([_job(bench, file, 2) for file in mixing])  # all of them are resident from now on
    return [
        await _different_and_equal(bench, mixing),
        *[await _beside_load_loop(bench, mixing, steps) for steps in (SHORT_STEPS, LONG_STEPS)],
        *await _swaps(bench, mixing[0], unused),
    ]


async def _different_and_equal(bench: Bench, files: Sequence[Path]) -> Figure:
    throughput = Pair()
    for number in range(2 * bench.rounds):
        different = await bench.serve([_job(bench, file, bench.book.steps, user) for user, file in enumerate(files)])
        equal = await bench.serve([_job(bench, files[0], bench.book.steps, user) for user in range(len(files))])
        throughput.add(len(files) / different.wall_s, len(files) / equal.wall_s)
        say(f"loras, different beside equal, round {number + 1}: {throughput} images/s")
    name = f"{len(files)} users, {len(files)} LoRAs"
    return throughput.figure(name, "images per second", "1/s", f"{len(files)} users, one LoRA", ">= 0.9")


async def _beside_load_loop(bench: Bench, files: Sequence[Path], steps: int) -> Figure:
    throughput = Pair()
    for number in range(bench.rounds):
        served = await bench.serve([_job(bench, file, steps, user) for user, file in enumerate(files)])
        looped_s: float | None = None
        if bench.bare is not None:
            with bench.bare.without_lora():
                looped_s = sum(bench.bare.timed_with_own_lora(_job(bench, file, steps), file) for file in files)
        throughput.add(len(files) / served.wall_s, looped_s and len(files) / looped_s)
        say(f"loras, {steps} steps, round {number + 1}: {throughput} images/s")
    name = f"{len(files)} users, {len(files)} LoRAs, {steps} steps"
    target = ">= 3.0" if steps == SHORT_STEPS else ""
    return throughput.figure(name, "images per second", "1/s", LOAD_LOOP, target)


async def _swaps(bench: Bench, resident: Path, unused: Iterator[Path]) -> list[Figure]:
    """Short jobs join a long one: with a LoRA that only the disk has, and with one that is in memory."""
    swap_s: list[float] = []
    median_s, mean_s = Pair(), Pair()
    for number in range(2 * bench.rounds):
        fresh = list(islice(unused, SWAPS_A_ROUND))
        on_disk = [(await bench.serve([_job(bench, file, 1)])).wall_s for file in fresh]
        in_memory = [(await bench.serve([_job(bench, file, 1)])).wall_s for file in fresh]
        swap_s.append(median(on_disk) - median(in_memory))
        swapping = await _steps_s(bench, list(islice(unused, SWAPS_A_ROUND)))
        staying = await _steps_s(bench, [resident] * SWAPS_A_ROUND)
        median_s.add(median(swapping), median(staying))
        mean_s.add(mean(swapping), mean(staying))
        say(f"loras, swaps, round {number + 1}: {1000 * swap_s[-1]:.1f} ms; median step of others {median_s} s")
    name, against = "a LoRA that is on disk only", "one in memory joins"
    return [
        Figure(name, "a request takes longer by", "s", median(swap_s)),
        median_s.figure(name, "median step of others, while it joins", "s", against, "<= 1.1"),
        mean_s.figure(name, "mean step of others, while it joins", "s", against),
    ]


async def _steps_s(bench: Bench, files: Sequence[Path]) -> list[float]:
    """Seconds between the steps of a long picture while others with these LoRAs join it, one after the other."""
    background = await bench.crowd.submit(_job(bench, bench.lora_files[0], BACKGROUND_STEPS, user=1))
    told_s: list[float] = []
    watching = asyncio.create_task(_watch(bench, background, told_s))
    await bench.serve([_job(bench, bench.lora_files[0], JOINER_STEPS)])  # by then it is under way
    first = len(told_s)
    for file in files:
        await bench.serve([_job(bench, file, JOINER_STEPS)])
    watching.cancel()
    await bench.crowd.cancel(background)
    during_s = told_s[first:]
    if len(during_s) < MIN_STEPS:
        raise RuntimeError(f"the long picture took {len(during_s)} steps while others joined; at least {MIN_STEPS}")
    return [later - earlier for earlier, later in pairwise(during_s)]


async def _watch(bench: Bench, job_id: str, told_s: list[float]) -> None:
    """When each step of the job is told."""
    async with bench.crowd.user(0).stream("GET", f"/api/jobs/{job_id}/events") as answer:
        async for line in answer.aiter_lines():
            if line == "event: progress":
                told_s.append(time.perf_counter())


def _job(bench: Bench, file: Path, steps: int, user: int = 0) -> Job:
    return bench.book.one(steps=steps, user=user, lora=file.stem)
