"""Throughput and latency compared with the bare loop. Server and loop take turns and never work at the same time."""

from io import BytesIO
from statistics import mean, median

import numpy as np
from PIL import Image

from scripts.benchmark.figures import Figure, Pair, percentile
from scripts.benchmark.jobs import Job, first_come_first_served
from scripts.benchmark.report import say
from scripts.benchmark.scenarios.bench import Bench

BATCH_SIZES = (1, 2, 4, 8, 16)
LOOP = "bare loop, one by one"
QUEUE = "first come, first served"


async def single(bench: Bench) -> list[Figure]:
    """One user, one picture after the other, against one call of the pipeline each."""
    wall_s, cpu_s = Pair(), Pair()
    same = await same_picture(bench)
    for number in range(3 * bench.rounds):
        served = await bench.serve([bench.book.one()])
        looped = bench.loop([bench.book.one()])
        wall_s.add(served.latencies_s[0], looped and looped.wall_s)
        cpu_s.add(served.cpu_s, looped and looped.cpu_s)
        say(f"single, picture {number + 1}: {wall_s} s, CPU {cpu_s} s")
    return [
        wall_s.figure("single", "seconds per image, HTTP to stored file", "s", "bare loop", "<= 1.05"),
        cpu_s.figure("single", "CPU seconds per image", "s", "bare loop"),
        *same,
    ]


async def same_picture(bench: Bench) -> list[Figure]:
    """That both sides do the same work: one picture of each, pixel by pixel."""
    if bench.bare is None:
        return []
    job = bench.book.one()
    stored = await bench.crowd.picture((await bench.crowd.make(job, "png")).job_id)
    ours = np.asarray(Image.open(BytesIO(stored)).convert("RGB"), int)
    theirs = np.asarray(bench.bare.pictures([job])[0].convert("RGB"), int)
    share = float((np.abs(ours - theirs) <= 1).mean())
    target = ">= 0.999" if bench.bare.dtype == "float32" else ""
    return [Figure("same picture", "share of values within 1 level of the bare loop's", "", share, target=target)]


async def equal(bench: Bench, users: int) -> list[Figure]:
    """The same jobs posted together: against one by one, and against the best static batch."""
    throughput, cpu_s, latency_s = Pair(), Pair(), Pair()
    static: dict[int, list[float]] = {}
    for number in range(bench.rounds):
        served = await bench.serve(bench.book.equal(users))
        jobs = bench.book.equal(users)
        looped = bench.loop(jobs)
        throughput.add(users / served.wall_s, looped and users / looped.wall_s)
        cpu_s.add(served.cpu_s / users, looped and looped.cpu_s / users)
        latency_s.add(mean(served.latencies_s), looped and mean(first_come_first_served(jobs, looped.service_s)))
        for size in BATCH_SIZES:
            if looped and size <= users:
                seconds = looped.wall_s / users if size == 1 else bench.batch_s(bench.book.equal(size)) / size
                static.setdefault(size, []).append(1 / seconds)
        rates = ", ".join(f"{size}: {rates[-1]:.3f}" for size, rates in static.items())
        say(f"equal, {users} users, round {number + 1}: {throughput} images/s, latency {latency_s} s, static {rates}")
    name = f"equal, {users} users"
    nothing_to_share = users == 1  # then `single` has the target
    best = max(static, key=lambda size: median(static[size]), default=1)
    batch = Pair(throughput.ours, static.get(best, []))
    return [
        throughput.figure(name, "images per second", "1/s", LOOP),
        batch.figure(
            name, "images per second", "1/s", f"best static batch ({best})", "" if nothing_to_share else ">= 0.97"
        ),
        latency_s.figure(name, "mean latency", "s", QUEUE, "" if nothing_to_share else "<= 1.05"),
        cpu_s.figure(name, "CPU seconds per image", "s", LOOP),
    ]


async def mixed(bench: Bench, users: int) -> list[Figure]:
    """Steps, guidance, size and sampler differ: no static batch can take them together."""
    jobs = bench.book.mixed(users)
    throughput, cpu_s, latency_s = Pair(), Pair(), Pair()
    for number in range(bench.rounds):
        served = await bench.serve(jobs)
        looped = bench.loop(jobs)
        throughput.add(users / served.wall_s, looped and users / looped.wall_s)
        cpu_s.add(served.cpu_s / users, looped and looped.cpu_s / users)
        latency_s.add(mean(served.latencies_s), looped and mean(first_come_first_served(jobs, looped.service_s)))
        say(f"mixed, {users} users, round {number + 1}: {throughput} images/s, CPU {cpu_s} s, latency {latency_s} s")
    name = f"mixed, {users} users"
    return [
        throughput.figure(name, "images per second", "1/s", LOOP, ">= 1.0" if users > 1 else ""),
        latency_s.figure(name, "mean latency", "s", QUEUE),
        cpu_s.figure(name, "CPU seconds per image", "s", LOOP),
    ]


async def short_behind_long(bench: Bench, num_long: int, num_short: int) -> list[Figure]:
    """4-step jobs that arrive behind 50-step jobs."""
    short_s, long_s = Pair(), Pair()
    for number in range(bench.rounds):
        jobs = bench.book.short_behind_long(num_long, num_short, after_s=await _few_steps(bench))
        served = await bench.serve(jobs)
        looped = bench.loop(jobs)
        ours = served.latencies_s
        queued = first_come_first_served(jobs, looped.service_s) if looped else []
        short_s.add(mean(ours[num_long:]), mean(queued[num_long:]) if queued else None)
        long_s.add(percentile(ours[:num_long], 95), percentile(queued[:num_long], 95) if queued else None)
        say(f"short behind long, round {number + 1}: short {short_s} s, p95 of the long {long_s} s")
    name = f"{num_short} short behind {num_long} long"
    return [
        short_s.figure(name, "mean latency of the short", "s", QUEUE, "<= 0.2"),
        long_s.figure(name, "p95 latency of the long", "s", QUEUE, "<= 1.2"),
    ]


async def _few_steps(bench: Bench) -> float:
    """Seconds after which a long job is under way and far from done: the time of a picture of 4 steps."""
    job: Job = bench.book.one(steps=4)
    return (await bench.serve([job])).wall_s
