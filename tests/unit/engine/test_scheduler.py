import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.plan import Piece
from server.engine.cost_model import KINDS, CostModel
from server.engine.forecast import QueueForecast
from server.engine.limits import Limits
from server.engine.requests import Candidate, Finished, ImageFailed, Previewed, Progressed
from tests.support.simulation import Machine, backlog_of, candidate, images

JOB = st.fixed_dictionaries(
    {
        "owner": st.sampled_from(["ip:a", "ip:b", "user:c"]),
        "count": st.integers(1, 8),
        "steps": st.integers(2, 6),
        "guidance": st.sampled_from([1.0, 7.0]),
        "guidance_end": st.sampled_from([0.4, 1.0]),
        "size": st.sampled_from([128, 256]),
        "sampler": st.sampled_from(["euler", "heun"]),
        "strength": st.sampled_from([1.0, 0.5, 1.0]),
        "hires": st.sampled_from([False, False, True]),
        "upscaler": st.sampled_from([None, None, "lanczos", "x4"]),
    }
)

ACTION = st.one_of(
    st.tuples(st.just("add"), JOB),
    st.tuples(st.just("abort"), st.integers(0, 20)),
    st.tuples(st.just("fail"), st.integers(0, 20)),
    st.tuples(st.just("turns"), st.integers(1, 9)),
)

LIMITS = st.sampled_from(
    [
        Limits(),
        Limits(max_rows=2),
        Limits(max_rows=8, max_begun=3),
        Limits(exact_rows=8),
        Limits(exact_rows=2, max_begun=1),
    ]
)


@settings(max_examples=150)
@given(st.lists(ACTION, max_size=25), LIMITS, st.floats(0, 0.1))
def test_every_picture_ends_exactly_once_within_its_limits(actions, limits: Limits, fixed_s: float):
    """Machine checks each plan: row budget, one BatchKey, memory, begin once, no step past the end."""
    machine = Machine(fixed_s=fixed_s, limits=limits)
    jobs: list[str] = []
    aborted: set[str] = set()
    for action, value in actions:
        if action == "add":
            job = dict(value)
            jobs.append(f"job{len(jobs)}")
            machine.add(images(jobs[-1], job.pop("owner"), arrival_s=machine.now_s, **job))
        elif action == "turns":
            for _ in range(value):
                machine.turn()
        elif jobs:
            job_id = jobs[value % len(jobs)]
            if action == "abort":
                machine.abort(job_id)
                aborted.add(job_id)
            else:
                machine.fail_next.add(f"{job_id}-1")
    machine.run()
    assert len(machine.scheduler) == 0
    assert not machine.held, "latents that are never read again"
    assert not machine.encoding, "sources that are never encoded to their end"
    assert not machine.encoded, "sources that are never read again"
    for image_id in machine.params:
        job_id = image_id.rpartition("-")[0]
        assert machine.ended[image_id] == 1 or (job_id in aborted and machine.ended[image_id] == 0)


def test_the_images_of_a_job_share_one_encode_and_others_step_between_two():
    machine = Machine(decode_s=1.0)
    machine.add(images("plain", "ip:a", steps=8))
    machine.turn()
    for job, size in (("a", 256), ("b", 256), ("c", 128)):
        machine.add(images(job, "ip:" + job, count=4, steps=4, strength=0.5, size=size))
    machine.run()
    vae = [plan for plan in machine.plans if plan.encode]
    assert len(vae) == 2  # a and b have the same source at the same size
    kinds = ["".join(kind[0] for kind in ("encode", "step", "decode") if getattr(plan, kind)) for plan in machine.plans]
    assert "ee" not in "".join(kinds)


def test_others_step_between_the_pieces_of_a_source_that_a_network_enlarges():
    machine = Machine()
    machine.add(images("plain", "ip:a", steps=8))
    machine.turn()
    machine.add(images("large", "ip:b", steps=4, strength=0.5, upscaler="x4"))
    machine.run()
    kinds = ["encode" if plan.encode else "step" for plan in machine.plans[1:6]]
    assert kinds == ["encode", "step", "encode", "step", "encode"]
    assert machine.ended == {"plain-1": 1, "large-1": 1}


def test_a_source_that_is_half_enlarged_is_forgotten_with_its_job():
    machine = Machine()
    machine.add(images("large", "ip:b", steps=4, strength=0.5, upscaler="x4"))
    machine.turn()
    assert list(machine.encoding.values()) == [1]
    machine.abort("large")
    machine.run()
    assert not machine.encoding and not machine.encoded


