"""POST /api/price: what a job would cost. The same function as acceptance (server/billing/prices.py)."""

from typing import Any

from litestar import Controller, post
from litestar.di import NamedDependency

from server.api.assets.sources import SourceReader
from server.api.auth.caller import GENERATE, Caller
from server.api.auth.guards import needs
from server.api.billing import examples as billing_examples
from server.api.billing import schemas
from server.api.http.openapi_errors import documented
from server.api.http.validation import MAX_BODY_BYTES, check_compare_body, check_generate_body
from server.api.jobs import examples
from server.api.jobs.compare_routes import CompareBody
from server.api.jobs.generate_routes import GenerateBody
from server.api.jobs.submission import drafted
from server.billing.service import Billing
from server.errors import INVALID_REQUEST, NOT_FOUND, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE
from server.generation.policy import RequestPolicy
from server.loras.registry import LoraRegistry
from server.queue.model import JobDraft

ANSWERS: dict[int, Any] = {
    200: examples.answers(billing_examples.QUOTE, "The price"),
    **documented(INVALID_REQUEST, NOT_FOUND, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE),
}


class PriceController(Controller):
    path = "/api/price"
    tags = ("billing",)
    guards = (needs(GENERATE),)

    @post(
        "/",
        status_code=200,
        operation_id="price",
        summary="What would these pictures cost?",
        description="The body is that of /api/generate, which charges this price. Nothing is made.",
        before_request=check_generate_body,
        request_max_body_size=MAX_BODY_BYTES,
        responses=ANSWERS,
    )
    async def price(
        self,
        data: GenerateBody,
        caller: NamedDependency[Caller],
        billing: NamedDependency[Billing],
        sources: NamedDependency[SourceReader],
        policy: NamedDependency[RequestPolicy],
        loras: NamedDependency[LoraRegistry],
    ) -> schemas.Quote:
        billing.require_on()
        assets = await sources.read(data, caller)
        few_steps = await loras.few_steps()
        texts = (data.prompt, data.negative_prompt)
        draft = await drafted(texts, lambda: policy.generate(data, caller.requester, 0, assets, few_steps))
        return await _quote(billing, draft)

    @post(
        "/compare",
        status_code=200,
        operation_id="price_of_comparison",
        summary="What would this comparison cost?",
        description="The body is that of /api/compare, which charges this price. Nothing is made.",
        before_request=check_compare_body,
        request_max_body_size=MAX_BODY_BYTES,
        responses=ANSWERS,
    )
    async def price_of_comparison(
        self,
        data: CompareBody,
        caller: NamedDependency[Caller],
        billing: NamedDependency[Billing],
        sources: NamedDependency[SourceReader],
        policy: NamedDependency[RequestPolicy],
        loras: NamedDependency[LoraRegistry],
    ) -> schemas.Quote:
        billing.require_on()
        assets = await sources.read(data, caller)
        few_steps = await loras.few_steps()
        texts = (*data.prompts, data.negative_prompt)
        draft = await drafted(texts, lambda: policy.compare(data, caller.requester, assets, few_steps))
        return await _quote(billing, draft)


async def _quote(billing: Billing, draft: JobDraft) -> schemas.Quote:
    quote = await billing.quote(draft.requester.owner, (image.spec for image in draft.images))
    return schemas.Quote(price_micro_usd=quote.price, available_micro_usd=quote.available)
