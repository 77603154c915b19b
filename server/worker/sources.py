"""Read the sources of claimed jobs from the store and prepare their pixels, before their images begin."""

import asyncio
import logging
from collections.abc import Callable
from itertools import chain, repeat

from structlog.contextvars import bind_contextvars

from pipelines.plan import ImageError
from pipelines.spec import ImageSpec, SourceKey
from server.assets.service import keys_of
from server.db.session import DATABASE_ERRORS, Database
from server.engine.requests import ImageFailed
from server.storage.store import ImageStore, MissingObject, StoreError
from server.worker.claimed_job import ClaimedJob, PreparedSource

log = logging.getLogger(__name__)

UNREADABLE = ImageError("source", "the image that it starts from, or its mask, cannot be read any more")


class SourceLoader:
    """Runs on the event loop; pixels are prepared on a thread. Calls `on_ready` when images can begin, `on_failed` with
    each image that cannot, `on_waiting` with the reason while the store or the database is away (None: no longer)."""

    def __init__(
        self,
        database: Database,
        store: ImageStore,
        retry_s: tuple[float, ...],
        on_ready: Callable[[], None],
        on_failed: Callable[[ClaimedJob, ImageFailed], None],
        on_waiting: Callable[[ClaimedJob, str | None], None],
    ) -> None:
        self._database = database
        self._store = store
        self._retry_s = retry_s
        self._on_ready = on_ready
        self._on_failed = on_failed
        self._on_waiting = on_waiting
        self._preparing = asyncio.Semaphore(1)  # each holds some hundred MB of pixels
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, job: ClaimedJob) -> None:
        """Returns immediately. The images that have a source begin once it is there."""
        if any(job.requests[index].spec.source is not None for index in job.making):
            task = asyncio.create_task(self._load(job))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _load(self, job: ClaimedJob) -> None:
        bind_contextvars(job_id=job.id)
        indexes: dict[SourceKey, list[int]] = {}
        for index in sorted(job.making):
            if (key := job.requests[index].spec.source_key) is not None:
                indexes.setdefault(key, []).append(index)
        for key, sharing in indexes.items():
            spec = job.requests[sharing[0]].spec
            try:
                prepared = await self._prepared(job, spec)
                if prepared is None:
                    return
            except Exception as error:
                log.error("a source cannot be used: %s", error, exc_info=not isinstance(error, MissingObject))
                for index in sharing:
                    self._on_failed(job, ImageFailed(job.id, index, UNREADABLE))
                continue
            job.prepared[key] = prepared
            for index in sharing:
                job.requests[index].source = prepared.image
            self._on_ready()

    async def _prepared(self, job: ClaimedJob, spec: ImageSpec) -> PreparedSource | None:
        """Tried again and again while the store or the database is away. None: the job is no longer made here."""
        pauses = chain(self._retry_s, repeat(self._retry_s[-1]))
        while not job.dropped:
            try:
                prepared = await self._read(job.id, spec)
                self._on_waiting(job, None)
                return None if job.dropped else prepared
            except MissingObject:
                raise
            except (StoreError, *DATABASE_ERRORS) as error:
                reason = str(error) if isinstance(error, StoreError) else "the database does not answer"
                self._on_waiting(job, f"the image that it starts from cannot be read: {reason}")
            await asyncio.sleep(next(pauses))
        return None

    async def _read(self, job_id: str, spec: ImageSpec) -> PreparedSource:
        assert spec.source is not None
        keys = await keys_of(self._database, job_id)
        mask_sha256 = spec.source.mask.sha256 if spec.source.mask else None
        if not {spec.source.sha256, *filter(None, [mask_sha256])} <= keys.keys():
            raise MissingObject("an asset of the job is not listed with it")
        image = await self._store.get(keys[spec.source.sha256])
        mask = await self._store.get(keys[mask_sha256]) if mask_sha256 else None
        async with self._preparing:
            return await asyncio.to_thread(_prepare, spec, image, mask)


def _prepare(spec: ImageSpec, image: bytes, mask: bytes | None) -> PreparedSource:
    from pipelines.image.source_pixels import prepare  # imports torch: in this process, the runner has

    return prepare(spec, image, mask)
