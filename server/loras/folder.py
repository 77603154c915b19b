"""The folder of LoRA files as its operator changes it: one change at a time, each ending with the table in step."""

import asyncio
import logging
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from pipelines.lora.library import FileState, LoraLibrary, LoraScan
from server.db.session import DATABASE_ERRORS
from server.loras.bucket_sync import LoraBucket
from server.loras.errors import LoraNotFound, LoraTooLarge
from server.loras.registry import LoraRegistry, LoraSync, LoraView
from server.storage.store import StoreError

log = logging.getLogger(__name__)

DRAFT = ".upload-"
STALE_S = 24 * 3600
COPY_GAP_S = 1.0


class LoraFolder:
    """`on_change` is told the LoRAs there are after each reload, `on_switch` when it was this process that switched
    the table; `bucket` is brought into the folder by each. Event loop; file work in threads."""

    def __init__(
        self,
        library: LoraLibrary,
        registry: LoraRegistry,
        on_change: Callable[[Sequence[LoraView]], None],
        on_switch: Callable[[], None] = lambda: None,
        bucket: LoraBucket | None = None,
    ) -> None:
        self._library = library
        self._registry = registry
        self._on_change = on_change
        self._on_switch = on_switch
        self._missed = asyncio.Event()
        self._bucket = bucket
        self._turn = asyncio.Lock()
        self._loaded: Mapping[Path, FileState] = {}

    @property
    def max_bytes(self) -> int:
        """No LoRA is larger."""
        return self._library.max_bytes

    async def reload(self) -> LoraSync:
        """Read the folder and switch the table to it: orders accepted before this answers keep the bytes they were
        promised, all later ones get the new. Raises StoreError (the bucket's), OSError and the database's errors; then
        the table has not changed."""
        async with self._turn:
            left_out = await asyncio.to_thread(self._bucket.sync) if self._bucket else ()
            sync = await self._reload()
        return replace(sync, rejected=sync.rejected + left_out)

    async def start(self) -> None:
        """The first reload: a bucket that is away does not keep the server from starting."""
        try:
            await self.reload()
        except StoreError as error:
            log.warning("the LoRAs of the bucket are not brought here: %s", error)
            async with self._turn:
                await self._reload()

    async def watch(self, every_s: float) -> None:
        """Reload when the folder (or the bucket) has changed and then kept still for one look. Runs until cancelled."""
        seen = self._loaded
        while True:
            await asyncio.sleep(every_s)
            try:
                if self._bucket is not None:
                    async with self._turn:
                        await asyncio.to_thread(self._bucket.sync)
                now = await asyncio.to_thread(self._library.states)
                if now == seen and now != self._loaded:
                    sync = await self.reload()
                    log.info("the LoRA folder has changed: new %s, gone %s", sync.added + sync.updated, sync.removed)
                seen = now
            except (StoreError, *DATABASE_ERRORS) as error:
                log.warning("the LoRAs are not reloaded now: %s", error)

    def changed_elsewhere(self) -> None:
        """Another process has switched the table, or needs bytes that may lie here: `follow` copies what the folder
        holds."""
        self._missed.set()

    async def follow(self) -> None:
        """Copy whenever `changed_elsewhere` was called. Runs until cancelled."""
        while True:
            await self._missed.wait()
            self._missed.clear()
            try:
                async with self._turn:
                    await self._registry.copy(await asyncio.to_thread(self._library.scan))
                    self._on_change(await self._registry.list())
            except DATABASE_ERRORS as error:
                log.warning("the LoRAs of another process could not be copied: %s", error)
            await asyncio.sleep(COPY_GAP_S)  # however often it is asked for

    async def put(self, label: str, chunks: AsyncIterator[bytes]) -> LoraView:
        """A new file of this name, or a replacement: it takes the name when it is whole and sound, and serves when this
        returns. Raises LoraFormatError (its name or its bytes), LoraTooLarge and OSError; then nothing has changed."""
        path = self._library.path_of(label)
        draft = path.with_name(f"{DRAFT}{secrets.token_hex(8)}.tmp")
        try:
            await self._write(draft, chunks)
            async with self._turn:
                await asyncio.to_thread(self._library.check, draft, label)
                await asyncio.to_thread(_take_name, draft, path)
                await self._reload()
        finally:
            await asyncio.to_thread(draft.unlink, missing_ok=True)
        return (await self._registry.detail(label)).view

    async def delete(self, label: str) -> LoraSync:
        """Take the file away; jobs that were accepted with it keep its bytes. Raises LoraNotFound, LoraFormatError (its
        name) and OSError."""
        path = self._library.path_of(label)
        async with self._turn:
            labels = [view.label for view in await self._registry.list()]
            if label not in labels and not await asyncio.to_thread(path.is_file):
                raise LoraNotFound(label, tuple(sorted(labels)))
            await asyncio.to_thread(path.unlink, missing_ok=True)
            return await self._reload()

    async def _write(self, draft: Path, chunks: AsyncIterator[bytes]) -> None:
        """Raises LoraTooLarge as soon as it is known."""
        num_bytes = 0
        file = await asyncio.to_thread(_open_draft, draft)
        try:
            async for chunk in chunks:
                num_bytes += len(chunk)
                if num_bytes > self.max_bytes:
                    raise LoraTooLarge(self.max_bytes)
                await asyncio.to_thread(file.write, chunk)
            await asyncio.to_thread(_sync_file, file)
        finally:
            file.close()

    async def _reload(self) -> LoraSync:
        states = await asyncio.to_thread(self._library.states)  # before: what comes meanwhile is seen as a change
        scan = await asyncio.to_thread(self._library.scan)
        sync = await self._registry.sync(scan)
        self._loaded = states
        _tell(scan, sync)
        self._on_change(await self._registry.list())
        self._on_switch()
        return sync


def _open_draft(draft: Path) -> BinaryIO:
    """Also throws away what uploads that were cut off by a crash have left."""
    draft.parent.mkdir(parents=True, exist_ok=True)
    for stale in draft.parent.glob(f"{DRAFT}*"):
        if time.time() - stale.stat().st_mtime > STALE_S:
            stale.unlink(missing_ok=True)
    return draft.open("xb")


def _sync_file(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _take_name(draft: Path, path: Path) -> None:
    """For readers it is the old file or the new one at any moment, after a power cut too."""
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _tell(scan: LoraScan, sync: LoraSync) -> None:
    for each in scan.unfit:
        log.info("the LoRA %s is left out: %s", each.file, each.reason)
    unfit = {(each.file, each.reason) for each in scan.unfit}
    for file, reason in sync.rejected:
        if (file, reason) not in unfit:
            log.warning("the LoRA %s cannot be used: %s", file, reason)
    for file, reason in sync.pending:
        log.info("the LoRA %s is not read yet: %s", file, reason)
