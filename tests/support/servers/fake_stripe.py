"""The part of Stripe that the server uses: checkout sessions, a payment page with a button, payment intents with
receipts, signed webhooks. Parameters are checked by Stripe's rules; webhooks are signed by Stripe's own package."""

import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import stripe

KEY = "sk_test_0123456789abcdef"
WEBHOOK_SECRET = "whsec_0123456789abcdef"
MIN_CENTS, MAX_REFERENCE = 50, 200


class BadRequest(Exception):
    """`param` is the parameter at fault."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(message)
        self.param = param


@dataclass
class Payment:
    """A checkout session and what follows from it."""

    id: str
    reference: str
    cents: int
    success_url: str
    cancel_url: str
    email: str
    status: str = "unpaid"
    intent: str = field(default_factory=lambda: f"pi_{secrets.token_hex(8)}")

    @property
    def session(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "checkout.session",
            "client_reference_id": self.reference,
            "amount_total": self.cents,
            "currency": "usd",
            "mode": "payment",
            "payment_status": self.status,
            "payment_intent": None if self.status == "unpaid" else self.intent,
        }


class FakeStripe:
    """`payments` by session. `is_down`: every call to the API is answered 500. `webhook_url`: where the payment page's
    events go; None: nowhere."""

    def __init__(self) -> None:
        self.payments: dict[str, Payment] = {}
        self.webhook_url: str | None = None
        self.is_down = False
        self._by_key: dict[str, Payment] = {}
        handler = type("Handler", (_Handler,), {"stripe": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["FakeStripe"]:
        fake = cls()
        thread = threading.Thread(target=fake._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield fake
        finally:
            fake._server.shutdown()
            fake._server.server_close()
            thread.join()

    @property
    def last(self) -> Payment:
        return list(self.payments.values())[-1]

    def create_session(self, params: dict[str, str], key: str | None) -> Payment:
        """Raises BadRequest."""
        if key is not None and key in self._by_key:
            return self._by_key[key]
        item = "line_items[0]"
        for name, allowed in (
            ("mode", "payment"),
            (f"{item}[quantity]", "1"),
            (f"{item}[price_data][currency]", "usd"),
        ):
            if params.get(name) != allowed:
                raise BadRequest(name, f"must be {allowed}")
        cents = int(params.get(f"{item}[price_data][unit_amount]", "0"))
        if cents < MIN_CENTS:
            raise BadRequest("unit_amount", f"must be at least {MIN_CENTS}")
        if not params.get(f"{item}[price_data][product_data][name]"):
            raise BadRequest("product_data", "must have a name")
        reference = params.get("client_reference_id", "")
        if not 1 <= len(reference) <= MAX_REFERENCE:
            raise BadRequest("client_reference_id", f"must have 1 to {MAX_REFERENCE} characters")
        if "@" not in params.get("customer_email", ""):
            raise BadRequest("customer_email", "must be an e-mail address")
        for name in ("success_url", "cancel_url"):
            if not params.get(name, "").startswith("http"):
                raise BadRequest(name, "must be an address")
        made = Payment(
            f"cs_test_{secrets.token_hex(8)}",
            reference,
            cents,
            params["success_url"],
            params["cancel_url"],
            params["customer_email"],
        )
        self.payments[made.id] = made
        if key is not None:
            self._by_key[key] = made
        return made

    def pay(self, payment: Payment) -> None:
        payment.status = "paid"
        if self.webhook_url is not None:
            body, headers = self.event("checkout.session.completed", payment.session)
            httpx.post(self.webhook_url, content=body, headers=headers, timeout=30).raise_for_status()

    def event(
        self, kind: str, about: dict[str, Any], secret: str = WEBHOOK_SECRET, age_s: float = 0
    ) -> tuple[bytes, dict[str, str]]:
        """Body and headers of a webhook that was signed `age_s` ago."""
        document = {"id": f"evt_{secrets.token_hex(8)}", "object": "event", "type": kind, "data": {"object": about}}
        body = json.dumps(document)
        signed_at = int(time.time() - age_s)
        header = stripe.WebhookSignature.generate_signature_header(body, secret, signed_at)
        return body.encode(), {"Stripe-Signature": header, "Content-Type": "application/json"}


class _Handler(BaseHTTPRequestHandler):
    stripe: FakeStripe

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        path = urlsplit(self.path).path
        if path == "/v1/checkout/sessions":
            self._api(lambda: self._create(text))
        elif path.startswith("/pay/") and (payment := self.stripe.payments.get(path.removeprefix("/pay/"))):
            self.stripe.pay(payment)
            self._answer(303, "", headers={"Location": payment.success_url})
        else:
            self._answer(404, "")

    def do_GET(self) -> None:
        path = urlsplit(self.path)
        if path.path.startswith("/v1/payment_intents/"):
            self._api(lambda: self._intent(path.path.rpartition("/")[2], parse_qs(path.query)))
        elif path.path.startswith("/pay/") and (payment := self.stripe.payments.get(path.path.removeprefix("/pay/"))):
            button = f"Pay ${payment.cents / 100:.2f}"
            page = f"<title>Checkout</title><form method=post><button>{button}</button></form>"
            self._answer(200, f"{page}<a href='{payment.cancel_url}'>Back</a>", "text/html")
        elif path.path.startswith("/receipts/"):
            self._answer(200, "<title>Receipt</title>", "text/html")
        else:
            self._answer(404, "")

    def _create(self, text: str) -> dict[str, Any]:
        params = {name: values[0] for name, values in parse_qs(text).items()}
        payment = self.stripe.create_session(params, self.headers.get("Idempotency-Key"))
        return {**payment.session, "url": f"{self.stripe.url}/pay/{payment.id}"}

    def _intent(self, intent: str, query: dict[str, list[str]]) -> dict[str, Any]:
        if not any(each.intent == intent for each in self.stripe.payments.values()):
            raise BadRequest("id", "no such payment_intent")
        charge: Any = f"ch_{intent}"
        if ["latest_charge"] in query.values():
            charge = {"id": charge, "object": "charge", "receipt_url": f"{self.stripe.url}/receipts/{intent}"}
        return {"id": intent, "object": "payment_intent", "latest_charge": charge}

    def _api(self, work: Any) -> None:
        if self.stripe.is_down:
            return self._answer(500, json.dumps({"error": {"type": "api_error", "message": "down"}}))
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            return self._answer(401, json.dumps({"error": {"type": "invalid_request_error", "message": "wrong key"}}))
        try:
            return self._answer(200, json.dumps(work()))
        except BadRequest as error:
            problem = {"type": "invalid_request_error", "param": error.param, "message": f"{error.param}: {error}"}
            return self._answer(400, json.dumps({"error": problem}))

    def _answer(
        self, status: int, text: str, media_type: str = "application/json", headers: dict[str, str] | None = None
    ) -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": media_type, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read no log of it."""
