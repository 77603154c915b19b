"""What the calls about finished work take and give."""

from typing import Annotated

from msgspec import Meta, Struct

from server.api.jobs.schemas import Metadata, Output, Status

MAX_IDS = 500
ImageIds = Annotated[
    list[Annotated[str, Meta(pattern=r"^[0-9a-f]{32}-[1-9][0-9]?$")]],
    Meta(min_length=1, max_length=MAX_IDS, description="The `id`s of pictures."),
]


class KeptImage(Output, frozen=True, kw_only=True):
    """A finished picture, and what has been done with it."""

    favorite: bool
    downloads: int


class HistoryItem(Struct, frozen=True, kw_only=True):
    """One job: `metadata` is that of its result, `images` those of its pictures that are finished and not deleted."""

    job_id: str
    status: Status
    created_at: Annotated[str, Meta(description="UTC, RFC 3339.")]
    images_total: int
    metadata: Metadata
    images: list[KeptImage]


class HistoryItems(Struct, frozen=True, kw_only=True):
    """`next_cursor` asks for what comes after; null: that was all."""

    items: list[HistoryItem]
    next_cursor: str | None


class Picture(Struct, frozen=True, kw_only=True):
    """One picture with the settings of its job."""

    job_id: str
    created_at: Annotated[str, Meta(description="UTC, RFC 3339.")]
    metadata: Metadata
    image: KeptImage


class PictureIds(Struct, frozen=True, forbid_unknown_fields=True):
    ids: ImageIds


class Deleted(Struct, frozen=True, kw_only=True):
    """`missing` are not there, or not yours; `kept` belong to jobs that are still being made: cancel them first."""

    deleted: list[str]
    missing: list[str]
    kept: list[str]
