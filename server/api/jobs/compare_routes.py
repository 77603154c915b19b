"""POST /api/compare: versions of a LoRA side by side, and the sheet that shows them."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg

from server.api.assets.sources import SourceReader
from server.api.auth.caller import GENERATE, READ, Caller
from server.api.auth.guards import needs
from server.api.gallery.file_routes import EMBEDDABLE
from server.api.http.openapi_errors import documented
from server.api.http.validation import MAX_BODY_BYTES, check_compare_body
from server.api.jobs import examples, presenters, schemas
from server.api.jobs.routes import KNOWN_OR_NOT, JobId, known_job
from server.api.jobs.submission import MAKES_JOBS, IdempotencyKeyHeader, Prefer, Submission, drafted, idempotency_of
from server.errors import NOT_FOUND, STORE_AWAY, UNFINISHED, StudioError
from server.gallery.contact_sheets import ContactSheets
from server.generation.policy import RequestPolicy
from server.generation.requests import CompareRequest
from server.generation.service import JobService
from server.loras.registry import LoraRegistry

CompareBody = Annotated[
    CompareRequest,
    BodyKwarg(media_type="application/json", examples=[Example("two versions", value=examples.COMPARE_REQUEST)]),
]


class CompareController(Controller):
    path = "/api"
    tags = ("jobs",)

    @post(
        "/compare",
        guards=[needs(GENERATE)],
        status_code=202,
        operation_id="compare",
        summary="Compare LoRAs",
        description=(
            "One job with a picture for each prompt, seed and variant, 64 at most, whose pictures share forwards."
            " It is followed, cancelled and downloaded like any other; its result gives the cell of each picture and"
            " the address of a contact sheet."
        ),
        before_request=check_compare_body,
        request_max_body_size=MAX_BODY_BYTES,
        responses=MAKES_JOBS,
    )
    async def compare(
        self,
        request: Request[Any, Any, Any],
        data: CompareBody,
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
        few_steps = await loras.few_steps()
        texts = (*data.prompts, data.negative_prompt)
        draft = await drafted(texts, lambda: policy.compare(data, caller.requester, assets, few_steps))
        key = idempotency_of(idempotency_key, "compare", data)
        return await submission.submit(draft, key, prefer, addresses.base(request))

    @get(
        "/jobs/{job_id:str}/contact-sheet",
        guards=[needs(READ)],
        operation_id="contact_sheet",
        summary="The contact sheet of a comparison",
        description=(
            "A JPEG with a column for each variant and a row for each prompt and seed, labelled. Of a comparison that"
            " failed or was cancelled it shows what was made."
        ),
        responses={
            200: examples.file("image/jpeg", "The sheet"),
            **KNOWN_OR_NOT,
            **documented(UNFINISHED, STORE_AWAY),
        },
    )
    async def contact_sheet(
        self,
        job_id: JobId,
        caller: NamedDependency[Caller],
        jobs: NamedDependency[JobService],
        sheets: NamedDependency[ContactSheets],
    ) -> Response[bytes]:
        job = await known_job(jobs, caller, job_id)
        if job.axes is None:
            raise StudioError(NOT_FOUND, "this job is no comparison: it has no contact sheet")
        if not job.status.ended:
            raise StudioError(UNFINISHED, f"the comparison is {job.status.value}; its sheet is made when it has ended")
        if not job.images:
            raise StudioError(NOT_FOUND, f"no picture of this comparison is finished; it is {job.status.value}")
        sheet = await sheets.get(job, job.axes)
        return Response(sheet, headers={**EMBEDDABLE, "Cache-Control": "no-cache"}, media_type="image/jpeg")
