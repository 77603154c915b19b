"""Operator endpoints of moderation: the review of marked pictures, exempt accounts, the log."""

from typing import Annotated, Any

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter

from server.accounts.service import Accounts
from server.api.accounts import examples as account_examples
from server.api.auth.caller import Caller
from server.api.auth.guards import operator
from server.api.http.openapi_errors import documented
from server.api.http.validation import body_like, json_body
from server.api.jobs import examples
from server.api.jobs.presenters import Addresses, absolute
from server.api.operator import moderation_schemas as schemas
from server.api.operator.routes import REFUSED, USER, UserId, no_account, user_with_usage
from server.api.usage.schemas import OperatorUser
from server.errors import INVALID_REQUEST, NOT_FOUND, TOO_LARGE, UNFINISHED, UNSUPPORTED_MEDIA_TYPE
from server.moderation.reviews import Reviews
from server.storage.store import ImageStore
from server.usage.service import Usage

A_PAGE = 50
REVIEW = schemas.Review(note="a red dress, nothing else")
EXEMPTION = schemas.Exemption(exempt=True, note="a medical archive")
PICTURE = schemas.MarkedPicture(
    id=examples.OUTPUT.id,
    job_id=examples.JOB_ID,
    owner=f"user:{account_examples.USER.id}",
    end_user=None,
    created_at="2026-11-22T10:00:00Z",
    prompt="jade woman, red dress, beach sunset",
    verdict="flagged",
    score=0.91,
    width=256,
    height=256,
    url=examples.OUTPUT.url,
    thumbnail_url=examples.OUTPUT.thumbnail_url,
)
DECISION = schemas.ModerationDecision(
    id=7,
    created_at="2026-11-22T10:05:00Z",
    decision="released",
    decided_by="operator",
    owner=PICTURE.owner,
    image_id=PICTURE.id,
    asset_id=None,
    score=PICTURE.score,
    note="a red dress, nothing else",
)
PictureId = Annotated[
    str, PathParameter(description="The `id` of a picture.", examples=[Example("picture", value=PICTURE.id)])
]
Cursor = Annotated[str | None, QueryParameter(description="The `next_cursor` of the page before.", max_length=80)]
Before = Annotated[
    str | None,
    QueryParameter(description="The `next_cursor` of the page before.", pattern=r"^[1-9][0-9]{0,9}$", max_length=10),
]
CHANGES = (*REFUSED, NOT_FOUND, INVALID_REQUEST, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE)


class ModerationController(Controller):
    path = "/api/operator"
    tags = ("operator",)
    guards = (operator,)

    @get(
        "/moderation/pictures",
        operation_id="marked_pictures",
        summary="Pictures that wait for a review",
        description="Flagged and blurred pictures of all owners, until an operator releases or deletes them.",
        responses={
            200: examples.answers(schemas.MarkedPictures(pictures=[PICTURE], next_cursor=None), "The newest first"),
            **documented(*REFUSED, INVALID_REQUEST),
        },
    )
    async def pictures(
        self,
        request: Request[Any, Any, Any],
        reviews: NamedDependency[Reviews],
        store: NamedDependency[ImageStore],
        addresses: NamedDependency[Addresses],
        cursor: Cursor = None,
    ) -> schemas.MarkedPictures:
        images, next_cursor = await reviews.page(cursor, A_PAGE)
        base = addresses.base(request)
        pictures = [
            schemas.picture_of(
                image, absolute(base, store.url(image.storage_key)), absolute(base, store.url(image.thumbnail_key))
            )
            for image in images
        ]
        return schemas.MarkedPictures(pictures=pictures, next_cursor=next_cursor)

    @post(
        "/moderation/pictures/{image_id:str}/release",
        status_code=200,
        before_request=body_like(REVIEW),
        operation_id="release_picture",
        summary="Release a picture",
        description="It is shown without a mark from now on. The text in its file stays as it is.",
        responses={200: examples.answers(DECISION, "The decision"), **documented(*CHANGES)},
    )
    async def release(
        self,
        image_id: PictureId,
        data: Annotated[schemas.Review, json_body(REVIEW)],
        caller: NamedDependency[Caller],
        reviews: NamedDependency[Reviews],
    ) -> schemas.ModerationDecision:
        return schemas.decision_of(await reviews.release(image_id, data.note, caller.owner))

    @post(
        "/moderation/pictures/{image_id:str}/delete",
        status_code=200,
        before_request=body_like(REVIEW),
        operation_id="delete_marked_picture",
        summary="Delete a picture under review",
        description="For good, with its files; its owner no longer has it. The decision stays in the log.",
        responses={
            200: examples.answers(DECISION, "The decision"),
            **documented(*CHANGES, UNFINISHED),
        },
    )
    async def delete(
        self,
        image_id: PictureId,
        data: Annotated[schemas.Review, json_body(REVIEW)],
        caller: NamedDependency[Caller],
        reviews: NamedDependency[Reviews],
    ) -> schemas.ModerationDecision:
        return schemas.decision_of(await reviews.delete(image_id, data.note, caller.owner))

    @get(
        "/moderation/decisions",
        operation_id="moderation_decisions",
        summary="The log of moderation",
        description="What the classifier found and what operators decided. It outlives pictures, jobs and accounts.",
        responses={
            200: examples.answers(
                schemas.ModerationDecisions(decisions=[DECISION], next_cursor=None), "The newest first"
            ),
            **documented(*REFUSED, INVALID_REQUEST),
        },
    )
    async def decisions(self, reviews: NamedDependency[Reviews], cursor: Before = None) -> schemas.ModerationDecisions:
        page = await reviews.decisions(int(cursor) if cursor else None, A_PAGE + 1)
        shown = [schemas.decision_of(decision) for decision in page[:A_PAGE]]
        return schemas.ModerationDecisions(
            decisions=shown, next_cursor=str(shown[-1].id) if len(page) > A_PAGE else None
        )

    @post(
        "/users/{user_id:str}/moderation",
        status_code=200,
        before_request=body_like(EXEMPTION),
        operation_id="exempt_user",
        summary="Exempt an account from moderation",
        description="Or end that. It holds for jobs that begin from now on, and for uploads.",
        responses={200: examples.answers(USER, "The account"), **documented(*CHANGES)},
    )
    async def exempt(
        self,
        user_id: UserId,
        data: Annotated[schemas.Exemption, json_body(EXEMPTION)],
        caller: NamedDependency[Caller],
        reviews: NamedDependency[Reviews],
        accounts: NamedDependency[Accounts],
        usage: NamedDependency[Usage],
    ) -> OperatorUser:
        is_known = await reviews.set_exempt(user_id, data.exempt, data.note, caller.owner)
        account = await accounts.get(user_id) if is_known else None
        if account is None:
            raise no_account(user_id)
        return await user_with_usage(account, usage)
