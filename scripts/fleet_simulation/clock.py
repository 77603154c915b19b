"""The virtual clock: calls at their times, in order."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0
        self._calls: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    def at(self, when_s: float, call: Callable[[], None]) -> None:
        """Calls of the same time come in the order in which they were asked for."""
        heappush(self._calls, (max(when_s, self.now_s), next(self._numbers), call))

    def after(self, delay_s: float, call: Callable[[], None]) -> None:
        self.at(self.now_s + delay_s, call)

    def run(self, is_over: Callable[[], bool]) -> None:
        """Until `is_over`, or no call is left."""
        while self._calls and not is_over():
            self.now_s, _, call = heappop(self._calls)
            call()
