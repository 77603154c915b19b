"""The backlog's lazy order is the order that the rules of ordering.py give, whatever comes and goes."""

from hypothesis import given
from hypothesis import strategies as st

from server.engine.backlog import Backlog
from server.engine.cost_model import CostModel
from server.engine.limits import Limits
from server.engine.ordering import AGING, STARVING_S, FairShare, JobWork
from server.engine.requests import Candidate
from server.engine.scheduler import Scheduler
from tests.support.simulation import Machine, candidate, images

NOW_S = 100.0


def seconds(job: Candidate) -> float:
    return float(job.work)


@st.composite
def candidates(draw: st.DrawFn) -> list[Candidate]:
    numbers = st.tuples(st.integers(0, 3), st.integers(1, 40), st.integers(0, 99))
    return [
        Candidate(f"j{n}", f"ip:{owner}", work, 1, float(arrival_s), 65536, 2)
        for n, (owner, work, arrival_s) in enumerate(draw(st.lists(numbers, max_size=25)))
    ]


def plain_order(jobs: list[Candidate]) -> list[str]:
    """Of jobs that wait while no owner was ever served: each owner's most urgent jobs first, a round of 10 s of work
    after the other; an owner's first job goes before all if it has waited for too long."""
    places: list[tuple[tuple[float, ...], float, float, str]] = []
    for owner in {job.owner for job in jobs}:
        own = [job for job in jobs if job.owner == owner]
        own.sort(key=lambda job: (seconds(job) - AGING * (NOW_S - job.arrival_s), job.arrival_s, job.job_id))
        oldest_s = min(job.arrival_s for job in own)
        tag = 0.0
        for number, job in enumerate(own):
            rank = (0, oldest_s) if number == 0 and NOW_S - oldest_s > STARVING_S else (1, int(tag))
            places.append((rank, seconds(job) - AGING * (NOW_S - job.arrival_s), job.arrival_s, job.job_id))
            tag += max(1.0, seconds(job) / 10)
    return [place[-1] for place in sorted(places)]


@given(candidates(), st.sets(st.integers(0, 24)))
def test_the_order_is_that_of_the_rules(jobs: list[Candidate], gone: set[int]) -> None:
    backlog = Backlog(seconds)
    backlog.add(jobs)
    backlog.discard(f"j{n}" for n in gone)
    left = [job for job in jobs if int(job.job_id[1:]) not in gone]
    ordered = [work.job_id for _, work in FairShare().order([], NOW_S, backlog.owners)]
    assert ordered == plain_order(left)
    assert [job.job_id for job in backlog] == [job.job_id for job in left]


@given(candidates(), st.data())
def test_a_newcomer_s_place_is_the_one_it_gets(jobs: list[Candidate], data: st.DataObject) -> None:
    if not jobs:
        return
    newcomer = data.draw(st.sampled_from(jobs))
    backlog = Backlog(seconds)
    backlog.add(job for job in jobs if job is not newcomer)
    work = JobWork(newcomer.job_id, newcomer.owner, seconds(newcomer), newcomer.arrival_s)
    place = FairShare().place(work, [], NOW_S, backlog.owners)
    backlog.add([newcomer])
    assert (place, work) in list(FairShare().order([], NOW_S, backlog.owners))


def test_a_newcomer_s_forecast_is_the_one_of_the_next_look() -> None:
    machine = Machine(row_s=0.05)
    machine.add(images("a", "ip:a", count=2))
    machine.turn()
    backlog = Backlog(machine.scheduler.seconds_alone)
    backlog.add(candidate(f"b{n}", f"ip:{n % 3}", arrival_s=0.1 * n) for n in range(9))
    known = machine.scheduler.forecast(backlog, machine.now_s)
    newcomer = candidate("new", "ip:new", arrival_s=0.95, steps=5)
    found = machine.scheduler.forecast_newcomer(newcomer, backlog, known, machine.now_s)
    backlog.add([newcomer])
    assert found == machine.scheduler.forecast(backlog, machine.now_s).get("new")


def test_jobs_are_valued_anew_once_the_cost_model_has_learned() -> None:
    cost = CostModel((1, 2, 4))
    scheduler = Scheduler(cost, Limits(max_rows=4))
    backlog = Backlog(scheduler.seconds_alone)
    small, large = candidate("s", "ip:s", steps=10), candidate("l", "ip:l", steps=12)
    backlog.add([small, large])
    before = {job_id: scheduler.forecast(backlog, 0.0).get(job_id) for job_id in "sl"}
    for _ in range(5):
        cost.observe_step(256 * 256, 2, 10.0)
    after = scheduler.forecast(backlog, 0.0)
    assert all((before[job_id], after.get(job_id)) != (None, None) for job_id in "sl")
    slow, quick = after.get("l"), before["l"]
    assert slow is not None and quick is not None and slow.remaining_s > 10 * quick.remaining_s


def test_a_choice_looks_at_no_more_jobs_than_it_needs() -> None:
    """10,000 jobs of 10 owners: a few of each are looked at."""
    machine = Machine(limits=Limits(max_rows=4))
    backlog = Backlog(machine.scheduler.seconds_alone)
    backlog.add(candidate(f"j{n:05}", f"ip:{n % 10}", arrival_s=float(n)) for n in range(10_000))
    looked_at: list[str] = []

    def is_makeable(job_id: str) -> bool:
        looked_at.append(job_id)
        return len(looked_at) > 2

    chosen = machine.scheduler.choose(backlog, 10_000.0, is_makeable)
    assert len(chosen) == 4
    assert len(looked_at) == 6
