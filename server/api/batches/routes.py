"""A batch after it was accepted: where it stands, its lines, what happens to it, its files, and its end."""

import csv
import io
from collections.abc import AsyncGenerator, AsyncIterable
from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, delete, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter
from litestar.response import Stream
from litestar.types import ASGIApp

from server.api.auth.caller import GENERATE, READ, Caller
from server.api.auth.guards import needs
from server.api.batches import examples as batch_examples
from server.api.batches import presenters, schemas
from server.api.batches.events import ALL_READ, batch_events
from server.api.gallery.download_routes import attachment
from server.api.gallery.file_routes import EMBEDDABLE
from server.api.gallery.zip_stream import stream_archive
from server.api.http.openapi_errors import documented
from server.api.jobs import examples
from server.api.jobs.event_stream import EventStream
from server.api.jobs.open_readers import OpenReaders
from server.api.jobs.presenters import Addresses
from server.api.jobs.routes import JOB_ID, KNOWN_OR_NOT, READERS_BOUNDED, LastEventId, sequence_number
from server.batches.model import BatchState, LineFile
from server.batches.reader import PAGE, BatchReader
from server.batches.service import Batches
from server.errors import NOT_FOUND, NOT_YOURS, STORE_AWAY, StudioError
from server.events.filenames import slug
from server.events.hub import EventHub
from server.gallery.history import Person
from server.storage.store import ImageStore

BatchId = Annotated[
    str,
    PathParameter(
        description="From the answer of POST /api/batches.", examples=[Example("batch", value=batch_examples.BATCH_ID)]
    ),
]
Limit = Annotated[int, QueryParameter(description="Batches, 1 to 100.", ge=1, le=100)]
After = Annotated[int, QueryParameter(description="Lines after this one: `next_after` of the page before.", ge=0)]
Status = Annotated[schemas.LineStatus | None, QueryParameter(description="Only lines with this status.")]
Form = Annotated[Literal["csv", "jsonl"], QueryParameter(description="csv or jsonl.")]
COLUMNS = ("line", "status", "prompt", "seed", "file", "image_id", "job_id", "error")
MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
ONE: dict[int, Any] = {200: examples.answers(batch_examples.STATE, "Where it stands"), **KNOWN_OR_NOT}


