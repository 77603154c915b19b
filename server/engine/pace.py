"""`RefreshPace`: when the view of the queue is read again. Pure: the caller brings the time. The simulator
(scripts/fleet_simulation) uses it, too."""

MAX_LOAD = 0.005
MAX_REST_S = 2.0
"""After a refresh the next one waits until refreshes take MAX_LOAD of the time, but no longer than this."""


class RefreshPace:
    """`refresh_s`: the longest time between two refreshes, with a short queue. Times are of one monotonic clock."""

    def __init__(self, refresh_s: float = 1.0) -> None:
        self._refresh_s = refresh_s
        self._due_at_s = 0.0
        self._rest_until_s = 0.0
        self._changed = False  # since the refresh began

    def due_in_s(self, now_s: float) -> float:
        """Seconds until the next refresh; 0 or less: now."""
        return max(self._due_at_s, self._rest_until_s) - now_s

    def invalidate(self) -> None:
        """The queue changed: refresh as soon as the rest is over. Also during a refresh, which may have read the rows
        from before the change."""
        self._changed = True
        self._due_at_s = 0.0

    def begin(self) -> None:
        """A refresh reads the queue now."""
        self._changed = False

    def end(self, started_s: float, now_s: float) -> None:
        """It has read the queue. One that fails does not end: the next one is due as it was."""
        self._due_at_s = 0.0 if self._changed else now_s + self._refresh_s
        self._rest_until_s = now_s + min(MAX_REST_S, (now_s - started_s) / MAX_LOAD)
