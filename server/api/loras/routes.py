"""The LoRAs: what there is, for everybody; and the operator's changes to it."""

import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated, Any

from litestar import Controller, Request, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import PathParameter
from msgspec import UNSET

from pipelines.lora.files.names import LoraFormatError, LoraNameError, has_suffix, label_of, without_suffix
from server.api.auth.guards import operator
from server.api.http.openapi_errors import documented
from server.api.http.validation import MAX_BODY_BYTES, body_like, content_coding, json_body
from server.api.jobs import examples
from server.api.loras import schemas as lora_schemas
from server.errors import (
    INVALID_REQUEST,
    LORA_FOLDER,
    NOT_FOUND,
    OPERATORS_ONLY,
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    UNUSABLE_LORA,
    FieldError,
    InvalidRequest,
    Kind,
    StudioError,
)
from server.events.model_facts import ModelFacts
from server.loras.errors import LoraTooLarge
from server.loras.folder import LoraFolder
from server.loras.registry import LoraRegistry

UPLOADED_TYPES = ("application/octet-stream", "application/x-www-form-urlencoded", "")
"""The second is the default of `curl --data-binary`."""

LoraName = Annotated[
    str, PathParameter(description="`jade-v1`, or `jade`.", examples=[Example("label", value="jade-v1")])
]
ROLL_BACK = lora_schemas.LoraDefault(version="1")
CHANGES = lora_schemas.LoraChanges(trigger="jade woman", weight=0.8)


def _unprintable(fields: dict[str, Any]) -> list[FieldError]:
    trigger = fields.get("trigger")
    if isinstance(trigger, str) and not trigger.isprintable():
        return [FieldError("trigger", "it holds characters that cannot be printed", "words of a prompt")]
    return []


class UploadOperation(Operation):
    """The body is a file's bytes, read as they come."""

    def __post_init__(self) -> None:
        schema = Schema(
            type=OpenAPIType.STRING, content_media_type="application/octet-stream", description="A .safetensors file."
        )
        self.request_body = RequestBody(content={"application/octet-stream": OpenAPIMediaType(schema=schema)})


def answers_to_operators(*kinds: Kind) -> dict[int, Any]:
    return documented(OPERATORS_ONLY, *kinds)


