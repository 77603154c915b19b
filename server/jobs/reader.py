"""From rows to what readers are shown."""

from typing import TYPE_CHECKING

from server.jobs.model import JobView

if TYPE_CHECKING:
    from server.db.session import Database
    from server.jobs.outlook import Outlook
    from server.storage.store import ImageStore


class JobReader:
    """Builds `JobView`s: rows, addresses from the store, progress and time left from the outlook."""

    def __init__(self, database: "Database", store: "ImageStore", outlook: "Outlook") -> None:
        self._database = database
        self._store = store
        self._outlook = outlook

    async def view(self, job_id: str) -> JobView | None:
        raise NotImplementedError
