"""Pictures with different LoRAs: together, against a loop that loads and unloads them, and one that is only on disk."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import median

from safetensors.torch import load as parse_safetensors
from safetensors.torch import save

from pipelines.safetensors_header import read_header
from scripts.benchmark.figures import Figure, Pair
from scripts.benchmark.jobs import Job
from scripts.benchmark.report import say
from scripts.benchmark.scenarios.bench import Bench

USERS = 8
SWAPS_A_ROUND = 4
NUM_FILES = 80
SHORT_STEPS, LONG_STEPS = 4, 30
BACKGROUND_STEPS, JOINER_STEPS = 150, 10
LOAD_LOOP = "bare loop, load and unload"


def write_copies(lora: Path, folder: Path) -> tuple[Path, ...]:
    """The LoRA over and over, each time a little weaker, so that no two have the same bytes."""
    data = lora.read_bytes()
    metadata = dict(read_header(data).metadata)
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
        say(f"loras, different against equal, round {number + 1}: {throughput} images/s")
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
    """Short jobs join a long one, by turns with a LoRA that only the disk has and with one that is in memory."""
    swap_s: list[float] = []
    turn_s = Pair()
    for number in range(2 * bench.rounds):
        fresh = list(islice(unused, SWAPS_A_ROUND))
        on_disk = [(await bench.serve([_job(bench, file, 1)])).wall_s for file in fresh]
        in_memory = [(await bench.serve([_job(bench, file, 1)])).wall_s for file in fresh]
        swap_s.append(median(on_disk) - median(in_memory))
        background = await bench.crowd.submit(_job(bench, resident, BACKGROUND_STEPS, user=1))
        await _turn_s(bench, resident)  # by then it is under way
        joined = [
            (await _turn_s(bench, file), await _turn_s(bench, resident)) for file in islice(unused, SWAPS_A_ROUND)
        ]
        await bench.crowd.cancel(background)
        turn_s.add(median(swapping for swapping, _ in joined), median(staying for _, staying in joined))
        say(f"loras, swaps, round {number + 1}: {1000 * swap_s[-1]:.1f} ms; others' turns {turn_s} s")
    name = "a LoRA that is on disk only"
    return [
        Figure(name, "a request takes longer by", "s", median(swap_s)),
        turn_s.figure(name, "a step of others, while it joins", "s", "one in memory joins", "<= 1.1"),
    ]


async def _turn_s(bench: Bench, file: Path) -> float:
    """Mean seconds of the engine's turns, decodes left out, while a picture with this LoRA joins a long one: how long
    each step of that takes. By the server's own metrics; its event stream sends progress ten times a second at most."""
    moved = (await bench.serve([_job(bench, file, JOINER_STEPS)])).moved
    return (moved["studio_turn_seconds_sum"] - moved["studio_decode_seconds_sum"]) / moved.num_steps


def _job(bench: Bench, file: Path, steps: int, user: int = 0) -> Job:
    return bench.book.one(steps=steps, user=user, lora=file.stem)
