"""GET /api/usage: use by day, and what is left of the limits."""

from collections.abc import Sequence
from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import QueryParameter

from server.api.accounts import examples as account_examples
from server.api.auth.caller import READ, Caller
from server.api.auth.guards import needs
from server.api.http.openapi_errors import documented
from server.api.jobs import examples
from server.api.usage import schemas as usage_schemas
from server.errors import INVALID_REQUEST, OPERATORS_ONLY, StudioError
from server.queue.model import Requester
from server.usage.service import DayUsage, Usage

ALL_USERS = "all"
MAX_DAYS = 366

Days = Annotated[int, QueryParameter(description=f"The last N days: a number from 1 to {MAX_DAYS}.", ge=1, le=MAX_DAYS)]
User = Annotated[
    str | None,
    QueryParameter(
        description="Operators only: an account's id, or `all` for all callers together.",
        max_length=64,
        examples=[Example("everybody", value=ALL_USERS)],
    ),
]
USAGE = usage_schemas.Usage(
    days=[usage_schemas.UsageDay(date="2026-11-22", generations=3, pictures=12, gpu_s=31.4)],
    total=usage_schemas.UsageTotal(generations=3, pictures=12, gpu_s=31.4),
    limits=account_examples.LIMITS,
)


class UsageController(Controller):
    path = "/api"
    tags = ("history",)

    @get(
        "/usage",
        guards=[needs(READ)],
        operation_id="usage",
        summary="Your use, and what is left of the limits",
        responses={
            200: examples.answers(USAGE, "Use by day"),
            **documented(INVALID_REQUEST, OPERATORS_ONLY),
        },
    )
    async def usage(
        self, caller: NamedDependency[Caller], usage: NamedDependency[Usage], days: Days = 30, user: User = None
    ) -> usage_schemas.Usage:
        if user is not None and not caller.is_operator:
            raise StudioError(OPERATORS_ONLY, "only operators see the use of others; leave `user` out for your own")
        if user == ALL_USERS:
            return _response(await usage.days(None, days), None)
        requester = caller.requester if user is None else Requester(f"user:{user}")
        left = usage_schemas.limits_left(await usage.left(requester))
        return _response(await usage.days(requester, days), left)


def total(days: Sequence[DayUsage]) -> usage_schemas.UsageTotal:
    return usage_schemas.UsageTotal(
        generations=sum(day.num_jobs for day in days),
        pictures=sum(day.num_images for day in days),
        gpu_s=round(sum(day.gpu_s for day in days), 3),
    )


def _response(days: Sequence[DayUsage], limits: usage_schemas.LimitsLeft | None) -> usage_schemas.Usage:
    return usage_schemas.Usage(days=[_day(day) for day in days], total=total(days), limits=limits)


def _day(day: DayUsage) -> usage_schemas.UsageDay:
    return usage_schemas.UsageDay(
        date=usage_schemas.date_of(day.day),
        generations=day.num_jobs,
        pictures=day.num_images,
        gpu_s=round(day.gpu_s, 3),
    )
