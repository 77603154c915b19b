"""POST /api/jobs/{id}/again: the same settings once more."""

import secrets
from typing import Annotated, Any, Literal

from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg
from msgspec import Meta, Struct

from pipelines.params import MAX_SEED
from pipelines.prompt_words import PromptReader
from server.api import examples, problems, schemas, views
from server.api.accepting import MAKES_JOBS, IdempotencyKey, Prefer, answer, once
from server.api.body import MAX_BODY_BYTES, json_bytes, read_body
from server.api.callers import GENERATE, Caller
from server.api.guards import needs
from server.api.jobs import KNOWN_OR_NOT, JobId, known_job
from server.api.orders import Rules, repeat
from server.jobs.feed import JobFeed
from server.jobs.service import JobService


class Again(Struct, frozen=True, forbid_unknown_fields=True):
    """`same` makes the same pictures, `new` others."""

    seed: Annotated[Literal["same", "new"], Meta(description="The job's seed, or a fresh one.")] = "new"


AgainBody = Annotated[
    Again, BodyKwarg(media_type="application/json", examples=[Example("others", value={"seed": "new"})])
]


async def check_again_body(request: Request[Any, Any, Any]) -> None:
    read_body(await json_bytes(request), Again, '{"seed": "new"}')


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
        before_request=check_again_body,
        request_max_body_size=MAX_BODY_BYTES,
        responses={
            202: examples.answers(examples.ACCEPTED, "Accepted; Location is the address of its status"),
            200: examples.answers(examples.FINISHED, "Prefer: wait, and the job ended in time"),
            **KNOWN_OR_NOT,
            **MAKES_JOBS,
            **problems.documented(problems.SETTINGS_GONE),
        },
    )
    async def again(
        self,
        request: Request[Any, Any, Any],
        job_id: JobId,
        data: AgainBody,
        caller: NamedDependency[Caller],
        jobs: NamedDependency[JobService],
        feed: NamedDependency[JobFeed],
        reader: NamedDependency[PromptReader],
        rules: NamedDependency[Rules],
        addresses: NamedDependency[views.Addresses],
        prefer: Prefer = None,
        idempotency_key: IdempotencyKey = None,
    ) -> Response[schemas.Accepted | schemas.FinishedJob]:
        job = await known_job(jobs, caller, job_id)
        seed = job.metadata["seed"] if data.seed == "same" else secrets.randbelow(MAX_SEED + 1)
        only_once = once(idempotency_key, f"again {job_id}", data, reader)
        accepted = await jobs.submit(repeat(job, rules, caller, seed), only_once)
        return await answer(accepted, prefer, feed, reader, addresses.base(request))
