"""The watch measures how late the event loop is, and names what holds it up, once."""

import asyncio
import time

import pytest

from server.observability.loop_watch import LoopWatch


async def test_a_held_up_loop_is_measured_and_its_cause_logged(caplog: pytest.LogCaptureFixture) -> None:
    lags_s: list[float] = []
    watch = asyncio.create_task(LoopWatch(lags_s.append, stalled_s=0.2).run())
    await asyncio.sleep(0.25)
    before = len(lags_s)
    time.sleep(0.8)  # noqa: ASYNC251 what the watch finds
    await asyncio.sleep(0.25)
    watch.cancel()
    assert before >= 1
    assert max(lags_s) >= 0.5
    (record,) = [record for record in caplog.records if "held up" in record.message]
    assert "in test_a_held_up_loop_is_measured" in record.message
