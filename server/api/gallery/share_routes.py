"""Share a picture at a public address, and take it back; the operator's examples."""

from typing import Annotated, Any

from litestar import Controller, Request, delete, get, put
from litestar.di import NamedDependency
from msgspec import UNSET, Meta, Struct, UnsetType

from server.api.auth.caller import GENERATE, READ, Caller
from server.api.auth.guards import needs, operator
from server.api.gallery.download_routes import ImageId
from server.api.gallery.routes import CHANGED_OR_NOT, owned, seen
from server.api.http.openapi_errors import documented
from server.api.jobs import examples, presenters
from server.api.jobs.routes import KNOWN_OR_NOT
from server.errors import CONTENT_BLOCKED, OPERATORS_ONLY, FieldError, InvalidRequest
from server.gallery.history import History
from server.gallery.public_gallery import PublicGallery
from server.gallery.shares import GalleryState, SharedImage, Shares

PATH = "/p"


class Share(Struct, frozen=True, kw_only=True):
    """The public address of a picture; null: it is not shared."""

    url: Annotated[str | None, Meta(description="A read-only page with the picture and its prompt.")]
    gallery: Annotated[
        GalleryState | UnsetType | None,
        Meta(description="Its state in the public gallery; null: it is not offered; left out where there is none."),
    ] = UNSET


class SharedExample(Struct, frozen=True, kw_only=True):
    """A picture that the operator shows to everybody, and what made it."""

    prompt: str
    model_name: Annotated[str | None, Meta(description="The label of its LoRA; null: none.")]
    url: str
    width: int
    height: int


class SharedExamples(Struct, frozen=True, kw_only=True):
    examples: list[SharedExample]


SHARED = Share(url="https://studio.example.org/p/2Qm7nXc0aZk4LtYv")
SOME = SharedExamples(
    examples=[
        SharedExample(
            prompt="jade woman, red dress, beach sunset",
            model_name="jade-v1",
            url="https://studio.example.org/p/2Qm7nXc0aZk4LtYv/picture",
            width=1024,
            height=1024,
        )
    ]
)


class SharesController(Controller):
    path = "/api"
    tags = ("sharing",)

    @get(
        "/images/{image_id:str}/share",
        guards=[needs(READ)],
        operation_id="shared",
        summary="The public address of a picture",
        responses={200: examples.answers(SHARED, "null: it is not shared"), **KNOWN_OR_NOT},
    )
    async def shared(
        self,
        request: Request[Any, Any, Any],
        image_id: ImageId,
        caller: NamedDependency[Caller],
        history: NamedDependency[History],
        shares: NamedDependency[Shares],
        gallery: NamedDependency[PublicGallery],
        addresses: NamedDependency[presenters.Addresses],
    ) -> Share:
        await seen(history, caller, [image_id])
        share_id = await shares.id_of(image_id)
        url = share_id and f"{addresses.base(request)}{PATH}/{share_id}"
        return Share(url=url, gallery=await gallery.state_of(image_id) if gallery.is_on else UNSET)

    @put(
        "/images/{image_id:str}/share",
        status_code=200,
        guards=[needs(GENERATE)],
        operation_id="share",
        summary="Share a picture",
        description="Who has the address sees the picture and its prompt, nothing else of you. The same call again"
        " answers the same address. A picture that moderation has marked is shared after an operator has released it.",
        responses={
            200: examples.answers(SHARED, "Its public address"),
            **CHANGED_OR_NOT,
            **documented(CONTENT_BLOCKED),
        },
    )
    async def share(
        self,
        request: Request[Any, Any, Any],
        image_id: ImageId,
        caller: NamedDependency[Caller],
        history: NamedDependency[History],
        shares: NamedDependency[Shares],
        gallery: NamedDependency[PublicGallery],
        addresses: NamedDependency[presenters.Addresses],
    ) -> Share:
        await owned(history, caller, image_id)
        url = f"{addresses.base(request)}{PATH}/{await shares.share(image_id)}"
        return Share(url=url, gallery=await gallery.state_of(image_id) if gallery.is_on else UNSET)

    @delete(
        "/images/{image_id:str}/share",
        status_code=204,
        guards=[needs(GENERATE)],
        operation_id="unshare",
        summary="Stop sharing a picture",
        description="From the answer on its address is 404, also where the picture is shared again.",
        responses=CHANGED_OR_NOT,
    )
    async def unshare(
        self,
        image_id: ImageId,
        caller: NamedDependency[Caller],
        history: NamedDependency[History],
        shares: NamedDependency[Shares],
    ) -> None:
        await owned(history, caller, image_id)
        await shares.revoke(image_id)

    @get(
        "/examples",
        operation_id="examples",
        summary="The operator's examples",
        responses={200: examples.answers(SOME, "The newest first; may be none"), **documented()},
    )
    async def examples(
        self,
        request: Request[Any, Any, Any],
        shares: NamedDependency[Shares],
        addresses: NamedDependency[presenters.Addresses],
    ) -> SharedExamples:
        base = addresses.base(request)
        return SharedExamples(examples=[_example(each, base) for each in await shares.examples()])

    @put(
        "/images/{image_id:str}/example",
        status_code=204,
        guards=[operator],
        operation_id="mark_example",
        summary="Show a shared picture on the create page",
        responses={**KNOWN_OR_NOT, **documented(OPERATORS_ONLY)},
    )
    async def mark(self, image_id: ImageId, shares: NamedDependency[Shares]) -> None:
        if not await shares.set_example(image_id, True):
            raise InvalidRequest([FieldError("image_id", "this picture is not shared", "a picture that is shared")])

    @delete(
        "/images/{image_id:str}/example",
        status_code=204,
        guards=[operator],
        operation_id="unmark_example",
        summary="An example no longer",
        responses={**KNOWN_OR_NOT, **documented(OPERATORS_ONLY)},
    )
    async def unmark(self, image_id: ImageId, shares: NamedDependency[Shares]) -> None:
        await shares.set_example(image_id, False)


def _example(shared: SharedImage, base: str) -> SharedExample:
    return SharedExample(
        prompt=shared.prompt,
        model_name=shared.model,
        url=f"{base}{PATH}/{shared.share_id}/picture",
        width=shared.image.width,
        height=shared.image.height,
    )
