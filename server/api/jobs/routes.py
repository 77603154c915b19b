"""A job after it was accepted: where it stands, what it made, what happens to it, and its end before its time."""

import re
from typing import Annotated, Any, TypeVar

from litestar import Controller, Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import HeaderParameter, PathParameter, QueryParameter
from litestar.types import ASGIApp
from structlog.contextvars import bind_contextvars

from server.accounts.keys import STREAM_TOKEN_S, ApiKeys
from server.api.accounts import examples as account_examples
from server.api.accounts.schemas import StreamToken
from server.api.auth.caller import GENERATE, READ, Caller
from server.api.auth.guards import needs
from server.api.http.openapi_errors import documented
from server.api.jobs import examples, presenters, schemas
from server.api.jobs.event_stream import EventStream
from server.api.jobs.open_readers import OpenReaders
from server.errors import (
    INVALID_REQUEST,
    NOT_FOUND,
    TOO_MANY_READERS,
    TOO_MANY_STREAMS,
    FieldError,
    InvalidRequest,
    StudioError,
)
from server.events.feed import JobFeed
from server.events.hub import EventHub
from server.generation.service import JobService
from server.queue.model import JobState, JobView

JobId = Annotated[
    str,
    PathParameter(description="From the answer of /api/generate.", examples=[Example("job", value=examples.JOB_ID)]),
]
Wait = Annotated[
    int,
    QueryParameter(
        description=f"Seconds to wait for the job to end: a whole number from 0 to {schemas.MAX_WAIT_S}.",
        ge=0,
        le=schemas.MAX_WAIT_S,
        examples=[Example("wait", value=30)],
    ),
]
Token = Annotated[
    str | None,
    QueryParameter(
        description="From POST /api/jobs/{job_id}/stream-token, in place of a key.",
        examples=[Example("token", value=account_examples.CODE)],
    ),
]
LastEventId = Annotated[
    str | None,
    HeaderParameter(
        name="Last-Event-ID",
        description="The id of the last event that was read: the stream goes on after it.",
        examples=[Example("first picture read", value="1")],
    ),
]

JOB_ID = re.compile(r"[0-9a-f]{32}")
Job = TypeVar("Job", bound=JobState)

KNOWN_OR_NOT = documented(NOT_FOUND, INVALID_REQUEST)
READERS_BOUNDED = documented(TOO_MANY_READERS, TOO_MANY_STREAMS)


