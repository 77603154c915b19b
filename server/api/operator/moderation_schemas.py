"""What the operator's calls of moderation take and give."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from server.api.accounts.schemas import utc
from server.moderation.reviews import Decision, MarkedImage

MAX_NOTE = 1000
Note = Annotated[str, Meta(max_length=MAX_NOTE, description="Why; it is kept with the decision.")]
At = Annotated[str, Meta(description="UTC, RFC 3339.")]


class Review(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    note: Note = ""


class Exemption(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    exempt: Annotated[bool, Meta(description="True: pictures of this account are not moderated.")]
    note: Note = ""


class MarkedPicture(Struct, frozen=True, kw_only=True):
    """A picture that waits for a review. `prompt` is as encoded, `owner` is `user:{id}`, `anon:...` or an address."""

    id: str
    job_id: str
    owner: str
    end_user: str | None
    created_at: At
    prompt: str
    verdict: Literal["flagged", "blurred"]
    score: float
    width: int
    height: int
    url: str
    thumbnail_url: str


class MarkedPictures(Struct, frozen=True, kw_only=True):
    """The newest first. `next_cursor` returns what comes after; null: that was all."""

    pictures: list[MarkedPicture]
    next_cursor: str | None


class ModerationDecision(Struct, frozen=True, kw_only=True):
    """`decided_by` is `classifier`, `operator` or the `user:{id}` of an operator. `image_id` null: an upload
    (`asset_id`) or an account (`owner`) is meant."""

    id: int
    created_at: At
    decision: Literal["flagged", "blurred", "blocked", "released", "deleted", "exempted", "unexempted"]
    decided_by: str
    owner: str
    image_id: str | None
    asset_id: str | None
    score: float | None
    note: str


class ModerationDecisions(Struct, frozen=True, kw_only=True):
    """The newest first. `next_cursor` returns what comes after; null: that was all."""

    decisions: list[ModerationDecision]
    next_cursor: str | None


def decision_of(decision: Decision) -> ModerationDecision:
    return ModerationDecision(
        id=decision.id,
        created_at=utc(decision.created_at_s),
        decision=decision.decision,  # pyright: ignore[reportArgumentType]
        decided_by=decision.decided_by,
        owner=decision.owner,
        image_id=decision.image_id,
        asset_id=decision.asset_id,
        score=decision.score,
        note=decision.note,
    )


def picture_of(image: MarkedImage, url: str, thumbnail_url: str) -> MarkedPicture:
    return MarkedPicture(
        id=image.id,
        job_id=image.job_id,
        owner=image.owner,
        end_user=image.end_user,
        created_at=utc(image.finished_at_s),
        prompt=image.prompt,
        verdict=image.verdict.value,  # pyright: ignore[reportArgumentType]
        score=image.score,
        width=image.width,
        height=image.height,
        url=url,
        thumbnail_url=thumbnail_url,
    )
