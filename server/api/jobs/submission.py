"""What the calls that make jobs have in common: asked twice, counted once, answered now or when it is done."""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Any

import msgspec
from litestar import Response
from litestar.openapi.spec import Example
from litestar.params import HeaderParameter

from pipelines.prompt.analysis import PromptAnalyzer
from server.api.http import problems
from server.api.http.openapi_errors import documented
from server.api.http.problems import FieldError, invalid
from server.api.jobs import examples, presenters, schemas
from server.api.jobs.prefer_header import preferred_wait_s
from server.events.hub import EventHub
from server.generation.idempotency import IdempotencyKey, StoredResponse
from server.generation.prompt_warnings import prompt_warnings
from server.generation.service import Acceptance
from server.queue.model import JobView
from server.queue.quotas import Standing

Prefer = Annotated[
    str | None,
    HeaderParameter(
        name="Prefer",
        description=f"`wait=N`: answer once the job has ended, after at most N seconds (N up to {schemas.MAX_WAIT_S}).",
        examples=[Example("wait", value="wait=30")],
    ),
]
IdempotencyKeyHeader = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        description=(
            "For a call that may be sent again: within 24 h the same key and body are answered the same, of the same"
            " job; another body is refused. 1 to 255 printable ASCII characters without blanks, like a UUID."
        ),
        examples=[Example("key", value="8e03978e-40d5-43e8-bc93-6894a57f9324")],
    ),
]
MAKES_JOBS = {
    202: examples.answers(examples.ACCEPTED, "Accepted; Location is the address of its status"),
    200: examples.answers(examples.FINISHED, "Prefer: wait, and the job ended in time"),
    **documented(
        problems.INVALID_REQUEST,
        problems.TOO_LARGE,
        problems.UNSUPPORTED_MEDIA_TYPE,
        problems.KEY_REUSED,
        problems.LIMIT_REACHED,
        problems.QUEUE_FULL,
    ),
}


def once(key: str | None, call: str, body: msgspec.Struct, reader: PromptAnalyzer) -> IdempotencyKey | None:
    """None: the caller gave no key. Raises Problem (400)."""
    if key is None:
        return None
    if not re.fullmatch(r"[\x21-\x7e]{1,255}", key):
        allowed = "1 to 255 printable ASCII characters without blanks"
        raise invalid([FieldError("Idempotency-Key", "it cannot be used", allowed)])
    digest = sha256(f"{call} ".encode() + msgspec.json.encode(body)).hexdigest()

    def tell(job: JobView, triggers: Sequence[str]) -> dict[str, Any]:
        return msgspec.to_builtins(presenters.accepted(job, prompt_warnings(reader, job.metadata, triggers)))

    return IdempotencyKey(key, digest, tell)


async def answer(
    accepted: Acceptance | StoredResponse, prefer: str | None, feed: EventHub, reader: PromptAnalyzer, base: str
) -> Response[schemas.Accepted | schemas.FinishedJob]:
    """202, or 200 where the caller waits and the job ends in time."""
    if isinstance(accepted, StoredResponse):
        job_id, told, standing = accepted.job_id, msgspec.convert(accepted.body, schemas.Accepted), None
    else:
        job_id, standing = accepted.job.job_id, accepted.standing
        told = presenters.accepted(accepted.job, prompt_warnings(reader, accepted.job.metadata, accepted.triggers))
    headers = {"Location": f"{base}/api/status/{job_id}", **_limit_headers(standing)}
    wait_s = preferred_wait_s(prefer)
    if wait_s is not None:
        headers["Preference-Applied"] = f"wait={wait_s}"
        job = await feed.wait(job_id, wait_s)
        if job is not None and job.status.ended:
            return Response(presenters.finished(job, base, told.warnings), status_code=200, headers=headers)
    return Response(told, status_code=202, headers=headers)


def _limit_headers(standing: Standing | None) -> dict[str, str]:
    return problems.rate_limit_headers(standing.limit, standing.remaining, standing.reset_s) if standing else {}
