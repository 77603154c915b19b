"""How many workers there are: what the view `studio_workers_wanted` says. Ray pickles this module by value into its
controller, so it imports nothing of the server."""

import asyncio
import logging
import os
import time
from typing import Any

QUERY = "SELECT wanted FROM studio_workers_wanted"
ADDRESS = "STUDIO_DATABASE_URL"
TIMEOUT_S = 5.0

log = logging.getLogger("ray.serve")


class WorkersWanted:
    """An autoscaling policy. Serve calls it on the event loop of its controller, ten times a second: the query is a
    task, started every `poll_s`. The controller's environment holds the database's address: as an argument Ray would
    store and show it. While the database does not answer, the number of workers stays."""

    def __init__(self, poll_s: float) -> None:
        self._poll_s = poll_s
        self._polled_at_s = float("-inf")
        self._polling: asyncio.Task[None] | None = None
        self._wanted: int | None = None

    def __call__(self, context: Any) -> tuple[int, dict[str, Any]]:
        """`context`: ray.serve.config.AutoscalingContext. Serve applies its bounds and delays to the answer."""
        is_free = self._polling is None or self._polling.done()
        if is_free and time.monotonic() - self._polled_at_s >= self._poll_s:
            self._polled_at_s = time.monotonic()
            self._polling = asyncio.get_running_loop().create_task(self._poll())
        wanted = context.target_num_replicas if self._wanted is None else self._wanted
        return wanted, {"wanted": wanted}

    async def _poll(self) -> None:
        try:
            self._wanted = await workers_wanted(os.environ[ADDRESS])
        except Exception as error:
            self._wanted = None
            log.warning("the number of wanted workers is unknown, so it stays: %s", type(error).__name__)


async def workers_wanted(database_url: str) -> int:
    """Raises OSError, TimeoutError and asyncpg's errors."""
    import asyncpg

    async with asyncio.timeout(TIMEOUT_S):
        address = database_url.replace("postgresql+asyncpg://", "postgresql://", 1)
        connection = await asyncpg.connect(address, statement_cache_size=0)  # PgBouncer may stand between
        try:
            return int(await connection.fetchval(QUERY))
        finally:
            await connection.close()
