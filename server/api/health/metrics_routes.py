"""For Prometheus. Not in the OpenAPI document: it is for whoever runs the server, not for its callers."""

import logging
from typing import Any

from litestar import Controller, Response, get
from litestar.di import NamedDependency

from server.generation.service import JobService
from server.observability.metrics import CONTENT_TYPE, Metrics
from server.worker.saver import DATABASE_ERRORS

log = logging.getLogger(__name__)


class MetricsController(Controller):
    @get("/metrics", include_in_schema=False)
    async def metrics(self, metrics: NamedDependency[Metrics], jobs: NamedDependency[JobService]) -> Response[Any]:
        try:
            counts = await jobs.count_by_status()
        except DATABASE_ERRORS as error:  # what else there is to tell matters most now
            log.warning("the jobs cannot be counted: %s", error)
            counts = None
        return Response(metrics.text(counts), media_type=CONTENT_TYPE)
