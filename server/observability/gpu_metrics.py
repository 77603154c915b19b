"""Memory and use of this machine's NVIDIA GPUs, if nvidia-ml-py (the module pynvml) is installed, and what torch's
allocator in this process makes of it. Torch-free."""

import asyncio
import logging
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.queue.workers import Gpu as WorkerGpu

log = logging.getLogger(__name__)

MAX_AGE_S = 1.0
PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Gpu:
    """`use`: share of time that it was busy, in its driver's last sample."""

    index: int
    memory_used_bytes: int
    memory_total_bytes: int
    use: float


class GpuCollector(Collector):
    """Exports what the driver said last. `nvml` is pynvml, initialized. A GPU that does not answer is left out."""

    def __init__(self, nvml: Any) -> None:
        self._nvml = nvml
        self._handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]
        self._reading: asyncio.Future[list[Gpu]] | None = None
        self._read_at_s = -math.inf
        self.last: list[Gpu] = []

    async def refresh(self) -> list[Gpu]:
        """Ask the driver, on a thread, unless it answered less than MAX_AGE_S ago. A driver that does not answer in
        PATIENCE_S counts as no GPU until it does; it is not asked again meanwhile."""
        if time.monotonic() - self._read_at_s < MAX_AGE_S:
            return self.last
        reading = self._reading = self._reading or asyncio.ensure_future(asyncio.to_thread(self._read))
        answered, _ = await asyncio.wait({reading}, timeout=PATIENCE_S)
        if answered:
            self._reading, self._read_at_s = None, time.monotonic()
        self.last = reading.result() if answered else []
        return self.last

    def _read(self) -> list[Gpu]:
        return [gpu for index, handle in enumerate(self._handles) if (gpu := self._read_one(index, handle)) is not None]

    def _read_one(self, index: int, handle: Any) -> Gpu | None:
        try:
            memory = self._nvml.nvmlDeviceGetMemoryInfo(handle)
            rates = self._nvml.nvmlDeviceGetUtilizationRates(handle)
        except self._nvml.NVMLError as error:
            log.debug("GPU %d cannot be read: %s", index, error)
            return None
        return Gpu(index, memory.used, memory.total, rates.gpu / 100)

    def collect(self) -> Iterator[Metric]:
        used = GaugeMetricFamily("studio_gpu_memory_used_bytes", "GPU memory in use, by all processes.", labels=["gpu"])
        total = GaugeMetricFamily("studio_gpu_memory_total_bytes", "GPU memory.", labels=["gpu"])
        busy = GaugeMetricFamily("studio_gpu_use_ratio", "Share of time that the GPU was busy.", labels=["gpu"])
        for gpu in self.last:
            used.add_metric([str(gpu.index)], gpu.memory_used_bytes)
            total.add_metric([str(gpu.index)], gpu.memory_total_bytes)
            busy.add_metric([str(gpu.index)], gpu.use)
        return iter((used, total, busy))


def gpu_collector() -> GpuCollector | None:
    """None: there is no NVIDIA driver, or nvidia-ml-py is not installed."""
    try:
        nvml = import_module("pynvml")
    except ImportError:
        return None
    try:
        nvml.nvmlInit()
        return GpuCollector(nvml)
    except nvml.NVMLError as error:
        log.debug("no GPU metrics: %s", error)
        return None


def torch_gpu() -> WorkerGpu | None:
    """The GPU that torch uses in this process; None before it uses one. On a thread: the driver may take a while."""
    torch: Any = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    free, total = torch.cuda.mem_get_info()
    return WorkerGpu(torch.cuda.get_device_name(), total - free, total)


class AllocatorCollector(Collector):
    """Reads the counters of torch's CUDA allocator at each scrape, on the event loop: they are behind a lock of the
    allocator's own. Nothing before torch uses CUDA."""

    def collect(self) -> Iterator[Metric]:
        torch: Any = sys.modules.get("torch")  # imported by the worker half alone
        if torch is None or not torch.cuda.is_initialized():
            return
        stats = torch.cuda.memory_stats()
        for name, key, meaning in (
            ("allocated", "allocated_bytes.all.current", "Memory of tensors on the GPU."),
            ("reserved", "reserved_bytes.all.current", "GPU memory that torch holds, for tensors and in reserve."),
            ("peak", "allocated_bytes.all.peak", "Most memory of tensors on the GPU since the start."),
        ):
            yield GaugeMetricFamily(f"studio_torch_{name}_bytes", meaning, value=stats.get(key, 0))
        yield CounterMetricFamily(
            "studio_torch_alloc_retries",
            "Allocations that succeeded after the reserve was freed: memory is short.",
            value=stats.get("num_alloc_retries", 0),
        )
        yield CounterMetricFamily("studio_torch_out_of_memory", "Failed allocations.", value=stats.get("num_ooms", 0))
