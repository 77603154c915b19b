"""What readers of batches are shown: where they stand, their lines, the files that they made."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Row, case, func, select, tuple_
from sqlalchemy.orm import aliased

from server.batches.model import BatchState, LineFile, LineView
from server.db.batch_models import BatchLineRow, BatchRow
from server.db.clock import now_s
from server.db.models import ImageRow, JobRow
from server.db.session import Database
from server.engine.requests import Candidate
from server.events.filenames import image_filename
from server.events.progress import ProgressTracker
from server.events.reader import JobReader
from server.gallery.history import Person
from server.generation.batch_lines import LineStatus
from server.queue import states
from server.queue.mapping import requester_of
from server.queue.model import ImageStatus, ImageView, JobError, JobStatus

PAGE = 100
"""Lines read in one go."""
FILES_PAGE = 200

Ended = tuple[float, str]
"""A place among jobs that have ended: seconds by the database's clock, and an id, as many can end at one time."""

NEWEST = aliased(JobRow)
"""The newest job of a line; an older one of a line that was retried has images too."""
STATUS: ColumnElement[str] = case(
    (BatchLineRow.status == LineStatus.REFUSED, "failed"),
    (BatchLineRow.status != LineStatus.FED, BatchLineRow.status),
    else_=func.coalesce(NEWEST.status, "deleted"),
)
"""Of a line joined with NEWEST."""


