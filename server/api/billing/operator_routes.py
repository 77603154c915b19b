"""Operator endpoints about credit: grant, adjust, refund, look at an account's."""

from typing import Annotated, Any

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency

from server.accounts.service import Accounts, owner_of
from server.api.auth.caller import Caller
from server.api.auth.guards import operator
from server.api.billing import examples as billing_examples
from server.api.billing import schemas
from server.api.billing.routes import ENTRIES_A_PAGE, MAX_BODY_BYTES, Cursor, entries
from server.api.http.openapi_errors import documented
from server.api.http.validation import body_like, json_body
from server.api.jobs import examples
from server.api.jobs.presenters import Addresses
from server.api.jobs.routes import JobId
from server.api.operator.routes import REFUSED, UserId, no_account
from server.billing.service import Billing
from server.errors import CONFLICT, INVALID_REQUEST, NOT_FOUND, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE

BODY = (INVALID_REQUEST, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE)
LEFT = schemas.CreditLeft(available_micro_usd=5_000_000, held_micro_usd=0, free_micro_usd=0)


class OperatorCreditController(Controller):
    path = "/api/operator"
    tags = ("operator",)
    guards = (operator,)

    @post(
        "/users/{user_id:str}/credit/grant",
        status_code=200,
        operation_id="grant_credit",
        summary="Grant credit",
        before_request=body_like(billing_examples.GRANT),
        request_max_body_size=MAX_BODY_BYTES,
        responses={200: examples.answers(LEFT, "The account's credit"), **documented(*REFUSED, NOT_FOUND, *BODY)},
    )
    async def grant(
        self,
        user_id: UserId,
        data: Annotated[schemas.Grant, json_body(billing_examples.GRANT)],
        caller: NamedDependency[Caller],
        accounts: NamedDependency[Accounts],
        billing: NamedDependency[Billing],
    ) -> schemas.CreditLeft:
        billing.require_on()
        owner = await _known_owner(accounts, user_id)
        return schemas.credit_left(await billing.grant(owner, data.micro_usd, data.reason, caller.owner))

    @post(
        "/users/{user_id:str}/credit/adjust",
        status_code=200,
        operation_id="adjust_credit",
        summary="Correct an account's credit",
        description="409 where more would be taken than is available: a balance never becomes negative.",
        before_request=body_like(billing_examples.ADJUSTMENT),
        request_max_body_size=MAX_BODY_BYTES,
        responses={
            200: examples.answers(LEFT, "The account's credit"),
            **documented(*REFUSED, NOT_FOUND, CONFLICT, *BODY),
        },
    )
    async def adjust(
        self,
        user_id: UserId,
        data: Annotated[schemas.Adjustment, json_body(billing_examples.ADJUSTMENT)],
        caller: NamedDependency[Caller],
        accounts: NamedDependency[Accounts],
        billing: NamedDependency[Billing],
    ) -> schemas.CreditLeft:
        billing.require_on()
        owner = await _known_owner(accounts, user_id)
        return schemas.credit_left(await billing.adjust(owner, data.micro_usd, data.reason, caller.owner))

    @post(
        "/jobs/{job_id:str}/refund",
        status_code=200,
        operation_id="refund_job",
        summary="Refund a job",
        description=(
            "Gives back what its pictures cost, once, also where it was deleted. 409 where nothing was charged or it is"
            " not finished."
        ),
        before_request=body_like(billing_examples.REFUND),
        request_max_body_size=MAX_BODY_BYTES,
        responses={
            200: examples.answers(billing_examples.REFUNDED, "What was given back"),
            **documented(*REFUSED, NOT_FOUND, CONFLICT, *BODY),
        },
    )
    async def refund(
        self,
        job_id: JobId,
        data: Annotated[schemas.Refund, json_body(billing_examples.REFUND)],
        caller: NamedDependency[Caller],
        billing: NamedDependency[Billing],
    ) -> schemas.Refunded:
        owner, amount = await billing.refund(job_id, data.reason, caller.owner)
        return schemas.Refunded(job_id=job_id, owner=owner, micro_usd=amount)

    @get(
        "/users/{user_id:str}/credit/history",
        operation_id="operator_credit_history",
        summary="The movements of an account's credit",
        responses={
            200: examples.answers(billing_examples.ENTRIES, "A page of 50"),
            **documented(*REFUSED, INVALID_REQUEST, NOT_FOUND),
        },
    )
    async def history(
        self,
        request: Request[Any, Any, Any],
        user_id: UserId,
        billing: NamedDependency[Billing],
        addresses: NamedDependency[Addresses],
        cursor: Cursor = None,
    ) -> schemas.Entries:
        """Also of an account that was deleted."""
        rows = await billing.entries(owner_of(user_id), cursor, ENTRIES_A_PAGE + 1)
        return entries(rows, addresses.base(request))


async def _known_owner(accounts: Accounts, user_id: str) -> str:
    account = await accounts.get(user_id)
    if account is None:
        raise no_account(user_id)
    return account.owner
