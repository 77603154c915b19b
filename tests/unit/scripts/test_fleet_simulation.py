"""A small fleet on the virtual clock."""

from dataclasses import replace
from typing import Any

import pytest

from scripts.fleet_simulation.demand import Demand, arrivals, mix
from scripts.fleet_simulation.figures import figures
from scripts.fleet_simulation.fleet import Fleet, Policy, Run, jobs_per_s
from scripts.fleet_simulation.gpu import AssumedGpu
from server.engine.limits import Limits

GPU = AssumedGpu()
RATE = jobs_per_s(GPU, Limits(), mix())
TODAY = Policy()
DEMAND = Demand(300.0, 0.5, 50, burst_gap_s=100.0, burst_s=10.0)


def made(num_workers: int, demand: Demand = DEMAND, policy: Policy = TODAY, **exactness: Any) -> Run:
    """By so many workers, of what one or two could make."""
    return Fleet(num_workers, GPU, policy=policy, **exactness).make(arrivals(demand, 2 * RATE, mix()))


def times(run: Run) -> dict[str, tuple[float, float]]:
    return {job.job_id: (job.begun_s, job.ended_s) for job in run.ended}


@pytest.mark.parametrize("policy", [Policy(), Policy(1.0, notified_of_claims=True, spread_s=0.001)])
def test_every_job_is_made_once_and_waits_fall_with_workers(policy: Policy):
    runs = {num: figures(made(num, policy=policy), DEMAND.day_s, 2) for num in (1, 2, 4)}
    num_asked = len(list(arrivals(DEMAND, 2 * RATE, mix())))
    for each in runs.values():
        assert (each["jobs"], each["lost"], each["made_twice"]) == (num_asked, 0, 0)
    waits = [each["wait_s"]["p95"] for each in runs.values()]
    assert waits == sorted(waits, reverse=True) and waits[0] > 2 * waits[2]
    busy = [each["gpu_busy"] for each in runs.values()]
    assert busy == sorted(busy, reverse=True)


def test_equal_forwards_as_one_event_change_no_time():
    demand = replace(DEMAND, load=0.2, burst_load=0.2)
    exact, quick = times(made(2, demand, max_repeats=1)), times(made(2, demand))
    assert exact.keys() == quick.keys()
    for job_id, (begun_s, ended_s) in exact.items():
        assert quick[job_id] == (pytest.approx(begun_s, abs=1e-6), pytest.approx(ended_s, abs=1e-6))


def test_the_first_strangers_are_enough_for_the_scheduler():
    assert times(made(2)) == times(made(2, max_strangers=10_000))


def test_workers_that_are_woken_within_a_spread_try_fewer_jobs_in_vain():
    together, spread = made(8), made(8, policy=Policy(spread_s=0.005))
    assert spread.counts["lost_claim"] < together.counts["lost_claim"] / 4
