"""The forecast of the whole queue is made once a change and shared by all who ask; jobs that it lacks cost no other."""

from collections.abc import Mapping

import pytest

from server.engine.backlog import Backlog
from server.engine.forecast import QueueForecast
from server.engine.requests import Candidate, Forecast
from server.events import progress
from server.events.progress import ProgressTracker
from tests.support.simulation import Machine, candidate


class CountingForecaster:
    """The real scheduler; `num_forecasts` counts its looks at the whole queue."""

    def __init__(self) -> None:
        self.scheduler = Machine(row_s=0.05).scheduler
        self.num_forecasts = 0

    def evaluations(self, job_id: str) -> Mapping[int, tuple[int, int]]:
        return {}

    def forecast(self, backlog: Backlog) -> QueueForecast:
        self.num_forecasts += 1
        return self.scheduler.forecast(backlog, 100.0)

    def forecast_newcomer(self, job: Candidate, backlog: Backlog, known: QueueForecast) -> Forecast:
        return self.scheduler.forecast_newcomer(job, backlog, known, 100.0)

    def seconds_alone(self, job: Candidate) -> float:
        return self.scheduler.seconds_alone(job)


@pytest.fixture
def forecaster(monkeypatch: pytest.MonkeyPatch) -> CountingForecaster:
    monkeypatch.setattr(progress, "FRESH_S", 1000.0)  # the clock makes nothing stale
    return CountingForecaster()


def test_readers_share_a_forecast_until_the_queue_changes(
    forecaster: CountingForecaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "MAX_LOAD", float("inf"))
    backlog = Backlog(forecaster.seconds_alone)
    jobs = [candidate(f"j{n}", f"ip:{n % 5}", arrival_s=0.1 * n) for n in range(50)]
    backlog.add(jobs)
    tracker = ProgressTracker(forecaster, backlog)
    positions = [[tracker.forecast(job).queue_position for job in jobs] for _ in range(4)]
    assert sorted(positions[0]) == list(range(1, 51)) and positions == [positions[0]] * 4
    assert forecaster.num_forecasts == 1
    for number in (2, 3):
        backlog.discard([f"j{number}"])
        assert len({tracker.forecast(job).queue_position for job in jobs[10:]}) == 40
        assert forecaster.num_forecasts == number


def test_a_queue_that_changes_all_the_time_is_looked_at_for_a_part_of_the_time_only(
    forecaster: CountingForecaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "MAX_LOAD", 1e-9)
    backlog = Backlog(forecaster.seconds_alone)
    backlog.add([candidate("first", "ip:1")])
    tracker = ProgressTracker(forecaster, backlog)
    assert tracker.next_end_s() > 0
    for n in range(50):
        newcomer = candidate(f"j{n}", f"ip:{n % 5}", arrival_s=0.1 * n)
        backlog.add([newcomer])
        assert tracker.forecast(newcomer).queue_position >= 1
    assert forecaster.num_forecasts == 1
