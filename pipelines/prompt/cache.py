"""A least-recently-used cache with a byte limit. Torch-free."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    @property
    def num_bytes(self) -> int: ...


V = TypeVar("V", bound=Sized)


class EmbeddingCache(Generic[V]):
    """Keeps the most recently used values whose `num_bytes` together stay within `max_bytes` (0: keeps nothing).
    One thread only."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.num_bytes = 0
        self.num_hits = 0
        self.num_misses = 0
        self._entries: OrderedDict[Hashable, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._entries

    def get_or_make(self, key: Hashable, make: Callable[[], V]) -> V:
        """The cached value, or a new one from `make`, kept if it fits. An error of `make` is not cached."""
        if key in self._entries:
            self.num_hits += 1
            self._entries.move_to_end(key)
            return self._entries[key]
        self.num_misses += 1
        value = make()
        if value.num_bytes <= self.max_bytes:
            self._entries[key] = value
            self.num_bytes += value.num_bytes
            while self.num_bytes > self.max_bytes:
                _, dropped = self._entries.popitem(last=False)
                self.num_bytes -= dropped.num_bytes
        return value