class JobsController(Controller):
    path = "/api"
    tags = ("jobs",)

    @get(
        "/status/{job_id:str}",
        guards=[needs(READ)],
        operation_id="status",
        summary="Where a job stands",
        responses={200: examples.answers(examples.STATE, "Where it stands"), **KNOWN_OR_NOT, **READERS_BOUNDED},
    )
    async def status(
        self,
        job_id: JobId,
        caller: NamedDependency[Caller],
        jobs: NamedDependency[JobService],
        feed: NamedDependency[JobFeed],
        open_readers: NamedDependency[OpenReaders],
        wait: Wait = 0,
    ) -> schemas.JobState:
        known = await known_state(jobs, caller, job_id)
        if not wait or known.status.ended:
            return presenters.state(known)
        with open_readers.place(caller.requester.counted_as, job_id):
            return presenters.state(await feed.wait(job_id, wait) or known)

    @get(
        "/result/{job_id:str}",
        guards=[needs(READ)],
        operation_id="result",
        summary="The pictures of a job",
        description="Pictures that are finished are listed while the rest is being made.",
        responses={200: examples.answers(examples.RESULT, "Its finished pictures"), **KNOWN_OR_NOT},
    )
    async def result(
        self,
        request: Request[Any, Any, Any],
        job_id: JobId,
        caller: NamedDependency[Caller],
        jobs: NamedDependency[JobService],
        addresses: NamedDependency[presenters.Addresses],
    ) -> schemas.Result:
        return presenters.result(await known_job(jobs, caller, job_id), addresses.base(request))

    @get(
        "/jobs/{job_id:str}/events",
        guards=[needs(READ)],
        opt={"token": True},  # server/api/auth/authentication.py
        operation_id="events",
        summary="What happens to a job, as it happens",
        description=(
            "Server-sent events: `progress` and `preview` (never repeated), `image`, `blocked` (by moderation), and one"
            " of `completed`, `failed`, `cancelled`, after which the stream ends. The last five carry an id; a reader"
            " that sends it back as"
            " Last-Event-ID, as browsers do, misses none and gets none twice, over a restart of the server too."
            " If an ended job has no further events, the answer is 204: the client need not reconnect."
        ),
        responses={
            200: examples.events("four events", examples.EVENTS),
            **examples.nothing("The job has ended, and all was read: do not come back"),
            **KNOWN_OR_NOT,
            **READERS_BOUNDED,
        },
    )
    async def events(
        self,
        request: Request[Any, Any, Any],
        job_id: JobId,
        caller: NamedDependency[Caller],
        jobs: NamedDependency[JobService],
        feed: NamedDependency[JobFeed],
        hub: NamedDependency[EventHub],
        open_readers: NamedDependency[OpenReaders],
        addresses: NamedDependency[presenters.Addresses],
        last_event_id: LastEventId = None,
        token: Token = None,  # read by server/api/auth/authentication.py
    ) -> ASGIApp:
        after_seq = sequence_number(last_event_id)
        job = await known_state(jobs, caller, job_id)
        hub.check_room()
        events = feed.subscribe(job_id, after_seq)
        may_be_read = job.status.ended and after_seq is not None
        counted_as = caller.requester.counted_as
        return EventStream(events, addresses.base(request), may_be_read, open_readers, counted_as, job_id)

    @post(
        "/jobs/{job_id:str}/stream-token",
        guards=[needs(READ)],
        status_code=201,
        operation_id="stream_token",
        summary="A token to read the events of a job with",
        description=(
            "For `EventSource`, which cannot send a key: `events_url`, opened within a minute, gives access to this"
            " job's events, and nothing else. To come back later, ask for another."
        ),
        responses={201: examples.answers(account_examples.STREAM_TOKEN, "The token"), **KNOWN_OR_NOT},
    )
    async def stream_token(
        self,
        request: Request[Any, Any, Any],
        job_id: JobId,
        caller: NamedDependency[Caller],
        jobs: NamedDependency[JobService],
        keys: NamedDependency[ApiKeys],
        addresses: NamedDependency[presenters.Addresses],
    ) -> Response[StreamToken]:
        await known_state(jobs, caller, job_id)
        token = await keys.open_stream(job_id)
        url = f"{addresses.base(request)}/api/jobs/{job_id}/events?token={token}"
        told = StreamToken(token=token, events_url=url, expires_in_s=int(STREAM_TOKEN_S))
        return Response(told, status_code=201, headers={"Cache-Control": "no-store"})

    @delete(
        "/jobs/{job_id:str}",
        guards=[needs(GENERATE)],
        status_code=200,
        operation_id="cancel",
        summary="Cancel a job",
        description="Takes effect at the next denoising step. A job that has ended stays as it is.",
        responses={200: examples.answers(examples.CANCELLED, "Where it stands now"), **KNOWN_OR_NOT},
    )
    async def cancel(
        self, job_id: JobId, caller: NamedDependency[Caller], jobs: NamedDependency[JobService]
    ) -> schemas.JobState:
        await known_state(jobs, caller, job_id)
        job = await jobs.cancel(job_id)
        if job is None:
            raise _unknown(job_id)
        return presenters.state(job)


async def known_job(jobs: JobService, caller: Caller, job_id: str) -> JobView:
    """Raises NOT_FOUND, for other people's jobs too: a caller does not learn that they exist."""
    return _visible(await jobs.get(job_id) if JOB_ID.fullmatch(job_id) else None, caller, job_id)


async def known_state(jobs: JobService, caller: Caller, job_id: str) -> JobState:
    """The same, without its images."""
    if not JOB_ID.fullmatch(job_id):
        raise _unknown(job_id)
    job = await jobs.state(job_id)
    if job is not None and not caller.may_see(job.owner, job.end_user):
        job = await jobs.state_anew(job_id)  # it may have moved to the caller's account
    return _visible(job, caller, job_id)


def _visible(job: Job | None, caller: Caller, job_id: str) -> Job:
    if job is None or not caller.may_see(job.owner, job.end_user):
        raise _unknown(job_id)
    bind_contextvars(job_id=job_id)
    return job


def _unknown(job_id: str) -> StudioError:
    return StudioError(NOT_FOUND, f"no job has the id {job_id[:64]}")


def sequence_number(last_event_id: str | None) -> int | None:
    """Empty counts as absent: a browser that has read no event yet may send it so."""
    if not last_event_id:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", last_event_id):
        detail = f"{last_event_id[:32]!r} is no event of this stream"
        raise InvalidRequest([FieldError("Last-Event-ID", detail, "the id of an event, a whole number")])
    return int(last_event_id)