class BatchReader:
    """Runs on the event loop."""

    def __init__(self, database: Database, jobs: JobReader, progress: ProgressTracker) -> None:
        self._database = database
        self._jobs = jobs
        self._progress = progress

    async def state(self, batch_id: str) -> BatchState | None:
        """None: there is no such batch."""
        states_ = await self._states(BatchRow.id == batch_id, 1)
        return states_[0] if states_ else None

    async def newest(self, person: Person, limit: int) -> list[BatchState]:
        """Of one caller, the newest first."""
        owns = BatchRow.owner == person.owner
        if person.end_user is not None:
            owns &= (BatchRow.key_id == person.key_id) & (BatchRow.end_user == person.end_user)
        return await self._states(owns, limit)

    async def lines(self, batch_id: str, after: int, status: str | None = None) -> list[LineView]:
        """The next lines, at most PAGE."""
        which: ColumnElement[bool] = BatchLineRow.line > after
        if status is not None:
            which &= STATUS.in_([status])
        return await self._lines(batch_id, which, PAGE)

    async def ended_after(self, batch_id: str, after: Ended) -> tuple[list[LineView], Ended, bool]:
        """The lines whose jobs ended after that place, at most PAGE, without lines that are made again; the place up to
        which they were read; True if there are more."""
        async with self._database.read() as session:
            now = await session.scalar(select(now_s())) or 0.0
            ended = (
                select(JobRow.batch_line, JobRow.finished_at_s, JobRow.id)
                .where(JobRow.batch_id == batch_id, tuple_(JobRow.finished_at_s, JobRow.id) > after)
                .order_by(JobRow.finished_at_s, JobRow.id)
                .limit(PAGE)
            )
            found = (await session.execute(ended)).all()
        has_more = len(found) == PAGE
        numbers = {row.batch_line for row in found}
        views = await self._lines(batch_id, BatchLineRow.line.in_(numbers), PAGE) if numbers else []
        read_to = (found[-1].finished_at_s, found[-1].id) if has_more else (now, "")
        return [view for view in views if view.has_ended], read_to, has_more

    async def files(self, batch_id: str) -> AsyncIterator[LineFile]:
        """The manifest, by line: each stored image once, and lines without one."""
        after = 0
        while rows := await self._file_rows(batch_id, after):
            by_line: dict[int, list[LineFile]] = {}
            for row in rows:
                by_line.setdefault(row.line, []).append(_file(row))
            for files in by_line.values():
                stored = [file for file in files if file.filename]
                for file in stored or files[:1]:
                    yield file
            after = rows[-1].line

    async def _states(self, which: ColumnElement[bool], limit: int) -> list[BatchState]:
        newest = select(BatchRow).where(which).order_by(BatchRow.created_at_s.desc(), BatchRow.id.desc()).limit(limit)
        async with self._database.read() as session:
            batches = list(await session.scalars(newest))
            ids = [batch.id for batch in batches]
            sums = (
                select(
                    BatchLineRow.batch_id,
                    STATUS.label("status"),
                    func.count().label("num_lines"),
                    func.sum(BatchLineRow.num_images).label("num_images"),
                    func.sum(BatchLineRow.work).label("work"),
                    func.sum(BatchLineRow.vae_px).label("vae_px"),
                )
                .outerjoin(NEWEST, NEWEST.id == BatchLineRow.job_id)
                .where(BatchLineRow.batch_id.in_(ids))
                .group_by(BatchLineRow.batch_id, STATUS)
            )
            by_status = (await session.execute(sums)).all()
            made = (
                select(JobRow.batch_id, func.count())
                .join(ImageRow)
                .where(JobRow.batch_id.in_(ids), ImageRow.status == ImageStatus.DONE)
                .group_by(JobRow.batch_id)
            )
            num_made = dict((await session.execute(made)).tuples().all())
            in_queue = select(JobRow.id, JobRow.batch_id).where(JobRow.batch_id.in_(ids), states.unfinished())
            queued = (await session.execute(in_queue)).tuples().all()
        return [
            self._state(
                batch,
                [row for row in by_status if row.batch_id == batch.id],
                num_made.get(batch.id, 0),
                [job_id for job_id, batch_id in queued if batch_id == batch.id],
            )
            for batch in batches
        ]

    def _state(
        self, batch: BatchRow, by_status: Sequence[Row[Any]], num_made: int, job_ids: Sequence[str]
    ) -> BatchState:
        waiting = [row for row in by_status if row.status == LineStatus.WAITING]
        unfinished = [row for row in by_status if row.status in (JobStatus.QUEUED, JobStatus.PROCESSING)]
        if waiting:  # they end last: after the jobs in the queue, as one large job
            remaining_s = self._remaining_s(batch, "", waiting)
        else:
            remaining_s = max((self._remaining_s(batch, job_id, unfinished) for job_id in job_ids), default=0.0)
        return BatchState(
            batch_id=batch.id,
            owner=batch.owner,
            end_user=batch.end_user,
            name=batch.name,
            created_at_s=batch.created_at_s,
            num_lines=batch.num_lines,
            images_total=batch.num_images,
            images_completed=num_made,
            counts={row.status: row.num_lines for row in by_status},
            remaining_s=remaining_s,
            detail=batch.waits_for if waiting else None,
        )

    def _remaining_s(self, batch: BatchRow, job_id: str, rows: Sequence[Row[Any]]) -> float:
        """Until the job ends. One that the queue does not know is as large as all lines of these rows."""
        job = Candidate(
            job_id=job_id,
            owner=requester_of(batch).counted_as,
            work=sum(int(row.work) for row in rows),
            num_images=sum(int(row.num_images) for row in rows),
            arrival_s=batch.created_at_s,
            num_px=batch.num_px,
            rows=batch.rows,
            vae_px=sum(int(row.vae_px) for row in rows),
            in_batch=True,
        )
        return self._progress.forecast(job).remaining_s if job.num_images else 0.0

    async def _lines(self, batch_id: str, which: ColumnElement[bool], limit: int) -> list[LineView]:
        lines = (
            select(BatchLineRow, STATUS, NEWEST.error_code, NEWEST.error_detail)
            .outerjoin(NEWEST, NEWEST.id == BatchLineRow.job_id)
            .where(BatchLineRow.batch_id == batch_id, which)
            .order_by(BatchLineRow.line)
            .limit(limit)
        )
        async with self._database.read() as session:
            rows = (await session.execute(lines)).tuples().all()
            numbers = [line.line for line, *_ in rows]
            made = select(JobRow).where(JobRow.batch_id == batch_id, JobRow.batch_line.in_(numbers))
            jobs = list(await session.scalars(made.order_by(JobRow.created_at_s, JobRow.id)))
            views = await self._jobs.views(session, jobs)
        images: dict[int, list[ImageView]] = {}
        for job, view in zip(jobs, views, strict=True):
            line = job.batch_line or 0
            images.setdefault(line, []).extend(
                replace(image, filename=_filename(line, image.filename)) for image in view.images
            )
        return [
            LineView(
                line=line.line,
                status=status,
                prompt=line.prompt,
                job_id=line.job_id,
                error=_error(line.error_code or code, line.error_detail or detail) if status == "failed" else None,
                images=tuple(images.get(line.line, ())),
            )
            for line, status, code, detail in rows
        ]

    async def _file_rows(self, batch_id: str, after: int) -> Sequence[Row[Any]]:
        numbers = (
            select(BatchLineRow.line)
            .where(BatchLineRow.batch_id == batch_id, BatchLineRow.line > after)
            .order_by(BatchLineRow.line)
            .limit(FILES_PAGE)
            .subquery()
        )
        statement = (
            select(
                BatchLineRow.line,
                STATUS.label("status"),
                BatchLineRow.prompt,
                func.coalesce(BatchLineRow.error_detail, NEWEST.error_detail).label("error"),
                JobRow.id.label("job_id"),
                ImageRow.id.label("image_id"),
                ImageRow.status.label("image_status"),
                ImageRow.spec,
                ImageRow.storage_key,
                ImageRow.num_bytes,
                ImageRow.finished_at_s,
            )
            .outerjoin(NEWEST, NEWEST.id == BatchLineRow.job_id)
            .outerjoin(JobRow, (JobRow.batch_id == BatchLineRow.batch_id) & (JobRow.batch_line == BatchLineRow.line))
            .outerjoin(ImageRow, ImageRow.job_id == JobRow.id)
            .where(BatchLineRow.batch_id == batch_id, BatchLineRow.line.in_(select(numbers.c.line)))
            .order_by(BatchLineRow.line, JobRow.created_at_s, JobRow.id, ImageRow.n)
        )
        async with self._database.read() as session:
            return (await session.execute(statement)).all()


def _error(code: str | None, detail: str | None) -> JobError | None:
    return JobError(code, detail or "") if code else None


def _filename(line: int, name: str) -> str:
    """`00012-red-dress-7.jpg`: sorted as the lines are, and distinct within a batch."""
    return f"{line:05d}-{name}"


def _file(row: Row[Any]) -> LineFile:
    error = row.error if row.status == "failed" else None
    line = LineFile(row.line, row.status, row.prompt, error, row.job_id)
    if row.image_status != ImageStatus.DONE:
        return line
    seed = row.spec.sampling.seed
    return replace(
        line,
        image_id=row.image_id,
        seed=seed,
        filename=_filename(row.line, image_filename(row.prompt, seed, row.storage_key)),
        storage_key=row.storage_key,
        num_bytes=row.num_bytes or 0,
        finished_at_s=row.finished_at_s or 0.0,
    )
