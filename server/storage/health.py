"""Looks now and then whether pictures can be stored."""

import asyncio
import contextlib
import logging

from server.storage.store import ImageStore, StoreError

log = logging.getLogger(__name__)

PAUSE_S = 15.0
PAUSE_IN_TROUBLE_S = 2.0
FIRST_LOOK_S = 3.0


class StoreHealth:
    """`reason`: why no picture can be stored now; None where one can. On the event loop."""

    def __init__(self, store: ImageStore, pause_in_trouble_s: float = PAUSE_IN_TROUBLE_S) -> None:
        self._store = store
        self._pause_in_trouble_s = pause_in_trouble_s
        self._looked = asyncio.Event()
        self._doubted = asyncio.Event()
        self.reason: str | None = "the store of pictures is being checked"

    async def first_check(self) -> None:
        """Returns once `run` has looked, or after 3 s of a store that takes its time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_LOOK_S):
                await self._looked.wait()

    def recheck(self) -> None:
        """A picture could not be stored: look now."""
        self._doubted.set()

    async def run(self) -> None:
        """Until it is cancelled. Jobs are accepted meanwhile; in trouble they wait."""
        reported: str | None = None
        while True:
            self.reason = await self._trouble()
            if self.reason not in (None, reported):
                log.error("%s; jobs wait until it can, next look in %s s", self.reason, self._pause_in_trouble_s)
            elif self.reason is None and reported is not None:
                log.info("pictures can be stored again")
            reported = self.reason
            self._looked.set()
            if self.reason is not None:
                await asyncio.sleep(self._pause_in_trouble_s)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PAUSE_S):
                    await self._doubted.wait()
            self._doubted.clear()

    async def _trouble(self) -> str | None:
        try:
            await self._store.check()
        except StoreError as error:
            return f"pictures cannot be stored: {error}"
        except Exception as error:
            log.exception("the store could not be checked")
            return f"pictures cannot be stored: the store could not be checked ({type(error).__name__})"
        return None
