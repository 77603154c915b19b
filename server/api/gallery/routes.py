"""History, favorites, deletion and downloads of an owner's images."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Annotated, Any

from litestar import Controller, Request, delete, get, post, put
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import QueryParameter
from litestar.response import Stream

from server.api.accounts.schemas import utc
from server.api.auth.caller import GENERATE, READ, Caller
from server.api.auth.guards import needs
from server.api.gallery import schemas as history_schemas
from server.api.gallery.download_routes import ImageId, zip_of
from server.api.http.openapi_errors import documented
from server.api.http.validation import body_like, json_body
from server.api.jobs import examples, presenters
from server.api.jobs.routes import KNOWN_OR_NOT
from server.errors import (
    INVALID_REQUEST,
    NOT_FOUND,
    NOT_YOURS,
    STORE_AWAY,
    TOO_LARGE,
    UNFINISHED,
    UNSUPPORTED_MEDIA_TYPE,
    FieldError,
    InvalidRequest,
    StudioError,
)
from server.gallery.collections import Collections
from server.gallery.engagement import Engagement
from server.gallery.history import (
    CURSOR,
    History,
    HistoryQuery,
    Person,
)
from server.queue.model import ImageView, JobView
from server.storage.store import ImageStore

MAX_WORDS = 20
SOME_IDS = history_schemas.PictureIds(ids=[examples.OUTPUT.id])

Words = Annotated[
    str | None,
    QueryParameter(
        description="Words that all occur in the prompt: at most 200 characters.",
        max_length=200,
        examples=[Example("words", value="red dress")],
    ),
]
Lora = Annotated[
    str | None,
    QueryParameter(
        description="Made with this LoRA: `jade` in any version, `jade-v1` in this one; at most 160 characters.",
        max_length=160,
        examples=[Example("any version", value="jade")],
    ),
]
Favorites = Annotated[bool, QueryParameter(description="true: only jobs that have a favorite; or false.")]
CollectionFilter = Annotated[
    str | None,
    QueryParameter(
        description="Only jobs that have a picture in this collection: an `id` of /api/collections.",
        max_length=64,
        examples=[Example("collection", value="7c0d5f3e9a1b4c6d8e2f0a1b2c3d4e5f")],
    ),
]
Cursor = Annotated[str | None, QueryParameter(description="The `next_cursor` of the page before.", max_length=64)]
Limit = Annotated[int, QueryParameter(description="Jobs a page: a whole number from 1 to 100.", ge=1, le=100)]
IdsBody = Annotated[history_schemas.PictureIds, json_body(SOME_IDS)]
IMAGE = history_schemas.KeptImage(**presenters.fields_of(examples.OUTPUT), favorite=True, downloads=2)
PICTURE = history_schemas.Picture(
    job_id=examples.JOB_ID, created_at="2026-11-22T10:00:00Z", metadata=examples.METADATA, image=IMAGE
)
ITEMS = history_schemas.HistoryItems(
    items=[
        history_schemas.HistoryItem(
            job_id=examples.JOB_ID,
            status="completed",
            created_at="2026-11-22T10:00:00Z",
            images_total=1,
            metadata=examples.METADATA,
            images=[IMAGE],
        )
    ],
    next_cursor=f"1790000000.0-{examples.JOB_ID}",
)
CHANGED_OR_NOT = {**KNOWN_OR_NOT, **documented(NOT_YOURS)}


class HistoryController(Controller):
    path = "/api"
    tags = ("history",)

    @get(
        "/history",
        guards=[needs(READ)],
        operation_id="history",
        summary="What you have made",
        description=(
            "Your jobs, newest first, including jobs made with your keys: jobs that have a picture or are still being"
            " made. Without an account the page has a history by its cookie; a call without cookie and key has none."
        ),
        responses={200: examples.answers(ITEMS, "A page of it"), **documented(INVALID_REQUEST, NOT_FOUND)},
    )
    async def history(
        self,
        request: Request[Any, Any, Any],
        caller: NamedDependency[Caller],
        history: NamedDependency[History],
        collections: NamedDependency[Collections],
        addresses: NamedDependency[presenters.Addresses],
        q: Words = None,
        lora: Lora = None,
        favorites: Favorites = False,
        collection: CollectionFilter = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> history_schemas.HistoryItems:
        _check_text(q=q, lora=lora)
        if cursor is not None and not CURSOR.fullmatch(cursor):
            raise InvalidRequest([FieldError("cursor", "it is none", "the next_cursor of an answer")])
        if caller.owner == caller.address:
            return history_schemas.HistoryItems(items=[], next_cursor=None)
        person = person_of(caller)
        if collection is not None:
            await collections.find(person, collection)
        words = tuple((q or "").split()[:MAX_WORDS])
        query = HistoryQuery(words, lora or None, favorites, collection, cursor, limit)
        page = await history.page(person, query)
        base = addresses.base(request)
        return history_schemas.HistoryItems(items=[_item(job, base) for job in page.jobs], next_cursor=page.next_cursor)

    @get(
        "/images/{image_id:str}",
        guards=[needs(READ)],
        operation_id="image",
        summary="A picture",
        responses={200: examples.answers(PICTURE, "With the settings of its job"), **KNOWN_OR_NOT},
    )
    async def image(
        self,
        request: Request[Any, Any, Any],
        image_id: ImageId,
        caller: NamedDependency[Caller],
        history: NamedDependency[History],
        addresses: NamedDependency[presenters.Addresses],
    ) -> history_schemas.Picture:
        ((job, image),) = await seen(history, caller, [image_id])
        kept = _kept(image, addresses.base(request))
        return history_schemas.Picture(
            job_id=job.job_id, created_at=utc(job.created_at_s), metadata=presenters.metadata(job), image=kept
        )

    @delete(
        "/images/{image_id:str}",
        status_code=204,
        guards=[needs(GENERATE)],
        operation_id="delete_image",
        summary="Delete a picture",
        description="Its file and its thumbnail too. A job whose last picture is deleted is deleted with it.",
        responses={**CHANGED_OR_NOT, **documented(UNFINISHED)},
    )
    async def delete_image(
        self,
        image_id: ImageId,
        caller: NamedDependency[Caller],
        history: NamedDependency[History],
        engagement: NamedDependency[Engagement],
    ) -> None:
        await owned(history, caller, image_id)
        if (await engagement.delete([image_id], caller.may_change)).kept:
            raise StudioError(UNFINISHED, "the job of this picture is still being made; wait for its end or cancel it")

    @put(
        "/images/{image_id:str}/favorite",
        status_code=204,
        guards=[needs(GENERATE)],
        operation_id="favorite",
        summary="Make a picture a favorite",
        responses=CHANGED_OR_NOT,
    )
    async def favorite(
        self,
        image_id: ImageId,
        caller: NamedDependency[Caller],
        history: NamedDependency[History],
        engagement: NamedDependency[Engagement],
    ) -> None:
        await owned(history, caller, image_id)
        await engagement.set_favorite(image_id, True)

    @delete(
        "/images/{image_id:str}/favorite",
        status_code=204,
        guards=[needs(GENERATE)],
        operation_id="unfavorite",
        summary="A favorite no longer",
        responses=CHANGED_OR_NOT,
    )
    async def unfavorite(
        self,
        image_id: ImageId,
        caller: NamedDependency[Caller],
        history: NamedDependency[History],
        engagement: NamedDependency[Engagement],
    ) -> None:
        await owned(history, caller, image_id)
        await engagement.set_favorite(image_id, False)

    @post(
        "/images/delete",
        status_code=200,
        guards=[needs(GENERATE)],
        operation_id="delete_images",
        summary="Delete pictures",
        before_request=body_like(SOME_IDS),
        responses={
            200: examples.answers(
                history_schemas.Deleted(deleted=[examples.OUTPUT.id], missing=[], kept=[]), "What became of each"
            ),
            **documented(INVALID_REQUEST, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE),
        },
    )
    async def delete_many(
        self, data: IdsBody, caller: NamedDependency[Caller], engagement: NamedDependency[Engagement]
    ) -> history_schemas.Deleted:
        done = await engagement.delete(set(data.ids), caller.may_change)
        return history_schemas.Deleted(deleted=list(done.deleted), missing=list(done.missing), kept=list(done.kept))

    @post(
        "/images/zip",
        status_code=200,
        guards=[needs(READ)],
        operation_id="zip_images",
        summary="Download pictures as a zip",
        description="In the order of `ids`, the stored bytes under their `filename`s, as of a job.",
        before_request=body_like(SOME_IDS),
        responses={
            200: examples.file("application/zip", "The zip"),
            **KNOWN_OR_NOT,
            **documented(TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, STORE_AWAY),
        },
    )
    async def zip(
        self,
        data: IdsBody,
        caller: NamedDependency[Caller],
        history: NamedDependency[History],
        engagement: NamedDependency[Engagement],
        store: NamedDependency[ImageStore],
    ) -> Stream:
        ids = list(dict.fromkeys(data.ids))
        images = with_names_of_their_own([image for _, image in await seen(history, caller, ids)])
        return await zip_of(images, time.strftime("pictures-%Y-%m-%d.zip", time.gmtime()), store, engagement)


async def seen(history: History, caller: Caller, ids: Sequence[str]) -> list[tuple[JobView, ImageView]]:
    """The pictures with these ids, in this order. Raises StudioError (404), for what belongs to others too."""
    found = {image.id: (job, image) for job, image in await history.images(ids)}
    for each in ids:
        if each not in found or not caller.may_see(found[each][0].owner, found[each][0].end_user):
            raise StudioError(NOT_FOUND, f"no picture has the id {each[:64]}")
    return [found[each] for each in ids]


async def owned(history: History, caller: Caller, image_id: str) -> None:
    """Raises StudioError (404, 403)."""
    ((job, _),) = await seen(history, caller, [image_id])
    if not caller.may_change(job.owner, job.end_user):
        raise StudioError(
            NOT_YOURS, "only who has made a picture may change it: with the same cookie, account or address"
        )


def person_of(caller: Caller) -> Person:
    return Person(caller.owner, caller.key_id, caller.end_user)


def _check_text(**parameters: str | None) -> None:
    for name, text in parameters.items():
        if "\x00" in (text or ""):
            raise InvalidRequest([FieldError(name, "it contains U+0000", "text without it")])


def with_names_of_their_own(images: Sequence[ImageView]) -> list[ImageView]:
    """Pictures of one prompt and seed have one name: in a zip each further one gets a number."""
    taken: dict[str, int] = {}
    named: list[ImageView] = []
    for image in images:
        count = taken[image.filename] = taken.get(image.filename, 0) + 1
        name = PurePosixPath(image.filename)
        named.append(image if count == 1 else replace(image, filename=f"{name.stem}--{count}{name.suffix}"))
    return named


def _item(job: JobView, base: str) -> history_schemas.HistoryItem:
    return history_schemas.HistoryItem(
        job_id=job.job_id,
        status=job.status.value,
        created_at=utc(job.created_at_s),
        images_total=job.images_total,
        metadata=presenters.metadata(job),
        images=[_kept(image, base) for image in job.images],
    )


def _kept(image: ImageView, base: str) -> history_schemas.KeptImage:
    output = presenters.fields_of(presenters.output(image, base))
    return history_schemas.KeptImage(**output, favorite=image.is_favorite, downloads=image.num_downloads)
