import asyncio
from collections.abc import Iterator

from server.worker.idle import when_idle


async def left_after(answers: Iterator[bool | Exception], limit_s: float = 0.2) -> int:
    """How often was it asked before it left? Each question comes a quarter of the limit after the last."""
    asked = 0
    left = asyncio.Event()

    async def busy() -> bool:
        nonlocal asked
        asked += 1
        answer = next(answers, False)
        if isinstance(answer, Exception):
            raise answer
        return answer

    await asyncio.wait_for(when_idle(busy, limit_s, left.set), 10)
    assert left.is_set()
    return asked


async def test_it_leaves_once_it_has_been_idle_for_so_long() -> None:
    assert 4 <= await left_after(iter(())) <= 5


async def test_work_and_a_database_that_is_away_start_the_clock_anew() -> None:
    assert await left_after(iter([False, False, True])) >= 7
    assert await left_after(iter([False, False, OSError("away")])) >= 7
