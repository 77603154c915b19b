"""Liveness and readiness probes."""

from litestar import Controller, get
from litestar.di import NamedDependency

from server.api.http.openapi_errors import documented_open
from server.api.jobs import examples, schemas
from server.errors import NOT_READY, StudioError
from server.observability.readiness import Readiness

RETRY_AFTER_S = 2


class HealthController(Controller):
    tags = ("health",)

    @get(
        "/healthz",
        operation_id="healthz",
        summary="Is the server alive?",
        responses={200: examples.answers(schemas.Health("ok"), "Alive"), **documented_open()},
        sync_to_thread=False,
    )
    def healthz(self) -> schemas.Health:
        return schemas.Health("ok")

    @get(
        "/readyz",
        operation_id="readyz",
        summary="Is the server ready to make pictures?",
        description="Jobs are accepted earlier and wait in the queue.",
        responses={
            200: examples.answers(schemas.Health("ready"), "Ready"),
            **documented_open(NOT_READY),
        },
    )
    async def readyz(self, readiness: NamedDependency[Readiness]) -> schemas.Health:
        reason = await readiness.reason()
        if reason is not None:
            raise StudioError(NOT_READY, reason, headers={"Retry-After": str(RETRY_AFTER_S)})
        return schemas.Health("ready")
