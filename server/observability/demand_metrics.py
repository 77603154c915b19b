"""The numbers of `Demand` as metrics. They are left out while the database cannot give them: an autoscaler must not
read 0 then."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.queue.demand import Demand


class DemandCollector(Collector):
    """Exposes `demand`, which each scrape sets."""

    demand: Demand | None = None

    def collect(self) -> Iterator[Metric]:
        demand = self.demand
        if demand is None:
            return
        for name, meaning, value in (
            ("workers_wanted", "Workers wanted for the accepted jobs, within the bounds.", demand.wanted),
            ("workers", "Workers that live and do not drain.", demand.num_workers),
            ("queued_gpu_seconds", "Estimated GPU time of the jobs that wait.", demand.queued_gpu_s),
            ("held_gpu_seconds", "Estimated GPU time of the jobs that workers hold.", demand.held_gpu_s),
        ):
            yield GaugeMetricFamily(f"studio_{name}", meaning, value=value)
