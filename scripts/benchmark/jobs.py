"""What is asked for: the same list of jobs for the server and for the bare loop."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice, product
from typing import Any

NEGATIVE_PROMPT = "low quality, blurry, distorted"
SHORT_STEPS, LONG_STEPS = 4, 50
SCENES = [
    f"{who}, {color} {wear}, {place}, {time}"
    for time, color, who, wear, place in product(
        ("sunset", "night", "morning", "noon"),
        ("red", "blue", "green", "yellow", "white", "black"),
        ("woman", "man", "child"),
        ("dress", "coat", "shirt"),
        ("beach", "snow", "city", "forest"),
    )
]


@dataclass(frozen=True, slots=True)
class Job:
    """One picture. `arrival_s` counts from the start of its scenario; each user has an identity of its own. `lora`
    takes the place of the LoRA of the whole run."""

    prompt: str
    steps: int
    width: int
    height: int
    seed: int
    guidance_scale: float = 7.0
    sampler: str = "euler"
    arrival_s: float = 0.0
    user: int = 0
    lora: str | None = None

    def body(self, model_name: str | None, model_weight: float) -> dict[str, Any]:
        """The request of `POST /api/generate`."""
        return {
            "prompt": self.prompt,
            "negative_prompt": NEGATIVE_PROMPT,
            "model_name": self.lora or model_name,
            **({"model_weight": model_weight} if model_name else {}),
            "num_images": 1,
            "steps": self.steps,
            "guidance_scale": self.guidance_scale,
            "width": self.width,
            "height": self.height,
            "seed": self.seed,
            "sampler": self.sampler,
        }


@dataclass(slots=True)
class JobBook:
    """Makes jobs; no prompt comes twice in a run, so that no prompt is in the embedding cache already. `trigger` is
    put before each."""

    steps: int
    width: int
    height: int
    trigger: str = ""
    num_made: int = 0

    def one(self, **changes: Any) -> Job:
        number = self.num_made
        self.num_made += 1
        scene = f"{SCENES[number * 7 % len(SCENES)]}, number {number}"
        prompt = f"{self.trigger}, {scene}" if self.trigger else scene
        return replace(Job(prompt, self.steps, self.width, self.height, seed=1000 + number), **changes)

    def equal(self, count: int) -> list[Job]:
        return [self.one(user=user) for user in range(count)]

    def mixed(self, count: int) -> list[Job]:
        """Steps, guidance, size and sampler differ: four values each, but no two in step with another."""
        steps = cycle(max(2, round(self.steps * share)) for share in (1.0, 0.5, 1.5, 0.75))
        guidance = cycle((7.0, 7.0, 4.5, 1.0, 7.0))
        sizes = cycle((1.0, 1.0, 1.25))
        samplers = cycle(("euler", "dpmpp_2m_karras", "euler_a", "unipc", "ddim", "heun", "dpmpp_2m"))
        ways = islice(zip(steps, guidance, sizes, samplers, strict=False), count)
        return [
            self.one(
                user=user,
                steps=n,
                guidance_scale=scale,
                sampler=sampler,
                width=_part(self.width, size),
                height=self.height,
            )
            for user, (n, scale, size, sampler) in enumerate(ways)
        ]

    def short_behind_long(self, num_long: int, num_short: int, after_s: float) -> list[Job]:
        """Long jobs, all posted together; then short ones, the first `after_s` later, each by a user of its own."""
        long = [self.one(steps=LONG_STEPS, user=user) for user in range(num_long)]
        short = [
            self.one(steps=SHORT_STEPS, user=num_long + n, arrival_s=after_s * (1 + n / num_short))
            for n in range(num_short)
        ]
        return [*long, *short]


def _part(side_px: int, share: float) -> int:
    return max(8, round(side_px * share / 8) * 8)


def first_come_first_served(jobs: Sequence[Job], service_s: Sequence[float]) -> list[float]:
    """Latency of each job where they are made one by one in the order of their arrival, by their measured service
    times. `jobs` in that order."""
    free_s, latencies = 0.0, []
    for job, seconds in zip(jobs, service_s, strict=True):
        free_s = max(free_s, job.arrival_s) + seconds
        latencies.append(free_s - job.arrival_s)
    return latencies
