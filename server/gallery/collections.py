"""Collections: an owner's images under names. Each method is a whole unit of work."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.clock import now_s
from server.db.history_models import CollectionImageRow, CollectionRow
from server.db.models import ImageRow, JobRow
from server.db.session import Database
from server.gallery.engagement import is_stored
from server.gallery.errors import FullCollection, NoSuchCollection, NoSuchPictures, TooManyCollections
from server.gallery.history import Person
from server.storage.store import ImageStore

MAX_COLLECTIONS = 200  # of one person
MAX_IMAGES = 500  # of one collection: what one zip holds


@dataclass(frozen=True, slots=True)
class Collection:
    """`cover_url` is the thumbnail of the image that was added last; None: it is empty."""

    id: str
    name: str
    created_at_s: float
    num_images: int = 0
    cover_url: str | None = None


class Collections:
    """Runs on the event loop. A collection is for the person who made it alone: for everybody else, operators
    included, it does not exist (NoSuchCollection)."""

    def __init__(self, database: Database, store: ImageStore) -> None:
        self._database = database
        self._store = store

    async def all(self, person: Person) -> list[Collection]:
        """Newest first."""
        return sorted(await self._found(_is_of(person)), key=lambda each: (-each.created_at_s, each.id))

    async def find(self, person: Person, collection_id: str) -> Collection:
        """Raises NoSuchCollection."""
        for each in await self._found(and_(_is_of(person), CollectionRow.id == collection_id)):
            return each
        raise NoSuchCollection(collection_id)

    async def _found(self, which: ColumnElement[bool]) -> list[Collection]:
        async with self._database.read() as session:
            rows = list(await session.scalars(select(CollectionRow).where(which)))
            counts = await _counts(session, [row.id for row in rows])
            covers = await _covers(session, [row.id for row in rows])
        return [
            Collection(
                row.id,
                row.name,
                row.created_at_s,
                counts.get(row.id, 0),
                self._store.url(covers[row.id]) if row.id in covers else None,
            )
            for row in rows
        ]

    async def create(self, person: Person, name: str) -> Collection:
        """Raises TooManyCollections."""
        async with self._database.write() as session:
            await self._database.lock(session, "collections")
            count = select(func.count()).select_from(CollectionRow).where(_is_of(person))
            if (await session.scalar(count) or 0) >= MAX_COLLECTIONS:
                raise TooManyCollections(MAX_COLLECTIONS)
            row = CollectionRow(
                id=secrets.token_hex(16),
                owner=person.owner,
                key_id=_key_id(person),
                end_user=person.end_user,
                name=name,
                created_at_s=await session.scalar(select(now_s())) or 0.0,
            )
            session.add(row)
        return Collection(row.id, row.name, row.created_at_s)

    async def rename(self, person: Person, collection_id: str, name: str) -> None:
        """Raises NoSuchCollection."""
        async with self._database.write() as session:
            await _require(session, person, collection_id)
            renamed = update(CollectionRow).where(CollectionRow.id == collection_id).values(name=name)
            await session.execute(renamed.execution_options(synchronize_session=False))

    async def delete(self, person: Person, collection_id: str) -> None:
        """The images stay. Raises NoSuchCollection."""
        async with self._database.write() as session:
            await _require(session, person, collection_id)
            await session.execute(delete(CollectionRow).where(CollectionRow.id == collection_id))

    async def add(self, person: Person, collection_id: str, image_ids: Sequence[str]) -> None:
        """Idempotent. Raises NoSuchCollection, NoSuchPictures and FullCollection; then nothing is added."""
        async with self._database.write() as session:
            await self._database.lock(session, "collections")  # count, then insert
            await _require(session, person, collection_id)
            theirs = select(ImageRow.id).join(JobRow).where(person.owns(), is_stored(), ImageRow.id.in_(image_ids))
            if missing := set(image_ids).difference(await session.scalars(theirs)):
                raise NoSuchPictures(missing)
            known = set(await session.scalars(_images_in(collection_id)))
            new = [each for each in dict.fromkeys(image_ids) if each not in known]
            if len(known) + len(new) > MAX_IMAGES:
                raise FullCollection(MAX_IMAGES, len(known))
            added_at_s = await session.scalar(select(now_s())) or 0.0
            session.add_all(
                CollectionImageRow(collection_id=collection_id, image_id=each, added_at_s=added_at_s) for each in new
            )

    async def remove(self, person: Person, collection_id: str, image_ids: Sequence[str]) -> None:
        """Idempotent. Raises NoSuchCollection."""
        async with self._database.write() as session:
            await _require(session, person, collection_id)
            await session.execute(
                delete(CollectionImageRow).where(
                    CollectionImageRow.collection_id == collection_id, CollectionImageRow.image_id.in_(image_ids)
                )
            )

    async def image_ids(self, person: Person, collection_id: str) -> list[str]:
        """In the order of adding. Raises NoSuchCollection."""
        async with self._database.read() as session:
            await _require(session, person, collection_id)
            return list(await session.scalars(_images_in(collection_id)))

    async def of_image(self, person: Person, image_id: str) -> list[str]:
        """The ids of the person's collections that hold the image."""
        statement = (
            select(CollectionRow.id)
            .join(CollectionImageRow)
            .where(_is_of(person), CollectionImageRow.image_id == image_id)
            .order_by(CollectionRow.id)
        )
        async with self._database.read() as session:
            return list(await session.scalars(statement))


