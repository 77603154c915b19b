"""End an idle server: rented machines are paid by the hour."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)


async def when_idle(
    busy: Callable[[], Awaitable[bool]], limit_s: float, then: Callable[[], None], look_every_s: float = 5.0
) -> None:
    """Calls `then` once `busy` has said no for `limit_s` without a break. Errors of `busy` count as yes: a database
    that is away for a while is no reason to go."""
    loop = asyncio.get_running_loop()
    idle_since_s = loop.time()
    while True:
        await asyncio.sleep(min(look_every_s, limit_s / 4))
        try:
            is_busy = await busy()
        except Exception as error:
            log.warning("the database does not say whether there are jobs (%s): the server stays", type(error).__name__)
            is_busy = True
        if is_busy:
            idle_since_s = loop.time()
        elif loop.time() - idle_since_s >= limit_s:
            log.info("no job and no open stream for %.3g min (STUDIO_IDLE_EXIT_MIN): the server ends", limit_s / 60)
            then()
            return
