"""POST /api/billing/stripe: what Stripe reports. Its signature is the authentication."""

from typing import Annotated, Any

from litestar import Controller, Request, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import HeaderParameter

from server.api.http.openapi_errors import documented
from server.api.jobs import examples
from server.billing.service import Billing
from server.errors import FORGED_EVENT, INVALID_REQUEST, NOT_FOUND, TOO_LARGE

MAX_BODY_BYTES = 1_000_000

Signature = Annotated[
    str | None,
    HeaderParameter(
        name="Stripe-Signature",
        description="Stripe's signature of the body and the time.",
        examples=[Example("signature", value="t=1790000000,v1=5257a869e7ec...")],
    ),
]


class EventOperation(Operation):
    """The body is a Stripe event, signed byte by byte."""

    def __post_init__(self) -> None:
        schema = Schema(type=OpenAPIType.OBJECT, description="An event of Stripe.")
        self.request_body = RequestBody(content={"application/json": OpenAPIMediaType(schema=schema)}, required=True)


class StripeController(Controller):
    path = "/api/billing"
    tags = ("billing",)

    @post(
        "/stripe",
        status_code=204,
        operation_id="stripe_event",
        summary="Stripe's webhook",
        description=(
            "For Stripe: payments, refunds and disputes. An event may come several times, late and in any order."
        ),
        operation_class=EventOperation,
        request_max_body_size=MAX_BODY_BYTES,
        responses={
            **examples.nothing("Handled, or of no interest here"),
            **documented(INVALID_REQUEST, FORGED_EVENT, NOT_FOUND, TOO_LARGE),
        },
    )
    async def event(
        self, request: Request[Any, Any, Any], billing: NamedDependency[Billing], stripe_signature: Signature = None
    ) -> None:
        purchases = billing.purchases
        await purchases.on_event(await request.body(), stripe_signature)
