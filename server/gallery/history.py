"""What somebody has made, newest first. Each method is a whole unit of work."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Text, and_, cast, exists, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.models import ImageRow, JobRow
from server.db.session import Database
from server.events.reader import JobReader, JobRecord
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
    """`words`: all of them occur in the prompt, in any order. `lora`: `jade` (any version) or `jade-v1`. `cursor` is
    what the page before said comes next."""

    words: tuple[str, ...] = ()
    lora: str | None = None
    favorites: bool = False
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
        """Jobs that have a picture or may still get one. With `favorites`, those that have a favorite."""
        statement = (
            select(JobRow)
            .where(person.owns(), *_conditions(query))
            .order_by(JobRow.created_at_s.desc(), JobRow.id.desc())
            .limit(query.limit + 1)
        )
        async with self._database.read() as session:
            jobs = list(await session.scalars(statement))
            records = await records_of(session, jobs[: query.limit])
        last = jobs[query.limit - 1] if len(jobs) > query.limit else None
        next_cursor = f"{last.created_at_s!r}-{last.id}" if last else None
        return HistoryPage(tuple(map(self._reader.view_of, records)), next_cursor)

    async def pictures(self, image_ids: Sequence[str]) -> list[tuple[JobView, ImageView]]:
        """Those of these pictures that there are, with their jobs, in no order."""
        async with self._database.read() as session:
            jobs = await session.scalars(select(JobRow).where(JobRow.id.in_({each[:32] for each in image_ids})))
            records = await records_of(session, list(jobs))
        views = map(self._reader.view_of, records)
        return [(job, image) for job in views for image in job.images if image.id in image_ids]


async def records_of(session: AsyncSession, jobs: Sequence[JobRow]) -> list[JobRecord]:
    """The jobs in this order with their pictures, by one query."""
    ids = [job.id for job in jobs]
    images = list(await session.scalars(select(ImageRow).where(ImageRow.job_id.in_(ids)).order_by(ImageRow.n)))
    return [JobRecord(job, tuple(image for image in images if image.job_id == job.id)) for job in jobs]


def _conditions(query: HistoryQuery) -> list[ColumnElement[bool]]:
    its_pictures = select(ImageRow.id).where(ImageRow.job_id == JobRow.id)
    if query.favorites:
        found = [exists(its_pictures.where(ImageRow.is_favorite))]
    else:
        found: list[ColumnElement[bool]] = [or_(exists(its_pictures), states.unfinished())]
    for word in query.words:
        found.append(or_(*(text.icontains(word, autoescape=True) for text in (JobRow.prompt, JobRow.final_prompt))))
    if query.lora is not None:
        found.append(_names(query.lora))
    if query.cursor is not None and (after := CURSOR.fullmatch(query.cursor)):
        found.append(tuple_(JobRow.created_at_s, JobRow.id) < (float(after[1]), after[2]))
    return found


def _names(lora: str) -> ColumnElement[bool]:
    """`JobRow.loras` as text, which is as rows.lora_json wrote it: both databases keep it so."""
    text = cast(JobRow.loras, Text)
    name, version_mark, version = lora.rpartition("-v")
    exact = text.contains(f'"name": "{name}", "version": "{version}",', autoescape=True)
    any_version = text.contains(f'"name": "{lora}", "version": ', autoescape=True)
    return or_(any_version, exact) if version_mark else any_version
