"""LocalStore: images in a folder of this machine, served by this server."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from server.storage.store import MissingObject, StoreError, key_parts

PROBE_BYTES = 64 * 1024


class LocalStore:
    """An ImageStore. `folder` is created if it is missing, its parent is not: a deleted data folder stays deleted.
    Addresses are `{base_path}/{key}`. A key can only name a file below `folder`."""

    origins: tuple[str, ...] = ()

    def __init__(self, folder: Path, base_path: str = "/files") -> None:
        self._folder = folder
        self._base_path = base_path.rstrip("/")

    async def check(self) -> None:
        await asyncio.to_thread(self._check)

    async def put(self, key: str, data: bytes, content_type: str, metadata: Mapping[str, str] | None = None) -> None:
        """Write a temporary file, sync and rename it: after a power cut the whole file exists, or none."""
        await asyncio.to_thread(self._put, self.path(key), data)

    async def get(self, key: str) -> bytes:
        """Raises MissingObject."""
        return await asyncio.to_thread(self._get, key)

    async def exists(self, key: str) -> bool:
        return await asyncio.to_thread(self.path(key).is_file)

    def url(self, key: str) -> str:
        self.path(key)
        return f"{self._base_path}/{key}"

    def attachment(self, key: str, content_type: str, filename: str) -> Path:
        return self.path(key)

    async def delete(self, key: str) -> None:
        """Delete a file. A missing one is no error."""
        path = self.path(key)
        try:
            await asyncio.to_thread(path.unlink, missing_ok=True)
        except OSError as error:
            raise StoreError(f"cannot delete {path}: {error.strerror}") from error

    def path(self, key: str) -> Path:
        """The file of a key. Raises InvalidKey."""
        return self._folder.joinpath(*key_parts(key))

    def _check(self) -> None:
        """Write and remove a file of about a small image's size: a full disk, a quota or a read-only mount shows."""
        try:
            self._folder.mkdir(exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot make the folder {self._folder}: {error.strerror}") from error
        probe = self._folder / f".check-{secrets.token_hex(4)}"
        try:
            _write_synced(probe, os.urandom(PROBE_BYTES))
        except OSError as error:
            raise StoreError(f"cannot write to the folder {self._folder}: {error.strerror}") from error
        finally:
            with contextlib.suppress(OSError):
                probe.unlink(missing_ok=True)

    def _put(self, path: Path, data: bytes) -> None:
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            self._folder.mkdir(exist_ok=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_synced(draft, data)
            draft.replace(path)
            _sync_folders(path.parent, self._folder)
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            raise StoreError(f"cannot write {path}: {error.strerror}") from error

    def _get(self, key: str) -> bytes:
        path = self.path(key)
        try:
            return path.read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise MissingObject(f"there is no picture {key}") from error
        except OSError as error:
            raise StoreError(f"cannot read {path}: {error.strerror}") from error


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folders(folder: Path, root: Path) -> None:
    """Sync the folders from the file's up to the store's, so that new names are durable."""
    while True:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        if folder == root or folder == folder.parent:
            return
        folder = folder.parent
