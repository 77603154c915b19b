"""The Runner protocol, and `sdxl_runner`, the factory of the real one. Importing this module imports no torch;
`sdxl_runner` does, on the torch thread."""

import gc
import os
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pipelines.plan import StepPlan, StepResult
from server.config.settings import Settings
from server.engine.engine import LoraSource

if TYPE_CHECKING:
    from pipelines.model.memory_model import MemoryModel

CPU_TORCH_NICENESS = 5
ALLOCATOR = "expandable_segments:True"
"""Memory of a GPU is mapped in pages, so that what a decode leaves serves the next step, and LoRAs that stay hold back
no segments. https://docs.pytorch.org/docs/stable/notes/cuda.html#optimizing-memory-usage-with-pytorch-alloc-conf"""


class Runner(LoraSource, Protocol):
    """What makes pictures. `execute` is called on the torch thread only."""

    def execute(self, plan: StepPlan) -> StepResult: ...

    @property
    def memory(self) -> "MemoryModel | None":
        """Of a GPU, once it is measured."""
        ...


@contextmanager
def collector_paused() -> Generator[None]:
    """Pause garbage collection while libraries are imported and a model is loaded, then take all objects that exist out
    of later collections. Importing torch, diffusers and transformers makes a million objects that stay: 1,450
    collections look at them again and again and take 1.1 s of 4.8 s. A full collection later would take 0.4 s, and
    stop event loop and steps."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


RunnerFactory = Callable[[Settings, Path], Runner]
"""(settings, folder of the LoRA copies) → a runner whose model is loaded. Called on the torch thread."""


def sdxl_runner(settings: Settings, lora_bytes_dir: Path) -> Runner:
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")  # its import warns that torchvision is not there
    with collector_paused():
        return _load_runner(settings, lora_bytes_dir)


def _load_runner(settings: Settings, lora_bytes_dir: Path) -> Runner:
    if "PYTORCH_CUDA_ALLOC_CONF" not in os.environ:  # the older name, still read
        os.environ.setdefault("PYTORCH_ALLOC_CONF", ALLOCATOR)  # read once, when torch is imported
    from pipelines.model.info import read_model_info
    from pipelines.model.load import LoadOptions, load_model, resolve_device
    from pipelines.sdxl import RunnerOptions, SDXLRunner

    device, dtype = resolve_device(settings.device, settings.dtype)
    if device == "cpu" and sys.platform == "linux":  # elsewhere a thread has no niceness of its own
        # steps take every core: requests are answered in between. torch's workers inherit the niceness
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), CPU_TORCH_NICENESS)
    options = LoadOptions(
        vae=settings.vae,
        tiled_vae=settings.vae_decode == "tiled",
        vae_dtype="float32" if settings.exact_rows else settings.vae_dtype,
        attention=settings.attention,
        compiled=settings.compile,
        fp16_accumulation=settings.fp16_accumulation and not settings.exact_rows,
    )
    model = load_model(settings.base_model, device, dtype, options)
    running = RunnerOptions(
        exact_rows=settings.exact_rows,
        embedding_cache_bytes=settings.embedding_cache_mb * 1_000_000,
        lora_cache_bytes=settings.lora_cache_mb * 1_000_000,
        merged_loras=settings.lora_mode == "merged",
        compiled_rank=settings.compile_rank if settings.compile else 0,
        upscaler_dir=settings.upscaler_dir,
    )
    runner = SDXLRunner(model, lora_bytes_dir, running)
    info = read_model_info(settings.base_model)
    if device == "cuda":
        runner.measure_memory(info.native_width, info.native_height)
    if settings.compile:
        runner.compile_forwards(list(info.native_shapes.values()), compiled_row_counts(settings))
    if settings.exact_rows:
        runner.check_exact_rows()
    return runner


def compiled_row_counts(settings: Settings) -> list[int]:
    """With `STUDIO_COMPILE`: the row counts that forwards can have. One picture alone takes two rows."""
    if settings.exact_rows:
        return [settings.exact_rows]
    smaller = (0, *settings.row_buckets[:-1])
    counts = zip(smaller, settings.row_buckets, strict=True)
    return [count for less, count in counts if less < max(settings.max_rows, 2)]
