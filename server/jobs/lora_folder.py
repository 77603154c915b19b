"""The folder of LoRA files as its operator changes it: one change at a time, each ending with the table in step."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from pipelines.lora_library import LoraLibrary, LoraScan
from server.jobs.loras import LoraRegistry, LoraSync, LoraView

log = logging.getLogger(__name__)


class LoraFolder:
    """`on_change` is told the LoRAs there are after each reload. Event loop; file work in threads."""

    def __init__(
        self, library: LoraLibrary, registry: LoraRegistry, on_change: Callable[[Sequence[LoraView]], None]
    ) -> None:
        self._library = library
        self._registry = registry
        self._on_change = on_change
        self._turn = asyncio.Lock()

    async def reload(self) -> LoraSync:
        """Read the folder and switch the table to it: orders accepted before this answers keep the bytes they were
        promised, all later ones get the new. Raises OSError and the database's errors; then nothing has changed."""
        async with self._turn:
            return await self._reload()

    async def _reload(self) -> LoraSync:
        scan = await asyncio.to_thread(self._library.scan)
        sync = await self._registry.sync(scan)
        _tell(scan, sync)
        self._on_change(await self._registry.list())
        return sync


def _tell(scan: LoraScan, sync: LoraSync) -> None:
    for each in scan.unfit:
        log.info("the LoRA %s is left out: %s", each.file, each.reason)
    unfit = {(each.file, each.reason) for each in scan.unfit}
    for file, reason in sync.rejected:
        if (file, reason) not in unfit:
            log.warning("the LoRA %s cannot be used: %s", file, reason)
    for file, reason in sync.pending:
        log.info("the LoRA %s is not read yet: %s", file, reason)
