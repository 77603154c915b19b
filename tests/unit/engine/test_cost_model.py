import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.engine.cost_model import CostModel

BUCKETS = (1, 2, 3, 4, 6, 8, 12, 16)
PX = 256 * 256


def measured(fixed_s: float, row_s: float, rows: tuple[int, ...] = (1, 2, 4, 8, 16)) -> CostModel:
    cost = CostModel(BUCKETS)
    for _ in range(5):
        for count in rows:
            cost.observe_step(PX, count, fixed_s + row_s * count)
    return cost


def test_the_line_behind_the_measurements_is_found():
    cost = measured(0.03, 0.01)
    assert cost.step_s(PX, 3) == pytest.approx(0.06, rel=0.05)
    assert cost.step_s(PX, 12) == pytest.approx(0.15, rel=0.05)


def test_without_a_gain_one_row_is_enough():
    assert measured(0.0, 0.01).knee(PX, 16) == 1


def test_with_free_rows_the_largest_allowed_bucket_is_taken():
    cost = measured(1.0, 0.0)
    assert cost.knee(PX, 16) == 16
    assert cost.knee(PX, 8) == 8


def test_the_knee_lies_between():
    assert measured(0.02, 0.01).knee(PX, 16) in (8, 12)


def test_one_measured_row_count_is_split_by_the_prior():
    cost = CostModel(BUCKETS)
    cost.observe_step(PX, 2, 0.2)
    assert cost.step_s(PX, 2) == pytest.approx(0.2)
    assert 0.1 < cost.step_s(PX, 1) < 0.2 < cost.step_s(PX, 4) < 0.4


def test_an_unseen_size_is_scaled_from_the_nearest():
    assert measured(0.02, 0.01).step_s(4 * PX, 2) == pytest.approx(4 * 0.04, rel=0.05)


def test_a_machine_that_slows_down_is_followed():
    cost = measured(0.0, 0.01)
    for _ in range(200):
        for rows in (2, 8):
            cost.observe_step(PX, rows, 0.02 * rows)
    assert cost.step_s(PX, 8) == pytest.approx(0.16, rel=0.2)


@pytest.mark.parametrize("rows", [12, 16])
@pytest.mark.parametrize("outlier_s", [1.0, 30.0])
def test_one_slow_step_does_not_turn_batching_off(rows: int, outlier_s: float):
    """A stalled machine, a LoRA read from disk, a kernel's first run: afterwards things are as before."""
    cost = CostModel(BUCKETS)
    for _ in range(5):
        cost.observe_step(PX, 2, 0.125)
        cost.observe_step(PX, 8, 0.2)
    before = cost.knee(PX, 16)
    cost.observe_step(PX, rows, outlier_s)
    for _ in range(1000):
        used = cost.bucket(cost.knee(PX, 16))
        cost.observe_step(PX, used, 0.1 + 0.0125 * used)
    assert cost.knee(PX, 16) >= before - 4


@given(
    st.lists(st.tuples(st.sampled_from(BUCKETS), st.floats(1e-6, 1e3)), max_size=30),
    st.sampled_from(BUCKETS),
)
def test_any_measurements_give_usable_costs(points: list[tuple[int, float]], max_rows: int):
    cost = CostModel(BUCKETS)
    for rows, seconds in points:
        cost.observe_step(PX, rows, seconds)
    assert 1 <= cost.knee(PX, max_rows) <= max_rows
    assert all(cost.step_s(PX, rows) > 0 for rows in BUCKETS)


def test_a_row_count_that_is_used_costs_what_it_took():
    """Real machines are not on a line: the line is for row counts without a measurement."""
    cost = CostModel(BUCKETS)
    taken = {2: 0.054, 4: 0.1, 8: 0.23, 16: 0.37}
    for _ in range(9):
        for rows, seconds in taken.items():
            cost.observe_step(PX, rows, seconds)
    assert {rows: cost.step_s(PX, rows) for rows in taken} == taken


def test_a_burst_of_slow_steps_does_not_last():
    cost = measured(0.02, 0.01)
    for _ in range(4):
        cost.observe_step(PX, 2, 0.4)
    assert cost.step_s(PX, 2) == pytest.approx(0.04)
