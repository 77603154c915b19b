"""The figures of a run: waits, fairness, use of the GPUs, LoRA loads."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import mean
from typing import Any

from scripts.fleet_simulation.fleet import EndedJob, Run
from scripts.fleet_simulation.statements import Processes, busiest, load

LIGHT_JOBS = 3


def quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def waits(ended: Sequence[EndedJob]) -> dict[str, float]:
    seconds = [job.wait_s for job in ended]
    return {"median": quantile(seconds, 0.5), "p95": quantile(seconds, 0.95), "p99": quantile(seconds, 0.99)}


def fairness(ended: Sequence[EndedJob]) -> dict[str, float]:
    """`jain`: Jain's index of the users' mean slowdown (seconds from acceptance to end over the seconds alone), 1 is
    equal. p95 of the waits of the users with few jobs, and of the busiest hundredth."""
    by_owner: dict[str, list[EndedJob]] = defaultdict(list)
    for job in ended:
        by_owner[job.owner].append(job)
    slowdowns = [mean((job.ended_s - job.at_s) / job.alone_s for job in jobs) for jobs in by_owner.values()]
    busiest = sorted(by_owner, key=lambda owner: -len(by_owner[owner]))[: max(1, len(by_owner) // 100)]
    light = [job.wait_s for jobs in by_owner.values() if len(jobs) <= LIGHT_JOBS for job in jobs]
    return {
        "jain": sum(slowdowns) ** 2 / (len(slowdowns) * sum(each**2 for each in slowdowns)),
        "light_p95_s": quantile(light, 0.95),
        "busiest_p95_s": quantile([job.wait_s for owner in busiest for job in by_owner[owner]], 0.95),
        "users": len(by_owner),
    }


def figures(run: Run, day_s: float, num_apis: int) -> dict[str, Any]:
    workers, ended = run.workers, run.ended
    rows: Counter[int] = Counter()
    for worker in workers:
        rows.update(worker.rows)
    num_uses = sum(worker.num_lora_uses for worker in workers)
    num_loads = sum(worker.num_lora_loads for worker in workers)
    num_images = sum(job.num_made for job in ended)
    busy = sum(worker.busy_s for worker in workers) / (len(workers) * run.duration_s)
    there = Processes(len(workers), num_apis, busy)
    return {
        "workers": len(workers),
        "day_s": day_s,
        "duration_s": run.duration_s,
        "jobs": len(ended),
        "images": num_images,
        "lost": run.num_unfinished + sum(job.num_made < job.num_images for job in ended),
        "made_twice": sum(job.num_made > job.num_images for job in ended),
        "images_per_s": num_images / run.last_end_s if ended else 0.0,
        "wait_s": waits(ended),
        "fairness": fairness(ended),
        "gpu_busy": busy,
        "rows_per_forward": sum(n * count for n, count in rows.items()) / max(1, rows.total()),
        "forwards": rows.total(),
        "lora_loads": num_loads,
        "lora_loads_per_100_jobs": 100 * num_loads / max(1, len(ended)),
        "lora_hits": 1 - num_loads / max(1, num_uses),
        "lost_claims_per_claim": run.counts["lost_claim"] / max(1, run.counts["claim"]),
        "max_queue": run.max_queue,
        "apis": num_apis,
        "database": load(run.counts, run.duration_s, there),
        "database_in_the_busiest_minute": busiest(run.minutes, there),
    }
