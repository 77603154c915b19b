"""Health of the image store: a check every few seconds."""

import asyncio
import contextlib
import logging

from server.storage.store import ImageStore, StoreError

log = logging.getLogger(__name__)

PAUSE_S = 15.0
PAUSE_IN_TROUBLE_S = 2.0
FIRST_CHECK_S = 3.0


class StoreHealth:
    """`reason`: why no image can be stored now; None: the store works. Runs on the event loop."""

    def __init__(self, store: ImageStore, pause_in_trouble_s: float = PAUSE_IN_TROUBLE_S) -> None:
        self._store = store
        self._pause_in_trouble_s = pause_in_trouble_s
        self._checked = asyncio.Event()
        self._recheck = asyncio.Event()
        self.reason: str | None = "the store of pictures is being checked"

    async def first_check(self) -> None:
        """Wait until `run` has checked once, at most 3 s."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_CHECK_S):
                await self._checked.wait()

    def recheck(self) -> None:
        """Check now: an image could not be stored."""
        self._recheck.set()

    async def run(self) -> None:
        """Check until cancelled. Jobs are accepted all the time; while the store fails they wait."""
        reported: str | None = None
        while True:
            self.reason = await self._trouble()
            if self.reason not in (None, reported):
                log.error("%s; jobs wait, next check in %s s", self.reason, self._pause_in_trouble_s)
            elif self.reason is None and reported is not None:
                log.info("pictures can be stored again")
            reported = self.reason
            self._checked.set()
            if self.reason is not None:
                await asyncio.sleep(self._pause_in_trouble_s)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PAUSE_S):
                    await self._recheck.wait()
            self._recheck.clear()

    async def _trouble(self) -> str | None:
        try:
            await self._store.check()
        except StoreError as error:
            return f"pictures cannot be stored: {error}"
        except Exception as error:
            log.exception("the store could not be checked")
            return f"pictures cannot be stored: the store could not be checked ({type(error).__name__})"
        return None
