"""The end of a server's loops."""

import asyncio

import pytest

from server import lifespan


async def test_a_task_whose_cancel_was_lost_is_cancelled_again(monkeypatch: pytest.MonkeyPatch):
    """As by an error of the database that takes the cancel's place and is lived with."""

    async def deaf_once() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(60)

    monkeypatch.setattr(lifespan, "CANCEL_AGAIN_S", 0.01)
    task = asyncio.create_task(deaf_once())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await lifespan.cancelled([task])
    assert task.cancelled()
