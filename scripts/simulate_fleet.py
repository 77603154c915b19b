"""Simulate a fleet of workers on one queue: a day of jobs under a virtual clock.

    python scripts/simulate_fleet.py                                   # 1, 10, 100 and 1,000 workers: 9 minutes of CPU
    python scripts/simulate_fleet.py --workers 50 --hours 2 --load 0.8
    python scripts/simulate_fleet.py --workers 100 --prefer-loras 1.0  # leave a job for 1 s to workers with its LoRAs
    python scripts/simulate_fleet.py --check paint                     # against two real workers on PostgreSQL
    python scripts/simulate_fleet.py --check demo --seconds 120        # the same with the demo model

The scheduler, the order, the cost model, the backlog and the pace of refreshes are the product's; what the database,
the network and the GPU take is assumed (scripts/fleet_simulation/gpu.py). Where the fleet is large, the day is shorter
than 24 hours: its curve is the same, bursts keep their length. docs/scaling.md says what is counted and what is not.
"--check" needs the packages of the tests and PostgreSQL; it exits with 1 if a figure differs by more than 15 %.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.fleet_simulation import report  # noqa: E402
from scripts.fleet_simulation.demand import Demand, arrivals, mix  # noqa: E402
from scripts.fleet_simulation.figures import figures  # noqa: E402
from scripts.fleet_simulation.fleet import Fleet, Policy, jobs_per_s  # noqa: E402
from scripts.fleet_simulation.gpu import AssumedGpu  # noqa: E402
from server.engine.limits import Limits  # noqa: E402

WORKER_HOURS = 60.0
"""Simulated at most, unless --hours is given: the day of a larger fleet is shorter."""

SHORTEST_DAY_H = 0.1


def main() -> int:
    asked = _arguments()
    if asked.check:
        from scripts.fleet_simulation.check import MAX_DIFFERENCE, check

        compared = check(asked.check, asked.seconds, asked.seed, asked.load)
        print(report.check_table(compared))
        _write(asked.json, compared)
        return 0 if compared["difference"] <= MAX_DIFFERENCE else 1
    runs = [simulate(asked, num_workers) for num_workers in asked.workers]
    print(report.table(runs))
    _write(asked.json, runs)
    return 1 if any(run["lost"] or run["made_twice"] for run in runs) else 0


def simulate(asked: argparse.Namespace, num_workers: int) -> dict[str, Any]:
    hours = asked.hours or min(24.0, max(SHORTEST_DAY_H, WORKER_HOURS / num_workers))
    gpu, limits, jobs = AssumedGpu(), Limits(max_rows=asked.max_rows), mix()
    demand = Demand(
        3600 * hours, asked.load, asked.users, num_loras=asked.loras, burst_load=asked.burst, seed=asked.seed
    )
    started_s = time.process_time()
    policy = Policy(asked.prefer_loras, asked.notified_of_claims, asked.spread_ms / 1000)
    fleet = Fleet(num_workers, gpu, limits, policy=policy, seed=asked.seed)
    run = fleet.make(arrivals(demand, num_workers * jobs_per_s(gpu, limits, jobs), jobs))
    made = figures(run, demand.day_s, asked.apis or max(2, num_workers // 50))
    return made | {"cpu_s": time.process_time() - started_s}


def _write(path: Path | None, figures: Any) -> None:
    if path is not None:
        path.write_text(json.dumps(figures, indent=1))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--workers", type=int, nargs="+", default=[1, 10, 100, 1000])
    add("--hours", type=float, help="length of the day; default: 24, less for many workers")
    add("--load", type=float, default=0.5, help="mean load without bursts, of what the fleet can make (0.5)")
    add("--burst", type=float, default=1.0, help="what a burst asks for, of what the fleet can make (1.0)")
    add("--users", type=int, default=10_000)
    add("--loras", type=int, default=500)
    add("--max-rows", type=int, default=16, help="STUDIO_MAX_ROWS")
    add("--prefer-loras", type=float, default=0.0, help="seconds that a job is left to workers with its LoRAs (0)")
    add("--notified-of-claims", action="store_true", help="workers forget a job when they are notified of its claim")
    add("--spread-ms", type=float, default=0.0, help="for each worker: new jobs wake the workers within this time (0)")
    add("--apis", type=int, help="api processes; default: 2, and one for each 50 workers")
    add("--seed", type=int, default=1)
    add("--check", choices=("paint", "demo"), help="compare with two real workers")
    add("--seconds", type=float, default=90.0, help="of arrivals, for --check")
    add("--json", type=Path, help="write all figures there")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
