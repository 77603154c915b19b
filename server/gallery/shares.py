"""Public addresses of images, made and revoked by their owners. Each method is a whole unit of work."""

import re
import secrets
from dataclasses import dataclass

from sqlalchemy import delete, select, update

from server.db.clock import now_s
from server.db.models import ImageRow
from server.db.session import Database
from server.db.share_models import ShareRow
from server.errors import CONTENT_BLOCKED, DomainError
from server.gallery.engagement import is_stored
from server.gallery.history import History
from server.queue.model import ImageView, JobView, Verdict

SHARE_ID = re.compile(r"[A-Za-z0-9_-]{16}")
ID_BYTES = 12
MAX_EXAMPLES = 12


@dataclass(frozen=True, slots=True)
class SharedImage:
    """What everybody may see of an image: its file and its prompt as typed. `model`: the LoRA's label."""

    share_id: str
    prompt: str
    model: str | None
    image: ImageView


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
            verdict = await session.scalar(select(ImageRow.verdict).where(ImageRow.id == image_id))
            if verdict is not None and Verdict(verdict).marks:
                raise UnderReview
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
        """Idempotent. The address is never given to another image."""
        async with self._database.write() as session:
            await session.execute(delete(ShareRow).where(ShareRow.image_id == image_id))

    async def set_example(self, image_id: str, is_example: bool) -> bool:
        """False: the image is not shared."""
        async with self._database.write() as session:
            change = update(ShareRow).where(ShareRow.image_id == image_id).values(is_example=is_example)
            changed = await session.scalar(change.returning(ShareRow.id).execution_options(synchronize_session=False))
            return changed is not None

    async def find(self, share_id: str) -> SharedImage | None:
        """None: never shared, revoked, the image was deleted, or moderation has marked it."""
        if not SHARE_ID.fullmatch(share_id):
            return None
        async with self._database.read() as session:
            image_id = await session.scalar(select(ShareRow.image_id).where(ShareRow.id == share_id))
        found = await self._history.images([image_id]) if image_id is not None else []
        return next((_shared(share_id, job, image) for job, image in found if _is_public(image)), None)

    async def examples(self) -> list[SharedImage]:
        """What the operator has marked, the newest first."""
        async with self._database.read() as session:
            statement = (
                select(ShareRow.image_id, ShareRow.id)
                .join(ImageRow, ImageRow.id == ShareRow.image_id)
                .where(ShareRow.is_example, is_stored())
                .order_by(ShareRow.created_at_s.desc(), ShareRow.id)
                .limit(MAX_EXAMPLES)
            )
            ids: dict[str, str] = dict((await session.execute(statement)).tuples().all())
        found = {image.id: (job, image) for job, image in await self._history.images(list(ids))}
        return [_shared(ids[each], *found[each]) for each in ids if each in found and _is_public(found[each][1])]


def _is_public(image: ImageView) -> bool:
    """False: it carries a mark that no operator has looked at."""
    return image.moderation is None


def _shared(share_id: str, job: JobView, image: ImageView) -> SharedImage:
    spec = job.specs[image.index]
    return SharedImage(share_id, job.prompt if job.axes is None else spec.prompt, spec.model, image)
