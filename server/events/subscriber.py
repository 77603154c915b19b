"""One reader of a job: what it has not been sent yet. Bounded: flags, and one preview per image."""

import asyncio
import math


class Subscriber:
    def __init__(self, closed: bool) -> None:
        self.rows_changed = False
        self.progressed = False
        self.closed = closed
        self.previews: dict[int, str] = {}  # image index → data: URL
        self._woken = asyncio.Event()

    @property
    def has_news(self) -> bool:
        return self.progressed or bool(self.previews)

    def wake(self) -> None:
        self._woken.set()

    async def wait(self, until_s: float) -> None:
        """Return when `wake` is called, or at `until_s` of the event loop's clock."""
        if not math.isinf(until_s) and until_s <= asyncio.get_running_loop().time():
            return
        try:
            async with asyncio.timeout_at(None if math.isinf(until_s) else until_s):
                await self._woken.wait()
        except TimeoutError:
            pass
        finally:
            self._woken.clear()

    def take_previews(self) -> list[tuple[int, str]]:
        taken, self.previews = list(self.previews.items()), {}
        return taken
