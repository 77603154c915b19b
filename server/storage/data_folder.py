"""The data folder: one process locks it; its id survives restarts."""

import fcntl
import os
import re
import secrets
from pathlib import Path


class DataFolderInUse(Exception):
    """Another process holds the lock of the data folder."""


class DataFolder:
    """Holds the lock `{path}/server.lock` until `close` or the end of the process. The file contains the folder's id,
    created once. Leases are held under this id, so that a restarted server recognizes its predecessor's."""

    def __init__(self, path: Path) -> None:
        """Create the folder if it is missing, and lock it. Raises DataFolderInUse."""
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = os.open(path / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
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
