"""What the dispatcher is told once: who it is, its pauses, and whom it asks."""

from collections.abc import Callable
from dataclasses import dataclass

from pipelines.params import GenerationParams
from pipelines.prompt.windows import MAX_TOKENS
from server.queue.model import BaseModelRef


@dataclass(frozen=True, slots=True)
class DispatcherOptions:
    """`lease_owner` from the DataFolder; `software` is told in every picture (`LoRA Studio 0.1.0`). `retry_s`: pauses
    between the tries of a store or database write, the last one again and again. While `store_trouble` names one, no
    job is claimed and no picture is put; `on_store_error` is called when a put fails. `has_lora`: are the bytes of
    this hash here? `fetch_loras` looks for them. `num_context_tokens`: how long the base model's context of
    a picture is."""

    lease_owner: str
    base_model: BaseModelRef
    software: str
    max_queue: int = 500
    lease_s: float = 10.0
    heartbeat_s: float = 3.0
    poll_s: float = 1.0
    stop_timeout_s: float = 10.0
    retry_s: tuple[float, ...] = (0.2, 1.0, 3.0, 5.0)
    store_trouble: Callable[[], str | None] = lambda: None
    on_store_error: Callable[[], None] = lambda: None
    has_lora: Callable[[str], bool] = lambda sha256: True
    fetch_loras: Callable[[], None] = lambda: None
    num_context_tokens: Callable[[GenerationParams], int] = lambda params: MAX_TOKENS
