"""The public gallery: shared images that their owners have offered and the operator has accepted. Each method is a
whole unit of work."""

import re
from dataclasses import dataclass

from sqlalchemy import Select, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.clock import now_s
from server.db.models import ImageRow, JobRow
from server.db.session import Database
from server.db.share_models import GalleryRow, ShareRow
from server.gallery.errors import NoGallery, NotForGallery, TooManyOffers
from server.gallery.shares import GalleryState, SharedImage, Shares, leave_gallery, may_be_public, require_public

MAX_OFFERS = 50  # of one owner, not decided yet
GALLERY_CURSOR = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)-([A-Za-z0-9_-]{16})")


@dataclass(frozen=True, slots=True)
class GalleryImage:
    """`changed_at_s`: since when it is in this state."""

    shared: SharedImage
    changed_at_s: float


@dataclass(frozen=True, slots=True)
class GalleryPage:
    images: tuple[GalleryImage, ...]
    next_cursor: str | None


class PublicGallery:
    """Runs on the event loop. Where it is off, each method raises NoGallery."""

    def __init__(self, database: Database, shares: Shares, is_on: bool) -> None:
        self.is_on = is_on
        self._database = database
        self._shares = shares

    async def offer(self, image_id: str) -> str:
        """Share the image and offer it; idempotent. The id of its public address. The image exists. Raises
        NotForGallery, UnderReview and TooManyOffers."""
        self._require_on()
        async with self._database.write() as session:
            await self._database.lock(session, "share")  # count, then insert
            state = await _state_of(session, image_id)
            if state is GalleryState.REMOVED:
                raise NotForGallery
            await require_public(session, image_id)
            if state is None:
                await _require_room(session, image_id)
                offered_at_s = await session.scalar(select(now_s())) or 0.0
                session.add(GalleryRow(image_id=image_id, state=GalleryState.OFFERED, changed_at_s=offered_at_s))
        return await self._shares.share(image_id)

    async def withdraw(self, image_id: str) -> None:
        """Idempotent. The image stays shared."""
        self._require_on()
        async with self._database.write() as session:
            await leave_gallery(session, image_id)

    async def state_of(self, image_id: str) -> GalleryState | None:
        """None: it is not offered."""
        self._require_on()
        async with self._database.read() as session:
            return await _state_of(session, image_id)

    async def decide(self, image_id: str, state: GalleryState) -> bool:
        """Accept or remove an image that was offered. False: it was not, or it is not shared any more."""
        self._require_on()
        async with self._database.write() as session:
            shown = select(ShareRow.image_id).where(ShareRow.image_id == image_id)
            decided = (
                update(GalleryRow)
                .where(GalleryRow.image_id.in_(shown))
                .values(state=state, changed_at_s=now_s())
                .returning(GalleryRow.image_id)
                .execution_options(synchronize_session=False)
            )
            return await session.scalar(decided) is not None

    async def page(self, state: GalleryState, cursor: str | None, limit: int) -> GalleryPage:
        """The images in this state, the last change first. `cursor` is the `next_cursor` of the page before."""
        self._require_on()
        async with self._database.read() as session:
            rows = (await session.execute(_in_state(state, cursor).limit(limit + 1))).tuples().all()
        changed_at_s = dict(rows[:limit])
        shared = await self._shares.public(list(changed_at_s))
        images = tuple(GalleryImage(each, changed_at_s[each.share_id]) for each in shared)
        share_id, last_s = rows[limit - 1] if len(rows) > limit else ("", 0.0)
        return GalleryPage(images, f"{last_s!r}-{share_id}" if share_id else None)

    def _require_on(self) -> None:
        if not self.is_on:
            raise NoGallery


def _in_state(state: GalleryState, cursor: str | None) -> Select[tuple[str, float]]:
    statement = (
        select(ShareRow.id, GalleryRow.changed_at_s)
        .join(GalleryRow, GalleryRow.image_id == ShareRow.image_id)
        .join(ImageRow, ImageRow.id == ShareRow.image_id)
        .where(GalleryRow.state == state, may_be_public())
        .order_by(GalleryRow.changed_at_s.desc(), ShareRow.id.desc())
    )
    if cursor is not None and (after := GALLERY_CURSOR.fullmatch(cursor)):
        statement = statement.where(tuple_(GalleryRow.changed_at_s, ShareRow.id) < (float(after[1]), after[2]))
    return statement


async def _state_of(session: AsyncSession, image_id: str) -> GalleryState | None:
    state = await session.scalar(select(GalleryRow.state).where(GalleryRow.image_id == image_id))
    return None if state is None else GalleryState(state)


async def _require_room(session: AsyncSession, image_id: str) -> None:
    """Raises TooManyOffers."""
    owner = select(JobRow.owner).join(ImageRow).where(ImageRow.id == image_id).scalar_subquery()
    waiting = (
        select(func.count())
        .select_from(GalleryRow)
        .join(ImageRow, ImageRow.id == GalleryRow.image_id)
        .join(JobRow, JobRow.id == ImageRow.job_id)
        .where(GalleryRow.state == GalleryState.OFFERED, JobRow.owner == owner)
    )
    if (await session.scalar(waiting) or 0) >= MAX_OFFERS:
        raise TooManyOffers(MAX_OFFERS)
