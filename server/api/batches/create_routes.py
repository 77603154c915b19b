"""POST /api/batches: accept a batch, or say what is wrong with it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePath
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIType, Operation, Reference, RequestBody, Schema
from litestar.params import QueryParameter

from server.api.assets.body import FORM_TYPE, PART, FileRules, UploadedFile, read_file
from server.api.assets.sources import SourceReader
from server.api.assets.uploads import Uploads
from server.api.auth.caller import GENERATE, Caller
from server.api.auth.guards import needs
from server.api.batches import examples as batch_examples
from server.api.batches import presenters, schemas
from server.api.batches.reading import BY_TYPE, MAX_BYTES, UNTYPED, form_of, read_lines
from server.api.http.openapi_errors import documented
from server.api.jobs import examples
from server.api.jobs.presenters import Addresses
from server.api.jobs.submission import IdempotencyKeyHeader, idempotency_key
from server.batches.checking import Sources
from server.batches.errors import BatchTooLarge
from server.batches.model import MAX_LINES, CheckedBatch, ReadLine
from server.batches.service import BatchAnswer, Batches, BatchOrder
from server.errors import (
    BUSY,
    INSUFFICIENT_CREDIT,
    INVALID_REQUEST,
    KEY_REUSED,
    LIMIT_REACHED,
    NOT_READY,
    QUEUE_FULL,
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    FieldError,
    InvalidRequest,
    StudioError,
)
from server.generation.sources import SourceAssets

MAX_SOURCES = 100
"""Different images and masks that the lines of one batch start from: each is looked at on its own."""
RULES = FileRules(
    (*BY_TYPE, *UNTYPED),
    "application/json, application/x-ndjson or text/csv",
    "a CSV, JSON or JSON lines file",
    MAX_BYTES,
    BatchTooLarge,
)
DryRun = Annotated[
    bool, QueryParameter(description="Answer what would be made, what is wrong, the price; make nothing.")
]
Partial = Annotated[bool, QueryParameter(description="Accept the lines that are right where others are wrong.")]
Name = Annotated[
    str,
    QueryParameter(
        description="For people. Default: the file's name.", max_length=128, examples=[Example("name", value="summer")]
    ),
]


class BatchOperation(Operation):
    """The body is JSON, JSON lines, CSV, or a form with such a file."""

    def __post_init__(self) -> None:
        text = Schema(type=OpenAPIType.STRING)
        file = Schema(type=OpenAPIType.STRING, content_media_type="text/csv", description="CSV, JSON or JSON lines.")
        form = Schema(type=OpenAPIType.OBJECT, properties={PART: file}, required=[PART])
        request = Reference(ref="#/components/schemas/GenerateRequest")
        many = Schema(type=OpenAPIType.ARRAY, items=request, min_items=1, max_items=MAX_LINES)
        template = Schema(
            type=OpenAPIType.OBJECT,
            properties={
                "template": Schema(type=OpenAPIType.OBJECT, description="A request with {{variables}}."),
                "variables": Schema(
                    type=OpenAPIType.OBJECT, additional_properties=Schema(type=OpenAPIType.ARRAY, items=Schema())
                ),
            },
            required=["template", "variables"],
        )
        asked: dict[str, Example | Reference] = {
            name: Example(name, value=value) for name, value in batch_examples.BODIES.items()
        }
        self.request_body = RequestBody(
            content={
                "application/json": OpenAPIMediaType(schema=Schema(one_of=[many, template]), examples=asked),
                "application/x-ndjson": OpenAPIMediaType(
                    schema=text, examples={"lines": Example("lines", value=batch_examples.JSONL)}
                ),
                "text/csv": OpenAPIMediaType(
                    schema=text, examples={"table": Example("table", value=batch_examples.CSV)}
                ),
                FORM_TYPE: OpenAPIMediaType(schema=form),
            },
            required=True,
        )


@dataclass(frozen=True, slots=True)
class BatchSubmission:
    """Reads and checks what is sent as a batch."""

    batches: Batches
    sources: SourceReader

    async def read(self, file: UploadedFile, caller: Caller) -> CheckedBatch:
        """Raises AccountNeeded, InvalidRequest and StudioError (400, 415)."""
        form = form_of(file.media_type, file.filename)
        read = await asyncio.to_thread(read_lines, file.data, form)
        return await self.batches.check(caller.requester, read, await self._sources_of(read, caller))

    async def _sources_of(self, read: Sequence[ReadLine], caller: Caller) -> Sources:
        """Lines that name the same image and mask share one look at them."""
        known: dict[bytes, SourceAssets | StudioError] = {}
        by_line: dict[int, SourceAssets | StudioError] = {}
        for line in read:
            if line.request is None or (line.request.init is None and line.request.mask is None):
                continue
            named = msgspec.json.encode((line.request.init, line.request.mask))
            if named not in known:
                if len(known) >= MAX_SOURCES:
                    wrong = FieldError("init", "it is one image too many", f"{MAX_SOURCES} different ones in a batch")
                    by_line[line.line] = InvalidRequest([wrong])
                    continue
                try:
                    known[named] = await self.sources.read(line.request, caller)
                except InvalidRequest as error:
                    known[named] = error
            by_line[line.line] = known[named]
        return by_line


class CreateBatchController(Controller):
    path = "/api/batches"
    tags = ("batches",)

    @post(
        "/",
        guards=[needs(GENERATE)],
        status_code=202,
        operation_id="create_batch",
        operation_class=BatchOperation,
        summary="Make many pictures",
        description=(
            f"Up to {MAX_LINES:,} requests of /api/generate: a JSON list, an object with a template and variables, JSON"
            " lines, CSV whose columns are request fields, or a form with such a file. Every wrong field of every line"
            " is named, in one answer. The batch is accepted as a whole or, with `partial`, without the wrong lines."
            " Each line becomes a job of low priority when the queue has room; limits and credit count each job."
        ),
        request_max_body_size=None,
        responses={
            200: examples.answers(batch_examples.DRY_RUN, "dry_run: what would be made"),
            202: examples.answers(batch_examples.ACCEPTED, "Accepted; Location is the address of the batch"),
            **documented(
                INVALID_REQUEST,
                INSUFFICIENT_CREDIT,
                TOO_LARGE,
                UNSUPPORTED_MEDIA_TYPE,
                KEY_REUSED,
                LIMIT_REACHED,
                BUSY,
                NOT_READY,
                QUEUE_FULL,
            ),
        },
    )
    async def create(
        self,
        request: Request[Any, Any, Any],
        caller: NamedDependency[Caller],
        batches: NamedDependency[Batches],
        batch_submission: NamedDependency[BatchSubmission],
        uploads: NamedDependency[Uploads],
        addresses: NamedDependency[Addresses],
        dry_run: DryRun = False,
        partial: Partial = False,
        name: Name = "",
        idempotency_key_header: IdempotencyKeyHeader = None,
    ) -> Response[schemas.AcceptedBatch]:
        with uploads.one(caller):
            file = await read_file(request, RULES)
            asked = f"batches {partial} {name} {file.media_type} {file.filename} ".encode()
            key = await asyncio.to_thread(
                idempotency_key, idempotency_key_header, lambda: sha256(asked + file.data).hexdigest()
            )
            order = BatchOrder(caller.requester, name or PurePath(file.filename).stem[:128] or "batch", partial, key)
            if not dry_run and (answer := await batches.replayed(order)) is not None:
                return _accepted(answer, addresses.base(request))
            checked = await batch_submission.read(file, caller)
            if dry_run:
                answer = await batches.dry_run(caller.requester, checked)
                return Response(presenters.accepted(answer, checked), status_code=200)
            return _accepted(await batches.accept(order, checked), addresses.base(request))


def _accepted(answer: BatchAnswer, base: str) -> Response[schemas.AcceptedBatch]:
    headers = {"Location": f"{base}/api/batches/{answer.batch_id}"}
    return Response(presenters.accepted(answer), status_code=202, headers=headers)
