"""Metrics for Prometheus. Not in the OpenAPI document: they are for operators, not for callers."""

import logging
from typing import Any

from litestar import Controller, Response, get
from litestar.di import NamedDependency

from server.db.session import DATABASE_ERRORS
from server.observability.metrics import CONTENT_TYPE, Metrics
from server.queue.counts import QueueCounts

log = logging.getLogger(__name__)


class MetricsController(Controller):
    @get("/metrics", include_in_schema=False)
    async def metrics(self, metrics: NamedDependency[Metrics], counts: NamedDependency[QueueCounts]) -> Response[Any]:
        try:
            jobs, wanted = await counts.by_status(), await counts.demand()
        except DATABASE_ERRORS as error:  # the other metrics matter most now
            log.warning("cannot count the jobs: %s", error)
            jobs = wanted = None
        return Response(metrics.text(jobs, wanted), media_type=CONTENT_TYPE)
