"""A store without room."""

from collections.abc import Mapping
from pathlib import Path

from server.storage.local import LocalStore
from server.storage.store import StoreError


class FullStore(LocalStore):
    """A folder whose disk is full for pictures of some jobs, or for a while."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.refused: set[str] = set()
        self.num_refusals = 1_000_000

    async def put(self, key: str, data: bytes, content_type: str, metadata: Mapping[str, str] | None = None) -> None:
        if any(job_id in key for job_id in self.refused) and self.num_refusals > 0:
            self.num_refusals -= 1
            raise StoreError("no space left on device")
        await super().put(key, data, content_type, metadata)
