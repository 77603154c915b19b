"""An owner's jobs, newest first. Each method is a whole unit of work."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, or_, select, tuple_

from server.db.history_models import CollectionImageRow
from server.db.models import ImageRow, JobLoraRow, JobRow
from server.db.session import Database
from server.events.reader import JobReader
from server.gallery.engagement import is_stored
from server.queue import states
from server.queue.model import ImageView, JobView

CURSOR = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)-([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class Person:
    """Whose history: an owner's, or of a key that calls for others, one end user's."""

    owner: str
    key_id: str | None = None
    end_user: str | None = None

    def owns(self) -> ColumnElement[bool]:
        if self.end_user is None:
            return JobRow.owner == self.owner
        return and_(JobRow.owner == self.owner, JobRow.key_id == self.key_id, JobRow.end_user == self.end_user)


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """`words`: all of them occur in the prompt, in any order. `lora`: `jade` (any version) or `jade-v1`. `collection`:
    an id; the caller has checked whose it is. `cursor` is the `next_cursor` of the page before."""

    words: tuple[str, ...] = ()
    lora: str | None = None
    favorites: bool = False
    collection: str | None = None
    cursor: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class HistoryPage:
    jobs: tuple[JobView, ...]
    next_cursor: str | None


class History:
    """Runs on the event loop."""

    def __init__(self, database: Database, reader: JobReader) -> None:
        self._database = database
        self._reader = reader

    async def page(self, person: Person, query: HistoryQuery) -> HistoryPage:
        """Jobs that have an image or may still get one. With `favorites`, only jobs with a favorite; with
        `collection`, only jobs with an image in it."""
        statement = (
            select(JobRow)
            .where(person.owns(), *_conditions(query))
            .order_by(JobRow.created_at_s.desc(), JobRow.id.desc())
            .limit(query.limit + 1)
        )
        async with self._database.read() as session:
            jobs = list(await session.scalars(statement))
            views = await self._reader.views(session, jobs[: query.limit])
        last = jobs[query.limit - 1] if len(jobs) > query.limit else None
        return HistoryPage(tuple(views), f"{last.created_at_s!r}-{last.id}" if last else None)

    async def images(self, image_ids: Sequence[str]) -> list[tuple[JobView, ImageView]]:
        """The stored images among these, with their jobs, in no order."""
        async with self._database.read() as session:
            jobs = await session.scalars(select(JobRow).where(JobRow.id.in_({image_id[:32] for image_id in image_ids})))
            views = await self._reader.views(session, list(jobs))
        return [(job, image) for job in views for image in job.images if image.id in image_ids]


def _conditions(query: HistoryQuery) -> list[ColumnElement[bool]]:
    stored = select(ImageRow.id).where(ImageRow.job_id == JobRow.id, is_stored())
    conditions: list[ColumnElement[bool]] = []
    if query.favorites:
        conditions.append(exists(stored.where(ImageRow.is_favorite)))
    else:
        conditions.append(or_(exists(stored), states.unfinished()))
    if query.collection is not None:
        collected = stored.join(CollectionImageRow, CollectionImageRow.image_id == ImageRow.id)
        conditions.append(exists(collected.where(CollectionImageRow.collection_id == query.collection)))
    conditions += [JobRow.search_text.icontains(word, autoescape=True) for word in query.words]
    if query.lora is not None:
        conditions.append(
            exists(select(JobLoraRow.job_id).where(JobLoraRow.job_id == JobRow.id, _is_called(query.lora)))
        )
    if query.cursor is not None and (after := CURSOR.fullmatch(query.cursor)):
        conditions.append(tuple_(JobRow.created_at_s, JobRow.id) < (float(after[1]), after[2]))
    return conditions


def _is_called(lora: str) -> ColumnElement[bool]:
    """A name means any version, a label that one."""
    name, version_mark, version = lora.rpartition("-v")
    any_version = JobLoraRow.name == lora
    if not version_mark:
        return any_version
    return or_(any_version, and_(JobLoraRow.name == name, JobLoraRow.version == version))