def test_estimates_learn_what_an_encode_and_a_tile_take():
    machine = Machine()
    cost, scheduler = machine.cost, machine.scheduler
    cost.observe_piece(Piece("decode", 512 * 512), 1.0)
    plain = candidate("a", "ip:a")
    enlarged = Candidate("b", "ip:b", 20, 1, 0.0, 512 * 512, 2, 2 * 512 * 512, 512 * 512, 256 * 256)

    def seconds(job: Candidate) -> float:
        forecast = scheduler.forecast_newcomer(job, backlog_of(scheduler, []), QueueForecast(), 0.0)
        return forecast.remaining_s - scheduler.seconds_alone(job)

    assert seconds(plain) == pytest.approx(0.25)  # a decode of a quarter
    assert seconds(enlarged) == pytest.approx(2 + 0.5)  # an encode is half a decode until one is measured
    cost.observe_piece(Piece("encode", 256 * 256), 0.2)
    cost.observe_piece(Piece("upscale", 64 * 64), 0.3)
    assert seconds(enlarged) == pytest.approx(2 + 4 * 0.2 + 16 * 0.3)
    other = CostModel(cost.row_buckets)
    other.load(cost.snapshot())
    assert [other.piece_s(kind, 256 * 256) for kind in KINDS] == pytest.approx([0.25, 0.2, 16 * 0.3])


def test_work_and_estimates_count_both_passes():
    machine = Machine(row_s=0.01)
    (image,) = images("a", "ip:a", steps=10, hires=True)
    assert image.spec.evaluations == 15
    assert image.spec.num_px == 512 * 512
    assert image.spec.work == 2 * 10 // 4 + 2 * 5
    machine.add([image])
    before_s = machine.scheduler.forecast(backlog_of(machine.scheduler, []), 0.0).get("a")
    machine.run()
    assert before_s is not None
    assert before_s.remaining_s == pytest.approx(0.01 * 2 * 10 + 0.04 * 2 * 5, rel=0.35)
    assert [event for plan in machine.plans for event in plan.advance] == ["a-1", "a-1"]


def test_a_cancel_takes_effect_at_the_next_step():
    machine = Machine(fixed_s=1.0)
    machine.add(images("a", "ip:a", count=2) + images("b", "ip:b"))
    machine.turn()
    machine.scheduler.abort("a")
    machine.turn()
    assert machine.plans[-1].release == ("a-1", "a-2")
    assert machine.plans[-1].step == ("b-1",)


def test_a_cancel_while_the_plan_runs_is_released_in_the_next():
    machine = Machine(fixed_s=1.0)
    machine.add(images("a", "ip:a"))
    plan = machine.scheduler.schedule(0.0, lambda _: False)
    machine.scheduler.abort("a")
    assert machine.scheduler.update(plan, machine._execute(plan), 0.1) == []
    assert machine.scheduler.schedule(0.2, lambda _: False).release == ("a-1",)


def test_a_late_result_does_not_count_for_a_picture_that_was_added_again():
    """Dropped and claimed again while a plan is in flight: the new one takes all its steps."""
    machine = Machine(fixed_s=1.0)
    machine.add(images("a", "ip:a", steps=4))
    machine.turn()
    plan = machine.scheduler.schedule(0.0, lambda _: False)
    result = machine._execute(plan)
    machine.scheduler.abort("a")
    machine.add(images("a", "ip:a", steps=4))
    assert machine.scheduler.update(plan, result, 0.1) == []
    assert machine.scheduler.evaluations("a") == {0: (0, 4)}
    machine.run()
    assert machine.ended == {"a-1": 1}


def test_a_newcomer_joins_at_the_next_step():
    machine = Machine(fixed_s=1.0)
    machine.add(images("a", "ip:a", steps=30))
    machine.turn()
    machine.add(images("b", "ip:b", steps=5, sampler="heun"))
    machine.turn()
    assert machine.plans[-1].step == ("b-1", "a-1")


def test_other_sizes_take_turns_and_all_end():
    machine = Machine(fixed_s=1.0)
    machine.add(images("a", "ip:a", size=256) + images("b", "ip:b", size=128))
    machine.run()
    assert set(machine.ended) == {"a-1", "b-1"}


def test_a_failed_picture_leaves_its_neighbors():
    machine = Machine(fixed_s=1.0, fail_next={"a-2"})
    machine.add(images("a", "ip:a", count=3))
    events = machine.turn()
    assert [(e.job_id, e.index) for e in events if isinstance(e, ImageFailed)] == [("a", 1)]
    machine.run()
    assert machine.ended == {"a-1": 1, "a-2": 1, "a-3": 1}


def test_previews_only_while_somebody_watches():
    machine = Machine(limits=Limits(preview_every=2))
    machine.add(images("a", "ip:a", steps=6))
    unwatched = [event for _ in range(3) for event in machine.turn()]
    machine.watched.add("a")
    watched = [event for _ in range(3) for event in machine.turn()]
    assert not any(isinstance(event, Previewed) for event in unwatched)
    assert sum(isinstance(event, Previewed) for event in watched) == 1


def test_exact_rows_pads_every_forward_to_one_count():
    machine = Machine(limits=Limits(exact_rows=8))
    machine.add(images("a", "ip:a", count=3) + images("b", "ip:b", guidance=1.0))
    machine.run()
    assert {plan.pad_to_rows for plan in machine.plans if plan.step} == {8}


