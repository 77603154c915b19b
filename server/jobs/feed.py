"""What happens to a job, told as it happens: the source of server-sent events and of waiting."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from server.jobs.model import FeedEvent, JobView

if TYPE_CHECKING:
    from server.db.session import Database
    from server.jobs.reader import JobReader


class JobFeed:
    """Runs on the event loop. Sees events of other processes too, by reading the table every `poll_s`."""

    def __init__(self, database: "Database", reader: "JobReader", poll_s: float = 1.0) -> None:
        self._database = database
        self._reader = reader
        self._poll_s = poll_s

    def subscribe(self, job_id: str, after_seq: int | None = None) -> AsyncIterator[FeedEvent]:
        """Without `after_seq` a progress snapshot, then every durable event so far; with it only those after it. Then
        what happens from now on. Ends after the terminal event, at once for a job that does not exist, and when the
        feed closes. Close the iterator (`aclose`) when the reader has gone."""
        raise NotImplementedError

    async def wait(self, job_id: str, timeout_s: float) -> JobView | None:
        """The job as soon as it has ended, or as it is after `timeout_s`. None: there is no such job."""
        raise NotImplementedError

    def listeners(self, job_id: str) -> int:
        """Open streams of this job in this process."""
        raise NotImplementedError

    def notify(self, job_id: str) -> None:
        """The job's rows changed: its listeners look at once."""
        raise NotImplementedError

    def close(self) -> None:
        """End all streams and waits, now and from now on."""
        raise NotImplementedError
