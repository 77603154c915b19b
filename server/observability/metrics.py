"""Prometheus metrics, updated by callbacks of the engine, the dispatcher and the HTTP side on the event loop: the torch
thread takes no lock for them. docs/operations/metrics.md explains each metric.
"""

import platform
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from typing import Protocol

from litestar.types import Message
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector, generate_latest

from server.engine.engine import Turn
from server.observability.demand_metrics import DemandCollector
from server.observability.gpu_metrics import AllocatorCollector, Gpu, gpu_collector
from server.queue.demand import Demand
from server.queue.model import JobStatus, StoredImage
from server.version import VERSION

CONTENT_TYPE = "text/plain; version=0.0.4"
"""Prometheus' text format; the HTTP side adds the charset, UTF-8."""

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
WAITS_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
ROWS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64)
RATIOS = (0.5, 0.7, 0.8, 0.9, 0.95, 1, 1.05, 1.1, 1.25, 1.5, 2)


class MemorySizes(Protocol):
    """The numbers of pipelines' `MemoryModel`."""

    @property
    def budget_bytes(self) -> float: ...
    @property
    def row_px_bytes(self) -> float: ...
    @property
    def decode_px_bytes(self) -> float: ...


class Metrics:
    """Has its own registry, so that two servers in one process do not mix. Runs on the event loop."""

    def __init__(self, base_model: str, gpu_hourly_usd: float | None = None) -> None:
        registry = self._registry = CollectorRegistry()
        self._last_steps: deque[tuple[float, int]] = deque(maxlen=50)
        self._jobs = Gauge("studio_jobs", "Jobs by state.", ["state"], registry=registry)
        self._queue = Gauge("studio_queue_depth", "Accepted, unfinished jobs.", registry=registry)
        self._engine_images = Gauge("studio_engine_pictures", "Pictures in the engine.", registry=registry)
        self._rows = self._histogram("step_rows", "Rows of a UNet forward, padding included.", ROWS)
        self._images = self._histogram("step_pictures", "Pictures that shared a UNet forward.", ROWS)
        self._step_s = self._histogram("step_seconds", "UNet forward of one step.", SECONDS)
        self._turn_s = self._histogram("turn_seconds", "A whole turn of the engine.", SECONDS)
        self._encode_s = self._histogram("encode_seconds", "Prompt encoding and initial noise of one picture.", SECONDS)
        self._decode_s = self._histogram("decode_seconds", "VAE decode of one picture.", SECONDS)
        self._store_s = self._histogram("store_seconds", "Encoding, upload and database entry of one picture.", SECONDS)
        self._wait_s = self._histogram(
            "wait_seconds", "From the acceptance of a job to the first step of a picture.", WAITS_S
        )
        self._ratio = self._histogram(
            "step_prediction_ratio", "Measured seconds of a step over predicted ones.", RATIOS
        )
        self._image_s = self._histogram("picture_gpu_seconds", "The model's time for one stored picture.", WAITS_S)
        self._busy_s = Counter("studio_busy_seconds", "Time that the model worked.", registry=registry)
        self._blocked = Counter("studio_pictures_blocked", "Pictures that moderation blocked.", registry=registry)
        self._hourly_usd = Gauge("studio_gpu_hourly_usd", "STUDIO_GPU_HOURLY_USD; 0: unknown.", registry=registry)
        self._hourly_usd.set(gpu_hourly_usd or 0.0)
        self._too_large = Counter(
            "studio_steps_too_large",
            "Steps made in several forwards: one did not fit, or would not have fitted, into memory.",
            registry=registry,
        )
        self._memory = Gauge(
            "studio_memory_model_bytes",
            "GPU memory by the model of it: the budget of a forward or a decode; a row and a decode of native size.",
            ["of"],
            registry=registry,
        )
        self._loop_lag_s = self._histogram("event_loop_lag_seconds", "How late the event loop ran a timer.", SECONDS)
        self._made = Counter("studio_pictures", "Stored pictures.", registry=registry)
        self._failed = Counter("studio_pictures_failed", "Failed pictures, by error code.", ["code"], registry=registry)
        self._prompts = Counter(
            "studio_embeddings", "Prompt embeddings by cache result: hit or miss.", ["cache"], registry=registry
        )
        self._answers = Counter(
            "studio_http_answers", "HTTP responses, by route and status.", ["route", "status"], registry=registry
        )
        ProcessCollector(registry=registry)
        self._gpus = gpu_collector()
        if self._gpus is not None:
            registry.register(self._gpus)
        registry.register(AllocatorCollector())
        self._demand = DemandCollector()
        registry.register(self._demand)
        build = {"version": VERSION, "base_model": base_model, "python": platform.python_version()}
        Info("studio_build", "Versions of the server and its libraries.", registry=registry).info(
            build | {package: version(package) for package in ("torch", "diffusers")}
        )
        for cache in ("hit", "miss"):
            self._prompts.labels(cache)

    def on_loop_lag(self, lag_s: float) -> None:
        self._loop_lag_s.observe(lag_s)

    def on_memory_measured(self, memory: MemorySizes, num_px: int) -> None:
        """`num_px`: of an image of the native size."""
        self._memory.labels("budget").set(memory.budget_bytes)
        self._memory.labels("row").set(memory.row_px_bytes * num_px)
        self._memory.labels("decode").set(memory.decode_px_bytes * num_px)

    def count_images(self, num_images: Callable[[], int]) -> None:
        """`num_images` counts the images that the engine works on."""
        self._engine_images.set_function(num_images)

    def on_turn(self, turn: Turn) -> None:
        """Record a turn of the engine."""
        result = turn.result
        self._turn_s.observe(turn.turn_s)
        self._busy_s.inc(result.busy_s)
        self._too_large.inc(result.too_many_rows > 0)
        if result.step_rows:
            self._last_steps.append((result.step_s, result.step_rows))
            self._rows.observe(result.step_rows)
            self._images.observe(len(turn.plan.step))
            self._step_s.observe(result.step_s)
            self._ratio.observe(result.step_s / turn.predicted_step_s)
        for _ in result.begun:
            self._encode_s.observe(result.begin_s / len(result.begun))
        for seconds in result.decode_s.values():
            self._decode_s.observe(seconds)
        self._prompts.labels("hit").inc(result.embedding_hits)
        self._prompts.labels("miss").inc(result.embedding_misses)

    def recent_step(self) -> tuple[float, float] | None:
        """Mean seconds and rows of the last UNet forwards; None before the first."""
        steps = self._last_steps
        if not steps:
            return None
        return (sum(step_s for step_s, _ in steps) / len(steps), sum(rows for _, rows in steps) / len(steps))

    def on_stored(self, image: StoredImage) -> None:
        self._made.inc()
        self._store_s.observe(image.store_s)
        self._image_s.observe(image.gpu_s)
        self._wait_s.observe(max(0.0, image.wait_s))  # two clocks: the database's and this process's

    def on_failed(self, code: str) -> None:
        self._failed.labels(code).inc()

    def on_blocked(self) -> None:
        self._blocked.inc()

    def gpus(self) -> list[Gpu]:
        """Of this machine, now; none where there is no driver."""
        return [] if self._gpus is None else list(self._gpus.read())

    async def on_message(self, message: Message, scope: Mapping[str, object]) -> None:
        """A before_send hook that counts responses: also an exception handler's, by the status that was sent."""
        if message["type"] == "http.response.start":
            route = str(scope.get("path_template") or "none")  # a template, so that clients cannot create labels
            self._answers.labels(route, str(message["status"])).inc()

    def text(self, jobs: Mapping[JobStatus, int] | None, demand: Demand | None = None) -> bytes:
        """The exposition text for Prometheus. None: the database cannot count them now; they are left out."""
        self._demand.demand = demand
        self._jobs.clear()
        if jobs is not None:
            for status in JobStatus:
                self._jobs.labels(status.value).set(jobs.get(status, 0))
            self._queue.set(sum(count for status, count in jobs.items() if not status.ended))
        return generate_latest(self._registry)

    def _histogram(self, name: str, meaning: str, buckets: Iterable[float]) -> Histogram:
        return Histogram(f"studio_{name}", meaning, buckets=tuple(buckets), registry=self._registry)
