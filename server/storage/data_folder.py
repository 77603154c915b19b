"""The data folder: one process locks it; its id survives restarts."""

import asyncio
import fcntl
import logging
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from server.held_file import HeldFile

log = logging.getLogger(__name__)

LOCK = "server.lock"
CHECK_S = 1.0


class DataFolderError(Exception):
    """The data folder cannot be used."""


class DataFolderInUse(DataFolderError):
    """Another process holds the lock of the data folder."""


class DataFolder:
    """Holds the lock `{path}/server.lock` until `close` or the end of the process. The file contains the folder's id,
    created once. Leases are held under this id, so that a restarted server recognizes its predecessor's.

    `lost`: why the folder is not the one that was locked, as `watch` has found; None: it is."""

    def __init__(self, path: Path) -> None:
        """Create the folder if it is missing, and lock it. Raises DataFolderError."""
        self.path = path
        self.lost: str | None = None
        try:
            path.mkdir(parents=True, exist_ok=True)
            if not (path / LOCK).exists():
                _check_predecessor(path)
            self._lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise DataFolderError(
                f"the data folder {path.absolute()} cannot be used: {error.strerror}; make it writable, or name another"
                " (STUDIO_DATA_DIR)"
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise DataFolderInUse(
                f"another server works in the data folder {path.absolute()}; stop it, or give this one a folder of its"
                " own (STUDIO_DATA_DIR)"
            ) from error
        self.id = self._read_id()
        self.lease_owner = f"{self.id}/{secrets.token_hex(4)}"
        self._file = HeldFile(path / LOCK)

    async def watch(self) -> None:
        """Keep `lost` up to date. Runs until cancelled; looks from a thread, for the folder may be a network's."""
        while True:
            trouble = await asyncio.to_thread(self._file.trouble)
            lost = f"the data folder is lost: {trouble}" if trouble else None
            if lost is not None and self.lost is None:
                log.error("%s; nothing is accepted or begun", lost)
            elif lost is None and self.lost is not None:
                log.info("the data folder is back")
            self.lost = lost
            await asyncio.sleep(CHECK_S)

    @property
    def loras(self) -> Path:
        """Folder of the LoRA copies, `{sha256}.safetensors`."""
        return self.path / "loras"

    @property
    def images(self) -> Path:
        """Root of the local image store."""
        return self.path / "pictures"

    @property
    def spool(self) -> Path:
        """Folder of the outbox: finished images that are not stored yet."""
        return self.path / "spool"

    def close(self) -> None:
        self._file.close()
        os.close(self._lock)

    def _read_id(self) -> str:
        text = os.pread(self._lock, 64, 0).decode("ascii", "replace").strip()
        if re.fullmatch(r"[0-9a-f]{32}", text):
            return text
        text = secrets.token_hex(16)
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{text}\n".encode(), 0)
        os.fsync(self._lock)
        return text


def _check_predecessor(path: Path) -> None:
    """Raises DataFolderInUse if a running process holds the deleted lock of this path, as /proc shows it. Processes of
    other users and other machines are not seen."""
    deleted = f"{path.resolve() / LOCK} (deleted)"
    for process in Path("/proc").glob("[0-9]*"):
        if _holds(process, deleted):
            raise DataFolderInUse(
                f"the server with the process id {process.name} still works in the deleted data folder"
                f" {path.absolute()}; stop it first"
            )


def _holds(process: Path, file: str) -> bool:
    """Whether a process has the file open. `process` is its folder in /proc; False where it has ended meanwhile."""
    try:
        handles = os.listdir(process / "fd")
    except OSError:
        return False
    for handle in handles:
        with suppress(OSError):  # closed meanwhile
            if os.readlink(process / "fd" / handle) == file:
                return True
    return False