class LorasController(Controller):
    path = "/api/loras"
    tags = ("loras",)

    @get(
        "/",
        operation_id="loras",
        summary="The LoRAs",
        responses={200: examples.answers(examples.LORAS, "By name, newest version first"), **documented()},
    )
    async def loras(
        self, loras: NamedDependency[LoraRegistry], model: NamedDependency[ModelFacts]
    ) -> lora_schemas.Loras:
        resident = model.resident_loras
        return lora_schemas.Loras(
            [lora_schemas.lora_option(view, resident) for view in await loras.list()],
            [lora_schemas.LeftOut(file, reason) for file, reason in await loras.failed()],
        )

    @post(
        "/reload",
        guards=[operator],
        status_code=200,
        operation_id="reload",
        summary="Read the LoRA folder again",
        description=(
            "Every request accepted before the answer is made with the files as they were when it was accepted, every"
            " one after it with those read now. A file that cannot be used is reported each time; its last good version"
            " goes on serving."
        ),
        responses={200: examples.answers(examples.RELOADED, "What has changed, as labels"), **answers_to_operators()},
    )
    async def reload(self, folder: NamedDependency[LoraFolder]) -> lora_schemas.Reloaded:
        started_s = time.perf_counter()
        return lora_schemas.reloaded(await folder.reload(), started_s)

    @get(
        "/{name:str}",
        guards=[operator],
        operation_id="lora",
        summary="A LoRA with its training metadata",
        responses={
            200: examples.answers(examples.LORA_DETAIL, "A bare name: of the version it means now"),
            **answers_to_operators(INVALID_REQUEST, NOT_FOUND),
        },
    )
    async def lora(
        self, name: LoraName, loras: NamedDependency[LoraRegistry], model: NamedDependency[ModelFacts]
    ) -> lora_schemas.LoraDetail:
        detail = await loras.record(name)
        return lora_schemas.LoraDetail(
            lora=lora_schemas.lora_option(detail.view, model.resident_loras),
            file_trigger=detail.trigger,
            file_weight=detail.weight,
            file_few_steps=lora_schemas.few_steps_option(detail.few_steps),
            metadata=dict(detail.metadata),
            loaded_at=detail.loaded_at_s,
            failure=detail.failure,
        )

    @put(
        "/{name:str}",
        guards=[operator],
        status_code=200,
        operation_id="upload_lora",
        operation_class=UploadOperation,
        summary="Upload a LoRA, or replace one",
        description=(
            "The body is the `.safetensors` file, `{name}` what it is called: `jade-v2`, or `jade-v2.safetensors` (what"
            " `curl -T` sends). It is checked before it takes the name, and serves when this answers. Everything else"
            " in the folder is reloaded too."
        ),
        request_max_body_size=None,
        responses={
            200: examples.answers(examples.LORAS.loras[0], "It serves"),
            **answers_to_operators(
                INVALID_REQUEST,
                TOO_LARGE,
                UNSUPPORTED_MEDIA_TYPE,
                UNUSABLE_LORA,
                LORA_FOLDER,
            ),
        },
    )
    async def upload(
        self,
        request: Request[Any, Any, Any],
        name: LoraName,
        folder: NamedDependency[LoraFolder],
        model: NamedDependency[ModelFacts],
    ) -> lora_schemas.LoraOption:
        _check_upload(request, folder.max_bytes)
        try:
            view = await folder.put(_label(name), _chunks(request))
        except LoraNameError as error:
            raise _bad_name(name, error) from error
        except LoraFormatError as error:
            raise StudioError(UNUSABLE_LORA, str(error)) from error
        except OSError as error:
            raise _unwritable(error) from error
        return lora_schemas.lora_option(view, model.resident_loras)

    @put(
        "/{name:str}/use-by-default",
        guards=[operator],
        status_code=204,
        operation_id="use_lora_by_default",
        summary="Use a LoRA where a request names none",
        description=(
            "`{name}` is a name like `jade`. It takes the place of the one before, and of STUDIO_DEFAULT_MODEL."
        ),
        responses=answers_to_operators(INVALID_REQUEST, NOT_FOUND),
    )
    async def use_by_default(self, name: LoraName, folder: NamedDependency[LoraFolder]) -> None:
        await folder.choose(name, True)

    @delete(
        "/{name:str}/use-by-default",
        guards=[operator],
        status_code=204,
        operation_id="use_lora_on_request",
        summary="Use a LoRA only where a request names it",
        description="Requests that name none get STUDIO_DEFAULT_MODEL again, where there is such a LoRA.",
        responses=answers_to_operators(INVALID_REQUEST, NOT_FOUND),
    )
    async def use_on_request(self, name: LoraName, folder: NamedDependency[LoraFolder]) -> None:
        await folder.choose(name, False)

    @delete(
        "/{name:str}",
        guards=[operator],
        status_code=200,
        operation_id="delete_lora",
        summary="Delete a LoRA's file",
        description=(
            "`{name}` is a label like `jade-v1`, exactly one file. Jobs that were accepted with it are made; no later"
            " one is."
        ),
        responses={
            200: examples.answers(examples.RELOADED, "What has changed, as of a reload"),
            **answers_to_operators(INVALID_REQUEST, NOT_FOUND, LORA_FOLDER),
        },
    )
    async def delete(self, name: LoraName, folder: NamedDependency[LoraFolder]) -> lora_schemas.Reloaded:
        started_s = time.perf_counter()
        try:
            return lora_schemas.reloaded(await folder.delete(_label(name)), started_s)
        except LoraNameError as error:
            raise _bad_name(name, error) from error
        except OSError as error:
            raise _unwritable(error) from error

    @put(
        "/{name:str}/default",
        guards=[operator],
        status_code=200,
        operation_id="pin_lora",
        summary="Pin the version that a bare name means",
        description=(
            "From the answer on `{name}` means this version, also after a restart and where newer ones arrive; null:"
            " the newest again. Rolling back is this call. While there is no such version, the name means the newest."
        ),
        before_request=body_like(ROLL_BACK),
        request_max_body_size=MAX_BODY_BYTES,
        responses={
            200: examples.answers(examples.LORAS.loras[0], "What the name means now"),
            **answers_to_operators(INVALID_REQUEST, NOT_FOUND),
        },
    )
    async def pin(
        self,
        name: LoraName,
        data: Annotated[lora_schemas.LoraDefault, json_body(ROLL_BACK)],
        loras: NamedDependency[LoraRegistry],
        model: NamedDependency[ModelFacts],
    ) -> lora_schemas.LoraOption:
        return lora_schemas.lora_option(await loras.pin(name, data.version), model.resident_loras)

    @patch(
        "/{name:str}",
        guards=[operator],
        status_code=200,
        operation_id="describe_lora",
        summary="Set a LoRA's trigger words, weight and steps",
        description=(
            "Of a name (all its versions) or a label (that one, before what its name says). They outlive the file. The"
            " weight is used where a request gives none; so are the steps, the sampler and the guidance of a `family`"
            " of LoRAs that are distilled to few steps."
        ),
        before_request=body_like(CHANGES, _unprintable),
        request_max_body_size=MAX_BODY_BYTES,
        responses={
            200: examples.answers(examples.LORAS.loras[0], "The LoRA as it is now"),
            **answers_to_operators(INVALID_REQUEST, NOT_FOUND),
        },
    )
    async def describe(
        self,
        name: LoraName,
        data: Annotated[lora_schemas.LoraChanges, json_body(CHANGES)],
        loras: NamedDependency[LoraRegistry],
        model: NamedDependency[ModelFacts],
    ) -> lora_schemas.LoraOption:
        asked = {"trigger": data.trigger, "weight": data.weight, "family": data.family, "steps": data.steps}
        changes = {field: value for field, value in asked.items() if value is not UNSET}
        return lora_schemas.lora_option(await loras.describe(name, changes), model.resident_loras)


def _check_upload(request: Request[Any, Any, Any], max_bytes: int) -> None:
    """What the headers say, before a byte is read."""
    media_type = request.content_type[0].lower()
    encoding = content_coding(request)
    if media_type not in UPLOADED_TYPES or encoding != "identity":
        what = media_type if encoding == "identity" else f"content encoding {encoding}"
        raise StudioError(
            UNSUPPORTED_MEDIA_TYPE,
            f"{what} cannot be read; send the file's bytes as application/octet-stream (curl -T jade-v2.safetensors)",
        )
    if (request.content_length or 0) > max_bytes:
        raise LoraTooLarge(max_bytes)


async def _chunks(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    stream: AsyncGenerator[bytes] = request.stream()
    async for chunk in stream:
        yield chunk


def _label(name: str) -> str:
    """A file's name stands for the label that it gets in the folder: `jade-v9` for `jade-v9.safetensors`."""
    return label_of(without_suffix(name)) if has_suffix(name) else name


def _bad_name(name: str, error: LoraNameError) -> StudioError:
    return InvalidRequest([FieldError("name", f"{name[:80]!r} cannot be used", str(error))])


def _unwritable(error: OSError) -> StudioError:
    return StudioError(LORA_FOLDER, f"the LoRA folder cannot be written to: {error.strerror or error}")
