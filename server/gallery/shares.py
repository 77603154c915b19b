"""Public addresses of images, made and revoked by their owners. Each method is a whole unit of work."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.clock import now_s
from server.db.models import ImageRow
from server.db.session import Database
from server.db.share_models import GalleryRow, ShareRow
from server.errors import CONTENT_BLOCKED, DomainError
from server.gallery.engagement import is_stored
from server.gallery.history import History
from server.queue.model import ImageView, JobView, Verdict

SHARE_ID = re.compile(r"[A-Za-z0-9_-]{16}")
ID_BYTES = 12
MAX_EXAMPLES = 12
MARKS = tuple(verdict.value for verdict in Verdict if verdict.marks)


class GalleryState(StrEnum):
    """States of an image in the gallery; without a row it is in none of them."""

    OFFERED = "offered"  # its owner has offered it
    ACCEPTED = "accepted"  # an operator shows it
    REMOVED = "removed"  # an operator has declined it, or taken it out; its owner cannot offer it again


def may_be_public() -> ColumnElement[bool]:
    """Of an image row: True if strangers may see it where its owner shares it. Public pages, examples and the gallery
    have no other rule. A mark of moderation lasts until an operator has released the image."""
    return and_(is_stored(), or_(ImageRow.verdict.is_(None), ImageRow.verdict.not_in(MARKS)))


@dataclass(frozen=True, slots=True)
class SharedImage:
    """What everybody may see of an image: its file and its prompt as typed. `model`: the LoRA's label.
    `thumbnail_key`: of the image itself where it is small."""

    share_id: str
    prompt: str
    model: str | None
    image: ImageView
    thumbnail_key: str


class UnderReview(DomainError):
    kind = CONTENT_BLOCKED

    def __init__(self) -> None:
        super().__init__("the picture is marked as explicit: it can be shared after an operator has released it")


class Shares:
    """Runs on the event loop."""

    def __init__(self, database: Database, history: History) -> None:
        self._database = database
        self._history = history

    async def share(self, image_id: str) -> str:
        """The id of the image's public address, which is made if there is none. The image exists. Raises
        UnderReview."""
        async with self._database.write() as session:
            await require_public(session, image_id)
            await self._database.lock(session, "share")  # two calls at the same time make one
            known = await session.scalar(select(ShareRow.id).where(ShareRow.image_id == image_id))
            if known is not None:
                return known
            share_id = secrets.token_urlsafe(ID_BYTES)
            created_at_s = await session.scalar(select(now_s())) or 0.0
            session.add(ShareRow(id=share_id, image_id=image_id, created_at_s=created_at_s))
            return share_id

    async def id_of(self, image_id: str) -> str | None:
        async with self._database.read() as session:
            return await session.scalar(select(ShareRow.id).where(ShareRow.image_id == image_id))

    async def revoke(self, image_id: str) -> None:
        """Idempotent. The address is never given to another image. The gallery loses the image too."""
        async with self._database.write() as session:
            await session.execute(delete(ShareRow).where(ShareRow.image_id == image_id))
            await leave_gallery(session, image_id)

    async def set_example(self, image_id: str, is_example: bool) -> bool:
        """False: the image is not shared."""
        async with self._database.write() as session:
            change = update(ShareRow).where(ShareRow.image_id == image_id).values(is_example=is_example)
            changed = await session.scalar(change.returning(ShareRow.id).execution_options(synchronize_session=False))
            return changed is not None

    async def find(self, share_id: str) -> SharedImage | None:
        """None: never shared, revoked, or it may not be public any more."""
        if not SHARE_ID.fullmatch(share_id):
            return None
        return next(iter(await self.public([share_id])), None)

    async def examples(self) -> list[SharedImage]:
        """What the operator has marked, the newest first."""
        async with self._database.read() as session:
            marked = (
                select(ShareRow.id)
                .join(ImageRow, ImageRow.id == ShareRow.image_id)
                .where(ShareRow.is_example, may_be_public())
                .order_by(ShareRow.created_at_s.desc(), ShareRow.id)
                .limit(MAX_EXAMPLES)
            )
            share_ids = list(await session.scalars(marked))
        return await self.public(share_ids)

    async def public(self, share_ids: Sequence[str]) -> list[SharedImage]:
        """In this order; an image that may not be public is left out."""
        async with self._database.read() as session:
            statement = (
                select(ShareRow.id, ImageRow.id, func.coalesce(ImageRow.thumbnail_key, ImageRow.storage_key))
                .join(ImageRow, ImageRow.id == ShareRow.image_id)
                .where(ShareRow.id.in_(share_ids), may_be_public())
            )
            rows = {share_id: (image_id, key) for share_id, image_id, key in await session.execute(statement)}
        views = await self._history.images([image_id for image_id, _ in rows.values()])
        found = {image.id: (job, image) for job, image in views}
        shared: list[SharedImage] = []
        for share_id in share_ids:
            image_id, thumbnail_key = rows.get(share_id, ("", ""))
            if image_id in found:
                shared.append(_shared(share_id, *found[image_id], thumbnail_key))
        return shared


async def require_public(session: AsyncSession, image_id: str) -> None:
    """Raises UnderReview."""
    if await session.scalar(select(ImageRow.id).where(ImageRow.id == image_id, may_be_public())) is None:
        raise UnderReview


async def leave_gallery(session: AsyncSession, image_id: str) -> None:
    """That an operator has removed the image is kept."""
    theirs = delete(GalleryRow).where(GalleryRow.image_id == image_id, GalleryRow.state != GalleryState.REMOVED)
    await session.execute(theirs)


def _shared(share_id: str, job: JobView, image: ImageView, thumbnail_key: str) -> SharedImage:
    spec = job.specs[image.index]
    prompt = job.prompt if job.axes is None else spec.prompt
    return SharedImage(share_id, prompt, spec.model, image, thumbnail_key)
