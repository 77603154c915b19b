"""PostgreSQL's LISTEN and NOTIFY on a separate connection: short texts to all processes on one database.

Delivery is best effort: a process that is not connected misses the message and reads the tables instead.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)

NAME = "studio"
MAX_BYTES = 7900
"""Limit of one text; PostgreSQL's is below 8,000."""
MAX_UNSENT = 1000
RECONNECT_S = 1.0
PING_S = 5.0


class Channel:
    """`connect` opens an asyncpg connection. On the event loop, `on_text` receives the texts of all processes, this one
    included, and `on_connect` is called after each connect: messages may have been missed before it."""

    def __init__(
        self, connect: Callable[[], Any], on_text: Callable[[str], None], on_connect: Callable[[], None]
    ) -> None:
        self._connect = connect
        self._on_text = on_text
        self._on_connect = on_connect
        self._unsent: asyncio.Queue[str] = asyncio.Queue(MAX_UNSENT)

    def send(self, text: str) -> None:
        """Queue a text of at most MAX_BYTES of ASCII. Never waits; a text is dropped if the queue is full."""
        if not self._unsent.full():
            self._unsent.put_nowait(text)

    async def run(self) -> None:
        """Send and receive until cancelled; reconnect after errors."""
        while True:
            try:
                await self._run_connected()
            except Exception as error:  # every error of the driver means: reconnect
                log.debug("no connection to the other processes, next try in %s s: %r", RECONNECT_S, error)
            while not self._unsent.empty():
                self._unsent.get_nowait()
            await asyncio.sleep(RECONNECT_S)

    def _on_notification(self, connection: Any, pid: int, channel: str, text: str) -> None:
        self._on_text(text)

    async def _run_connected(self) -> None:
        connection = await self._connect()
        try:
            await connection.add_listener(NAME, self._on_notification)
            self._on_connect()
            while True:
                try:
                    async with asyncio.timeout(PING_S):
                        text = await self._unsent.get()
                except TimeoutError:
                    await connection.execute("SELECT 1")  # raises if the connection is gone
                    continue
                await connection.execute("SELECT pg_notify($1, $2)", NAME, text)
        finally:
            connection.terminate()
