"""LRU cache of presigned addresses: a picture keeps its address for a while, so that browsers load it once."""

import time
from collections import OrderedDict
from collections.abc import Callable

MAX_KEPT = 20_000


class UrlCache:
    """Keeps each address for half of its lifetime, so that every returned address is valid for at least the other half.
    Runs on the event loop."""

    def __init__(self, expiry_s: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._keep_s = expiry_s / 2
        self._clock = clock
        self._kept: OrderedDict[tuple[str, int], tuple[float, str]] = OrderedDict()

    def get(self, name: str, key_number: int, sign: Callable[[], str]) -> str:
        """The address of an object, signed again if it is old or was signed with another key."""
        now_s = self._clock()
        kept = self._kept.get((name, key_number))
        if kept is not None and now_s - kept[0] <= self._keep_s:
            return kept[1]
        address = sign()
        self._kept[name, key_number] = (now_s, address)
        self._kept.move_to_end((name, key_number))
        if len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return address
