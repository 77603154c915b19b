"""The public gallery: for everybody; owners offer pictures, the operator accepts or removes them."""

from typing import Annotated, Any, Literal

from litestar import Controller, Request, delete, get, post, put
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import QueryParameter
from msgspec import Meta, Struct

from server.api.accounts.schemas import utc
from server.api.auth.caller import GENERATE, Caller
from server.api.auth.guards import needs, operator
from server.api.gallery.download_routes import ImageId
from server.api.gallery.routes import CHANGED_OR_NOT, owned
from server.api.gallery.share_routes import PATH, SHARED, Share
from server.api.http.openapi_errors import documented
from server.api.jobs import examples, presenters
from server.errors import (
    CONFLICT,
    CONTENT_BLOCKED,
    INVALID_REQUEST,
    NOT_FOUND,
    OPERATORS_ONLY,
    FieldError,
    InvalidRequest,
    StudioError,
)
from server.gallery.history import History
from server.gallery.public_gallery import GALLERY_CURSOR, GalleryImage, GalleryPage, PublicGallery
from server.gallery.shares import GalleryState

Cursor = Annotated[str | None, QueryParameter(description="The `next_cursor` of the page before.", max_length=64)]
Limit = Annotated[int, QueryParameter(description="Pictures a page: a whole number from 1 to 100.", ge=1, le=100)]
Status = Annotated[
    Literal["offered", "accepted", "removed"],
    QueryParameter(description="`offered`: they wait for a decision.", examples=[Example("waiting", value="offered")]),
]


class GalleryPicture(Struct, frozen=True, kw_only=True):
    """A picture that everybody may see, and what made it. Nothing names its owner."""

    prompt: str
    model_name: Annotated[str | None, Meta(description="The label of its LoRA; null: none.")]
    page_url: Annotated[str, Meta(description="A read-only page with the picture and its prompt.")]
    url: str
    thumbnail_url: str
    width: int
    height: int


class GalleryPictures(Struct, frozen=True, kw_only=True):
    """`next_cursor` asks for what comes after; null: that was all."""

    pictures: list[GalleryPicture]
    next_cursor: str | None


class OfferedPicture(GalleryPicture, frozen=True, kw_only=True):
    """A picture for the operator to decide about. `changed_at`: since when it is in its state."""

    image_id: str
    changed_at: Annotated[str, Meta(description="UTC, RFC 3339.")]


class OfferedPictures(Struct, frozen=True, kw_only=True):
    pictures: list[OfferedPicture]
    next_cursor: str | None


PUBLIC = "https://studio.example.org/p/2Qm7nXc0aZk4LtYv"
PICTURE = GalleryPicture(
    prompt="jade woman, red dress, beach sunset",
    model_name="jade-v1",
    page_url=PUBLIC,
    url=f"{PUBLIC}/picture",
    thumbnail_url=f"{PUBLIC}/thumbnail",
    width=1024,
    height=1024,
)
OFFERED = OfferedPicture(
    **{name: getattr(PICTURE, name) for name in PICTURE.__struct_fields__},
    image_id=examples.OUTPUT.id,
    changed_at="2026-11-28T10:00:00Z",
)
NEXT = "1790000000.0-2Qm7nXc0aZk4LtYv"
DECIDED = documented(OPERATORS_ONLY, NOT_FOUND, INVALID_REQUEST)


