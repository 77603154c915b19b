"""Credit of the caller: its price list, balance and history, and how to buy more."""

import csv
import io
from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter

from server.accounts.service import Accounts
from server.api.accounts.schemas import utc
from server.api.auth.caller import READ, Caller
from server.api.auth.guards import needs, signed_in
from server.api.billing import examples as billing_examples
from server.api.billing import schemas
from server.api.http.openapi_answers import AnswerSpec
from server.api.http.openapi_errors import documented
from server.api.http.validation import body_like, json_body
from server.api.jobs import examples
from server.api.jobs.presenters import Addresses
from server.billing.ledger import KEPT
from server.billing.purchases import purchase_of
from server.billing.service import Billing
from server.db.billing_models import CreditEntryRow
from server.errors import (
    INVALID_REQUEST,
    NOT_FOUND,
    PAYMENTS_AWAY,
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    StudioError,
)

ENTRIES_A_PAGE = 50
ROWS_A_READ = 1000
MAX_BODY_BYTES = 10_000
PRIVATE = {"Cache-Control": "no-store"}
CSV_COLUMNS = ("id", "time", "kind", "available_micro_usd", "held_micro_usd", "free_month", "job_id", "note")

Cursor = Annotated[int | None, QueryParameter(description="The `next_cursor` of the page before.", ge=1, le=2**31 - 1)]
PurchaseId = Annotated[
    str,
    PathParameter(description="A purchase's id.", examples=[Example("purchase", value=billing_examples.PURCHASE_ID)]),
]


