"""`LoopWatch`: measures how long the event loop is held up, and logs by what."""

import asyncio
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable

log = logging.getLogger(__name__)

BEAT_S = 0.1
STALLED_S = 1.0


class LoopWatch:
    """A heartbeat on the event loop, and a thread that logs the stack of the loop's thread where the heartbeat stops
    for `stalled_s`. `observe` receives the lag of each heartbeat, in seconds, on the event loop."""

    def __init__(self, observe: Callable[[float], None], stalled_s: float = STALLED_S) -> None:
        self._observe = observe
        self._stalled_s = stalled_s
        self._beat_at_s = 0.0
        self._ended = threading.Event()

    async def run(self) -> None:
        """Until it is cancelled."""
        self._beat_at_s = time.monotonic()
        watcher = threading.Thread(target=self._watch, args=(threading.get_ident(),), name="loop-watch", daemon=True)
        watcher.start()
        try:
            while True:
                await asyncio.sleep(BEAT_S)
                now_s = time.monotonic()
                self._observe(max(0.0, now_s - self._beat_at_s - BEAT_S))
                self._beat_at_s = now_s
        finally:
            self._ended.set()

    def _watch(self, loop_thread: int) -> None:
        logged_of_s = 0.0
        while not self._ended.wait(self._stalled_s / 4):
            beat_at_s = self._beat_at_s
            held_s = time.monotonic() - beat_at_s
            if held_s > self._stalled_s and beat_at_s != logged_of_s:
                logged_of_s = beat_at_s
                stack = traceback.format_stack(sys._current_frames().get(loop_thread))  # pyright: ignore[reportPrivateUsage]
                log.warning("the event loop has been held up for %.1f s by\n%s", held_s, "".join(stack))