class GalleryController(Controller):
    path = "/api"
    tags = ("sharing",)

    @get(
        "/gallery",
        operation_id="gallery",
        summary="The public gallery",
        description="Where the operator has switched it on (STUDIO_GALLERY); else 404.",
        responses={
            200: examples.answers(GalleryPictures(pictures=[PICTURE], next_cursor=NEXT), "The newest first"),
            **documented(NOT_FOUND, INVALID_REQUEST),
        },
    )
    async def gallery(
        self,
        request: Request[Any, Any, Any],
        gallery: NamedDependency[PublicGallery],
        addresses: NamedDependency[presenters.Addresses],
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> GalleryPictures:
        page = await _page(gallery, GalleryState.ACCEPTED, cursor, limit)
        base = addresses.base(request)
        shown = [GalleryPicture(**_fields(each, base)) for each in page.images]
        return GalleryPictures(pictures=shown, next_cursor=page.next_cursor)

    @put(
        "/images/{image_id:str}/gallery",
        status_code=200,
        guards=[needs(GENERATE)],
        operation_id="offer",
        summary="Offer a picture to the public gallery",
        description="It is shared, if it is not yet; the gallery shows it once the operator accepts it.",
        responses={
            200: examples.answers(SHARED, "Its public address"),
            **CHANGED_OR_NOT,
            **documented(CONFLICT, CONTENT_BLOCKED),
        },
    )
    async def offer(
        self,
        request: Request[Any, Any, Any],
        image_id: ImageId,
        caller: NamedDependency[Caller],
        history: NamedDependency[History],
        gallery: NamedDependency[PublicGallery],
        addresses: NamedDependency[presenters.Addresses],
    ) -> Share:
        await owned(history, caller, image_id)
        url = f"{addresses.base(request)}{PATH}/{await gallery.offer(image_id)}"
        return Share(url=url, gallery=await gallery.state_of(image_id))

    @delete(
        "/images/{image_id:str}/gallery",
        status_code=204,
        guards=[needs(GENERATE)],
        operation_id="withdraw",
        summary="Take a picture back from the public gallery",
        description="It stays shared.",
        responses=CHANGED_OR_NOT,
    )
    async def withdraw(
        self,
        image_id: ImageId,
        caller: NamedDependency[Caller],
        history: NamedDependency[History],
        gallery: NamedDependency[PublicGallery],
    ) -> None:
        await owned(history, caller, image_id)
        await gallery.withdraw(image_id)

    @get(
        "/operator/gallery",
        guards=[operator],
        operation_id="offers",
        summary="Pictures offered to the gallery",
        responses={
            200: examples.answers(OfferedPictures(pictures=[OFFERED], next_cursor=NEXT), "The last change first"),
            **DECIDED,
        },
    )
    async def offers(
        self,
        request: Request[Any, Any, Any],
        gallery: NamedDependency[PublicGallery],
        addresses: NamedDependency[presenters.Addresses],
        status: Status = "offered",
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> OfferedPictures:
        page = await _page(gallery, GalleryState(status), cursor, limit)
        base = addresses.base(request)
        shown = [
            OfferedPicture(**_fields(each, base), image_id=each.shared.image.id, changed_at=utc(each.changed_at_s))
            for each in page.images
        ]
        return OfferedPictures(pictures=shown, next_cursor=page.next_cursor)

    @post(
        "/operator/gallery/{image_id:str}/accept",
        status_code=204,
        guards=[operator],
        operation_id="accept_offer",
        summary="Show an offered picture in the gallery",
        responses={**examples.nothing("It is in the gallery"), **DECIDED},
    )
    async def accept(self, image_id: ImageId, gallery: NamedDependency[PublicGallery]) -> None:
        await _decide(gallery, image_id, GalleryState.ACCEPTED)

    @post(
        "/operator/gallery/{image_id:str}/remove",
        status_code=204,
        guards=[operator],
        operation_id="remove_offer",
        summary="Decline an offered picture, or take one out of the gallery",
        description="Its owner cannot offer it again. It stays shared.",
        responses={**examples.nothing("It is not in the gallery"), **DECIDED},
    )
    async def remove(self, image_id: ImageId, gallery: NamedDependency[PublicGallery]) -> None:
        await _decide(gallery, image_id, GalleryState.REMOVED)


async def _page(gallery: PublicGallery, state: GalleryState, cursor: str | None, limit: int) -> GalleryPage:
    """Raises InvalidRequest."""
    if cursor is not None and not GALLERY_CURSOR.fullmatch(cursor):
        raise InvalidRequest([FieldError("cursor", "it is none", "the next_cursor of an answer")])
    return await gallery.page(state, cursor, limit)


async def _decide(gallery: PublicGallery, image_id: str, state: GalleryState) -> None:
    """Raises StudioError (404)."""
    if not await gallery.decide(image_id, state):
        raise StudioError(NOT_FOUND, f"no picture with the id {image_id[:64]} is offered to the gallery")


def _fields(image: GalleryImage, base: str) -> dict[str, Any]:
    shared = image.shared
    address = f"{base}{PATH}/{shared.share_id}"
    return {
        "prompt": shared.prompt,
        "model_name": shared.model,
        "page_url": address,
        "url": f"{address}/picture",
        "thumbnail_url": f"{address}/thumbnail",
        "width": shared.image.width,
        "height": shared.image.height,
    }
