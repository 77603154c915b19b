"""Alive, and able to make a picture now."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Controller, get
from litestar.di import NamedDependency

from server.api.http import problems
from server.api.http.openapi_errors import documented_open
from server.api.http.problems import NOT_READY, Problem
from server.api.jobs import examples, schemas

RETRY_AFTER_S = 2


class Readiness:
    """Why the server cannot make a picture now, if it cannot. Set by the studio, on the event loop. `probe` raises
    where the database cannot be reached, `store_trouble` tells why no picture can be stored."""

    def __init__(self, probe: Callable[[], Awaitable[Any]], store_trouble: Callable[[], str | None]) -> None:
        self._probe = probe
        self._store_trouble = store_trouble
        self._reason: str | None = "the model is being loaded"

    def ready(self) -> None:
        self._reason = None

    def not_ready(self, reason: str) -> None:
        self._reason = reason

    async def reason(self) -> str | None:
        """All there is to tell at once: a wrong bucket is told while the model still loads."""
        return "; ".join(filter(None, (self._reason, self._store_trouble(), await self._database_trouble()))) or None

    async def _database_trouble(self) -> str | None:
        try:
            await self._probe()
        except Exception as error:  # whatever the driver raises: the answer is the same
            return f"the database cannot be reached: {type(error).__name__}"
        return None


class HealthController(Controller):
    tags = ("health",)

    @get(
        "/healthz",
        operation_id="healthz",
        summary="Is the server alive?",
        responses={200: examples.answers(schemas.Health("ok"), "It is"), **documented_open()},
        sync_to_thread=False,
    )
    def healthz(self) -> schemas.Health:
        return schemas.Health("ok")

    @get(
        "/readyz",
        operation_id="readyz",
        summary="Can it make a picture now?",
        description="Jobs are accepted before that: they wait in the queue.",
        responses={
            200: examples.answers(schemas.Health("ready"), "It can"),
            **documented_open(problems.NOT_READY),
        },
    )
    async def readyz(self, readiness: NamedDependency[Readiness]) -> schemas.Health:
        reason = await readiness.reason()
        if reason is not None:
            raise Problem(NOT_READY, reason, headers={"Retry-After": str(RETRY_AFTER_S)})
        return schemas.Health("ready")
