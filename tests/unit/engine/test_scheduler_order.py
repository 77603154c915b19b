"""Whose pictures are made first: a short job does not wait for a long one, and no job starves."""

import statistics

from hypothesis import given, settings
from hypothesis import strategies as st

from server.engine.requests import ImageRequest
from tests.support.simulation import Machine, images


def test_two_hundred_jobs_of_one_owner_put_at_most_one_before_anothers_first():
    machine = Machine(row_s=0.05)
    for i in range(200):
        machine.add(images(f"a{i:03}", "user:a", count=2, arrival_s=0.0))
    for _ in range(25):
        machine.turn()
    before = sum(machine.ended.values())
    machine.add(images("b", "user:b", count=2, arrival_s=machine.now_s))
    while "b-1" not in machine.ended:
        machine.turn()
    assert sum(machine.ended.values()) - before - machine.ended["b-1"] <= 2


def test_a_batch_gives_way_to_another_owners_first_image_in_the_next_forward():
    machine = Machine(fixed_s=0.0, row_s=0.05)  # no gain from batching: one image at a time
    for i in range(50):
        machine.add(in_batch(images(f"a{i:02}", "user:a")))
    for _ in range(25):
        machine.turn()
    before = sum(machine.ended.values())
    machine.add(images("b", "user:b", count=2, arrival_s=machine.now_s))
    machine.turn()
    assert machine.plans[-1].step[0] == "b-1"
    while "b-2" not in machine.ended:
        machine.turn()
    assert sum(machine.ended.values()) == before + 2  # the batch's image waits, begun as it is
    for _ in range(25):
        machine.turn()
    assert sum(machine.ended.values()) > before + 2


def test_a_batch_comes_last_among_the_jobs_of_its_owner():
    machine = Machine(fixed_s=0.0, row_s=0.05)
    for i in range(10):
        machine.add(in_batch(images(f"a{i}", "user:a")))
    for _ in range(5):
        machine.turn()
    machine.add(images("mine", "user:a", arrival_s=machine.now_s, steps=40))
    while "mine-1" not in machine.ended:
        machine.turn()
    assert not [image_id for image_id in machine.ended if image_id.startswith("a")]


def test_a_batch_shares_with_an_endless_stream_of_jobs_of_another_owner():
    machine = Machine(fixed_s=0.0, row_s=0.05)
    machine.add(in_batch([image for i in range(10) for image in images(f"a{i}", "user:a")]))
    machine.turn()
    for i in range(20):
        machine.add(images(f"b{i:02}", "user:b", arrival_s=machine.now_s))
    while sum(machine.ended.values()) < 20:
        machine.turn()
    assert 9 <= sum(image_id.startswith("a") for image_id in machine.ended) <= 10


def in_batch(requests: list[ImageRequest]) -> list[ImageRequest]:
    for request in requests:
        request.in_batch = True
    return requests


def test_equal_jobs_without_gain_are_not_slower_than_first_come_first_served():
    machine = Machine(fixed_s=0.0, row_s=0.05)
    arrivals = {f"job{i}": 0.4 * i for i in range(30)}
    waiting = dict(arrivals)
    while waiting or len(machine.scheduler):
        for job_id in [job_id for job_id, at in waiting.items() if at <= machine.now_s]:
            machine.add(images(job_id, f"ip:{int(job_id[3:]) % 7}", arrival_s=waiting.pop(job_id)))
        machine.turn()
        if machine.plans[-1].empty and waiting:
            machine.now_s = min(waiting.values())
    free_at, served = 0.0, []
    for at in arrivals.values():
        free_at = max(free_at, at) + 10 * 2 * 0.05
        served.append(free_at - at)
    ours = [machine.ended_at_s[f"{job_id}-1"] - at for job_id, at in arrivals.items()]
    assert statistics.mean(ours) <= statistics.mean(served) * 1.000001


def test_a_short_job_of_another_owner_does_not_wait_for_a_long_one():
    machine = Machine(row_s=0.05)
    machine.add(images("long", "ip:a", count=4, steps=60))
    machine.turn()
    machine.add(images("short", "ip:b", steps=4, arrival_s=machine.now_s))
    machine.run()
    assert machine.ended_at_s["short-1"] < machine.ended_at_s["long-1"]


def test_a_short_job_does_not_wait_for_a_long_one_of_its_own_owner():
    """One that costs several rounds."""
    machine = Machine(row_s=0.05)
    machine.add(images("long", "ip:a", count=4, steps=150))
    machine.turn()
    machine.add(images("short", "ip:a", steps=4, arrival_s=machine.now_s))
    machine.run()
    assert machine.ended_at_s["short-1"] < 3
    assert machine.ended_at_s["long-4"] < 70


def test_the_short_jobs_that_pass_their_owners_long_one_are_paid_for():
    """Another's job, longer than each of them, waits for one of them at most, and for nothing of the long one."""
    machine = Machine(row_s=0.05)
    machine.add(images("long", "ip:a", count=4, steps=150))
    machine.turn()
    for n in range(200):
        machine.add(images(f"a{n:03}", "ip:a", count=4, arrival_s=machine.now_s))
    while len(machine.ended) < 8:
        machine.turn()
    machine.add(images("b", "ip:b", count=8, steps=30, arrival_s=machine.now_s))
    while "b-1" not in machine.ended:
        machine.turn()
    assert "long-1" not in machine.ended
    assert sum(machine.ended.values()) <= 8 + 4 + 8


@settings(max_examples=8)
@given(
    long_steps=st.integers(50, 150),
    short_steps=st.integers(4, 12),
    every_s=st.floats(0.4, 1.0),
    fixed_s=st.floats(0, 0.05),
)
def test_nobody_starves_behind_an_endless_stream_of_short_jobs(long_steps, short_steps, every_s, fixed_s):
    """A long job against newcomers that come faster than they can be served: it ends in bounded time."""
    machine = Machine(row_s=0.05, fixed_s=fixed_s)
    machine.add(images("long", "ip:long", steps=long_steps))
    arrived = 0
    while "long-1" not in machine.ended and machine.now_s < 600:
        while arrived * every_s <= machine.now_s:
            machine.add(images(f"s{arrived}", f"ip:{arrived}", arrival_s=arrived * every_s, steps=short_steps))
            arrived += 1
        machine.turn()
    assert machine.ended["long-1"] == 1


def test_an_owner_in_debt_does_not_starve_behind_an_endless_stream_of_new_owners():
    """Rounds alone would keep the second job of a heavy owner waiting for ever."""
    machine = Machine(row_s=0.05)
    machine.add(images("heavy1", "ip:h", count=8, steps=100) + images("heavy2", "ip:h", steps=5))
    arrived = 0
    while "heavy2-1" not in machine.ended and machine.now_s < 1500:
        while arrived <= machine.now_s:
            machine.add(images(f"s{arrived}", f"ip:{arrived}", arrival_s=float(arrived)))
            arrived += 1
        machine.turn()
    assert machine.ended["heavy2-1"] == 1
