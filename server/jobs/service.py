"""Accept, read, cancel: what the API calls. Each method is a whole unit of work and commits itself."""

from typing import TYPE_CHECKING

from server.jobs.model import BaseModelRef, JobOrder, JobView

if TYPE_CHECKING:
    from server.db.session import Database
    from server.jobs.dispatcher import Dispatcher
    from server.jobs.reader import JobReader


class JobService:
    """Runs on the event loop."""

    def __init__(
        self,
        database: "Database",
        reader: "JobReader",
        dispatcher: "Dispatcher",
        base_model: BaseModelRef,
        max_queue: int,
    ) -> None:
        self._database = database
        self._reader = reader
        self._dispatcher = dispatcher
        self._base_model = base_model
        self._max_queue = max_queue

    async def accept(self, order: JobOrder) -> JobView:
        """Resolve the LoRA names, store the job, wake the dispatcher. The job is durable when this returns.

        Raises UnknownLora and QueueFull (server/jobs/errors.py); then nothing is stored."""
        raise NotImplementedError

    async def get(self, job_id: str) -> JobView | None:
        raise NotImplementedError

    async def cancel(self, job_id: str) -> JobView | None:
        """Cancel the job unless it has ended; the view tells which. None: there is no such job."""
        raise NotImplementedError
