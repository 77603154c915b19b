"""Bounds of open event streams and waits, by caller and by job: one caller cannot take the places of all."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from server.queue.errors import TooManyStreams

MAX_OF_JOB = 100


class OpenReaders:
    """Counts the streams and waits that this process has open. Runs on the event loop. `max_of_caller` 0: no bound."""

    def __init__(self, max_of_caller: int) -> None:
        self._max_of_caller = max_of_caller
        self._num_open: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def place(self, counted_as: str, job_id: str) -> Generator[None]:
        """One place for the caller (`Requester.counted_as`) and for the job while the block lasts. Raises
        TooManyStreams."""
        caller, job = ("caller", counted_as), ("job", job_id)
        if self._max_of_caller and self._num_open[caller] >= self._max_of_caller:
            raise TooManyStreams(f"{self._max_of_caller} streams and waits of this caller are open already")
        if self._num_open[job] >= MAX_OF_JOB:
            raise TooManyStreams(f"{MAX_OF_JOB} streams and waits of this job are open already")
        self._num_open.update((caller, job))
        try:
            yield
        finally:
            for key in (caller, job):
                self._num_open[key] -= 1
                if not self._num_open[key]:
                    del self._num_open[key]
