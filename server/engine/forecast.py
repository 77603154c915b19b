"""`QueueForecast`: where every job stands at one moment."""

from bisect import bisect_left
from collections.abc import Iterator

from server.engine.ordering import Place
from server.engine.requests import Forecast


class QueueForecast:
    """Jobs in the order in which they are served, each with its forecast."""

    def __init__(self) -> None:
        self._forecasts: dict[str, Forecast] = {}
        self._places: list[Place] = []
        self._ends_s: list[float] = []  # seconds to the end of each job, in order
        self._num_waiting: list[int] = []  # up to and with each job
        self.first_end_s: float | None = None

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[str]:
        """Job ids, in order."""
        return iter(self._forecasts)

    def get(self, job_id: str) -> Forecast | None:
        return self._forecasts.get(job_id)

    def append(self, job_id: str, place: Place, seconds: float, *, is_started: bool) -> None:
        """The next job in order, which takes `seconds`."""
        end_s = (self._ends_s[-1] if self._ends_s else 0.0) + seconds
        num_waiting = (self._num_waiting[-1] if self._num_waiting else 0) + (not is_started)
        self._places.append(place)
        self._ends_s.append(end_s)
        self._num_waiting.append(num_waiting)
        self._forecasts[job_id] = Forecast(0 if is_started else num_waiting, end_s)
        if self.first_end_s is None:
            self.first_end_s = end_s

    def newcomer(self, place: Place, seconds: float) -> Forecast:
        """Of a job that is not here."""
        before = bisect_left(self._places, place)
        if before == 0:
            return Forecast(1, seconds)
        return Forecast(self._num_waiting[before - 1] + 1, self._ends_s[before - 1] + seconds)