@pytest.mark.parametrize(("padded", "computed"), [(False, {5}), (True, {6})])
def test_forwards_are_padded_only_where_each_row_count_is_compiled(padded: bool, computed: set[int]):
    machine = Machine(fixed_s=1.0, limits=Limits(padded=padded))  # many rows pay off
    machine.add(images("a", "ip:a", count=2) + images("b", "ip:b", guidance=1.0))
    machine.run()
    assert {plan.pad_to_rows for plan in machine.plans if len(plan.step) == 3} == computed


def test_progress_counts_evaluations():
    machine = Machine()
    machine.add(images("a", "ip:a", steps=3, sampler="heun"))
    progress = [e for _ in range(5) for e in machine.turn() if isinstance(e, Progressed)]
    assert [(e.evaluations_done, e.evaluations_total) for e in progress] == [(i, 5) for i in range(1, 6)]


def test_step_seconds_are_shared_by_rows():
    machine = Machine(fixed_s=0.3, row_s=0.1)
    machine.add(images("a", "ip:a", steps=1, count=1) + images("b", "ip:b", steps=1, guidance=1.0))
    finished = [event for _ in range(3) for event in machine.turn() if isinstance(event, Finished)]
    assert {event.job_id: event.times.step_share_s for event in finished} == pytest.approx({"a": 0.4, "b": 0.2})


# ---- claiming


def test_choose_claims_the_first_two_budgets_in_order():
    machine = Machine(limits=Limits(max_rows=4))
    found = machine.choose([candidate(f"j{i}", f"ip:{i}", arrival_s=float(i)) for i in range(9)], 10.0)
    assert found == ["j0", "j1", "j2", "j3"]


def test_an_owner_served_a_moment_ago_is_not_starving_by_its_old_jobs():
    """The owner's other jobs are candidates only: none of them is here while its last one ends."""
    machine = Machine(limits=Limits(max_rows=2))
    machine.add(images("a0", "ip:a", arrival_s=0.0) + images("x", "ip:x", steps=500, arrival_s=0.0))
    machine.now_s = 1000.0
    while "a0-1" not in machine.ended:
        machine.turn()
    queue = [candidate("a1", "ip:a", arrival_s=0.0), candidate("b", "ip:b", arrival_s=machine.now_s)]
    assert list(machine.forecast(queue, machine.now_s)) == ["x", "b", "a1"]


def test_a_forecast_changes_nothing():
    machine = Machine(row_s=0.05)
    machine.add(images("a", "ip:a", count=8, steps=50) + images("a2", "ip:a"))
    machine.turn()
    queue = [candidate("b", "ip:b", arrival_s=0.1)]
    first = machine.forecast(queue, 0.2)
    machine.forecast([], 0.2)
    assert machine.forecast(queue, 0.2) == first


def test_choose_claims_a_better_newcomer_past_a_full_backlog():
    machine = Machine(limits=Limits(max_rows=2))
    machine.add(images("a0", "ip:a", count=8, steps=50))
    machine.turn()
    assert machine.choose([candidate("a1", "ip:a", count=8, steps=50), candidate("b", "ip:b", steps=5)], 1.0) == ["b"]


def test_forecast_with_exact_rows_counts_the_padding():
    machine = Machine(fixed_s=0.0, row_s=0.125, limits=Limits(exact_rows=8))
    forecast = machine.forecast([candidate("a", "ip:a", steps=30)], 0.0)
    assert forecast["a"].remaining_s == pytest.approx(30, rel=0.05)


def test_forecast_adds_up_the_queue():
    machine = Machine(row_s=0.05)
    machine.add(images("a", "ip:a", steps=10))
    machine.turn()
    forecast = machine.forecast([candidate("b", "ip:b", arrival_s=0.1), candidate("c", "ip:c", arrival_s=0.2)], 0.2)
    assert [forecast[j].queue_position for j in "abc"] == [0, 1, 2]
    assert [forecast[j].remaining_s for j in "abc"] == pytest.approx([0.9, 1.9, 2.9], rel=0.01)


def test_a_forward_that_was_too_large_for_memory_is_not_tried_again():
    machine = Machine(fixed_s=1.0, max_row_px=7 * 256 * 256)  # many rows pay off, but 6 of this size are the most
    machine.add(images("a", "ann", count=8, steps=20))
    machine.run()
    rows = [plan.pad_to_rows for plan in machine.plans if plan.step]
    assert rows[:3] == [16, 12, 8]  # a bucket less each time
    assert set(rows[3:]) <= {1, 2, 3, 4, 6}
    machine.add(images("b", "bob", count=8, steps=2, size=512))
    machine.add(images("c", "cid", count=8, steps=2, size=128))
    machine.run()
    later = machine.plans[len(rows) :]
    large = [plan.pad_to_rows for plan in later if plan.step and machine.params[plan.step[0]].width == 512]
    small = [plan.pad_to_rows for plan in later if plan.step and machine.params[plan.step[0]].width == 128]
    assert max(large) <= 6  # what is larger cannot fit better
    assert max(small) == 16
