"""Load LoRA files into memory on a thread of their own, so that no step waits for a disk.

event loop:    loader.fetch(hashes)         read, verify the hash, convert; the future ends when all are loaded
torch thread:  loader.look(hash)            the matrices, if they are loaded
"""

import hashlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from pipelines.errors import brief, depends_on_bytes
from pipelines.lora.backend import LoraError
from pipelines.lora.files.names import LoraFormatError
from pipelines.lora.weights import LoraWeights

log = logging.getLogger(__name__)

MAX_LOADED = 256
ROOM_S = 1.0


class LoraLoader:
    """Loads `{folder}/{sha256}.safetensors` and keeps each LoRA until `forget`. Any thread.

    While more than `max_bytes` are loaded, the next set waits. After ROOM_S without room the oldest LoRAs are dropped:
    the images that wanted them are gone.
    """

    def __init__(self, folder: Path, parse: Callable[[bytes], LoraWeights], max_bytes: int) -> None:
        self._folder = folder
        self._parse = parse
        self._max_bytes = max_bytes
        self._lock = threading.Condition()
        self._loaded: OrderedDict[str, LoraWeights | LoraError] = OrderedDict()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lora-loader")

    def fetch(self, sha256s: Collection[str]) -> Future[None]:
        """Load the LoRAs that are not loaded yet. Never raises: `look` reports errors."""
        return self._thread.submit(self._load_missing, tuple(sha256s))

    def look(self, sha256: str) -> LoraWeights | None:
        """The loaded weights; None if they are not loaded. Raises LoraError once; the next `fetch` reads the file
        again."""
        with self._lock:
            loaded = self._loaded.get(sha256)
            if isinstance(loaded, LoraError):
                del self._loaded[sha256]
                raise loaded
            return loaded

    def forget(self, sha256: str) -> None:
        """Drop a LoRA: the bank has its own copy."""
        with self._lock:
            self._loaded.pop(sha256, None)
            self._lock.notify_all()

    def _load_missing(self, sha256s: tuple[str, ...]) -> None:
        """Load the whole set; a LoRA that cannot be read leaves its error, so that a set is never half there."""
        with self._lock:
            self._lock.wait_for(self._has_room, ROOM_S)
            while not self._has_room():
                self._loaded.popitem(last=False)
            missing = [sha256 for sha256 in sha256s if not isinstance(self._loaded.get(sha256), LoraWeights)]
        for sha256 in missing:
            weights = self._load(sha256)
            with self._lock:
                self._loaded[sha256] = weights

    def _has_room(self) -> bool:
        return len(self._loaded) <= MAX_LOADED and self._num_bytes() <= self._max_bytes

    def _num_bytes(self) -> int:
        return sum(weights.num_bytes for weights in self._loaded.values() if isinstance(weights, LoraWeights))

    def _load(self, sha256: str) -> LoraWeights | LoraError:
        """Read the file once; it is never mapped."""
        started_s = time.perf_counter()
        try:
            data = (self._folder / f"{sha256}.safetensors").read_bytes()
            if hashlib.sha256(data).hexdigest() != sha256:
                raise LoraError("its bytes are not those it was accepted with")
            weights = self._parse(data)
        except Exception as error:
            log.warning("LoRA %s: not loaded", sha256[:12], exc_info=error)
            reason = str(error) if isinstance(error, LoraError | LoraFormatError) else brief(error)
            broken = {sha256: reason} if depends_on_bytes(error) else {}
            return LoraError(f"LoRA {sha256[:12]} could not be loaded: {reason}", broken)
        taken_ms = 1000 * (time.perf_counter() - started_s)
        log.info("LoRA %s: loaded %.1f MB in %.0f ms", sha256[:12], weights.num_bytes / 1e6, taken_ms)
        return weights
