"""POST /api/generate: accept a job."""

import secrets
from typing import Annotated, Any

from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg

from pipelines.spec import MAX_SEED
from server.api.assets.sources import SourceReader
from server.api.auth.caller import GENERATE, Caller
from server.api.auth.guards import needs
from server.api.http.validation import MAX_BODY_BYTES, check_generate_body
from server.api.jobs import examples, presenters, schemas
from server.api.jobs.submission import MAKES_JOBS, IdempotencyKeyHeader, Prefer, Submission, drafted, idempotency_of
from server.generation.policy import RequestPolicy
from server.generation.requests import GenerateRequest
from server.loras.registry import LoraRegistry

GenerateBody = Annotated[
    GenerateRequest,
    BodyKwarg(
        media_type="application/json",
        examples=[Example("short", value=examples.REQUEST), Example("in full", value=examples.REQUEST_IN_FULL)],
    ),
]


class GenerateController(Controller):
    path = "/api"
    tags = ("jobs",)

    @post(
        "/generate",
        guards=[needs(GENERATE)],
        status_code=202,
        operation_id="generate",
        summary="Make pictures",
        description=(
            "Stores a job and answers 202 with its id; follow it by /api/status, /api/result or /api/jobs/{id}/events."
            " With `Prefer: wait=N` a job that ends in time is answered 200, with its result;"
            " the header Preference-Applied names the granted wait."
        ),
        before_request=check_generate_body,
        request_max_body_size=MAX_BODY_BYTES,
        responses=MAKES_JOBS,
    )
    async def generate(
        self,
        request: Request[Any, Any, Any],
        data: GenerateBody,
        caller: NamedDependency[Caller],
        submission: NamedDependency[Submission],
        sources: NamedDependency[SourceReader],
        policy: NamedDependency[RequestPolicy],
        loras: NamedDependency[LoraRegistry],
        addresses: NamedDependency[presenters.Addresses],
        prefer: Prefer = None,
        idempotency_key: IdempotencyKeyHeader = None,
    ) -> Response[schemas.Accepted | schemas.FinishedJob]:
        assets = await sources.read(data, caller)
        seed = secrets.randbelow(MAX_SEED + 1)
        few_steps = await loras.few_steps()
        texts = (data.prompt, data.negative_prompt)
        draft = await drafted(texts, lambda: policy.generate(data, caller.requester, seed, assets, few_steps))
        key = idempotency_of(idempotency_key, "generate", data)
        return await submission.submit(draft, key, prefer, addresses.base(request))