def _is_of(person: Person) -> ColumnElement[bool]:
    """Those of an account and of each end user of its keys are apart."""
    return and_(
        CollectionRow.owner == person.owner,
        CollectionRow.key_id == _key_id(person),
        CollectionRow.end_user == person.end_user,
    )


def _key_id(person: Person) -> str | None:
    return person.key_id if person.end_user is not None else None


async def _require(session: AsyncSession, person: Person, collection_id: str) -> None:
    """Raises NoSuchCollection."""
    found = select(CollectionRow.id).where(_is_of(person), CollectionRow.id == collection_id)
    if await session.scalar(found) is None:
        raise NoSuchCollection(collection_id)


def _images_in(collection_id: str) -> Select[tuple[str]]:
    return (
        select(CollectionImageRow.image_id)
        .join(ImageRow, ImageRow.id == CollectionImageRow.image_id)
        .where(CollectionImageRow.collection_id == collection_id, is_stored())
        .order_by(CollectionImageRow.added_at_s, CollectionImageRow.image_id)
    )


async def _counts(session: AsyncSession, collection_ids: Sequence[str]) -> dict[str, int]:
    statement = (
        select(CollectionImageRow.collection_id, func.count())
        .join(ImageRow, ImageRow.id == CollectionImageRow.image_id)
        .where(CollectionImageRow.collection_id.in_(collection_ids), is_stored())
        .group_by(CollectionImageRow.collection_id)
    )
    return dict((await session.execute(statement)).tuples().all())


async def _covers(session: AsyncSession, collection_ids: Sequence[str]) -> dict[str, str]:
    """The storage key of each one's thumbnail; none for an empty one."""
    place = func.row_number().over(
        partition_by=CollectionImageRow.collection_id,
        order_by=(CollectionImageRow.added_at_s.desc(), CollectionImageRow.image_id),
    )
    newest = (
        select(
            CollectionImageRow.collection_id,
            func.coalesce(ImageRow.thumbnail_key, ImageRow.storage_key).label("key"),
            place.label("place"),
        )
        .join(ImageRow, ImageRow.id == CollectionImageRow.image_id)
        .where(CollectionImageRow.collection_id.in_(collection_ids), is_stored())
        .subquery()
    )
    statement = select(newest.c.collection_id, newest.c.key).where(newest.c.place == 1)
    return dict((await session.execute(statement)).tuples().all())
