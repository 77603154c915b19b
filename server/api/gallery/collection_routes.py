"""Collections: an owner's pictures under names."""

from typing import Annotated, Any

from litestar import Controller, Request, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import PathParameter
from litestar.response import Stream
from msgspec import Meta, Struct

from server.api.accounts.schemas import utc
from server.api.auth.caller import GENERATE, READ, Caller
from server.api.auth.guards import needs
from server.api.gallery.download_routes import ImageId, zip_of
from server.api.gallery.routes import SOME_IDS, IdsBody, person_of, seen, with_names_of_their_own
from server.api.http.openapi_errors import documented
from server.api.http.validation import MAX_BODY_BYTES, body_like, json_body
from server.api.jobs import examples, presenters
from server.api.jobs.routes import KNOWN_OR_NOT
from server.errors import (
    CONFLICT,
    INVALID_REQUEST,
    NOT_FOUND,
    STORE_AWAY,
    TOO_LARGE,
    UNAUTHORIZED,
    UNSUPPORTED_MEDIA_TYPE,
    FieldError,
    InvalidRequest,
    StudioError,
)
from server.events.filenames import archive_filename
from server.gallery import collections as gallery
from server.gallery.collections import MAX_COLLECTIONS, MAX_IMAGES, Collections
from server.gallery.engagement import Engagement
from server.gallery.history import History
from server.storage.store import ImageStore

MAX_NAME = 100
COLLECTION_ID = "7c0d5f3e9a1b4c6d8e2f0a1b2c3d4e5f"

Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME, description="For you.", examples=["Red dresses"])]
CollectionId = Annotated[
    str,
    PathParameter(description="Of GET /api/collections.", examples=[Example("collection", value=COLLECTION_ID)]),
]


