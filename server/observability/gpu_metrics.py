"""Memory and use of this machine's NVIDIA GPUs, if nvidia-ml-py (the module pynvml) is installed."""

import logging
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

log = logging.getLogger(__name__)


class GpuCollector(Collector):
    """Queries the driver at each scrape. `nvml` is pynvml, initialized. A GPU that does not answer is left out."""

    def __init__(self, nvml: Any) -> None:
        self._nvml = nvml
        self._gpus = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]

    def collect(self) -> Iterator[Metric]:
        used = GaugeMetricFamily("studio_gpu_memory_used_bytes", "GPU memory in use, by all processes.", labels=["gpu"])
        total = GaugeMetricFamily("studio_gpu_memory_total_bytes", "GPU memory.", labels=["gpu"])
        busy = GaugeMetricFamily("studio_gpu_use_ratio", "Share of time that the GPU was busy.", labels=["gpu"])
        for index, gpu in enumerate(self._gpus):
            try:
                memory = self._nvml.nvmlDeviceGetMemoryInfo(gpu)
                rates = self._nvml.nvmlDeviceGetUtilizationRates(gpu)
            except self._nvml.NVMLError as error:
                log.debug("GPU %d cannot be read: %s", index, error)
                continue
            used.add_metric([str(index)], memory.used)
            total.add_metric([str(index)], memory.total)
            busy.add_metric([str(index)], rates.gpu / 100)
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
