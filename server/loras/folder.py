"""Change the LoRA folder and reload it: one change at a time, each ends with the LoRA table in step with the folder."""

import asyncio
import logging
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from pipelines.lora.files.library import FileState, LoraLibrary
from pipelines.lora.files.names import LoraFormatError
from pipelines.lora.files.scan import LoraScan
from server.db.session import DATABASE_ERRORS
from server.loras.bucket_sync import LoraBucket
from server.loras.errors import LoraNotFound, LoraOverwritten, LoraTooLarge
from server.loras.registry import LoraRegistry, LoraSync, LoraView, Reasons
from server.loras.vault import HeldLabels, LoraVault
from server.storage.store import StoreError

log = logging.getLogger(__name__)

DRAFT = ".upload-"
STALE_S = 24 * 3600
COPY_GAP_S = 1.0
ABSENT_S = 5.0
"""A LoRA that the vault did not give is asked for again after so long."""


class LoraFolder:
    """The folder, its library and the table. Event loop; file work runs in threads.

    `on_change` receives the LoRAs after each reload; `on_switch` runs only if this process switched the table. Each
    reload first mirrors `bucket` into the folder. `scan_others` runs on a thread with each scan and returns what it
    could not use, which a reload reports too.

    With `vault`, processes need not share a folder: the bytes are stored in the bucket, a reload removes only LoRAs
    that this folder has `held`, and a process that `is_follower` (a worker) never switches the table.
    """

    def __init__(
        self,
        library: LoraLibrary,
        registry: LoraRegistry,
        on_change: Callable[[Sequence[LoraView]], None],
        on_switch: Callable[[], None] = lambda: None,
        bucket: LoraBucket | None = None,
        scan_others: Callable[[], Reasons] = tuple,
        vault: LoraVault | None = None,
        held: HeldLabels | None = None,
        is_follower: bool = False,
    ) -> None:
        self._library = library
        self._registry = registry
        self._on_change = on_change
        self._on_switch = on_switch
        self._missed = asyncio.Event()
        self._bucket = bucket
        self._scan_others = scan_others
        self._vault = vault
        self._held = held
        self._is_follower = is_follower
        self._wanted: set[str] = set()
        self._absent_until_s: dict[str, float] = {}
        self._turn = asyncio.Lock()
        self._loaded: Mapping[Path, FileState] = {}

    @property
    def max_bytes(self) -> int:
        """Size limit of a LoRA file."""
        return self._library.max_bytes

    async def reload(self) -> LoraSync:
        """Scan the folder and switch the table to the result: jobs accepted before this returns keep their bytes, later
        jobs use the new ones. Raises StoreError (of the bucket), OSError and the database's errors; then the table is
        unchanged."""
        async with self._turn:
            left_out = await asyncio.to_thread(self._bucket.sync) if self._bucket else ()
            sync = await self._reload()
            await self._store_missing()
        return replace(sync, rejected=sync.rejected + left_out)

    async def start(self) -> None:
        """The first reload. The server starts without the bucket if the bucket is unavailable; `follow` stores the
        LoRAs in the vault."""
        async with self._turn:
            try:
                await asyncio.to_thread(self._bucket.sync) if self._bucket else None
            except StoreError as error:
                log.warning("the bucket's LoRAs are not mirrored: %s", error)
            await self._reload()
        self._missed.set()

    async def watch(self, every_s: float) -> None:
        """Reload once the folder (or the bucket) has changed and is the same at two checks in a row. Runs until
        cancelled."""
        previous = self._loaded
        while True:
            await asyncio.sleep(every_s)
            try:
                if self._bucket is not None:
                    async with self._turn:
                        await asyncio.to_thread(self._bucket.sync)
                current = await asyncio.to_thread(self._library.states)
                if current == previous and current != self._loaded:
                    sync = await self.reload()
                    log.info("the LoRA folder has changed: new %s, gone %s", sync.added + sync.updated, sync.removed)
                previous = current
            except (StoreError, *DATABASE_ERRORS) as error:
                log.warning("the LoRAs are not reloaded now: %s", error)

    def changed_elsewhere(self) -> None:
        """Schedule a copy of the folder's files (`follow`): another process has switched the table, or needs bytes that
        the folder may hold."""
        self._missed.set()

    def fetch(self, sha256s: Collection[str]) -> bool:
        """Schedule the copies of these LoRAs, from the folder or the vault. Returns False if the vault did not give
        some of them lately."""
        now_s = time.monotonic()
        wanted = {sha256 for sha256 in sha256s if self._absent_until_s.get(sha256, 0.0) <= now_s}
        self._wanted |= wanted
        self._missed.set()
        return self._vault is not None and len(wanted) == len(sha256s)

    def withdrawn(self) -> None:
        """A LoRA has failed and is no longer offered: `on_change` runs soon, here and in the other processes."""
        self._missed.set()
        self._on_switch()

    async def follow(self) -> None:
        """Copy after each `changed_elsewhere`, at most once in COPY_GAP_S. Runs until cancelled."""
        while True:
            await self._missed.wait()
            self._missed.clear()
            try:
                async with self._turn:
                    await asyncio.to_thread(self._scan_others)
                    await self._registry.copy(await asyncio.to_thread(self._library.scan))
                    self._on_change(await self._registry.list())
                    await self._fetch_wanted()
                    await self._store_missing()
            except (StoreError, *DATABASE_ERRORS) as error:
                log.warning("the LoRAs of another process could not be copied: %s", error)
            await asyncio.sleep(COPY_GAP_S)

    async def put(self, label: str, chunks: AsyncIterator[bytes]) -> LoraView:
        """Add or replace a file. It gets its name after it is complete and checked, and serves when this returns.
        Raises LoraFormatError (name or bytes), LoraTooLarge and OSError; then nothing has changed. Raises
        LoraOverwritten, and LoraFormatError for bytes that have failed before. Raises StoreError if the bytes are not
        in the vault yet: the LoRA serves, and this process goes on to store it."""
        path = self._library.path_of(label)
        draft = path.with_name(f"{DRAFT}{secrets.token_hex(8)}.tmp")
        try:
            await self._write(draft, chunks)
            async with self._turn:
                file = await asyncio.to_thread(self._library.place, draft, label)
                await self._reload()
                await self._store_missing()
                record = await self._registry.record_of_label(label)
        finally:
            await asyncio.to_thread(draft.unlink, missing_ok=True)
        if record is None or record.view.sha256 != file.sha256:
            raise LoraOverwritten(label)
        if record.failure is not None:
            raise LoraFormatError(f"these bytes made no picture before: {record.failure}")
        return record.view

    async def choose(self, name: str, is_chosen: bool) -> None:
        """Use a name for requests that name no LoRA, or no longer. Raises LoraNotFound."""
        async with self._turn:
            await self._registry.choose(name, is_chosen)
            self._on_change(await self._registry.list())
        self._on_switch()

    async def delete(self, label: str) -> LoraSync:
        """Delete a file; accepted jobs keep its bytes. Raises LoraNotFound, LoraFormatError (name) and OSError."""
        self._library.path_of(label)
        async with self._turn:
            path = await asyncio.to_thread(self._library.find, label)
            labels = [view.label for view in await self._registry.list()]
            if path is None and label not in labels:
                raise LoraNotFound(label, tuple(sorted(labels)))
            if path is not None:
                await asyncio.to_thread(path.unlink, missing_ok=True)
            return await self._reload(deleted=label)

    async def _fetch_wanted(self) -> None:
        """The next look at the queue asks again for what is not here then."""
        wanted, self._wanted = self._wanted, set()
        if self._vault is None:
            return
        for sha256 in wanted:
            if self._registry.has(sha256):
                continue
            try:
                is_here = await self._vault.fetch(sha256, self._registry.path(sha256))
            except (StoreError, OSError) as error:
                log.warning("the LoRA %s cannot be fetched from the bucket: %s", sha256[:12], error)
                is_here = False
            else:
                log.info("the LoRA %s %s", sha256[:12], "came from the bucket" if is_here else "is not in the bucket")
            if not is_here:
                self._absent_until_s[sha256] = time.monotonic() + ABSENT_S

    async def _store_missing(self) -> None:
        if self._vault is not None and not self._is_follower:
            await self._vault.store_missing(self._registry.path)

    async def _write(self, draft: Path, chunks: AsyncIterator[bytes]) -> None:
        """Raises LoraTooLarge as soon as the limit is passed."""
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

    async def _reload(self, deleted: str | None = None) -> LoraSync:
        states = await asyncio.to_thread(self._library.states)  # before the scan: `watch` sees what changes meanwhile
        scan = await asyncio.to_thread(self._library.scan)
        others = await asyncio.to_thread(self._scan_others)
        if self._is_follower:
            await self._registry.copy(scan)
            await self._registry.tidy()
            self._on_change(await self._registry.list())
            return LoraSync((), (), (), (), others)
        sync = await self._sync(scan, deleted)
        self._loaded = states
        _log_problems(scan, sync)
        self._on_change(await self._registry.list())
        self._on_switch()
        return replace(sync, rejected=sync.rejected + others)

    async def _sync(self, scan: LoraScan, deleted: str | None) -> LoraSync:
        """Switch the table. `deleted`: a label that leaves it although another process's folder may hold the file."""
        if self._held is None:
            return await self._registry.sync(scan)
        held = await asyncio.to_thread(self._held.read)
        sync = await self._registry.sync(scan, held | {deleted} if deleted else held)
        await asyncio.to_thread(self._held.write, {*filter(None, (part.label for part in scan.all))})
        return sync


def _open_draft(draft: Path) -> BinaryIO:
    """Create the draft, and delete old drafts of uploads that a crash interrupted."""
    draft.parent.mkdir(parents=True, exist_ok=True)
    for stale in draft.parent.glob(f"{DRAFT}*"):
        if time.time() - stale.stat().st_mtime > STALE_S:
            stale.unlink(missing_ok=True)
    return draft.open("xb")


def _sync_file(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _log_problems(scan: LoraScan, sync: LoraSync) -> None:
    for rejected in scan.unfit:
        log.info("the LoRA %s is left out: %s", rejected.file, rejected.reason)
    unfit = {(rejected.file, rejected.reason) for rejected in scan.unfit}
    for file, reason in sync.rejected:
        if (file, reason) not in unfit:
            log.warning("the LoRA %s cannot be used: %s", file, reason)
    for file, reason in sync.pending:
        log.info("the LoRA %s is not read yet: %s", file, reason)
