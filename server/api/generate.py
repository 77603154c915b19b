"""POST /api/generate: accept a job."""

import secrets
from typing import Annotated, Any

from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, HeaderParameter

from pipelines.params import MAX_SEED
from pipelines.prompt_words import PromptReader
from server.api import examples, problems, schemas, views
from server.api.body import MAX_BODY_BYTES, check_generate_body
from server.api.callers import GENERATE, Caller
from server.api.guards import needs
from server.api.orders import Rules, fill_in
from server.api.waiting import preferred_wait_s
from server.api.warnings import prompt_warnings
from server.jobs.feed import JobFeed
from server.jobs.limits import Standing
from server.jobs.loras import LoraRegistry
from server.jobs.model import JobView
from server.jobs.service import JobService

GenerateBody = Annotated[
    schemas.GenerateRequest,
    BodyKwarg(
        media_type="application/json",
        examples=[Example("short", value=examples.REQUEST), Example("in full", value=examples.REQUEST_IN_FULL)],
    ),
]
Prefer = Annotated[
    str | None,
    HeaderParameter(
        name="Prefer",
        description=f"`wait=N`: answer once the job has ended, after at most N seconds (N up to {schemas.MAX_WAIT_S}).",
        examples=[Example("wait", value="wait=30")],
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
            " the header Preference-Applied tells the wait that was granted."
        ),
        before_request=check_generate_body,
        request_max_body_size=MAX_BODY_BYTES,
        responses={
            202: examples.answers(examples.ACCEPTED, "Accepted; Location is the address of its status"),
            200: examples.answers(examples.FINISHED, "Prefer: wait, and the job ended in time"),
            **problems.documented(
                problems.INVALID_REQUEST,
                problems.TOO_LARGE,
                problems.UNSUPPORTED_MEDIA_TYPE,
                problems.LIMIT_REACHED,
                problems.QUEUE_FULL,
            ),
        },
    )
    async def generate(
        self,
        request: Request[Any, Any, Any],
        data: GenerateBody,
        caller: NamedDependency[Caller],
        jobs: NamedDependency[JobService],
        feed: NamedDependency[JobFeed],
        loras: NamedDependency[LoraRegistry],
        reader: NamedDependency[PromptReader],
        rules: NamedDependency[Rules],
        addresses: NamedDependency[views.Addresses],
        prefer: Prefer = None,
    ) -> Response[schemas.Accepted | schemas.FinishedJob]:
        order = fill_in(data, rules, caller, secrets.randbelow(MAX_SEED + 1))
        acceptance = await jobs.submit(order)
        job = acceptance.job
        warnings = await _warnings(job, loras, reader)
        base = addresses.base(request)
        headers = {"Location": f"{base}/api/status/{job.job_id}", **_limit_headers(acceptance.standing)}
        wait_s = preferred_wait_s(prefer)
        if wait_s is not None:
            headers["Preference-Applied"] = f"wait={wait_s}"
            job = await feed.wait(job.job_id, wait_s) or job
            if job.status.ended:
                return Response(views.finished(job, base, warnings), status_code=200, headers=headers)
        return Response(views.accepted(job, warnings), status_code=202, headers=headers)


def _limit_headers(standing: Standing | None) -> dict[str, str]:
    return problems.rate_limit_headers(standing.limit, standing.remaining, standing.reset_s) if standing else {}


async def _warnings(job: JobView, loras: LoraRegistry, reader: PromptReader) -> list[str]:
    used = {lora["sha256"] for lora in job.metadata["loras"]}
    triggers = [lora.trigger for lora in await loras.list() if lora.sha256 in used and lora.trigger]
    return prompt_warnings(reader, job.metadata, triggers)
