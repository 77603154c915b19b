"""The contact sheet of a comparison: made from the stored images at the first request, and stored with them."""

import asyncio

from server.queue.grid import Axes
from server.queue.model import ImageView, JobView
from server.storage.encoding import sheet_key
from server.storage.sheet_image import SheetRow, contact_sheet
from server.storage.store import ImageStore, MissingObject


class ContactSheets:
    """Runs on the event loop. One sheet is made at a time: each holds all pictures of its job in memory."""

    def __init__(self, store: ImageStore) -> None:
        self._store = store
        self._making = asyncio.Lock()

    async def get(self, job: JobView, axes: Axes) -> bytes:
        """A JPEG, of a job that has ended. Raises StoreError."""
        key = sheet_key(job.job_id)
        async with self._making:
            try:
                return await self._store.get(key)
            except MissingObject:
                pass
            stored = {image.index: await self._image(image) for image in job.images}
            sheet = await asyncio.to_thread(contact_sheet, axes.variants, _rows(axes, stored))
            await self._store.put(key, sheet, "image/jpeg", {"job-id": job.job_id})
            return sheet

    async def _image(self, image: ImageView) -> bytes | None:
        try:
            return await self._store.get(image.storage_key)
        except MissingObject:
            return None


def _rows(axes: Axes, stored: dict[int, bytes | None]) -> list[SheetRow]:
    """A row for each prompt and seed; above the first of a prompt stands the prompt."""
    width = len(axes.variants)
    rows: list[SheetRow] = []
    for start in range(0, axes.num_cells, width):
        cell = axes.cell(start)
        is_first = start % (len(axes.seeds) * width) == 0
        shown = [stored.get(index) for index in range(start, start + width)]
        rows.append(SheetRow(axes.prompts[cell.prompt_index] if is_first else None, f"seed {cell.seed}", shown))
    return rows