class BatchesController(Controller):
    path = "/api/batches"
    tags = ("batches",)

    @get(
        "/",
        guards=[needs(READ)],
        operation_id="batches",
        summary="Your batches",
        description="The newest first. A caller with neither an account nor the page's cookie has none.",
        responses={
            200: examples.answers(schemas.Batches([batch_examples.STATE]), "Your batches"),
            **KNOWN_OR_NOT,
        },
    )
    async def batches(
        self, caller: NamedDependency[Caller], batch_reader: NamedDependency[BatchReader], limit: Limit = 50
    ) -> schemas.Batches:
        if caller.owner == caller.address:
            return schemas.Batches([])
        person = Person(caller.owner, caller.key_id, caller.end_user)
        return schemas.Batches([presenters.batch(state) for state in await batch_reader.newest(person, limit)])

    @get(
        "/{batch_id:str}",
        guards=[needs(READ)],
        operation_id="batch",
        summary="Where a batch stands",
        responses=ONE,
    )
    async def batch(
        self, batch_id: BatchId, caller: NamedDependency[Caller], batch_reader: NamedDependency[BatchReader]
    ) -> schemas.Batch:
        return presenters.batch(await known_batch(batch_reader, caller, batch_id))

    @get(
        "/{batch_id:str}/lines",
        guards=[needs(READ)],
        operation_id="batch_lines",
        summary="The lines of a batch with their pictures",
        description=f"In order, {PAGE} a page.",
        responses={200: examples.answers(batch_examples.LINES, "A page of lines"), **KNOWN_OR_NOT},
    )
    async def lines(
        self,
        request: Request[Any, Any, Any],
        batch_id: BatchId,
        caller: NamedDependency[Caller],
        batch_reader: NamedDependency[BatchReader],
        addresses: NamedDependency[Addresses],
        after: After = 0,
        status: Status = None,
    ) -> schemas.BatchLines:
        await known_batch(batch_reader, caller, batch_id)
        views = await batch_reader.lines(batch_id, after, status)
        return presenters.lines(views, PAGE, addresses.base(request))

    @get(
        "/{batch_id:str}/events",
        guards=[needs(READ)],
        operation_id="batch_events",
        summary="What happens to a batch, as it happens",
        description=(
            "Server-sent events: `progress` (as the batch is answered), `line` for each line whose job has ended (as in"
            " its lines), and `completed` or `cancelled`, after which the stream ends. A reader that comes back with"
            " Last-Event-ID misses no line, and may get one twice."
        ),
        responses={
            200: examples.events("three events", batch_examples.EVENTS),
            **examples.nothing("The batch has ended, and all was read: do not come back"),
            **KNOWN_OR_NOT,
            **READERS_BOUNDED,
        },
    )
    async def events(
        self,
        request: Request[Any, Any, Any],
        batch_id: BatchId,
        caller: NamedDependency[Caller],
        batch_reader: NamedDependency[BatchReader],
        hub: NamedDependency[EventHub],
        open_readers: NamedDependency[OpenReaders],
        addresses: NamedDependency[Addresses],
        last_event_id: LastEventId = None,
    ) -> ASGIApp:
        after_seq = sequence_number(last_event_id)
        state = await known_batch(batch_reader, caller, batch_id)
        hub.check_room()
        base = addresses.base(request)
        events = batch_events(batch_reader, hub, state, base, after_seq)
        may_be_read = state.has_ended and after_seq == ALL_READ
        return EventStream(events, base, may_be_read, open_readers, caller.requester.counted_as, batch_id)

    @delete(
        "/{batch_id:str}",
        guards=[needs(GENERATE)],
        status_code=200,
        operation_id="cancel_batch",
        summary="Cancel a batch",
        description="Its unfinished jobs are cancelled, and its waiting lines become none. What is made stays.",
        responses=ONE,
    )
    async def cancel(
        self,
        batch_id: BatchId,
        caller: NamedDependency[Caller],
        batches: NamedDependency[Batches],
        batch_reader: NamedDependency[BatchReader],
    ) -> schemas.Batch:
        await known_batch(batch_reader, caller, batch_id)
        await batches.cancel(batch_id)
        return presenters.batch(await known_batch(batch_reader, caller, batch_id))

    @post(
        "/{batch_id:str}/retry",
        guards=[needs(GENERATE)],
        status_code=200,
        operation_id="retry_batch",
        summary="Make the failed lines of a batch again",
        description="Pictures that a failed line has already are kept; the others are made from the same seeds.",
        responses={**ONE, **documented(NOT_YOURS)},
    )
    async def retry(
        self,
        batch_id: BatchId,
        caller: NamedDependency[Caller],
        batches: NamedDependency[Batches],
        batch_reader: NamedDependency[BatchReader],
    ) -> schemas.Batch:
        state = await known_batch(batch_reader, caller, batch_id)
        if not caller.may_change(state.owner, state.end_user):
            raise StudioError(NOT_YOURS, "only who has sent a batch may have its lines made again")
        await batches.retry(batch_id)
        return presenters.batch(await known_batch(batch_reader, caller, batch_id))

    @get(
        "/{batch_id:str}/manifest",
        guards=[needs(READ)],
        operation_id="batch_manifest",
        summary="Which file was made from which line",
        description=(
            "A row for each finished picture, named as in the zip, and one for each line without any:"
            f" {', '.join(COLUMNS)}."
        ),
        responses={200: examples.file("text/csv", "The manifest"), **KNOWN_OR_NOT},
    )
    async def manifest(
        self,
        batch_id: BatchId,
        caller: NamedDependency[Caller],
        batch_reader: NamedDependency[BatchReader],
        format: Form = "csv",
    ) -> Stream:
        state = await known_batch(batch_reader, caller, batch_id)
        rows = _csv(batch_reader.files(batch_id)) if format == "csv" else _jsonl(batch_reader.files(batch_id))
        return Stream(rows, media_type=MEDIA_TYPES[format], headers=_download(state, format))

    @get(
        "/{batch_id:str}/zip",
        guards=[needs(READ)],
        operation_id="batch_zip",
        summary="Download all pictures of a batch",
        description=(
            "The pictures that are finished by now, by line, not compressed; their names begin with the line. The zip"
            " is made while it is sent, so it has no Content-Length. Where a picture is no longer stored the download"
            " breaks off: a finished zip holds every picture."
        ),
        responses={
            200: examples.file("application/zip", "The zip"),
            **KNOWN_OR_NOT,
            **documented(STORE_AWAY),
        },
    )
    async def zip(
        self,
        batch_id: BatchId,
        caller: NamedDependency[Caller],
        batch_reader: NamedDependency[BatchReader],
        store: NamedDependency[ImageStore],
    ) -> Stream:
        state = await known_batch(batch_reader, caller, batch_id)
        if not state.images_completed:
            raise StudioError(NOT_FOUND, f"no picture of this batch is finished; the batch is {state.status}")
        archive = stream_archive(_stored(batch_reader.files(batch_id)), store)
        return Stream(archive, media_type="application/zip", headers={**EMBEDDABLE, **_download(state, "zip")})


async def known_batch(reader: BatchReader, caller: Caller, batch_id: str) -> BatchState:
    """Raises NOT_FOUND, for other people's batches too: a caller does not learn that they exist."""
    state = await reader.state(batch_id) if JOB_ID.fullmatch(batch_id) else None
    if state is None or not caller.may_see(state.owner, state.end_user):
        raise StudioError(NOT_FOUND, f"no batch has the id {batch_id[:64]}")
    return state


def _download(state: BatchState, ending: str) -> dict[str, str]:
    return {**attachment(f"{slug(state.name)}-{state.batch_id[:8]}.{ending}"), "Cache-Control": "no-store"}


async def _stored(files: AsyncIterable[LineFile]) -> AsyncGenerator[LineFile]:
    async for file in files:
        if file.filename:
            yield file


async def _csv(files: AsyncIterable[LineFile]) -> AsyncGenerator[str]:
    yield _row(COLUMNS)
    async for file in files:
        yield _row(_cells(file))


async def _jsonl(files: AsyncIterable[LineFile]) -> AsyncGenerator[bytes]:
    async for file in files:
        yield msgspec.json.encode(dict(zip(COLUMNS, _cells(file), strict=True))) + b"\n"


def _cells(file: LineFile) -> tuple[Any, ...]:
    made = (file.seed, file.filename or None, file.image_id, file.job_id)
    return (file.line, file.status, file.prompt, *made, file.error)


def _row(cells: tuple[Any, ...]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
