"""The operator's review of marked images, exempt accounts, and the log of every decision."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.account_models import AccountRow
from server.db.clock import now_s
from server.db.models import EventRow, ImageRow, JobRow
from server.db.moderation_models import ModerationDecisionRow
from server.db.session import Database
from server.errors import FieldError, InvalidRequest
from server.gallery.engagement import Engagement, is_stored
from server.moderation.errors import JobUnfinished, NotReviewed
from server.queue import decisions
from server.queue.model import Verdict

MARKS = [verdict.value for verdict in Verdict if verdict.marks]
CURSOR = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)-([0-9a-f]{32}-[1-9][0-9]?)")


@dataclass(frozen=True, slots=True)
class MarkedImage:
    """An image that waits for a review. Keys are the store's."""

    id: str
    job_id: str
    owner: str
    end_user: str | None
    prompt: str
    verdict: Verdict
    score: float
    finished_at_s: float
    width: int
    height: int
    storage_key: str
    thumbnail_key: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Fields as in the table moderation_decision."""

    id: int
    created_at_s: float
    decision: str
    decided_by: str
    owner: str
    image_id: str | None
    asset_id: str | None
    score: float | None
    note: str


class Reviews:
    """Runs on the event loop."""

    def __init__(self, database: Database, engagement: Engagement) -> None:
        self._database = database
        self._engagement = engagement

    async def page(self, cursor: str | None, limit: int) -> tuple[list[MarkedImage], str | None]:
        """Marked images, the newest first, and the cursor of the next page. Raises InvalidRequest."""
        marked = select(ImageRow, JobRow).join(JobRow).where(ImageRow.verdict.in_(MARKS), is_stored())
        if cursor is not None:
            after = CURSOR.fullmatch(cursor)
            if after is None:
                raise InvalidRequest([FieldError("cursor", "it is none", "the next_cursor of an answer")])
            marked = marked.where(tuple_(ImageRow.finished_at_s, ImageRow.id) < (float(after[1]), after[2]))
        newest = marked.order_by(ImageRow.finished_at_s.desc(), ImageRow.id.desc()).limit(limit + 1)
        async with self._database.read() as session:
            images = [_marked(image, job) for image, job in (await session.execute(newest)).tuples()]
        last = images[limit - 1] if len(images) > limit else None
        return images[:limit], f"{last.finished_at_s!r}-{last.id}" if last else None

    async def release(self, image_id: str, note: str, decided_by: str) -> Decision:
        """Remove the mark, also from the job's events. Raises NotReviewed."""
        async with self._database.write() as session:
            image, job = await _find(session, image_id)
            image.verdict = Verdict.RELEASED
            events = select(EventRow).where(EventRow.job_id == job.id, EventRow.name == "image")
            for event in await session.scalars(events):
                if event.data["id"] == image_id:
                    event.data = {name: value for name, value in event.data.items() if name != "moderation"}
            now = await session.scalar(select(now_s())) or 0.0
            return await _add(session, decisions.of_image(image, job.owner, "released", now, note, decided_by))

    async def delete(self, image_id: str, note: str, decided_by: str) -> Decision:
        """Delete the image with its files. Raises NotReviewed and JobUnfinished."""
        async with self._database.read() as session:
            await _find(session, image_id)
            now = await session.scalar(select(now_s())) or 0.0
        rows: list[ModerationDecisionRow] = []

        def log(session: AsyncSession, image: ImageRow, job: JobRow) -> None:
            rows.append(decisions.of_image(image, job.owner, "deleted", now, note, decided_by))
            session.add(rows[-1])

        await self._engagement.delete([image_id], lambda owner, end_user: True, log)
        if not rows:
            raise JobUnfinished
        return _decision(rows[0])

    async def set_exempt(self, account_id: str, is_exempt: bool, note: str, decided_by: str) -> bool:
        """True if there is such an account. Jobs that begin later are not moderated."""
        async with self._database.write() as session:
            account = await session.get(AccountRow, account_id)
            if account is None:
                return False
            account.is_unmoderated = is_exempt
            now = await session.scalar(select(now_s())) or 0.0
            await _add(session, decisions.of_account(f"user:{account_id}", is_exempt, now, note, decided_by))
            return True

    async def decisions(self, before: int | None, limit: int) -> Sequence[Decision]:
        """The log, the newest first, before a number of its rows."""
        newest = select(ModerationDecisionRow).order_by(ModerationDecisionRow.id.desc()).limit(limit)
        if before is not None:
            newest = newest.where(ModerationDecisionRow.id < before)
        async with self._database.read() as session:
            return [_decision(row) for row in await session.scalars(newest)]


async def _find(session: AsyncSession, image_id: str) -> tuple[ImageRow, JobRow]:
    """Raises NotReviewed."""
    found = select(ImageRow, JobRow).join(JobRow).where(ImageRow.id == image_id, ImageRow.verdict.in_(MARKS))
    row = (await session.execute(found.where(is_stored()))).tuples().first()
    if row is None:
        raise NotReviewed(image_id)
    return row


async def _add(session: AsyncSession, row: ModerationDecisionRow) -> Decision:
    session.add(row)
    await session.flush()
    return _decision(row)


def _marked(image: ImageRow, job: JobRow) -> MarkedImage:
    key = image.storage_key or ""
    return MarkedImage(
        id=image.id,
        job_id=job.id,
        owner=job.owner,
        end_user=job.end_user,
        prompt=image.spec.prompt,
        verdict=Verdict(image.verdict or ""),
        score=image.moderation_score or 0.0,
        finished_at_s=image.finished_at_s or 0.0,
        width=image.spec.width,
        height=image.spec.height,
        storage_key=key,
        thumbnail_key=image.thumbnail_key or key,
    )


def _decision(row: ModerationDecisionRow) -> Decision:
    return Decision(
        row.id,
        row.created_at_s,
        row.decision,
        row.decided_by,
        row.owner,
        row.image_id,
        row.asset_sha256,
        row.score,
        row.note,
    )
