"""File descriptors: the limit is raised at the start, and their lack is logged once."""

import asyncio
import logging
import resource

import pytest

from server.http_protocol import MAX_DESCRIPTORS, connections_within, raise_descriptor_limit
from server.observability.logging_setup import NO_DESCRIPTORS, REPEATED_S, OncePerMinute


def test_the_soft_limit_of_descriptors_is_raised_to_the_hard_one() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MAX_DESCRIPTORS)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most - 100, hard))
        assert raise_descriptor_limit() == most
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (most, hard)
        assert raise_descriptor_limit() == most
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_connections_leave_descriptors_for_the_rest() -> None:
    assert connections_within(65_536, 2000) == (2000, 2048)
    assert connections_within(1024, 2000) == (672, 64)
    assert connections_within(64, 2000) == (16, 1)


async def test_a_full_table_of_descriptors_is_logged_once_a_minute(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    once, clock_s = OncePerMinute(NO_DESCRIPTORS), [1000.0]
    monkeypatch.setattr("server.observability.logging_setup.time.monotonic", lambda: clock_s[0])
    logger = logging.getLogger("asyncio")
    logger.addFilter(once)
    try:
        for _ in range(50):  # as asyncio does for each try of its accept loop
            error = OSError(24, "Too many open files")
            asyncio.get_running_loop().call_exception_handler({"message": NO_DESCRIPTORS, "exception": error})
        logger.error("something else")
        assert [record.message for record in caplog.records] == [NO_DESCRIPTORS, "something else"]
        clock_s[0] += REPEATED_S
        logger.error(NO_DESCRIPTORS)
        assert len(caplog.records) == 3
    finally:
        logger.removeFilter(once)
