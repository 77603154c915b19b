"""When the view of the queue is read again."""

import pytest

from server.engine.pace import MAX_REST_S, RefreshPace


def refreshed(pace: RefreshPace, started_s: float, now_s: float) -> None:
    pace.begin()
    pace.end(started_s, now_s)


def test_it_is_due_at_first_and_then_once_a_second():
    pace = RefreshPace(1.0)
    assert pace.due_in_s(5.0) <= 0
    refreshed(pace, 5.0, 5.0)
    assert pace.due_in_s(5.0) == 1.0


def test_a_change_makes_it_due_but_refreshes_take_half_a_percent_of_the_time():
    pace = RefreshPace(1.0)
    refreshed(pace, 5.0, 5.001)
    pace.invalidate()
    assert pace.due_in_s(5.001) == pytest.approx(0.2)
    refreshed(pace, 6.0, 6.5)
    pace.invalidate()
    assert pace.due_in_s(6.5) == MAX_REST_S


def test_a_change_during_a_refresh_is_not_lost():
    pace = RefreshPace(1.0)
    pace.begin()
    pace.invalidate()  # after the rows were read
    pace.end(5.0, 5.001)
    assert pace.due_in_s(5.001) < 0.3


def test_a_refresh_that_fails_stays_due():
    pace = RefreshPace(1.0)
    pace.begin()
    assert pace.due_in_s(7.0) <= 0
