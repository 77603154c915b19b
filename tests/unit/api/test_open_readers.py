from contextlib import ExitStack

import pytest

from server.api.jobs.open_readers import MAX_OF_JOB, OpenReaders
from server.queue.errors import TooManyStreams


def test_a_caller_at_its_bound_is_refused_and_the_others_are_not() -> None:
    readers = OpenReaders(2)
    with readers.place("user:a", "1"), readers.place("user:a", "2"):
        with pytest.raises(TooManyStreams, match="2 streams and waits of this caller"), readers.place("user:a", "3"):
            pass
        with readers.place("user:b", "1"):
            pass
    with readers.place("user:a", "3"):
        pass


def test_a_job_at_its_bound_is_refused_to_all_callers() -> None:
    readers = OpenReaders(0)
    with ExitStack() as open_ones:
        for _ in range(MAX_OF_JOB):
            open_ones.enter_context(readers.place("ip:192.0.2.7", "1"))
        with pytest.raises(TooManyStreams, match="100 streams and waits of this job"), readers.place("user:a", "1"):
            pass
        with readers.place("ip:192.0.2.7", "2"):
            pass
    with readers.place("user:a", "1"):
        pass


def test_a_place_is_given_back_after_an_error() -> None:
    readers = OpenReaders(1)
    with pytest.raises(RuntimeError), readers.place("user:a", "1"):
        raise RuntimeError
    with readers.place("user:a", "1"):
        pass
