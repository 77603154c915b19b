"""Settings and callbacks of the worker half."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from pipelines.prompt.windows import MAX_TOKENS
from pipelines.spec import ImageSpec
from server.moderation.service import Moderation
from server.queue.model import BaseModelRef, StoredImage


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """`lease_owner` is the DataFolder's; `software` goes into every file (`LoRA Studio 0.1.0`). `retry_s`: pauses
    between the tries of a store or database write, the last one again and again. While `store_trouble` returns a
    reason, no job is claimed and nothing is uploaded; `on_store_error` is called when an upload fails, `on_stored`
    with each recorded image, `on_failed` with the error code of each failed one, `on_blocked` for each blocked one.
    `has_lora`: True if the bytes of this hash are here; `fetch_loras` looks for missing ones, and returns True if
    they may come although no other process is there; `on_lora_failed` is called when a LoRA is no longer offered.
    `lora_wait_s`: so long at most a job is left to workers that have more of its LoRAs in memory; 0: not at all.
    `num_context_tokens`: the context length of an image on this base model. `moderation` None: images are not
    scored."""

    lease_owner: str
    base_model: BaseModelRef
    software: str
    lease_s: float = 10.0
    heartbeat_s: float = 3.0
    poll_s: float = 1.0
    stop_timeout_s: float = 10.0
    retry_s: tuple[float, ...] = (0.2, 1.0, 3.0, 5.0)
    store_trouble: Callable[[], str | None] = lambda: None
    on_store_error: Callable[[], None] = lambda: None
    on_stored: Callable[[StoredImage], None] = lambda image: None
    on_failed: Callable[[str], None] = lambda code: None
    on_blocked: Callable[[], None] = lambda: None
    has_lora: Callable[[str], bool] = lambda sha256: True
    lora_wait_s: float = 1.0
    fetch_loras: Callable[[Collection[str]], bool] = lambda sha256s: False
    on_lora_failed: Callable[[], None] = lambda: None
    num_context_tokens: Callable[[ImageSpec], int] = lambda spec: MAX_TOKENS
    moderation: Moderation | None = None