class CollectionName(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a collection is called."""

    name: Name


class Collection(Struct, frozen=True, kw_only=True):
    """Pictures under a name."""

    id: str
    name: str
    created_at: Annotated[str, Meta(description="UTC, RFC 3339.")]
    num_images: int
    cover_url: Annotated[str | None, Meta(description="A thumbnail; null: it is empty.")]


class CollectionList(Struct, frozen=True, kw_only=True):
    collections: list[Collection]


class CollectedImages(Struct, frozen=True, kw_only=True):
    """The `id`s of its pictures, in the order of adding."""

    ids: list[str]


class HoldingCollections(Struct, frozen=True, kw_only=True):
    """The `id`s of collections."""

    ids: list[str]


NAMED = CollectionName(name="Red dresses")
COLLECTION = Collection(
    id=COLLECTION_ID,
    name=NAMED.name,
    created_at="2026-11-28T10:00:00Z",
    num_images=1,
    cover_url=examples.OUTPUT.thumbnail_url,
)
NAME_READ = (INVALID_REQUEST, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE)
NameBody = Annotated[CollectionName, json_body(NAMED)]


class CollectionsController(Controller):
    path = "/api"
    tags = ("collections",)

    @get(
        "/collections",
        guards=[needs(READ)],
        operation_id="collections",
        summary="My collections",
        responses={
            200: examples.answers(CollectionList(collections=[COLLECTION]), "The newest first"),
            **documented(),
        },
    )
    async def list(
        self,
        request: Request[Any, Any, Any],
        caller: NamedDependency[Caller],
        collections: NamedDependency[Collections],
        addresses: NamedDependency[presenters.Addresses],
    ) -> CollectionList:
        if caller.owner == caller.address:
            return CollectionList(collections=[])
        base = addresses.base(request)
        return CollectionList(collections=[_shown(each, base) for each in await collections.all(person_of(caller))])

    @post(
        "/collections",
        status_code=201,
        guards=[needs(GENERATE)],
        operation_id="create_collection",
        summary="Create a collection",
        description=f"At most {MAX_COLLECTIONS}, with {MAX_IMAGES} pictures each. Without an account a browser has its"
        " own by the page's cookie; a call without cookie and key has none.",
        before_request=body_like(NAMED),
        request_max_body_size=MAX_BODY_BYTES,
        responses={
            201: examples.answers(COLLECTION, "It is empty"),
            **documented(CONFLICT, *NAME_READ),
        },
    )
    async def create(
        self,
        request: Request[Any, Any, Any],
        data: NameBody,
        caller: NamedDependency[Caller],
        collections: NamedDependency[Collections],
        addresses: NamedDependency[presenters.Addresses],
    ) -> Collection:
        if caller.owner == caller.address:
            raise StudioError(
                UNAUTHORIZED, "collections are for an account, a key, or a browser with the page's cookie"
            )
        return _shown(await collections.create(person_of(caller), _name(data)), addresses.base(request))

    @get(
        "/collections/{collection_id:str}",
        guards=[needs(READ)],
        operation_id="collection",
        summary="The pictures of a collection",
        description="Their settings are in GET /api/history?collection=….",
        responses={
            200: examples.answers(CollectedImages(ids=[examples.OUTPUT.id]), "Their ids"),
            **documented(NOT_FOUND, INVALID_REQUEST),
        },
    )
    async def images(
        self, collection_id: CollectionId, caller: NamedDependency[Caller], collections: NamedDependency[Collections]
    ) -> CollectedImages:
        return CollectedImages(ids=await collections.image_ids(person_of(caller), collection_id))

    @patch(
        "/collections/{collection_id:str}",
        guards=[needs(GENERATE)],
        operation_id="rename_collection",
        summary="Rename a collection",
        before_request=body_like(NAMED),
        request_max_body_size=MAX_BODY_BYTES,
        responses={200: examples.answers(COLLECTION, "Renamed"), **documented(NOT_FOUND, *NAME_READ)},
    )
    async def rename(
        self,
        request: Request[Any, Any, Any],
        collection_id: CollectionId,
        data: NameBody,
        caller: NamedDependency[Caller],
        collections: NamedDependency[Collections],
        addresses: NamedDependency[presenters.Addresses],
    ) -> Collection:
        person = person_of(caller)
        await collections.rename(person, collection_id, _name(data))
        return _shown(await collections.find(person, collection_id), addresses.base(request))

    @delete(
        "/collections/{collection_id:str}",
        status_code=204,
        guards=[needs(GENERATE)],
        operation_id="delete_collection",
        summary="Delete a collection",
        description="Its pictures stay.",
        responses={**examples.nothing("Deleted"), **documented(NOT_FOUND, INVALID_REQUEST)},
    )
    async def delete(
        self, collection_id: CollectionId, caller: NamedDependency[Caller], collections: NamedDependency[Collections]
    ) -> None:
        await collections.delete(person_of(caller), collection_id)

    @post(
        "/collections/{collection_id:str}/images",
        status_code=200,
        guards=[needs(GENERATE)],
        operation_id="collect",
        summary="Add pictures to a collection",
        description="Your own, finished ones. One that is in it already stays in its place.",
        before_request=body_like(SOME_IDS),
        request_max_body_size=MAX_BODY_BYTES,
        responses={
            200: examples.answers(COLLECTION, "With them"),
            **documented(NOT_FOUND, CONFLICT, *NAME_READ),
        },
    )
    async def add(
        self,
        request: Request[Any, Any, Any],
        collection_id: CollectionId,
        data: IdsBody,
        caller: NamedDependency[Caller],
        collections: NamedDependency[Collections],
        addresses: NamedDependency[presenters.Addresses],
    ) -> Collection:
        person = person_of(caller)
        await collections.add(person, collection_id, data.ids)
        return _shown(await collections.find(person, collection_id), addresses.base(request))

    @post(
        "/collections/{collection_id:str}/images/remove",
        status_code=200,
        guards=[needs(GENERATE)],
        operation_id="uncollect",
        summary="Take pictures out of a collection",
        description="They stay in the history.",
        before_request=body_like(SOME_IDS),
        request_max_body_size=MAX_BODY_BYTES,
        responses={200: examples.answers(COLLECTION, "Without them"), **documented(NOT_FOUND, *NAME_READ)},
    )
    async def remove(
        self,
        request: Request[Any, Any, Any],
        collection_id: CollectionId,
        data: IdsBody,
        caller: NamedDependency[Caller],
        collections: NamedDependency[Collections],
        addresses: NamedDependency[presenters.Addresses],
    ) -> Collection:
        person = person_of(caller)
        await collections.remove(person, collection_id, data.ids)
        return _shown(await collections.find(person, collection_id), addresses.base(request))

    @get(
        "/collections/{collection_id:str}/zip",
        guards=[needs(READ)],
        operation_id="zip_collection",
        summary="Download a collection as a zip",
        description="Its pictures in the order of adding, as of a job. Of an empty one the answer is 404.",
        responses={
            200: examples.file("application/zip", "The zip"),
            **documented(NOT_FOUND, INVALID_REQUEST, STORE_AWAY),
        },
    )
    async def zip(
        self,
        collection_id: CollectionId,
        caller: NamedDependency[Caller],
        collections: NamedDependency[Collections],
        history: NamedDependency[History],
        engagement: NamedDependency[Engagement],
        store: NamedDependency[ImageStore],
    ) -> Stream:
        person = person_of(caller)
        collection = await collections.find(person, collection_id)
        ids = await collections.image_ids(person, collection_id)
        if not ids:
            raise StudioError(NOT_FOUND, "no picture is in this collection")
        images = with_names_of_their_own([image for _, image in await seen(history, caller, ids)])
        return await zip_of(images, archive_filename(collection.name, collection_id), store, engagement)

    @get(
        "/images/{image_id:str}/collections",
        guards=[needs(READ)],
        operation_id="collections_of_image",
        summary="The collections that hold a picture",
        responses={
            200: examples.answers(HoldingCollections(ids=[COLLECTION_ID]), "Yours alone; may be none"),
            **KNOWN_OR_NOT,
        },
    )
    async def of_image(
        self,
        image_id: ImageId,
        caller: NamedDependency[Caller],
        history: NamedDependency[History],
        collections: NamedDependency[Collections],
    ) -> HoldingCollections:
        await seen(history, caller, [image_id])
        return HoldingCollections(ids=await collections.of_image(person_of(caller), image_id))


def _name(data: CollectionName) -> str:
    """Raises InvalidRequest."""
    name = data.name.strip()
    if not name:
        raise InvalidRequest([FieldError("name", "it is blank", f"text of 1 to {MAX_NAME} characters")])
    return name


def _shown(collection: gallery.Collection, base: str) -> Collection:
    return Collection(
        id=collection.id,
        name=collection.name,
        created_at=utc(collection.created_at_s),
        num_images=collection.num_images,
        cover_url=collection.cover_url and presenters.absolute(base, collection.cover_url),
    )
