"""Who asks for what, and when: a day of arrivals with bursts, users and LoRAs by Zipf's law."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from msgspec.structs import replace

from pipelines.spec import ImageSpec, LoraRef, Pass, Sampling
from server.engine.requests import Candidate

SIZES = ((1024, 1024, 0.7), (832, 1216, 0.2), (1216, 832, 0.1))
STEPS = ((20, 0.3), (30, 0.6), (40, 0.1))
IMAGES = ((1, 0.3), (2, 0.2), (4, 0.5))
SWING = 0.4
"""The day's rate is between 1 - SWING and 1 + SWING of its mean."""


@dataclass(frozen=True, slots=True)
class Demand:
    """`load`: of the work that the fleet can do in the day, without bursts. A burst comes about every `burst_gap_s`
    and asks for `burst_load` of what the fleet can do, for `burst_s`: every second one from one user, the others from
    all. `lora_share`: of the jobs with LoRAs, a fifth of which has two."""

    day_s: float
    load: float = 0.6
    num_users: int = 10_000
    user_exponent: float = 0.9
    num_loras: int = 500
    lora_exponent: float = 1.0
    lora_share: float = 0.85
    burst_gap_s: float = 900.0
    burst_s: float = 60.0
    burst_load: float = 1.0
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Arrival:
    at_s: float
    job_id: str
    owner: str
    spec: ImageSpec
    num_images: int

    @property
    def candidate(self) -> Candidate:
        """As the queue counts it."""
        spec, num = self.spec, self.num_images
        return Candidate(
            self.job_id, self.owner, spec.work * num, num, self.at_s, spec.num_px, spec.rows, spec.vae_px * num
        )


class Zipf:
    """Numbers from 0: number k comes with a probability proportional to 1 / (k + 1) ** exponent."""

    def __init__(self, num: int, exponent: float) -> None:
        self._numbers = range(num)
        self._cumulative = list(accumulate((k + 1) ** -exponent for k in range(num)))

    def draw(self, dice: random.Random) -> int:
        return dice.choices(self._numbers, cum_weights=self._cumulative)[0]


Mix = Sequence[tuple[ImageSpec, int, float]]
"""Jobs without their LoRAs: spec, number of images, share of all jobs."""


def mix(
    sizes: Sequence[tuple[int, int, float]] = SIZES,
    steps: Sequence[tuple[int, float]] = STEPS,
    images: Sequence[tuple[int, float]] = IMAGES,
) -> Mix:
    """Every combination, by the product of the shares."""
    return [
        (
            ImageSpec("a boat", "", Sampling("euler", num_steps, 7.0, seed=1), (Pass(width, height),)),
            num_images,
            of_size * of_steps * of_num,
        )
        for width, height, of_size in sizes
        for num_steps, of_steps in steps
        for num_images, of_num in images
    ]


def arrivals(demand: Demand, jobs_per_s: float, jobs: Mix) -> Iterator[Arrival]:
    """In order. `jobs_per_s`: what the fleet can make of this mix."""
    dice = random.Random(demand.seed)
    users, loras = Zipf(demand.num_users, demand.user_exponent), Zipf(demand.num_loras, demand.lora_exponent)
    refs = [LoraRef(f"lora-{n}", "1", f"{n:064x}", 0.8) for n in range(demand.num_loras)]
    shares = list(accumulate(share for *_, share in jobs))
    bursts = _bursts(demand, dice)
    most = demand.load * (1 + SWING) + demand.burst_load
    at_s, number = 0.0, 0
    while True:
        at_s += dice.expovariate(most * jobs_per_s)
        if at_s >= demand.day_s:
            return
        usual = demand.load * (1 - SWING * math.cos(2 * math.pi * at_s / demand.day_s))
        begun = next(((start, owner) for start, owner in bursts if start <= at_s < start + demand.burst_s), None)
        drawn = dice.random() * most
        if drawn >= usual + (demand.burst_load if begun else 0.0):
            continue
        owner = begun[1] if begun and drawn >= usual else None
        spec, num_images, _ = dice.choices(jobs, cum_weights=shares)[0]
        if dice.random() < demand.lora_share:
            named = {loras.draw(dice) for _ in range(2 if dice.random() < 0.2 else 1)}
            spec = replace(spec, loras=tuple(refs[n] for n in named))
        number += 1
        yield Arrival(at_s, f"{number:08x}", owner or f"user:{users.draw(dice)}", spec, num_images)


def _bursts(demand: Demand, dice: random.Random) -> Sequence[tuple[float, str | None]]:
    """Start and owner (None: of all users) of each."""
    bursts: list[tuple[float, str | None]] = []
    at_s = min(demand.burst_gap_s / 2, demand.day_s / 3)
    while at_s < demand.day_s - demand.burst_s:
        bursts.append((at_s, f"user:burst-{len(bursts)}" if len(bursts) % 2 else None))
        at_s += demand.burst_s + dice.expovariate(1 / demand.burst_gap_s)
    return bursts