class BillingController(Controller):
    path = "/api/billing"
    tags = ("billing",)

    @get(
        "/",
        guards=[needs(READ)],
        operation_id="credit",
        summary="Your credit, and what can be bought",
        responses={200: examples.answers(billing_examples.CREDIT, "The credit"), **documented(NOT_FOUND)},
    )
    async def credit(
        self, caller: NamedDependency[Caller], billing: NamedDependency[Billing]
    ) -> Response[schemas.Credit]:
        balance = await billing.balance(caller.owner)
        credit = schemas.Credit(
            available_micro_usd=balance.available,
            held_micro_usd=balance.held,
            free_micro_usd=balance.free,
            price_per_generation_micro_usd=billing.charges.rate.generation_micro_usd,
            packs=[
                schemas.PackForSale(price_micro_usd=pack.price, credit_micro_usd=pack.credit)
                for pack in billing.purchases.packs
            ],
        )
        return Response(credit, headers=PRIVATE)

    @get(
        "/history",
        guards=[needs(READ)],
        operation_id="credit_history",
        summary="The movements of your credit",
        description="The newest first. Free credit of a month is an entry from the first job of the month on.",
        responses={
            200: examples.answers(billing_examples.ENTRIES, "A page of 50"),
            **documented(INVALID_REQUEST, NOT_FOUND),
        },
    )
    async def history(
        self,
        request: Request[Any, Any, Any],
        caller: NamedDependency[Caller],
        billing: NamedDependency[Billing],
        addresses: NamedDependency[Addresses],
        cursor: Cursor = None,
    ) -> Response[schemas.Entries]:
        rows = await billing.entries(caller.owner, cursor, ENTRIES_A_PAGE + 1)
        return Response(entries(rows, addresses.base(request)), headers=PRIVATE)

    @get(
        "/history.csv",
        guards=[needs(READ)],
        operation_id="credit_history_csv",
        summary="All entries of your ledger as CSV",
        description="With the captures: what was charged for each stored picture.",
        responses={200: examples.file("text/csv", "The entries, the newest first"), **documented(NOT_FOUND)},
    )
    async def history_csv(self, caller: NamedDependency[Caller], billing: NamedDependency[Billing]) -> Response[bytes]:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(CSV_COLUMNS)
        rows = await billing.entries(caller.owner, None, ROWS_A_READ, is_complete=True)
        while rows:
            writer.writerows(_csv_row(row) for row in rows)
            rows = await billing.entries(caller.owner, rows[-1].id, ROWS_A_READ, is_complete=True)
        headers = {**PRIVATE, "Content-Disposition": 'attachment; filename="credit.csv"'}
        return Response(text.getvalue().encode(), headers=headers, media_type="text/csv; charset=utf-8")

    @post(
        "/checkout",
        status_code=200,
        guards=[signed_in],
        operation_id="checkout",
        summary="Buy credit",
        description="Begins a payment at Stripe. The credit is there once Stripe has reported it, within seconds.",
        before_request=body_like(billing_examples.CHECKOUT),
        request_max_body_size=MAX_BODY_BYTES,
        responses={
            200: examples.answers(billing_examples.PAYMENT_PAGE, "The payment page"),
            **documented(INVALID_REQUEST, NOT_FOUND, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, PAYMENTS_AWAY),
        },
    )
    async def checkout(
        self,
        request: Request[Any, Any, Any],
        data: Annotated[schemas.Checkout, json_body(billing_examples.CHECKOUT)],
        caller: NamedDependency[Caller],
        accounts: NamedDependency[Accounts],
        billing: NamedDependency[Billing],
        addresses: NamedDependency[Addresses],
    ) -> Response[schemas.PaymentPage]:
        assert caller.user_id is not None  # by the guard
        purchases, account = billing.purchases, await accounts.get(caller.user_id)
        email = account.email if account else ""
        return_url = f"{addresses.base(request)}/account/"
        url = await purchases.checkout(caller.owner, email, data.price_micro_usd, return_url)
        return Response(schemas.PaymentPage(url=url), headers=PRIVATE)

    @get(
        "/receipts/{purchase_id:str}",
        guards=[needs(READ)],
        status_code=302,
        operation_id="receipt",
        summary="The receipt of a purchase",
        description="Leads to Stripe's page with the receipt.",
        responses={
            302: AnswerSpec(None, generate_examples=False, description="Location is the receipt's page"),
            **documented(INVALID_REQUEST, NOT_FOUND, PAYMENTS_AWAY),
        },
    )
    async def receipt(
        self, purchase_id: PurchaseId, caller: NamedDependency[Caller], billing: NamedDependency[Billing]
    ) -> Response[None]:
        url = await billing.purchases.receipt_url(caller.owner, purchase_id)
        if url is None:
            raise StudioError(NOT_FOUND, f"you have no paid purchase {purchase_id[:32]} with a receipt")
        return Response(None, status_code=302, headers={**PRIVATE, "Location": url})


def entries(rows: Sequence[CreditEntryRow], base: str) -> schemas.Entries:
    """A page of at most ENTRIES_A_PAGE; one row more says that there are further ones."""
    shown = rows[:ENTRIES_A_PAGE]
    return schemas.Entries(
        entries=[_entry(row, base) for row in shown], next_cursor=shown[-1].id if len(rows) > len(shown) else None
    )


def _entry(row: CreditEntryRow, base: str) -> schemas.Entry:
    purchase_id = purchase_of(row.key)
    return schemas.Entry(
        id=row.id,
        kind=row.kind,  # pyright: ignore[reportArgumentType]  # a constraint of the table
        amount_micro_usd=row.available_change,
        is_free=row.pocket != KEPT,
        job_id=row.job_id,
        note=row.note,
        created_at=utc(row.created_at_s),
        receipt_url=f"{base}/api/billing/receipts/{purchase_id}" if purchase_id else None,
    )


def _csv_row(row: CreditEntryRow) -> tuple[str | int, ...]:
    note = row.note or ""
    shown = f"'{note}" if note[:1] in ("=", "+", "-", "@") else note  # a spreadsheet would run it
    changes = (row.available_change, row.held_change)
    return (row.id, utc(row.created_at_s), row.kind, *changes, row.pocket, row.job_id or "", shown)
