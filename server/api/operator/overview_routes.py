"""The operator's overview, as JSON and as CSV."""

import csv
import io
from datetime import date, timedelta
from typing import Annotated, Any

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import QueryParameter

from server.api.accounts.routes import PRIVATE
from server.api.auth.guards import operator
from server.api.http.openapi_errors import documented
from server.api.jobs import examples
from server.api.operator import overview_schemas as schemas
from server.api.operator.routes import REFUSED
from server.billing.service import Billing
from server.errors import INVALID_REQUEST, FieldError, InvalidRequest
from server.observability.gpu_metrics import Gpu
from server.observability.metrics import Metrics
from server.usage.costs import Costs, Prices
from server.usage.overview import Failure, Figures, LoraFigures, Overview, Report

EPOCH = date(1970, 1, 1)
MAX_DAYS = 366
DEFAULT_DAYS = 30

DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
First = Annotated[
    str | None,
    QueryParameter(
        name="from",
        description=f"The first day, in UTC. Default: {DEFAULT_DAYS} days with the last one.",
        pattern=DATE,
        examples=[Example("day", value="2026-11-01")],
    ),
]
Last = Annotated[
    str | None,
    QueryParameter(
        name="to",
        description=f"The last day, in UTC. Default: today. At most {MAX_DAYS} days.",
        pattern=DATE,
        examples=[Example("day", value="2026-11-28")],
    ),
]
FIGURES = Figures(
    jobs=40,
    images=150,
    failed=2,
    blocked=1,
    cancelled=7,
    users=12,
    returning_users=5,
    wait_p50_s=0.4,
    wait_p95_s=6.3,
    gpu_s=412.5,
    up_s=28_800.0,
    busy_s=420.0,
    downloaded=60,
    favorites=21,
    remade=12,
    varied=9,
    num_downloads=75,
    costs=Costs(work=0.0504, lost=0.0009, idle=3.4687, storage=0.0007, egress=0.0102),
    charged=20_000_000,
    free=1_500_000,
    refunded=500_000,
    sold=25_000_000,
)
PRICES = Prices(gpu_hour=0.44, storage_gb_month=0.02, egress_gb=0.09)
EXAMPLE = schemas.report_of(
    Report(
        first_day=20_785,
        last_day=20_785,
        total=FIGURES,
        days=[(20_785, FIGURES)],
        failures=[Failure("nan", 1, 2)],
        loras=[LoraFigures("jade", None, 120, 18)],
        versions=[LoraFigures("jade", "1", 120, 18)],
    ),
    PRICES,
    [Gpu(0, 9_000_000_000, 24_000_000_000, 0.87)],
    is_billing_on=True,
)


class OverviewController(Controller):
    path = "/api/operator"
    tags = ("operator",)
    guards = (operator,)

    @get(
        "/overview",
        operation_id="operator_overview",
        summary="Costs, work and use by day",
        description=(
            "From sums that are kept by day, exactly: deleted pictures and jobs still count. Costs follow from today's"
            " prices in the settings."
        ),
        responses={200: examples.answers(EXAMPLE, "The overview"), **documented(*REFUSED, INVALID_REQUEST)},
    )
    async def overview(
        self,
        overview: NamedDependency[Overview],
        metrics: NamedDependency[Metrics],
        billing: NamedDependency[Billing],
        first: First = None,
        last: Last = None,
    ) -> Response[schemas.OverviewReport]:
        report = await overview.report(*await _days(overview, first, last))
        shown = schemas.report_of(report, overview.prices, await metrics.gpus(), is_billing_on=billing.is_on)
        return Response(shown, headers=PRIVATE)

    @get(
        "/overview.csv",
        operation_id="operator_overview_csv",
        summary="The same by day as CSV",
        responses={200: examples.file("text/csv", "A line a day"), **documented(*REFUSED, INVALID_REQUEST)},
    )
    async def overview_csv(
        self, overview: NamedDependency[Overview], first: First = None, last: Last = None
    ) -> Response[bytes]:
        report = await overview.report(*await _days(overview, first, last))
        text = io.StringIO()
        rows = [_flat(day) for day in schemas.days_of(report)]
        writer = csv.DictWriter(text, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        headers = {**PRIVATE, "Content-Disposition": 'attachment; filename="overview.csv"'}
        return Response(text.getvalue().encode(), headers=headers, media_type="text/csv; charset=utf-8")


async def _days(overview: Overview, first: str | None, last: str | None) -> tuple[int, int]:
    """Days since 1970, the first and the last one. Raises InvalidRequest."""
    last_day = await overview.today() if last is None else _day("to", last)
    first_day = last_day - DEFAULT_DAYS + 1 if first is None else _day("from", first)
    if not 0 <= last_day - first_day < MAX_DAYS:
        raise InvalidRequest([FieldError("from", "it is after `to`, or too long before", f"at most {MAX_DAYS} days")])
    return first_day, last_day


def _day(name: str, text: str) -> int:
    """Raises InvalidRequest."""
    try:
        return (date.fromisoformat(text) - EPOCH) // timedelta(days=1)
    except ValueError:
        raise InvalidRequest([FieldError(name, f"{text} is no day", "a day like 2026-11-28")]) from None


def _flat(day: schemas.OverviewDay) -> dict[str, Any]:
    """The date first, empty where a value is not known."""
    values = msgspec.to_builtins(day)
    day_text, costs = values.pop("date"), values.pop("costs")
    return {"date": day_text, **values, **{f"cost_{name}": value for name, value in costs.items()}}
