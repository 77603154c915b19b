"""`python -m tests.support.servers.watched MODULE`: runs the server of a module, and appends each callback that holds
its event loop for longer than LIMIT_S to `stalls.jsonl` in the working folder, with the stack of its middle.

Time is CPU time of the loop's thread: waits for a busy machine do not count.
"""

import asyncio
import json
import os
import runpy
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

LIMIT_S = float(os.environ.get("WATCHED_LIMIT_S") or (0.1 if os.environ.get("CI") == "true" else 0.05))
STALLS = "stalls.jsonl"
SAMPLE_S = 0.005


class Watchdog:
    """Replaces `asyncio.Handle._run`, through which the event loop calls every callback and task step."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._thread = threading.get_ident()
        self._clock = time.pthread_getcpuclockid(self._thread)
        self._begun_s: float | None = None
        self._stack: list[str] = []

    def install(self) -> None:
        run = asyncio.Handle._run  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]

        def watched(handle: Any) -> None:
            if threading.get_ident() != self._thread:
                return run(handle)
            self._stack, self._begun_s = [], time.thread_time()
            run(handle)
            held_s, self._begun_s = time.thread_time() - self._begun_s, None
            if held_s > LIMIT_S:
                self._write(held_s, repr(handle))

        asyncio.Handle._run = watched  # pyright: ignore[reportAttributeAccessIssue]
        threading.Thread(target=self._sample, daemon=True).start()

    def _sample(self) -> None:
        """Keep the stack of a callback that is on its way to the limit."""
        while True:
            time.sleep(SAMPLE_S)
            begun_s = self._begun_s
            if begun_s is None or self._stack or time.clock_gettime(self._clock) - begun_s < LIMIT_S / 2:
                continue
            if frame := sys._current_frames().get(self._thread):
                self._stack = traceback.format_stack(frame)

    def _write(self, held_s: float, callback: str) -> None:
        stall = {"at_s": time.time(), "held_s": held_s, "callback": callback, "stack": "".join(self._stack)}
        with self._file.open("a") as file:
            file.write(json.dumps(stall) + "\n")


if __name__ == "__main__":
    Watchdog(Path(STALLS).absolute()).install()
    module = sys.argv.pop(1)
    runpy.run_module(module, run_name="__main__", alter_sys=True)
