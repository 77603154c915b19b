"""Throttle of guessing keys, above all STUDIO_ADMIN_KEY, which people choose. In the memory of one process."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from cachetools import TTLCache

from server.accounts.errors import TooManyWrongKeys
from server.accounts.tokens import digest

WINDOW_S = 900.0
MAX_WRONG_KEYS = 30
MAX_ADDRESSES = 10_000


@dataclass(slots=True)
class _Wrong:
    since_s: float
    digests: set[str] = field(default_factory=set[str])


class KeyThrottle:
    """Counts the different wrong keys of each address: a program that sends one revoked key again and again guesses
    nothing. Runs on the event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: TTLCache[str, _Wrong] = TTLCache(MAX_ADDRESSES, WINDOW_S, timer=clock)

    def is_throttled(self, address: str) -> bool:
        """True if the address has sent too many wrong keys: none of its keys is compared with STUDIO_ADMIN_KEY."""
        wrong = self._wrong.get(address)
        return wrong is not None and len(wrong.digests) >= MAX_WRONG_KEYS

    def note_wrong(self, address: str, key: str) -> None:
        """Count a key that is not valid. Raises TooManyWrongKeys if the address is throttled."""
        wrong = self._wrong.setdefault(address, _Wrong(self._clock()))
        if len(wrong.digests) >= MAX_WRONG_KEYS:
            raise TooManyWrongKeys(max(1, math.ceil(wrong.since_s + WINDOW_S - self._clock())))
        wrong.digests.add(digest(key))
