"""Packs through a Stripe that is not Stripe's: paid once is granted once, whatever the order and number of webhooks."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from server.app import create_app
from server.billing.purchases import MAX_CHECKOUTS_AN_HOUR
from server.db.billing_models import PurchaseRow
from tests.fixtures.studio_app import client, studio_settings
from tests.support.accounts import Browser, register
from tests.support.fake_runner import PaintRunner
from tests.support.servers.accounts_app import change, problem, stored
from tests.support.servers.fake_stripe import KEY, WEBHOOK_SECRET, FakeStripe, Payment

Api = TestClient[Litestar]
ADMIN_KEY = "k" * 24
TEN, ELEVEN = 10_000_000, 11_000_000
PAID, FAILED = "checkout.session.completed", "checkout.session.async_payment_failed"
LATE = "checkout.session.async_payment_succeeded"


class Shop:
    """A server that sells packs, with one customer."""

    def __init__(self, api: Api, stripe: FakeStripe) -> None:
        self.api, self.stripe = api, stripe
        self.user = register(api, "ada@example.org")

    def begin(self) -> Payment:
        change(self.api, PurchaseRow, created_at_s=0.0)  # those of the tests before are of another hour
        answer = self.user.call("POST", "/api/billing/checkout", {"price_micro_usd": TEN})
        assert answer.status_code == 200, answer.text
        assert answer.json()["url"] == f"{self.stripe.url}/pay/{self.stripe.last.id}"
        return self.stripe.last

    def send(self, kind: str, about: dict[str, Any], **signing: Any) -> Any:
        body, headers = self.stripe.event(kind, about, **signing)
        return self.api.post("/api/billing/stripe", content=body, headers=headers)

    def receive(self, kind: str, about: dict[str, Any]) -> None:
        assert self.send(kind, about).status_code == 204

    @property
    def available(self) -> int:
        return self.user.call("GET", "/api/billing").json()["available_micro_usd"]

    @property
    def sold(self) -> int:
        """In the operator's overview."""
        overview = self.api.get("/api/operator/overview", headers={"Authorization": f"Bearer {ADMIN_KEY}"})
        return overview.json()["total"]["sold_micro_usd"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("studio")
    with FakeStripe.running() as stripe:
        settings = replace(
            studio_settings(folder, f"sqlite+aiosqlite:///{folder / 'studio.db'}"),
            billing=True,
            stripe_key=KEY,
            stripe_webhook_secret=WEBHOOK_SECRET,
            stripe_url=stripe.url,
            credit_packs_usd=((Decimal(5), Decimal(5)), (Decimal(10), Decimal(11))),
            public_url="https://studio.example.org",
            admin_key=ADMIN_KEY,
        )
        with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as api:
            yield Shop(api, stripe)


def paid(payment: Payment) -> dict[str, Any]:
    payment.status = "paid"
    return payment.session


def refunded(payment: Payment, cents: int) -> dict[str, Any]:
    about = {"id": "ch_1", "object": "charge", "payment_intent": payment.intent}
    return {**about, "amount": 1000, "amount_refunded": cents}


def disputed(payment: Payment) -> dict[str, Any]:
    return {"id": "dp_1", "object": "dispute", "payment_intent": payment.intent, "amount": 1000}


def test_a_pack_is_granted_when_stripe_says_so_and_not_before(shop: Shop) -> None:
    before = shop.available
    packs = shop.user.call("GET", "/api/billing").json()["packs"]
    assert packs[1] == {"price_micro_usd": TEN, "credit_micro_usd": ELEVEN}
    payment = shop.begin()
    assert (payment.cents, payment.email) == (1000, "ada@example.org")
    assert payment.success_url.startswith("https://studio.example.org/account/?bought=")
    assert shop.available == before
    shop.receive(PAID, paid(payment))
    assert shop.available == before + ELEVEN
    newest = shop.user.call("GET", "/api/billing/history").json()["entries"][0]
    assert (newest["kind"], newest["note"], newest["amount_micro_usd"]) == ("grant", "bought for $10.00", ELEVEN)
    receipt = shop.user.call("GET", newest["receipt_url"].removeprefix("https://studio.example.org"))
    assert (receipt.status_code, receipt.headers["location"]) == (302, f"{shop.stripe.url}/receipts/{payment.intent}")
    stranger = Browser(shop.api).call("GET", newest["receipt_url"].removeprefix("https://studio.example.org"))
    assert problem(stranger, 404) == "not-found"


def test_an_event_that_comes_again_and_again_grants_once(shop: Shop) -> None:
    before = shop.available
    payment = shop.begin()
    for kind in (PAID, LATE, PAID, LATE, FAILED, PAID):
        shop.receive(kind, paid(payment))
    assert shop.available == before + ELEVEN


def test_a_payment_that_is_made_later_is_granted_then(shop: Shop) -> None:
    before = shop.available
    payment = shop.begin()
    shop.receive(PAID, payment.session)  # completed, not paid: a bank transfer
    assert shop.available == before
    shop.receive(LATE, paid(payment))
    assert shop.available == before + ELEVEN
    refused = shop.begin()
    shop.receive(PAID, refused.session)
    shop.receive(FAILED, refused.session)
    assert shop.available == before + ELEVEN


def test_refunds_count_once_in_any_order(shop: Shop) -> None:
    """A refund of $2.50 and one of $2.50 more, which Stripe reports as $5.00 in all: half of the credit is left."""
    for order in permutations(range(4)):
        before, sold = shop.available, shop.sold
        payment = shop.begin()
        refunds = [("charge.refunded", refunded(payment, cents)) for cents in (250, 500, 500)]
        events = [(PAID, paid(payment)), *refunds]
        for n in order:
            shop.receive(*events[n])
        assert shop.available == before + ELEVEN // 2, order
        assert shop.sold == sold + TEN // 2, order


def test_a_dispute_takes_everything_back_once(shop: Shop) -> None:
    before = shop.available
    payment = shop.begin()
    shop.receive(PAID, paid(payment))
    for _ in range(2):
        shop.receive("charge.dispute.created", disputed(payment))
    shop.receive("charge.refunded", refunded(payment, 1000))
    assert shop.available == before


def test_what_was_spent_before_a_dispute_is_not_taken(shop: Shop) -> None:
    payment = shop.begin()
    shop.receive(PAID, paid(payment))
    admin = register(shop.api, "operator@example.org", is_operator=True)
    user_id = shop.user.call("GET", "/api/auth/me").json()["user"]["id"]
    body = {"micro_usd": 1_000_000 - shop.available, "reason": "as if it were spent"}
    assert admin.call("POST", f"/api/operator/users/{user_id}/credit/adjust", body).status_code == 200
    shop.receive("charge.dispute.created", disputed(payment))
    assert shop.available == 0
    entry = shop.user.call("GET", "/api/billing/history").json()["entries"][0]
    assert (entry["amount_micro_usd"], "10000000 micro-dollars were spent" in entry["note"]) == (-1_000_000, True)


def test_forged_old_and_unreadable_events_are_refused(shop: Shop) -> None:
    before = shop.available
    payment = shop.begin()
    forged = shop.send(PAID, paid(payment), secret="whsec_of_somebody_else")
    old = shop.send(PAID, paid(payment), age_s=301)
    body, headers = shop.stripe.event(PAID, paid(payment))
    changed = shop.api.post("/api/billing/stripe", content=body.replace(b"paid", b"PAID"), headers=headers)
    unsigned = shop.api.post("/api/billing/stripe", content=body)
    for answer in (forged, old, changed, unsigned):
        assert problem(answer, 400) == "forged-event"
    assert problem(shop.send(PAID, {"client_reference_id": 7}), 400) == "invalid-request"
    assert shop.available == before
    assert shop.send(PAID, paid(payment), age_s=299).status_code == 204
    assert shop.available == before + ELEVEN


def test_events_about_something_else_are_no_error(shop: Shop) -> None:
    before = shop.available
    foreign = {**shop.begin().session, "client_reference_id": "of another shop", "payment_status": "paid"}
    shop.receive(PAID, foreign)
    shop.receive(PAID, {**foreign, "client_reference_id": None})
    shop.receive("invoice.paid", {"id": "in_1", "amount": "many"})
    shop.receive("charge.refunded", {"id": "ch_9", "payment_intent": None, "amount_refunded": 1})
    assert shop.available == before


def test_a_pack_that_is_not_sold_and_a_stripe_that_is_down(shop: Shop) -> None:
    answer = shop.user.call("POST", "/api/billing/checkout", {"price_micro_usd": 1})
    assert problem(answer, 400) == "invalid-request"
    assert "10000000" in answer.json()["detail"]
    shop.stripe.is_down = True
    try:
        answer = shop.user.call("POST", "/api/billing/checkout", {"price_micro_usd": TEN})
    finally:
        shop.stripe.is_down = False
    assert problem(answer, 503) == "payments-away"
    assert "Retry-After" in answer.headers


def test_payments_are_begun_so_often_and_no_more(shop: Shop) -> None:
    shop.begin()
    for _ in range(MAX_CHECKOUTS_AN_HOUR - 1):
        assert shop.user.call("POST", "/api/billing/checkout", {"price_micro_usd": TEN}).status_code == 200
    answer = shop.user.call("POST", "/api/billing/checkout", {"price_micro_usd": TEN})
    assert problem(answer, 429) == "too-many-requests"
    assert len({row.id for row in stored(shop.api, PurchaseRow)}) >= MAX_CHECKOUTS_AN_HOUR


def test_an_app_imports_stripe_only_for_the_first_payment(tmp_path: Path) -> None:
    """Neither with billing off nor with it on."""
    program = f"""
import sys
from pathlib import Path
from server.app import create_app
from server.config.settings import Settings
for billing in (False, True):
    keys = {{"stripe_key": {KEY!r}, "stripe_webhook_secret": {WEBHOOK_SECRET!r}}}
    create_app(Settings(data_dir=Path({str(tmp_path)!r}) / str(billing), billing=billing, **keys))
    print("stripe" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["False", "False"], done.stderr
