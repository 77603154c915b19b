"""Shared by all endpoints that create jobs: idempotency, rate-limit headers, `Prefer: wait`."""

import asyncio
import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

import msgspec
from litestar import Response
from litestar.openapi.spec import Example
from litestar.params import HeaderParameter

from server.api.http.openapi_errors import documented
from server.api.jobs import examples, presenters, schemas
from server.api.jobs.open_readers import OpenReaders
from server.api.jobs.prefer_header import preferred_wait_s
from server.errors import (
    INSUFFICIENT_CREDIT,
    INVALID_REQUEST,
    KEY_REUSED,
    LIMIT_REACHED,
    QUEUE_FULL,
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    FieldError,
    InvalidRequest,
    StudioError,
    rate_limit_headers,
)
from server.events.feed import JobFeed
from server.generation.service import INLINE_CHARACTERS, JobService
from server.queue.idempotency import IdempotencyKey
from server.queue.model import JobDraft, JobView
from server.queue.quotas import Standing

log = logging.getLogger(__name__)

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
        INVALID_REQUEST,
        TOO_LARGE,
        UNSUPPORTED_MEDIA_TYPE,
        INSUFFICIENT_CREDIT,
        KEY_REUSED,
        LIMIT_REACHED,
        QUEUE_FULL,
    ),
}


def idempotency_of(key: str | None, call: str, body: msgspec.Struct) -> IdempotencyKey | None:
    """None: the caller sent no key. Raises InvalidRequest."""
    return idempotency_key(key, lambda: sha256(f"{call} ".encode() + msgspec.json.encode(body)).hexdigest())


def idempotency_key(key: str | None, request_sha256: Callable[[], str]) -> IdempotencyKey | None:
    """The same, with the hash of everything that the request asks for."""
    if key is None:
        return None
    if not re.fullmatch(r"[\x21-\x7e]{1,255}", key):
        allowed = "1 to 255 printable ASCII characters without blanks"
        raise InvalidRequest([FieldError("Idempotency-Key", "it cannot be used", allowed)])
    return IdempotencyKey(key, request_sha256())


async def drafted(prompts: Iterable[str | None], make: Callable[[], JobDraft]) -> JobDraft:
    """What `make` returns; long prompts, and those that vary or change, are read on a thread."""
    texts = list(filter(None, prompts))
    is_quick = sum(map(len, texts)) <= INLINE_CHARACTERS and not any(set("[{_") & set(text) for text in texts)
    return make() if is_quick else await asyncio.to_thread(make)


@dataclass(frozen=True, slots=True)
class Submission:
    """Submits drafts for all endpoints that create jobs, and answers them."""

    jobs: JobService
    feed: JobFeed
    open_readers: OpenReaders

    async def submit(
        self, draft: JobDraft, key: IdempotencyKey | None, prefer: str | None, base: str
    ) -> Response[schemas.Accepted | schemas.FinishedJob]:
        """202, or 200 where the caller waits (`Prefer: wait`) and the job ends in time. Every answer after the commit
        names the job."""
        accepted = await self.jobs.submit(draft, key)
        headers = {"Location": f"{base}/api/status/{accepted.job_id}", **_limit_headers(accepted.standing)}
        wait_s = preferred_wait_s(prefer)
        if wait_s is not None:
            headers["Preference-Applied"] = f"wait={wait_s}"
            job = await self._ended(accepted.job_id, wait_s, draft.requester.counted_as)
            if job is not None:
                return Response(presenters.finished(job, base, accepted.warnings), status_code=200, headers=headers)
        return Response(presenters.accepted(accepted), status_code=202, headers=headers)

    async def _ended(self, job_id: str, wait_s: int, counted_as: str) -> JobView | None:
        """The job once it has ended. None: it has not in time, or the server cannot wait for it (too many waits, no
        database). The job is committed: an error would hide its id, and the client would make a second one."""
        try:
            with self.open_readers.place(counted_as, job_id):
                state = await self.feed.wait(job_id, wait_s)
            return await self.jobs.get(job_id) if state is not None and state.status.ended else None
        except Exception as error:
            expected = isinstance(error, StudioError)
            log.log(logging.INFO if expected else logging.ERROR, "no wait: %s", error, exc_info=not expected)
            return None


def _limit_headers(standing: Standing | None) -> dict[str, str]:
    return rate_limit_headers(standing.limit, standing.remaining, standing.reset_s) if standing else {}
