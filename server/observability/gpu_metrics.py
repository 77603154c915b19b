"""Memory and use of this machine's NVIDIA GPUs, if nvidia-ml-py (the module pynvml) is installed, and what torch's
allocator in this process makes of it. Torch-free."""

import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.queue.workers import Gpu as WorkerGpu

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Gpu:
    """`use`: share of time that it was busy, in its driver's last sample."""

    index: int
    memory_used_bytes: int
    memory_total_bytes: int
    use: float


class GpuCollector(Collector):
    """Queries the driver at each scrape. `nvml` is pynvml, initialized. A GPU that does not answer is left out."""

    def __init__(self, nvml: Any) -> None:
        self._nvml = nvml
        self._gpus = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]

    def read(self) -> Iterator[Gpu]:
        for index, gpu in enumerate(self._gpus):
            try:
                memory = self._nvml.nvmlDeviceGetMemoryInfo(gpu)
                rates = self._nvml.nvmlDeviceGetUtilizationRates(gpu)
            except self._nvml.NVMLError as error:
                log.debug("GPU %d cannot be read: %s", index, error)
                continue
            yield Gpu(index, memory.used, memory.total, rates.gpu / 100)

    def collect(self) -> Iterator[Metric]:
        used = GaugeMetricFamily("studio_gpu_memory_used_bytes", "GPU memory in use, by all processes.", labels=["gpu"])
        total = GaugeMetricFamily("studio_gpu_memory_total_bytes", "GPU memory.", labels=["gpu"])
        busy = GaugeMetricFamily("studio_gpu_use_ratio", "Share of time that the GPU was busy.", labels=["gpu"])
        for gpu in self.read():
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
