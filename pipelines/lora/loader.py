"""LoRA files to memory, on a thread of their own: no step waits for a disk.

event loop:    reader.fetch(hashes)         read, check the hash, convert; the future is done when they are here
torch thread:  reader.look(hash)            its matrices, if they are here
"""

import hashlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from pipelines.lora.backend import LoraError
from pipelines.lora.weights import LoraWeights

log = logging.getLogger(__name__)

MAX_KEPT = 256
ROOM_S = 1.0


class LoraReader:
    """`folder` holds `{sha256}.safetensors`. What was read stays until it is forgotten. With more than `max_bytes` here
    the next set waits for room; after ROOM_S without any, what came first goes: nobody wants it. Any thread."""

    def __init__(self, folder: Path, parse: Callable[[bytes], LoraWeights], max_bytes: int) -> None:
        self._folder = folder
        self._parse = parse
        self._max_bytes = max_bytes
        self._lock = threading.Condition()
        self._here: OrderedDict[str, LoraWeights | LoraError] = OrderedDict()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lora-reader")

    def fetch(self, sha256s: Collection[str]) -> Future[None]:
        """Read those that are not here. What goes wrong is told by `look`."""
        return self._thread.submit(self._read_missing, tuple(sha256s))

    def look(self, sha256: str) -> LoraWeights | None:
        """What was read; None where it is not here. Raises LoraError, once: after it the file is read anew."""
        with self._lock:
            found = self._here.get(sha256)
            if isinstance(found, LoraError):
                del self._here[sha256]
                raise found
            return found

    def forget(self, sha256: str) -> None:
        """It is in the bank now."""
        with self._lock:
            self._here.pop(sha256, None)
            self._lock.notify_all()

    def _read_missing(self, sha256s: tuple[str, ...]) -> None:
        """All of them or, where one cannot be read, that with its error: a set is never here by half."""
        with self._lock:
            self._lock.wait_for(self._has_room, ROOM_S)
            while not self._has_room():
                self._here.popitem(last=False)
            missing = [sha256 for sha256 in sha256s if not isinstance(self._here.get(sha256), LoraWeights)]
        for sha256 in missing:
            found = self._read(sha256)
            with self._lock:
                self._here[sha256] = found

    def _has_room(self) -> bool:
        return len(self._here) <= MAX_KEPT and self._num_bytes() <= self._max_bytes

    def _num_bytes(self) -> int:
        return sum(each.num_bytes for each in self._here.values() if isinstance(each, LoraWeights))

    def _read(self, sha256: str) -> LoraWeights | LoraError:
        """The file is read once and never mapped."""
        started_s = time.perf_counter()
        try:
            data = (self._folder / f"{sha256}.safetensors").read_bytes()
            if hashlib.sha256(data).hexdigest() != sha256:
                raise LoraError("its bytes are not those it was accepted with")
            weights = self._parse(data)
        except Exception as error:  # the libraries' errors have no common type
            log.warning("LoRA %s cannot be read", sha256[:12], exc_info=error)
            told = str(error) if isinstance(error, LoraError) else _brief(error)
            return LoraError(f"LoRA {sha256[:12]} could not be loaded: {told}")
        taken_ms = 1000 * (time.perf_counter() - started_s)
        log.info("LoRA %s: %.1f MB read in %.0f ms", sha256[:12], weights.num_bytes / 1e6, taken_ms)
        return weights


def _brief(error: Exception) -> str:
    first_line = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {first_line[:200]}" if first_line else type(error).__name__
