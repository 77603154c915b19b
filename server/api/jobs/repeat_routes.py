"""POST /api/jobs/{id}/again: the same settings once more."""

import secrets
from typing import Annotated, Any, Literal

from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from msgspec import Meta, Struct

from pipelines.spec import MAX_SEED
from server.api.auth.caller import GENERATE, Caller
from server.api.auth.guards import needs
from server.api.http.openapi_errors import documented
from server.api.http.validation import MAX_BODY_BYTES, body_like, json_body
from server.api.jobs import presenters, schemas
from server.api.jobs.routes import KNOWN_OR_NOT, JobId, known_job
from server.api.jobs.submission import MAKES_JOBS, IdempotencyKeyHeader, Prefer, Submission, idempotency_of
from server.errors import SETTINGS_GONE
from server.generation.policy import RequestPolicy
from server.generation.service import JobService


class Again(Struct, frozen=True, forbid_unknown_fields=True):
    """`same` makes the same pictures, `new` others."""

    seed: Annotated[Literal["same", "new"], Meta(description="The job's seed, or a fresh one.")] = "new"


OTHERS = Again("new")


class AgainController(Controller):
    path = "/api"
    tags = ("jobs",)

    @post(
        "/jobs/{job_id:str}/again",
        status_code=202,
        guards=[needs(GENERATE)],
        operation_id="again",
        summary="Make the same once more",
        description=(
            "A new job of the caller's with the settings of this one, its exact LoRAs included: 409 where one of them,"
            " or the base model, is no longer here."
        ),
        before_request=body_like(OTHERS),
        request_max_body_size=MAX_BODY_BYTES,
        responses={
            **KNOWN_OR_NOT,
            **MAKES_JOBS,
            **documented(SETTINGS_GONE),
        },
    )
    async def again(
        self,
        request: Request[Any, Any, Any],
        job_id: JobId,
        data: Annotated[Again, json_body(OTHERS)],
        caller: NamedDependency[Caller],
        jobs: NamedDependency[JobService],
        submission: NamedDependency[Submission],
        policy: NamedDependency[RequestPolicy],
        addresses: NamedDependency[presenters.Addresses],
        prefer: Prefer = None,
        idempotency_key: IdempotencyKeyHeader = None,
    ) -> Response[schemas.Accepted | schemas.FinishedJob]:
        job = await known_job(jobs, caller, job_id)
        seed = job.first.sampling.seed if data.seed == "same" else secrets.randbelow(MAX_SEED + 1)
        draft = policy.repeat(job, caller.requester, seed)
        key = idempotency_of(idempotency_key, f"again {job_id}", data)
        return await submission.submit(draft, key, prefer, addresses.base(request))
