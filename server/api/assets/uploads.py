"""Bounds of uploads. In the memory of one process."""

import math
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

from cachetools import TTLCache

from server.api.auth.caller import Caller
from server.errors import BUSY, TOO_MANY_REQUESTS, StudioError

MAX_OPEN, MAX_OPEN_PER_CALLER = 16, 4
WINDOW_S = 3600.0
MAX_UPLOADS, MAX_UPLOADED_BYTES = 300, 500_000_000  # in WINDOW_S, of callers without an account
MAX_ADDRESSES = 10_000
RETRY_S = 5


@dataclass(slots=True)
class _Uploaded:
    since_s: float
    count: int = 0
    num_bytes: int = 0


class Uploads:
    """Bounds the uploads at a time, which wait in memory, of all callers and of one; and of callers without an account,
    who can get a new cookie for each, what comes from one address in an hour. Runs on the event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open = Counter[str]()
        self._uploaded: TTLCache[str, _Uploaded] = TTLCache(MAX_ADDRESSES, WINDOW_S, timer=clock)

    @contextmanager
    def one(self, caller: Caller) -> Generator[None]:
        """Around an upload, from before its body is read. Raises StudioError (429, 503)."""
        who = caller.requester.counted_as
        if self._open.total() >= MAX_OPEN:
            detail = f"{MAX_OPEN} uploads are being read already; try again in {RETRY_S} s"
            raise StudioError(BUSY, detail, headers={"Retry-After": str(RETRY_S)})
        if self._open[who] >= MAX_OPEN_PER_CALLER:
            detail = f"{MAX_OPEN_PER_CALLER} uploads of one caller are being read already; try again in {RETRY_S} s"
            raise StudioError(TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(RETRY_S)})
        self._refuse(caller)
        self._open[who] += 1
        try:
            yield
        finally:
            self._open[who] -= 1
            if not self._open[who]:
                del self._open[who]

    def count(self, caller: Caller, num_bytes: int) -> None:
        """Count an upload that was stored with this size."""
        if caller.is_anonymous:
            uploaded = self._uploaded.setdefault(caller.address, _Uploaded(self._clock()))
            uploaded.count += 1
            uploaded.num_bytes += num_bytes

    def _refuse(self, caller: Caller) -> None:
        """Raises StudioError (429)."""
        uploaded = self._uploaded.get(caller.address) if caller.is_anonymous else None
        if uploaded is None or (uploaded.count < MAX_UPLOADS and uploaded.num_bytes < MAX_UPLOADED_BYTES):
            return
        retry_s = max(1, math.ceil(uploaded.since_s + WINDOW_S - self._clock()))
        detail = (
            f"{MAX_UPLOADS} images of {MAX_UPLOADED_BYTES:,} bytes in all are allowed in an hour from one address;"
            f" try again in {retry_s} s, or log in"
        )
        raise StudioError(TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(retry_s)})
